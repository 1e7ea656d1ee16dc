// net/server_connection.h: one connection of HttpServer: request, answer, and again. Private to net/.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "net/server.h"
#include "net/waiter.h"

namespace sluice::net {

class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  /// Both references outlive Run.
  ServerConnection(boost::asio::ip::tcp::socket socket, const ServerOptions& options, const HttpServer::Handler& handler);

  /// Serves until the peer or Close ends it.
  Task<void> Run();
  /// Between two requests, or before one's headers are whole?
  bool waiting() const { return waiting_; }
  SteadyTime waiting_since() const { return waiting_since_; }
  void FinishThenClose();                          ///< at once if waiting
  void Close();

 private:
  enum class Next { Again, End };
  void Limit(std::chrono::milliseconds time);      ///< for the operation that follows: then it is cancelled, and `timed_out_`
  void NoLimit();
  Task<Next> ServeOne();
  Task<bool> Answer(ServerRequest request, bool keep_alive);
  Task<ServerResponse> Handle(ServerRequest request);
  Task<base::Result<ServerResponse>> Guarded(ServerRequest request);
  Task<bool> WriteText(const ServerResponse& response, bool head, bool keep_alive);
  Task<bool> WriteFile(const ServerResponse& response, bool head, bool keep_alive);
  Task<bool> Refuse(int status);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer limit_;
  std::uint64_t limit_turn_ = 0;                   ///< a limit set before the last one is stale
  bool timed_out_ = false;
  boost::beast::flat_buffer buffer_;
  const ServerOptions& options_;
  const HttpServer::Handler& handler_;
  std::string remote_;
  bool waiting_ = true;
  bool closing_ = false;
  SteadyTime waiting_since_ = std::chrono::steady_clock::now();
};

}  // namespace sluice::net
