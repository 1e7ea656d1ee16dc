// base/mutex.h: a mutex whose use clang checks. A field that it protects says so: `int count_ GUARDED_BY(mutex_);`, a function that wants it
// held: `void Flush() REQUIRES(mutex_);`. Under g++ the annotations vanish. For the few classes that several threads share.
#pragma once

#include <mutex>

#if defined(__clang__)
#define SLUICE_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define SLUICE_THREAD_ANNOTATION(x)
#endif
#define GUARDED_BY(x) SLUICE_THREAD_ANNOTATION(guarded_by(x))
#define REQUIRES(...) SLUICE_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) SLUICE_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace sluice::base {

class SLUICE_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  void Lock() SLUICE_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() SLUICE_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  /// BasicLockable, for std::condition_variable_any.
  void lock() SLUICE_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() SLUICE_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds `mutex` to the end of its scope.
class SLUICE_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SLUICE_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() SLUICE_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace sluice::base
