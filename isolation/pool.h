// isolation/pool.h: the parent's side: a few fork servers, and jobs that are talked to (isolation/fork_server.h). What comes from a job is untrusted: the caller decodes it
// within limits. Every member may be called from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"
#include "isolation/channel.h"

namespace sluice::isolation {

struct PoolOptions {
  std::vector<std::string> command;  ///< a program (a path) and its arguments; its main() calls ServeForks. It gets no environment
  std::size_t workers = 2;           ///< fork servers, and so jobs at a time; started when they are first needed
  /// A job that takes longer holds up no other: there is one worker more for each such job, up to four times `workers` in all.
  std::chrono::milliseconds patience = std::chrono::seconds(1);
  std::chrono::milliseconds start_deadline = std::chrono::seconds(10);
  std::chrono::milliseconds job_deadline = std::chrono::seconds(60);  ///< of one Run, from the moment it has a worker
  std::size_t max_frame_bytes = 80u << 20;
  /// A process that may be used again is not, after so many jobs, so many bytes said in either direction, or so long a time spent in them: its memory and its CPU time are
  /// limited as a whole.
  std::size_t jobs_per_process = 64;
  std::uint64_t bytes_per_process = 1u << 20;
  std::chrono::milliseconds time_per_process = std::chrono::seconds(5);
  std::size_t jobs_per_server =
      20'000;  ///< processes, strictly: then the fork server is replaced as well, and with it where things lie in memory
};

class Pool {
 public:
  Pool(PoolOptions options, base::Logger log);
  /// No Run is under way. The fork servers, and whatever runs in them, are gone afterwards.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// One conversation with a job, on the calling thread. Ok: it came to its end, whatever was said in it. An error: the peer is gone, or said what nobody says.
  using Talk = std::function<base::Result<void>(Channel&)>;
  /// Waits for a free worker, then talks to a process that has seen no job but such of the same `key`; of the key "" it has seen none, and sees no other.
  /// Errors: Internal, where the job failed us: `the process ended by SIGSEGV`, `the process gave no result within 60s`, or what Talk says; Unavailable, where no process could be
  /// started; Canceled, when `stop` was requested.
  base::Result<void> Run(const std::string& key, const Talk& talk, std::stop_token stop = {});

 private:
  class Worker;
  Worker* Acquire(const std::string& key, std::stop_token& stop);
  void Release(Worker& worker);
  std::size_t Allowed() const REQUIRES(mutex_);
  std::chrono::steady_clock::time_point NextLong() const REQUIRES(mutex_);

  const PoolOptions options_;
  const base::Logger log_;
  base::Mutex mutex_;
  std::condition_variable_any freed_;
  std::vector<std::unique_ptr<Worker>> idle_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Worker>> busy_ GUARDED_BY(mutex_);
  bool told_ GUARDED_BY(mutex_) = false;  ///< the log has what confines the workers
};

}  // namespace sluice::isolation
