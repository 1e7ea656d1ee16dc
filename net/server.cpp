#include "net/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <list>

#include "net/await.h"
#include "net/server_connection.h"

namespace sluice::net {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  Impl(asio::io_context& io, ServerOptions o, Handler h)
      : options(std::move(o)), handler(std::move(h)), load(options.max_total_bytes), acceptor(io), scope(io, Report(options)) {}

  static Scope::OnBug Report(const ServerOptions& options);

  using Connections = std::list<std::shared_ptr<ServerConnection>>;

  base::Result<void> Listen();
  static Task<void> Accept(std::shared_ptr<Impl> self);
  static Task<void> Serve(std::shared_ptr<Impl> self, tcp::socket socket);
  void Stop();
  void CloseAll();

  const ServerOptions options;
  const Handler handler;
  ServerLoad load;
  tcp::acceptor acceptor;
  Scope scope;
  Connections connections;
  std::uint16_t port = 0;
  bool stopped = false;
};

namespace {

/// In the list as long as it lives.
class Listed {
 public:
  using List = std::list<std::shared_ptr<ServerConnection>>;
  Listed(List& list, const std::shared_ptr<ServerConnection>& connection) : list_(list), at_(list.insert(list.end(), connection)) {}
  ~Listed() { list_.erase(at_); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  List& list_;
  const List::iterator at_;
};

base::Error ListenError(const ServerOptions& options, const boost::system::error_code& error) {
  return base::MakeError(base::Reason::Unavailable,
                         "listening on " + options.address + " port " + std::to_string(options.port) + ": " + error.message());
}

}  // namespace

Scope::OnBug HttpServer::Impl::Report(const ServerOptions& options) {
  return [on_bug = options.on_bug](const std::exception_ptr& bug) {
    if (!on_bug) return;
    try {
      std::rethrow_exception(bug);
    } catch (const std::exception& e) {
      on_bug(e.what());
    } catch (...) {
      on_bug("unknown exception");
    }
  };
}

base::Result<void> HttpServer::Impl::Listen() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) return base::Invalid("listening on \"" + options.address + "\": not an IP address");
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port = acceptor.local_endpoint(error).port();
  if (!error) return {};
  boost::system::error_code ignored;
  acceptor.close(ignored);
  return ListenError(options, error);
}

// Out of file descriptors is no reason to end: others free some.
Task<void> HttpServer::Impl::Accept(std::shared_ptr<Impl> self) {
  while (!self->stopped) {
    auto [error, socket] = co_await self->acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    if (self->stopped || error == asio::error::operation_aborted) co_return;
    if (error) {
      const base::Result<void> slept = co_await SleepFor(std::chrono::milliseconds(50));
      if (!slept) co_return;
      continue;
    }
    const bool room = self->connections.size() < self->options.max_connections || self->load.MakeRoom();
    if (room) self->scope.Spawn(Serve(self, std::move(socket)));
  }
}

Task<void> HttpServer::Impl::Serve(std::shared_ptr<Impl> self, tcp::socket socket) {
  auto connection = std::make_shared<ServerConnection>(std::move(socket), self->options, self->handler, self->load);
  const Listed listed(self->connections, connection);
  co_await connection->Run();
}

void HttpServer::Impl::Stop() {
  stopped = true;
  boost::system::error_code ignored;
  acceptor.close(ignored);
  const Connections all = connections;
  for (const auto& connection : all) connection->FinishThenClose();
}

void HttpServer::Impl::CloseAll() {
  const Connections all = connections;
  for (const auto& connection : all) connection->Close();
  scope.Cancel();
}

HttpServer::HttpServer(asio::io_context& io, ServerOptions options, Handler handler)
    : impl_(std::make_shared<Impl>(io, std::move(options), std::move(handler))) {}

HttpServer::~HttpServer() {
  impl_->Stop();
  impl_->CloseAll();
}

base::Result<void> HttpServer::Start() {
  TRY(impl_->Listen());
  impl_->scope.Spawn(Impl::Accept(impl_));
  return {};
}

std::uint16_t HttpServer::port() const { return impl_->port; }
std::size_t HttpServer::connections() const { return impl_->connections.size(); }
void HttpServer::Stop() { impl_->Stop(); }

Task<void> HttpServer::Close(std::chrono::milliseconds grace) {
  const std::shared_ptr<Impl> impl = impl_;
  impl->Stop();
  Task<base::Result<void>> drained = impl->scope.Drained();
  std::string what = "closing";
  base::Result<void> in_time = co_await WithDeadline(std::move(drained), grace, std::move(what));
  if (!in_time) impl->CloseAll();
  co_await impl->scope.Close();
}

}  // namespace sluice::net
