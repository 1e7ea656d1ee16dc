#include "fault_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

#include "net/await.h"

namespace sluice::kube::testing {

namespace {

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

const sockaddr* Raw(const sockaddr_in& address) { return static_cast<const sockaddr*>(static_cast<const void*>(&address)); }

/// Closes with a reset instead of a farewell, as a dying machine would.
void Reset(int socket) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  ::close(socket);
}

bool SendAll(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace

TcpProxy::TcpProxy(std::uint16_t upstream) : upstream_(upstream) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, Raw(address), size) != 0 || ::listen(listener_, 64) != 0) throw std::runtime_error("proxy: cannot listen");
  ::getsockname(listener_, static_cast<sockaddr*>(static_cast<void*>(&address)), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

TcpProxy::~TcpProxy() {
  stop_ = true;
  acceptor_.join();
  for (std::thread& pump : pumps_) pump.join();
  ::close(listener_);
}

void TcpProxy::CutAll() { ++cuts_; }

void TcpProxy::Accept() {
  while (!stop_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, 20) <= 0) continue;
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    ++accepted_;
    if (refuse_) {
      Reset(client);
      continue;
    }
    const std::lock_guard lock(mutex_);
    pumps_.emplace_back([this, client] { Pump(client); });
  }
}

/// Both directions of one connection, until either side ends it, somebody cuts, or the proxy goes.
void TcpProxy::Pump(int client) {
  const int cuts = cuts_;
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(upstream_);
  bool open = ::connect(server, Raw(address), sizeof address) == 0;
  std::int64_t passed = 0;
  std::array<char, 16'384> buffer{};
  while (open && !stop_ && cuts == cuts_) {
    std::array<pollfd, 2> ready{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
    if (stall_ || ::poll(ready.data(), 2, 10) <= 0) {
      if (stall_) ::usleep(5'000);
      continue;
    }
    for (const bool from_server : {false, true}) {
      if ((ready[from_server ? 1 : 0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) continue;
      const ssize_t got = ::recv(from_server ? server : client, buffer.data(), buffer.size(), 0);
      std::int64_t allowed = got;
      if (from_server && cut_after_ >= 0) allowed = std::min<std::int64_t>(got, cut_after_ - passed);
      if (from_server) passed += got;
      open = open && got > 0 &&
             SendAll(from_server ? client : server, buffer.data(), static_cast<std::size_t>(std::max<std::int64_t>(allowed, 0))) &&
             allowed == got;
    }
  }
  Reset(client);
  Reset(server);
}

std::uint16_t PortOf(const ClusterConfig& config) {
  return static_cast<std::uint16_t>(std::stoi(config.server.substr(config.server.rfind(':') + 1)));
}

ClusterConfig Through(const TcpProxy& proxy, ClusterConfig config) {
  config.server = "https://127.0.0.1:" + std::to_string(proxy.port());
  return config;
}

FaultyApi::FaultyApi(net::Runtime& runtime, const ClusterConfig& upstream)
    : upstream_(upstream),
      client_(runtime.io(), net::ClientOptions{.tls = upstream.tls}),
      server_(runtime.io(), net::ServerOptions{}, [this](net::ServerRequest request) { return Handle(std::move(request)); }) {
  auto started = server_.Start();
  if (!started) throw std::runtime_error(started.error().message);
}

ClusterConfig FaultyApi::Config() const {
  ClusterConfig config;
  config.server = "http://127.0.0.1:" + std::to_string(server_.port());
  config.default_namespace = "default";
  return config;
}

net::Task<net::ServerResponse> FaultyApi::Handle(net::ServerRequest request) {
  seen.push_back(request);
  if (before) {
    if (std::optional<net::ServerResponse> answer = before(request)) co_return std::move(*answer);
  }
  net::Request forward;
  forward.method = request.method;
  forward.url = upstream_.server + request.target;
  for (const char* name : {"Accept", "Content-Type", "Impersonate-User", "Impersonate-Group"}) {
    if (const std::string_view value = net::FindHeader(request.headers, name); !value.empty()) forward.headers.emplace_back(name, value);
  }
  forward.body = request.body;
  if (rewrite) rewrite(forward);
  auto answer = co_await client_.Send(std::move(forward));
  net::ServerResponse response;
  response.status = 502;
  if (!answer || (lose && lose(request))) co_return response;
  response.status = answer->status;
  response.body = std::move(answer->body);
  response.headers.emplace_back("Content-Type", net::FindHeader(answer->headers, "Content-Type"));
  co_return response;
}

}  // namespace sluice::kube::testing
