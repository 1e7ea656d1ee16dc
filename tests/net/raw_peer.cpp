#include "tests/net/raw_peer.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/await.h"

namespace sluice::net {
namespace asio = boost::asio;

Task<std::string> AskRaw(std::uint16_t port, std::string bytes) {
  constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  asio::ip::tcp::socket socket(executor);
  const asio::ip::tcp::endpoint server(asio::ip::address_v4::loopback(), port);
  const auto [refused] = co_await socket.async_connect(server, kToken);
  if (refused) co_return "connect: " + refused.message();
  asio::steady_timer limit(executor, std::chrono::seconds(10));
  limit.async_wait([&socket](const boost::system::error_code& error) {
    boost::system::error_code ignored;
    if (!error) socket.close(ignored);
  });
  co_await asio::async_write(socket, asio::buffer(bytes), kToken);
  std::string answer;
  char block[4096];
  while (true) {
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(block), kToken);
    answer.append(block, size);
    if (error) break;
  }
  limit.cancel();
  co_return answer;
}

struct RawServer::Impl {
  Impl(asio::io_context& io, std::string bytes)
      : acceptor(io, asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)), scope(io), answer(std::move(bytes)) {}
  static Task<void> Serve(std::shared_ptr<Impl> self) {
    constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
    while (true) {
      auto [refused, socket] = co_await self->acceptor.async_accept(kToken);
      if (refused) co_return;
      std::string request;
      char block[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const auto [error, size] = co_await socket.async_read_some(asio::buffer(block), kToken);
        if (error) break;
        request.append(block, size);
      }
      co_await asio::async_write(socket, asio::buffer(self->answer), kToken);
    }
  }
  asio::ip::tcp::acceptor acceptor;
  Scope scope;
  const std::string answer;
};

RawServer::RawServer(asio::io_context& io, std::string answer) : impl_(std::make_shared<Impl>(io, std::move(answer))) {
  impl_->scope.Spawn(Impl::Serve(impl_));
}

RawServer::~RawServer() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->scope.Cancel();
}

std::uint16_t RawServer::port() const { return impl_->acceptor.local_endpoint().port(); }

}  // namespace sluice::net
