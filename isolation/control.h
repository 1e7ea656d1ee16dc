// isolation/control.h: what a fork server and its parent say to each other over the socket between them (SOCK_SEQPACKET: one packet, one message).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::isolation {

/// The descriptor under which a fork server finds that socket.
inline constexpr int kControlDescriptor = 3;

/// From the fork server; to it goes one byte with a job's socket (SCM_RIGHTS).
struct Report {
  enum class Kind : std::uint8_t {
    Ready = 1,  ///< confined: `value` is Landlock's ABI, `detail` the other layers, a letter each: s seccomp, m memory
    Failed,     ///< not confined, so it ends: `detail` says why
    Ended,      ///< the job's process is gone: `value` as wait(2) tells it
  };
  Kind kind = Kind::Ready;
  std::int32_t value = 0;
  std::string detail;
};

/// Whether it was sent; false when the peer is gone.
bool SendReport(int socket, const Report& report);
/// nullopt when the peer is gone, or sent what is no report. Waits.
std::optional<Report> ReceiveReport(int socket);

bool SendJob(int socket, int job);
/// The job's socket, close-on-exec; -1 when the parent is gone.
int ReceiveJob(int socket);

}  // namespace sluice::isolation
