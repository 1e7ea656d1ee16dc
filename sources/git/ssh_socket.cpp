#include "sources/git/ssh_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>

#include "base/errno_text.h"
#include "net/address.h"
#include "sources/git/socks5.h"

namespace sluice::sources {
namespace {

using base::ErrnoText;
using base::Reason;
using base::Result;

struct AddressList {
  addrinfo* first = nullptr;
  ~AddressList() {
    if (first) freeaddrinfo(first);
  }
};

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
  if (!net::IsAllowed(*address.ai_addr, net::Addresses::NoMetadata))
    return base::MakeError(Reason::Forbidden, "address " + net::FormatAddress(*address.ai_addr) + " is not allowed");
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

struct HostPort {
  std::string host, port;
};

/// Host and port of `socks5://[user[:password]@]host[:port]`.
HostPort ProxyAddress(std::string_view address) {
  address.remove_prefix(address.find("://") + 3);
  address = address.substr(0, address.find_first_of("/?#"));
  if (const std::size_t at = address.rfind('@'); at != std::string_view::npos) address.remove_prefix(at + 1);
  if (address.starts_with('[')) {
    const std::size_t end = std::min(address.find(']'), address.size());
    const std::string_view rest = address.substr(std::min(end + 1, address.size()));
    return {std::string(address.substr(1, end - 1)), rest.starts_with(':') ? std::string(rest.substr(1)) : "1080"};
  }
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return {std::string(address), "1080"};
  return {std::string(address.substr(0, colon)), std::string(address.substr(colon + 1))};
}

Result<int> ConnectTo(const HostPort& peer, const TransportContext& context, const std::string& who) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  AddressList list;
  const int code = getaddrinfo(peer.host.c_str(), peer.port.c_str(), &hints, &list.first);
  if (code != 0) return context.Fail(Reason::Unavailable, "cannot resolve the " + who + ": " + gai_strerror(code));
  base::Error last = base::MakeError(Reason::Unavailable, "no address");
  for (const addrinfo* address = list.first; address; address = address->ai_next) {
    auto fd = ConnectOne(*address, context.waiter);
    if (fd) return fd;
    last = std::move(fd).error();
    if (last.reason != Reason::Unavailable) return context.Fail(last.reason, last.message);
  }
  return context.Fail(Reason::Unavailable, (who == "host" ? "cannot connect: " : "cannot connect to the " + who + ": ") + last.message);
}

Result<void> SendAll(int fd, std::string_view bytes, const Waiter& waiter) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return base::MakeError(Reason::Unavailable, ErrnoText(errno));
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
    if (sent < 0) TRY(waiter.Poll(fd, POLLOUT));
  }
  return {};
}

Result<void> ReceiveAll(int fd, std::span<char> buffer, const Waiter& waiter) {
  while (!buffer.empty()) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got == 0) return base::MakeError(Reason::Unavailable, "the proxy closed the connection");
    if (got < 0 && errno != EAGAIN && errno != EINTR) return base::MakeError(Reason::Unavailable, ErrnoText(errno));
    if (got > 0) buffer = buffer.subspan(static_cast<std::size_t>(got));
    if (got < 0) TRY(waiter.Poll(fd, POLLIN));
  }
  return {};
}

Result<int> ConnectThroughSocks5(const TransportContext& context) {
  const Credentials& c = context.credentials;
  TRY(const int fd, ConnectTo(ProxyAddress(c.proxy_address), context, "proxy"));
  const Socks5Stream stream{.send = [&](std::string_view bytes) { return SendAll(fd, bytes, context.waiter); },
                            .receive = [&](std::span<char> buffer) { return ReceiveAll(fd, buffer, context.waiter); }};
  const auto done =
      AskSocks5(stream, {.host = context.url.host, .port = context.url.port, .username = c.proxy_username, .password = c.proxy_password});
  if (done) return fd;
  close(fd);
  return context.Fail(done.error().reason, done.error().message);
}

}  // namespace

Result<int> ConnectTcp(const TransportContext& context) {
  const std::string& proxy = context.credentials.proxy_address;
  if (proxy.starts_with("socks5://")) return ConnectThroughSocks5(context);
  if (!proxy.empty()) return context.Fail(Reason::Unsupported, "ssh goes through socks5 proxies only: use one, or an https URL");
  return ConnectTo({context.url.host, std::to_string(context.url.port)}, context, "host");
}

}  // namespace sluice::sources
