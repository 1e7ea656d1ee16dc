#include "sources/artifact/named_locks.h"

namespace sluice::sources {

NamedLocks::Lock::~Lock() {
  if (locks_ == nullptr) return;
  {
    const base::MutexLock lock(locks_->mutex_);
    locks_->taken_.erase(name_);
  }
  locks_->released_.notify_all();
}

base::Result<NamedLocks::Lock> NamedLocks::Take(std::string name, const std::stop_token& stop) {
  const base::MutexLock lock(mutex_);
  released_.wait(mutex_, stop, [&]() REQUIRES(mutex_) { return !taken_.contains(name); });
  if (stop.stop_requested()) return base::MakeError(base::Reason::Canceled, "canceled");
  taken_.insert(name);
  return Lock(*this, std::move(name));
}

}  // namespace sluice::sources
