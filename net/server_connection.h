// net/server_connection.h: one connection of HttpServer: request, answer, and again. Private to net/.
#pragma once

#include <list>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "net/server.h"
#include "net/waiter.h"

namespace sluice::net {

class ServerConnection;

/// What all connections share: whose request is on its way in, oldest first, and how many bytes they hold.
class ServerLoad {
 public:
  explicit ServerLoad(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  /// Adds to what `connection` holds; whoever has been receiving for longest is closed until all fit, perhaps `connection` itself.
  void Hold(ServerConnection& connection, std::size_t bytes);
  void Release(std::size_t bytes) { bytes_ -= bytes; }
  /// Closes the one that has been receiving for longest. False: none is.
  bool MakeRoom();

 private:
  friend class ServerConnection;
  const std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::list<ServerConnection*> receiving_;
};

class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  /// The references outlive the connection.
  ServerConnection(boost::asio::ip::tcp::socket socket, const ServerOptions& options, const HttpServer::Handler& handler, ServerLoad& load);
  ~ServerConnection();
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  /// Serves until the peer or Close ends it.
  Task<void> Run();
  void FinishThenClose();  ///< at once, unless a request is whole and its answer not
  void Close();
  std::size_t held() const { return held_; }

 private:
  friend class ServerLoad;
  struct Parser;
  enum class Next { Again, End };

  void Limit(std::chrono::milliseconds time);  ///< for the operations that follow: then they are cancelled, and `timed_out_`
  void NoLimit();
  void BeginReceiving();
  void EndReceiving();
  void ReleaseAll();
  Task<Next> ServeOne();
  Task<int> Receive(Parser& parser);
  Task<bool> Answer(ServerRequest request, bool keep_alive);
  Task<ServerResponse> Handle(ServerRequest request);
  Task<base::Result<ServerResponse>> Guarded(ServerRequest request);
  Task<bool> WriteText(const ServerResponse& response, bool head, bool keep_alive);
  Task<bool> WriteFile(const ServerResponse& response, bool head, bool keep_alive);
  Task<void> Refuse(int status);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer limit_;
  std::uint64_t limit_turn_ = 0;  ///< a limit set before the last one is stale
  bool timed_out_ = false;
  boost::beast::flat_buffer buffer_;
  const ServerOptions& options_;
  const HttpServer::Handler& handler_;
  ServerLoad& load_;
  const std::string remote_;
  std::list<ServerConnection*>::iterator at_;  ///< in the load's line, while receiving
  bool receiving_ = false;
  bool closing_ = false;
  std::size_t held_ = 0;
};

}  // namespace sluice::net
