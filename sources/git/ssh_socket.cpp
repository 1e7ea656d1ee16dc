#include "sources/git/ssh_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace sluice::sources {
namespace {

using base::Reason;
using base::Result;

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first) freeaddrinfo(first);
  }
};

std::string ErrnoText(int code) { return std::generic_category().message(code); }

/// Connects `fd`. The error's message is the system's.
Result<void> FinishConnect(int fd, const addrinfo& address, const Waiter& waiter) {
  if (connect(fd, address.ai_addr, address.ai_addrlen) == 0) return {};
  if (errno != EINPROGRESS) return base::MakeError(Reason::Unavailable, ErrnoText(errno));
  TRY(waiter.Poll(fd, POLLOUT));
  int code = 0;
  socklen_t size = sizeof code;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size);
  if (code != 0) return base::MakeError(Reason::Unavailable, ErrnoText(code));
  return {};
}

Result<int> ConnectOne(const addrinfo& address, const Waiter& waiter) {
  const int fd = socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return base::MakeError(Reason::Unavailable, ErrnoText(errno));
  if (auto connected = FinishConnect(fd, address, waiter); !connected) {
    close(fd);
    return std::move(connected).error();
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

}  // namespace

Result<int> ConnectTcp(const TransportContext& context) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  AddressList list;
  const int code = getaddrinfo(context.url.host.c_str(), std::to_string(context.url.port).c_str(), &hints, &list.first);
  if (code != 0) return context.Fail(Reason::Unavailable, std::string("cannot resolve the host: ") + gai_strerror(code));
  base::Error last = base::MakeError(Reason::Unavailable, "no address");
  for (const addrinfo* address = list.first; address; address = address->ai_next) {
    auto fd = ConnectOne(*address, context.waiter);
    if (fd) return fd;
    last = std::move(fd).error();
    if (last.reason != Reason::Unavailable) return context.Fail(last.reason, last.message);
  }
  return context.Fail(Reason::Unavailable, "cannot connect: " + last.message);
}

}  // namespace sluice::sources
