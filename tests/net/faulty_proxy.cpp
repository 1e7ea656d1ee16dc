#include "tests/net/faulty_proxy.h"

#include <algorithm>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/await.h"

namespace sluice::net {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kBlock = 16u << 10;

struct Lane {
  std::uint64_t passed = 0;
  std::vector<Fault> faults;  ///< `at_byte` counted from the connection's start
};

struct Link {
  explicit Link(asio::io_context& io, tcp::socket accepted) : client(std::move(accepted)), server(io) {}
  tcp::socket client, server;
  Lane lanes[2];
  Lane& lane(Direction direction) { return lanes[direction == Direction::ToServer ? 0 : 1]; }

  void Add(Fault fault, bool from_here) {
    Lane& there = lane(fault.direction);
    if (from_here) fault.at_byte += there.passed;
    there.faults.push_back(fault);
  }
  void Close(bool reset) {
    for (tcp::socket* socket : {&client, &server}) {
      boost::system::error_code ignored;
      if (reset)
        socket->set_option(asio::socket_base::linger(true, 0), ignored);
      else
        socket->shutdown(tcp::socket::shutdown_both, ignored);
      socket->close(ignored);
    }
  }
};

}  // namespace

struct FaultyProxy::Impl {
  Impl(asio::io_context& context, std::uint16_t t)
      : io(context),
        acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
        target(asio::ip::address_v4::loopback(), t),
        scope(context) {}

  static Task<void> AcceptAll(std::shared_ptr<Impl> self);
  static Task<void> Serve(std::shared_ptr<Impl> self, std::shared_ptr<Link> link);
  static Task<void> Pump(std::shared_ptr<Impl> self, std::shared_ptr<Link> link, Direction direction);
  Task<bool> Pass(Link& link, Direction direction, std::string data);
  Task<bool> Suffer(Link& link, Lane& lane, Fault fault, std::string& data);
  void CloseAll() {
    for (const auto& link : links) link->Close(false);
  }

  asio::io_context& io;
  tcp::acceptor acceptor;
  const tcp::endpoint target;
  Scope scope;
  std::list<std::shared_ptr<Link>> links;
  std::vector<Fault> next, always;
  bool accepting = true;
  Counters counters;
};

Task<void> FaultyProxy::Impl::AcceptAll(std::shared_ptr<Impl> self) {
  while (true) {
    auto [error, socket] = co_await self->acceptor.async_accept(kToken);
    if (error) co_return;
    if (!self->accepting) continue;
    ++self->counters.connections;
    auto link = std::make_shared<Link>(self->io, std::move(socket));
    for (const Fault& fault : self->always) link->Add(fault, false);
    for (const Fault& fault : std::exchange(self->next, {})) link->Add(fault, false);
    self->scope.Spawn(Serve(self, std::move(link)));
  }
}

Task<void> FaultyProxy::Impl::Serve(std::shared_ptr<Impl> self, std::shared_ptr<Link> link) {
  const auto at = self->links.insert(self->links.end(), link);
  const auto [error] = co_await link->server.async_connect(self->target, kToken);
  if (!error) {
    const tcp::no_delay no_delay(true);
    boost::system::error_code ignored;
    link->server.set_option(no_delay, ignored);
    link->client.set_option(no_delay, ignored);
    CancelHandle other = self->scope.Spawn(Pump(self, link, Direction::ToServer));
    co_await Pump(self, link, Direction::ToClient);
    (void)co_await other.Join();
  }
  link->Close(false);
  self->links.erase(at);
}

// The end of one direction is the end of both: enough for what speaks HTTP.
Task<void> FaultyProxy::Impl::Pump(std::shared_ptr<Impl> self, std::shared_ptr<Link> link, Direction direction) {
  tcp::socket& from = direction == Direction::ToServer ? link->client : link->server;
  std::string block(kBlock, '\0');
  while (true) {
    const auto [error, size] = co_await from.async_read_some(asio::buffer(block), kToken);
    if (error) break;
    std::string data = block.substr(0, size);
    const bool go_on = co_await self->Pass(*link, direction, std::move(data));
    if (!go_on) break;
  }
  link->Close(false);
}

Task<bool> FaultyProxy::Impl::Pass(Link& link, Direction direction, std::string data) {
  Lane& lane = link.lane(direction);
  tcp::socket& to = direction == Direction::ToServer ? link.server : link.client;
  std::uint64_t& counter = direction == Direction::ToServer ? counters.to_server : counters.to_client;
  while (!data.empty()) {
    const auto due =
        std::min_element(lane.faults.begin(), lane.faults.end(), [](const Fault& a, const Fault& b) { return a.at_byte < b.at_byte; });
    const bool here = due != lane.faults.end() && due->at_byte < lane.passed + data.size();
    // What was added while a write was under way may already be behind: it comes with the next byte.
    const std::size_t unharmed = here ? static_cast<std::size_t>(std::max(due->at_byte, lane.passed) - lane.passed) : data.size();
    const auto [error, sent] = co_await asio::async_write(to, asio::buffer(data.data(), unharmed), kToken);
    if (error) co_return false;
    lane.passed += sent;
    counter += sent;
    data.erase(0, sent);
    if (!here) continue;
    const Fault fault = *due;
    lane.faults.erase(due);
    const bool go_on = co_await Suffer(link, lane, fault, data);
    if (!go_on) co_return false;
  }
  co_return true;
}

Task<bool> FaultyProxy::Impl::Suffer(Link& link, Lane& lane, Fault fault, std::string& data) {
  switch (fault.kind) {
    case Fault::Kind::Cut:
    case Fault::Kind::Reset: link.Close(fault.kind == Fault::Kind::Reset); co_return false;
    case Fault::Kind::Delay: {
      const base::Result<void> slept = co_await SleepFor(fault.delay);
      co_return slept.has_value();
    }
    case Fault::Kind::Stall:
      fault.at_byte = lane.passed;
      data.clear();  // swallowed, and so is all that follows
      lane.faults.push_back(fault);
      co_return true;
    case Fault::Kind::Garble: data[0] = static_cast<char>(~data[0]); co_return true;
  }
  co_return true;
}

FaultyProxy::FaultyProxy(asio::io_context& io, std::uint16_t target) : impl_(std::make_shared<Impl>(io, target)) {
  impl_->scope.Spawn(Impl::AcceptAll(impl_));
}

FaultyProxy::~FaultyProxy() {
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->CloseAll();
  impl_->scope.Cancel();
}

std::uint16_t FaultyProxy::port() const { return impl_->acceptor.local_endpoint().port(); }
void FaultyProxy::Next(Fault fault) { impl_->next.push_back(fault); }
void FaultyProxy::Always(Fault fault) { impl_->always.push_back(fault); }
void FaultyProxy::Heal() { impl_->always.clear(); }
void FaultyProxy::Accept(bool accept) { impl_->accepting = accept; }

// Cuts and resets at byte 0 do not wait for a byte to come.
void FaultyProxy::Now(Fault fault) {
  const bool at_once = fault.at_byte == 0 && (fault.kind == Fault::Kind::Cut || fault.kind == Fault::Kind::Reset);
  const auto links = impl_->links;
  for (const auto& link : links) {
    if (at_once)
      link->Close(fault.kind == Fault::Kind::Reset);
    else
      link->Add(fault, true);
  }
}

FaultyProxy::Counters FaultyProxy::counters() const {
  Counters counters = impl_->counters;
  counters.open = impl_->links.size();
  return counters;
}

}  // namespace sluice::net
