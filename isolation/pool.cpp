#include "isolation/pool.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/errno_text.h"
#include "isolation/clean_start.h"
#include "isolation/control.h"

namespace sluice::isolation {
namespace {

using base::MakeError;
using base::Reason;
using base::Result;
using Steady = std::chrono::steady_clock;

/// A job that has said its last word, and a fork server that is asked about one, need no longer than this.
constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(2);
/// So many times the workers there may be when all of them are at jobs that take long.
constexpr std::size_t kMostTimes = 4;

base::Error Unavailable(const std::string& what, int code) {
  return MakeError(Reason::Unavailable, "a worker process cannot be started: " + what + ": " + base::ErrnoText(code));
}

/// `ended by SIGSEGV`, as wait(2) tells it.
std::string HowItEnded(int status) {
  if (WIFEXITED(status)) return "ended with code " + std::to_string(WEXITSTATUS(status));
  const char* name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : nullptr;
  if (name == nullptr) return "ended with wait status " + std::to_string(status);
  std::string text = "ended by SIG" + std::string(name);
  if (WTERMSIG(status) == SIGSYS) text += ": a system call that it has no need of";
  if (WTERMSIG(status) == SIGXCPU) text += ": it used up its CPU time";
  return text;
}

bool Readable(int fd, std::chrono::milliseconds timeout) {
  const auto end = Steady::now() + timeout;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Steady::now()).count();
    pollfd wait{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = poll(&wait, 1, static_cast<int>(std::max<long long>(left, 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

/// Two connected sockets, neither of which outlives an exec.
struct Pair {
  int ours = -1, theirs = -1;
  static Result<Pair> Make(int type) {
    int ends[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0) return Unavailable("socketpair", errno);
    return Pair{ends[0], ends[1]};
  }
};

/// `command` with `control` as its descriptor 3, /dev/null as the first three, no other and no environment.
Result<pid_t> Spawn(const std::vector<std::string>& command, int control) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, control, kControlDescriptor);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&files, standard, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, kControlDescriptor + 1);
  const CleanStart how;
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  char* environment[] = {nullptr};
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, arguments[0], &files, how.attributes(), arguments.data(), environment);
  posix_spawn_file_actions_destroy(&files);
  if (failed != 0) return Unavailable(command.front(), failed);
  return pid;
}

}  // namespace

/// One fork server, and the job's process that it has now. Used by one thread at a time.
class Pool::Worker {
 public:
  explicit Worker(const PoolOptions& options) : options_(options) {}
  ~Worker() { Kill(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool Serves(const std::string& key) const { return job_ && !key.empty() && job_->key == key; }
  bool HasJob() const { return job_.has_value(); }
  void Begin() { begun_ = Steady::now(); }
  Steady::time_point begun() const { return begun_; }  ///< its last conversation

  /// Has a process for `key` at hand. What confines it, if a fork server was started for that. A server that died in idleness is replaced.
  Result<std::optional<Report>> Prepare(const std::string& key) {
    if (Serves(key)) return std::optional<Report>();
    EndJob();
    if (pid_ > 0 && (jobs_ >= options_.jobs_per_server || !Settled())) Kill();
    std::optional<Report> started;
    for (const bool again : {true, false}) {
      if (pid_ == 0) {
        TRY(started, Start());
      }
      TRY(const bool begun, BeginJob(key));
      if (begun) return started;
      Kill();
      if (!again) break;
    }
    return MakeError(Reason::Unavailable, "a worker process cannot be started: it ends at once");
  }

  /// Talks to the process; on failure it is gone afterwards.
  Result<void> Converse(const Talk& talk, std::stop_token& stop) {
    const auto begin = Steady::now();
    job_->channel.SetDeadline(begin + options_.job_deadline);
    Result<void> talked;
    {
      const std::stop_callback on_stop(stop, [this] { job_->channel.Abort(); });
      talked = talk(job_->channel);
    }
    if (!talked || stop.stop_requested()) return Explain(std::move(talked), stop);
    job_->time += Steady::now() - begin;
    ++job_->jobs;
    const bool spent = job_->key.empty() || job_->jobs >= options_.jobs_per_process ||
                       job_->channel.moved() >= options_.bytes_per_process || job_->time >= options_.time_per_process;
    if (spent) EndJob();
    return {};
  }

 private:
  struct Job {
    Job(int fd, std::size_t max_bytes, std::string for_whom) : channel(fd, max_bytes), key(std::move(for_whom)) {}
    Channel channel;
    std::string key;
    std::size_t jobs = 0;
    Steady::duration time{};
  };

  Result<std::optional<Report>> Start() {
    TRY(const Pair control, Pair::Make(SOCK_SEQPACKET));
    control_ = control.ours;
    Result<pid_t> pid = Spawn(options_.command, control.theirs);
    close(control.theirs);
    if (!pid) {
      close(std::exchange(control_, -1));
      return std::move(pid).error();
    }
    pid_ = *pid;
    jobs_ = 0;
    owed_ = false;
    std::optional<Report> report = Readable(control_, options_.start_deadline) ? ReceiveReport(control_) : std::nullopt;
    if (report && report->kind == Report::Kind::Ready) return report;
    const std::string how = Kill();
    return MakeError(Reason::Unavailable, "a worker process cannot be confined: " + (report ? report->detail : "it " + how));
  }

  /// False: the fork server is gone.
  Result<bool> BeginJob(const std::string& key) {
    TRY(const Pair pair, Pair::Make(SOCK_STREAM));
    const bool sent = SendJob(control_, pair.theirs);
    close(pair.theirs);
    if (!sent) {
      close(pair.ours);
      return false;
    }
    job_.emplace(pair.ours, options_.max_frame_bytes, key);
    owed_ = true;
    ++jobs_;
    return true;
  }

  /// The process finds nobody to talk to and ends.
  void EndJob() { job_.reset(); }

  /// Whether the fork server has told how its last job ended, and so waits for the next.
  bool Settled() {
    if (!owed_) return !Readable(control_, {});  // silent, unless it is gone
    return LastJob().has_value();
  }

  std::optional<int> LastJob() {
    const std::optional<Report> report = Readable(control_, kPatience) ? ReceiveReport(control_) : std::nullopt;
    if (!report || report->kind != Report::Kind::Ended) return std::nullopt;
    owed_ = false;
    return report->value;
  }

  /// What the end of a conversation that was cut off comes to. Nothing that took part in it is left.
  base::Error Explain(Result<void> talked, const std::stop_token& stop) {
    const Reason reason = talked ? Reason::Canceled : talked.error().reason;
    if (stop.stop_requested()) {
      Kill();
      return MakeError(Reason::Canceled, "the job was given up");
    }
    if (reason == Reason::Timeout) {
      Kill();
      return MakeError(Reason::Internal, "the process gave no result within " + base::FormatGoDuration(options_.job_deadline));
    }
    if (reason != Reason::Unavailable) {  // it said what nobody says
      Kill();
      return MakeError(Reason::Internal, talked.error().message);
    }
    EndJob();
    if (const std::optional<int> status = LastJob()) return MakeError(Reason::Internal, "the process " + HowItEnded(*status));
    return MakeError(Reason::Internal, "the process " + Kill());
  }

  /// Ends the fork server, and its job with it. How it ended: by us, if it was not gone already.
  std::string Kill() {
    EndJob();
    if (control_ >= 0) close(std::exchange(control_, -1));
    if (pid_ == 0) return "did not run";
    kill(pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return HowItEnded(status);
  }

  const PoolOptions& options_;
  pid_t pid_ = 0;
  int control_ = -1;
  std::size_t jobs_ = 0;
  Steady::time_point begun_{};
  bool owed_ = false;  ///< the fork server has yet to tell how its last job ended
  std::optional<Job> job_;
};

Pool::Pool(PoolOptions options, base::Logger log) : options_(std::move(options)), log_(std::move(log)) {
  for (std::size_t i = 0; i < options_.workers; ++i) idle_.push_back(std::make_unique<Worker>(options_));
}

Pool::~Pool() = default;

/// How many jobs may be under way: the usual number of those that have just begun, beside those that take long.
std::size_t Pool::Allowed() const {
  const Steady::time_point before = Steady::now() - options_.patience;
  const auto is_long = [before](const auto& worker) { return worker->begun() <= before; };
  return std::min(options_.workers + static_cast<std::size_t>(std::ranges::count_if(busy_, is_long)), options_.workers * kMostTimes);
}

/// When the next of the jobs under way will have taken long; where all have, whoever waits is told of an end.
Steady::time_point Pool::NextLong() const {
  const Steady::time_point now = Steady::now();
  Steady::time_point next = now + std::chrono::minutes(1);
  for (const auto& worker : busy_) {
    if (const auto due = worker->begun() + options_.patience; due > now) next = std::min(next, due);
  }
  return next;
}

/// Best one that has a process for `key`, then one whose process would be of no use to anybody else; nullptr when stopped.
Pool::Worker* Pool::Acquire(const std::string& key, std::stop_token& stop) {
  const base::MutexLock lock(mutex_);
  const auto may_begin = [this]() REQUIRES(mutex_) { return busy_.size() < Allowed(); };
  while (!may_begin()) {
    if (stop.stop_requested()) return nullptr;
    freed_.wait_until(mutex_, stop, NextLong(), may_begin);
  }
  if (idle_.empty()) idle_.push_back(std::make_unique<Worker>(options_));
  auto best = std::ranges::find_if(idle_, [&](const auto& worker) { return worker->Serves(key); });
  if (best == idle_.end()) best = std::ranges::find_if(idle_, [](const auto& worker) { return !worker->HasJob(); });
  if (best == idle_.end()) best = idle_.begin();
  (*best)->Begin();
  busy_.push_back(std::move(*best));
  idle_.erase(best);
  return busy_.back().get();
}

/// What stood in for a worker that took long is not kept.
void Pool::Release(Worker& worker) {
  std::unique_ptr<Worker> spare;
  {
    const base::MutexLock lock(mutex_);
    const auto at = std::ranges::find_if(busy_, [&](const auto& each) { return each.get() == &worker; });
    std::unique_ptr<Worker> back = std::move(*at);
    busy_.erase(at);
    (idle_.size() + busy_.size() < Allowed() ? idle_.emplace_back() : spare) = std::move(back);
  }
  freed_.notify_one();
}

Result<void> Pool::Run(const std::string& key, const Talk& talk, std::stop_token stop) {
  Worker* worker = Acquire(key, stop);
  if (worker == nullptr) return MakeError(Reason::Canceled, "the job was given up");
  struct Back {
    Pool& pool;
    Worker& worker;
    ~Back() { pool.Release(worker); }
  } back{*this, *worker};
  TRY(const std::optional<Report> started, worker->Prepare(key));
  if (started) {
    const base::MutexLock lock(mutex_);
    const bool syscalls = started->detail.find('s') != std::string::npos, memory = started->detail.find('m') != std::string::npos;
    if (!std::exchange(told_, true))
      log_.Info("worker processes are confined", {{"landlock", started->value}, {"seccomp", syscalls}, {"memoryLimit", memory}});
  }
  return worker->Converse(talk, stop);
}

}  // namespace sluice::isolation
