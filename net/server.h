// net/server.h: a small HTTP/1.1 server (Beast): artifacts, metrics, health, webhooks. Limits on header and body size and time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"
#include "net/task.h"

namespace sluice::net {

struct ServerRequest {
  std::string method, target;     ///< target with its query, as sent
  Headers headers;
  std::string body;
  std::string remote;             ///< address:port
};

struct ServerResponse {
  int status = 200;
  Headers headers;
  std::string body;
  std::string file;               ///< if set, the body is this file, streamed
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                              ///< 0: any free one
  std::size_t max_header_bytes = 256u << 10;
  std::size_t max_body_bytes = 3u << 20;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds total_timeout{30'000};
  std::size_t max_connections = 1024;
};

class HttpServer {
 public:
  using Handler = std::function<Task<ServerResponse>(ServerRequest)>;
  HttpServer(boost::asio::io_context& io, ServerOptions options, Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Binds and begins to accept. Unavailable: the address is taken.
  base::Result<void> Start();
  std::uint16_t port() const;
  /// Stops accepting and closes idle connections; those that answer may finish.
  void Stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
