// tests/net/h2_peer.h: an HTTP/2 server (nghttp2's server side over TLS) whose paths misbehave on demand. What it says is real HTTP/2.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/executor.h"

namespace sluice::net {

class H2Peer {
 public:
  struct Options {
    std::string cert_pem, key_pem;
    std::string client_ca_pem;  ///< if set, a client certificate of this CA is required
    std::uint32_t max_streams = 100;
    bool http1 = false;    ///< chooses http/1.1 by ALPN and answers "HTTP/1.1 200 OK", body "old"
    std::size_t gate = 0;  ///< how many must have come to /gate before any is answered
  };
  /// Paths: /hello; /echo (method, path, headers and body back); /bytes/<n>; /gate; /hang (nothing, ever); /part (a little of a body, then
  /// nothing); /reset/<code> (a little, then RST_STREAM); /refuse (REFUSED_STREAM for the first of them); /goaway (answers, then GOAWAY);
  /// /dropped (GOAWAY that leaves this request out, the first time); /die (closes the connection); /early (answers without reading the
  /// body); /short (fewer bytes than its content-length); /headers/<n> (n bytes of them); /to?<url> (307); /see?<url> (303).
  H2Peer(boost::asio::io_context& io, Options options);
  ~H2Peer();
  H2Peer(const H2Peer&) = delete;
  H2Peer& operator=(const H2Peer&) = delete;

  std::uint16_t port() const;
  std::string url(const std::string& path) const;  ///< https://127.0.0.1:port/path
  std::uint64_t connections() const;               ///< with a handshake done
  std::size_t open_connections() const;
  std::size_t most_streams() const;  ///< at once on one connection
  std::uint64_t resets() const;      ///< RST_STREAM received
  std::uint64_t pings() const;
  const std::vector<std::string>& requests() const;  ///< "GET /hello", in order of arrival
  void GoAway();                                     ///< politely, on all connections
  void DropAll();                                    ///< closes all connections

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
