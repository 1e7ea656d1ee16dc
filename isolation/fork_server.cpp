#include "isolation/fork_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "isolation/control.h"

namespace sluice::isolation {
namespace {

/// Does not return. A job ends with the fork server, whatever it is doing.
[[noreturn]] void RunJob(int socket, pid_t server, const Confinement& confinement, const ForkServerOptions& options) {
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != server) _exit(1);
  if (confinement.syscalls && !RestrictSystemCalls(Role::Job)) _exit(1);
  Channel channel(socket, options.max_frame_bytes);
  options.job(channel);
  _exit(0);
}

class Server {
 public:
  Server(const ForkServerOptions& options, const Confinement& confinement, int children)
      : options_(options), confinement_(confinement), children_(children) {}

  void Serve() {
    while (true) {
      const int job = ReceiveJob(kControlDescriptor);
      if (job < 0) return;
      const pid_t self = getpid(), child = fork();
      if (child == 0) {
        close(kControlDescriptor);
        close(children_);
        RunJob(job, self, confinement_, options_);
      }
      close(job);
      const std::int32_t status = child < 0 ? W_EXITCODE(1, 0) : Await(child);
      if (status < 0 || !SendReport(kControlDescriptor, {.kind = Report::Kind::Ended, .value = status, .detail = {}})) return;
    }
  }

 private:
  /// As wait(2) tells it; -1 when the parent went first.
  std::int32_t Await(pid_t child) const {
    while (true) {
      std::array<pollfd, 2> wait{pollfd{.fd = kControlDescriptor, .events = POLLIN, .revents = 0},
                                 pollfd{.fd = children_, .events = POLLIN, .revents = 0}};
      if (poll(wait.data(), wait.size(), -1) < 0 && errno != EINTR) return -1;
      int status = 0;
      if (wait[1].revents != 0) {
        signalfd_siginfo news;
        if (read(children_, &news, sizeof news) < 0 && errno != EINTR) return -1;
        if (waitpid(child, &status, WNOHANG) == child) return status;
      } else if (wait[0].revents != 0) {
        return -1;
      }
    }
  }

  const ForkServerOptions& options_;
  const Confinement& confinement_;
  const int children_;  ///< becomes readable when a child ends
};

/// Where memory runs out for all, the kernel ends a job rather than the one that asked for it. That it can be no other way is not worth an error.
void GoFirst() {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  [[maybe_unused]] const ssize_t written = write(file, "1000", 4);
  close(file);
}

}  // namespace

int ServeForks(const ForkServerOptions& options) {
  prctl(PR_SET_NAME, "sluice-jobs", 0, 0, 0);
  GoFirst();
  if (options.prepare) options.prepare();
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  sigprocmask(SIG_BLOCK, &ended, nullptr);
  const int children = signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);
  const base::Result<Confinement> confined = Confine(options.limits);
  if (children < 0 || !confined) {
    const std::string why = confined ? "signalfd" : confined.error().message;
    SendReport(kControlDescriptor, {.kind = Report::Kind::Failed, .value = 0, .detail = why});
    return 1;
  }
  const std::string layers = std::string(confined->syscalls ? "s" : "") + (confined->memory ? "m" : "");
  if (!SendReport(kControlDescriptor, {.kind = Report::Kind::Ready, .value = confined->landlock, .detail = layers})) return 0;
  Server(options, *confined, children).Serve();
  return 0;
}

}  // namespace sluice::isolation
