// isolation/channel.h: frames between two processes over a stream socket: four bytes of length (little endian), one of type, then that many bytes. Either end
// takes the other for hostile: a frame is no longer than a limit, memory grows with the bytes that came and not with those that were announced, and a
// peer that sends slowly meets the deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::isolation {

struct Frame {
  std::uint8_t type = 0;
  std::string bytes;
};

class Channel {
 public:
  /// Owns `fd`, a connected stream socket. `max_bytes` bounds one frame in either direction.
  Channel(int fd, std::size_t max_bytes) : fd_(fd), max_bytes_(max_bytes) {}
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// From then on Send and Receive return Timeout. None: they wait for ever, which is for the end that ends with its peer.
  void SetDeadline(std::optional<std::chrono::steady_clock::time_point> deadline) { deadline_ = deadline; }
  /// One frame of `parts`, one after the other. Errors: TooLarge (nothing was sent), Unavailable (the peer is gone), Timeout.
  base::Result<void> Send(std::uint8_t type, std::initializer_list<std::string_view> parts);
  /// Errors: Unavailable (the peer is gone, perhaps in the middle of a frame), TooLarge (nothing can be received after it), Timeout.
  base::Result<Frame> Receive();
  /// From any thread, while the Channel lives: whoever waits in it gets Unavailable, now and from now on.
  void Abort();
  std::uint64_t moved() const { return moved_; }  ///< bytes in either direction

 private:
  base::Result<void> WaitFor(short events);
  base::Result<void> Fill(std::size_t bytes);

  const int fd_;
  const std::size_t max_bytes_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
  std::string inbox_;  ///< received and not yet handed out
  std::uint64_t moved_ = 0;
};

}  // namespace sluice::isolation
