#include "isolation/control.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace sluice::isolation {
namespace {

constexpr std::size_t kHead = 1 + sizeof(std::int32_t), kMaxDetail = 512;

/// One byte, and room for one descriptor.
struct JobPacket {
  JobPacket() {
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = room.data();
    message.msg_controllen = room.size();
  }
  JobPacket(const JobPacket&) = delete;
  JobPacket& operator=(const JobPacket&) = delete;

  char byte = 'j';
  iovec piece{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  msghdr message{};
};

ssize_t Again(auto call) {
  ssize_t result = 0;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace

bool SendReport(int socket, const Report& report) {
  std::string packet(kHead, '\0');
  packet[0] = static_cast<char>(report.kind);
  std::memcpy(packet.data() + 1, &report.value, sizeof report.value);
  packet.append(report.detail, 0, kMaxDetail);
  iovec piece{packet.data(), packet.size()};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  return Again([&] { return sendmsg(socket, &message, MSG_NOSIGNAL); }) == static_cast<ssize_t>(packet.size());
}

std::optional<Report> ReceiveReport(int socket) {
  std::array<char, kHead + kMaxDetail> packet;
  const ssize_t got = Again([&] { return recv(socket, packet.data(), packet.size(), 0); });
  if (got < static_cast<ssize_t>(kHead)) return std::nullopt;
  Report report;
  report.kind = static_cast<Report::Kind>(packet[0]);
  if (report.kind != Report::Kind::Ready && report.kind != Report::Kind::Failed && report.kind != Report::Kind::Ended) return std::nullopt;
  std::memcpy(&report.value, packet.data() + 1, sizeof report.value);
  report.detail.assign(packet.data() + kHead, static_cast<std::size_t>(got) - kHead);
  return report;
}

bool SendJob(int socket, int job) {
  JobPacket packet;
  cmsghdr* rights = CMSG_FIRSTHDR(&packet.message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof job);
  std::memcpy(CMSG_DATA(rights), &job, sizeof job);
  return Again([&] { return sendmsg(socket, &packet.message, MSG_NOSIGNAL); }) == 1;
}

int ReceiveJob(int socket) {
  JobPacket packet;
  if (Again([&] { return recvmsg(socket, &packet.message, MSG_CMSG_CLOEXEC); }) != 1) return -1;
  const cmsghdr* rights = CMSG_FIRSTHDR(&packet.message);
  if (rights == nullptr || rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof(int)))
    return -1;
  int job = -1;
  std::memcpy(&job, CMSG_DATA(rights), sizeof job);
  return job;
}

}  // namespace sluice::isolation
