// tests/kube/fault_proxy.h: two ways to stand between a client and the real API server. TcpProxy sees only encrypted bytes: it cuts, stalls and refuses
// connections. FaultyApi speaks HTTP: it answers in the server's place, or loses what the server answered.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kube/config.h"
#include "net/executor.h"
#include "net/http.h"
#include "net/server.h"

namespace sluice::kube::testing {

/// Passes bytes to 127.0.0.1:`upstream` on threads of its own. Every method may be called from any thread.
class TcpProxy {
 public:
  explicit TcpProxy(std::uint16_t upstream);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::uint16_t port() const { return port_; }
  void CutAll();                                             ///< resets every connection there is
  void CutAfter(std::int64_t bytes) { cut_after_ = bytes; }  ///< each connection, once the server has sent so much; -1: never
  void Stall(bool stall) { stall_ = stall; }                 ///< nothing passes, connections stay
  void Refuse(bool refuse) { refuse_ = refuse; }             ///< new connections are reset at once
  int accepted() const { return accepted_; }

 private:
  struct Connection;
  const std::uint16_t upstream_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stop_{false}, stall_{false}, refuse_{false};
  std::atomic<std::int64_t> cut_after_{-1};
  std::atomic<int> accepted_{0}, cuts_{0};
  std::mutex mutex_;
  std::vector<std::thread> pumps_;
  std::thread acceptor_;

  void Accept();
  void Pump(int client);
};

/// `config` with its server replaced by the proxy's.
ClusterConfig Through(const TcpProxy& proxy, ClusterConfig config);
std::uint16_t PortOf(const ClusterConfig& config);

class FaultyApi {
 public:
  FaultyApi(net::Runtime& runtime, const ClusterConfig& upstream);
  FaultyApi(const FaultyApi&) = delete;
  FaultyApi& operator=(const FaultyApi&) = delete;

  /// Asked before a request is passed on; an answer is given in the server's place.
  std::function<std::optional<net::ServerResponse>(const net::ServerRequest&)> before;
  /// Asked with the server's answer; true: it is lost, and 502 takes its place.
  std::function<bool(const net::ServerRequest&)> lose;
  /// Changes what is passed on.
  std::function<void(net::Request&)> rewrite;
  ClusterConfig Config() const;  ///< without credentials: this side adds its own
  std::vector<net::ServerRequest> seen;

 private:
  ClusterConfig upstream_;
  net::HttpClient client_;
  net::HttpServer server_;
  net::Task<net::ServerResponse> Handle(net::ServerRequest request);
};

}  // namespace sluice::kube::testing
