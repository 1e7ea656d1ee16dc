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
  std::string method, target;  ///< target with its query, as sent
  Headers headers;
  std::string body;
  std::string remote;  ///< address:port
};

struct ServerResponse {
  int status = 200;
  Headers headers;  ///< Content-Length and Connection are the server's; Content-Type unless given: text/plain, a file's octet-stream
  std::string body;
  std::string file;  ///< if set, the body is this file, streamed; 404 if it cannot be opened as a regular file
};

struct ServerOptions {
  std::string address = "127.0.0.1";                 ///< an IP address; "::" for all
  std::uint16_t port = 0;                            ///< 0: any free one
  std::size_t max_header_bytes = 256u << 10;         ///< beyond: 431
  std::size_t max_body_bytes = 3u << 20;             ///< beyond: 413
  std::chrono::milliseconds header_timeout{10'000};  ///< for the headers, from the connection's start or the previous answer's end: closed
  std::chrono::milliseconds total_timeout{30'000};   ///< for body (408) and handler (503); while answering: without the peer taking a byte
  std::size_t max_connections = 1024;                ///< beyond, the request that has been coming in for longest makes room
  std::size_t max_total_bytes = 64u << 20;           ///< of requests on their way in or being handled; beyond, likewise
  std::function<void(std::string_view)> on_bug;      ///< told what left a handler as an exception; the peer gets 500
};

class HttpServer {
 public:
  /// Runs as a task of the server: cancelled at total_timeout and by Close.
  using Handler = std::function<Task<ServerResponse>(ServerRequest)>;
  HttpServer(boost::asio::io_context& io, ServerOptions options, Handler handler);
  ~HttpServer();  ///< closes all; handlers may still unwind, so await Close first if they use what goes next
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  /// Binds and begins to accept. Unavailable: the address is taken. Invalid: it is no address.
  base::Result<void> Start();
  std::uint16_t port() const;  ///< 0 before Start
  std::size_t connections() const;
  /// Stops accepting and closes idle connections; those that answer may finish.
  void Stop();
  /// Stop, then wait up to `grace` for what answers, then end it too. Afterwards no handler runs.
  Task<void> Close(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
