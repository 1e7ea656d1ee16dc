#include "isolation/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

namespace sluice::isolation {
namespace {

using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::size_t kHeader = 5, kMaxParts = 8;
/// What is read at a time, at least and at most.
constexpr std::size_t kLeast = 4u << 10, kMost = 1u << 20;

base::Error Gone() { return MakeError(Reason::Unavailable, "the other process is gone"); }
base::Error TooLong(std::size_t size, std::size_t limit) {
  return MakeError(Reason::TooLarge, "a frame of " + std::to_string(size) + " bytes is over the limit of " + std::to_string(limit));
}

}  // namespace

Channel::~Channel() { close(fd_); }

void Channel::Abort() { shutdown(fd_, SHUT_RDWR); }

Result<void> Channel::WaitFor(short events) {
  while (true) {
    int timeout = -1;
    if (deadline_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - std::chrono::steady_clock::now()).count();
      if (left <= 0) return MakeError(Reason::Timeout, "the other process took too long");
      timeout = static_cast<int>(std::min<long long>(left, INT_MAX));
    }
    pollfd wait{.fd = fd_, .events = events, .revents = 0};
    const int ready = poll(&wait, 1, timeout);
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return Gone();
  }
}

Result<void> Channel::Send(std::uint8_t type, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  if (size > max_bytes_) return TooLong(size, max_bytes_);
  std::array<char, kHeader> header;
  for (unsigned i = 0; i < 4; ++i) header[i] = static_cast<char>(size >> (8 * i));
  header[4] = static_cast<char>(type);
  std::array<iovec, kMaxParts + 1> pieces;
  std::size_t count = 0;
  pieces[count++] = {header.data(), header.size()};
  for (const std::string_view part : parts) {
    if (!part.empty() && count < pieces.size()) pieces[count++] = {const_cast<char*>(part.data()), part.size()};
  }
  std::size_t first = 0, left = size + kHeader;
  moved_ += left;
  while (true) {
    msghdr message{};
    message.msg_iov = &pieces[first];
    message.msg_iovlen = count - first;
    const ssize_t sent = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return Gone();
    std::size_t done = sent < 0 ? 0 : static_cast<std::size_t>(sent);
    left -= done;
    if (left == 0) return {};
    for (; done >= pieces[first].iov_len; ++first) done -= pieces[first].iov_len;
    pieces[first].iov_base = static_cast<char*>(pieces[first].iov_base) + done;
    pieces[first].iov_len -= done;
    TRY(WaitFor(POLLOUT));
  }
}

/// Receives until `bytes` are there.
Result<void> Channel::Fill(std::size_t bytes) {
  while (inbox_.size() < bytes) {
    TRY(WaitFor(POLLIN));
    const std::size_t have = inbox_.size();
    inbox_.resize(have + std::clamp(bytes - have, kLeast, kMost));
    const ssize_t got = recv(fd_, inbox_.data() + have, inbox_.size() - have, MSG_DONTWAIT);
    const int why = errno;
    inbox_.resize(have + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0 || (got < 0 && why != EAGAIN && why != EINTR)) return Gone();
  }
  return {};
}

Result<Frame> Channel::Receive() {
  TRY(Fill(kHeader));
  std::size_t size = 0;
  for (unsigned i = 0; i < 4; ++i) size |= static_cast<std::size_t>(static_cast<unsigned char>(inbox_[i])) << (8 * i);
  if (size > max_bytes_) return TooLong(size, max_bytes_);
  TRY(Fill(kHeader + size));
  moved_ += kHeader + size;
  Frame frame{.type = static_cast<std::uint8_t>(inbox_[4]), .bytes = {}};
  std::string rest = inbox_.substr(kHeader + size);
  inbox_.resize(kHeader + size);
  frame.bytes = std::move(inbox_);
  frame.bytes.erase(0, kHeader);
  inbox_ = std::move(rest);
  return frame;
}

}  // namespace sluice::isolation
