#include "net/h2_connection.h"

#include <netinet/tcp.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "net/address.h"
#include "net/await.h"

namespace sluice::net {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadBlock = 32u << 10;
constexpr std::size_t kWriteBlock = 64u << 10;
constexpr std::chrono::seconds kIdleLife{90};
constexpr std::chrono::seconds kAttempt{2};  // of several addresses
constexpr int kUnackedMilliseconds = 30'000;

base::Error Unavailable(std::string what) { return base::MakeError(base::Reason::Unavailable, std::move(what)); }

}  // namespace

H2Connection::H2Connection(asio::io_context& io, std::shared_ptr<asio::ssl::context> tls, std::shared_ptr<const ClientOptions> options,
                           Target target)
    : options_(std::move(options)),
      target_(std::move(target)),
      io_(io),
      tls_(std::move(tls)),
      resolver_(io),
      stream_(io, *tls_),
      session_(options_->user_agent, options_->max_header_bytes),
      limit_(io) {}

void H2Connection::Start() {
  limit_.expires_after(options_->connect_timeout);
  limit_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const std::shared_ptr<H2Connection> self = weak.lock();
    if (error || !self || self->state_ != State::Connecting) return;
    const std::string within = base::FormatGoDuration(self->options_->connect_timeout);
    self->Close(base::MakeError(base::Reason::Timeout, "no connection within " + within));
  });
  StartTask(io_.get_executor(), Run(shared_from_this()), {}, [self = shared_from_this()](std::exception_ptr bug) {
    if (bug) self->Close(Unavailable("the connection ended in an exception"));
  });
}

Task<Wake> H2Connection::Connected(SteadyTime deadline) {
  const std::shared_ptr<H2Connection> self = shared_from_this();
  if (state_ != State::Connecting) co_return Wake::Done;
  co_return co_await connected_.Wait(deadline);
}

// Everything that waits on the connection ends here, whatever the step that noticed.
void H2Connection::Close(base::Error why) {
  if (state_ == State::Closed || state_ == State::Http1) return;
  state_ = State::Closed;
  error_ = std::move(why);
  resolver_.cancel();
  limit_.cancel();
  boost::system::error_code ignored;
  stream_.lowest_layer().close(ignored);
  session_.Lose();
  connected_.FinishAll();
}

Task<void> H2Connection::Run(std::shared_ptr<H2Connection> self) {
  const bool connected = co_await self->Connect();
  if (!connected || self->state_ != State::Connecting) co_return;
  if (!ChoseHttp2(self->stream_)) {
    self->Close(Unavailable("the peer speaks HTTP/1.1"));
    self->state_ = State::Http1;
    co_return;
  }
  self->Flush();
  co_await self->Read();
}

// Not before the peer's SETTINGS: until then it is not known how many requests it takes, nor, in TLS 1.3, whether it takes our certificate.
void H2Connection::OnSettled() {
  state_ = State::Open;
  last_used_ = std::chrono::steady_clock::now();
  connected_.FinishAll();
  Watch();
}

Task<bool> H2Connection::Connect() {
  std::vector<tcp::endpoint> endpoints;
  const bool resolved = co_await Resolve(&endpoints);
  if (!resolved) co_return false;
  const bool connected = co_await ConnectTo(endpoints);
  if (!connected) co_return false;
  SetSocketOptions();
  co_return co_await Handshake();
}

Task<bool> H2Connection::Resolve(std::vector<tcp::endpoint>* endpoints) {
  boost::system::error_code no_address;
  const auto address = asio::ip::make_address(target_.host, no_address);
  if (!no_address) {
    endpoints->emplace_back(address, target_.port);
    co_return true;
  }
  const std::string port = std::to_string(target_.port);
  const auto [error, found] = co_await resolver_.async_resolve(target_.host, port, tcp::resolver::numeric_service, kToken);
  if (state_ != State::Connecting) co_return false;
  if (error) {
    Close(Unavailable("looking up " + target_.host + ": " + error.message()));
    co_return false;
  }
  for (const auto& entry : found) endpoints->push_back(entry.endpoint());
  co_return true;
}

// In the resolver's order; what the policy forbids is passed over, and named if nothing else is left.
Task<bool> H2Connection::ConnectTo(const std::vector<tcp::endpoint>& endpoints) {
  base::Error last = Unavailable(target_.host + " has no address");
  for (const tcp::endpoint& endpoint : endpoints) {
    if (!IsAllowed(*endpoint.data(), options_->addresses)) {
      last = base::MakeError(base::Reason::Forbidden, "address " + FormatAddress(*endpoint.data()) + " is not allowed");
      continue;
    }
    boost::system::error_code ignored;
    stream_.lowest_layer().close(ignored);
    asio::steady_timer attempt(io_);
    if (&endpoint != &endpoints.back()) LimitAttempt(attempt);
    const auto [error] = co_await stream_.lowest_layer().async_connect(endpoint, kToken);
    ++attempt_;
    attempt.cancel();
    if (state_ != State::Connecting) co_return false;
    if (!error) co_return true;
    last =
        Unavailable("connecting to " + FormatAddress(*endpoint.data()) + " port " + std::to_string(target_.port) + ": " + error.message());
  }
  Close(std::move(last));
  co_return false;
}

// An address that swallows our packets leaves time for the next one.
void H2Connection::LimitAttempt(asio::steady_timer& timer) {
  timer.expires_after(kAttempt);
  timer.async_wait([weak = weak_from_this(), attempt = attempt_](const boost::system::error_code& canceled) {
    const std::shared_ptr<H2Connection> self = weak.lock();
    boost::system::error_code ignored;
    if (!canceled && self && self->attempt_ == attempt) self->stream_.lowest_layer().cancel(ignored);
  });
}

// A peer that vanished with our bytes unacknowledged is noticed in half a minute, not in the kernel's quarter of an hour.
void H2Connection::SetSocketOptions() {
  boost::system::error_code ignored;
  stream_.lowest_layer().set_option(tcp::no_delay(true), ignored);
  stream_.lowest_layer().set_option(asio::socket_base::keep_alive(true), ignored);
  const int socket = stream_.lowest_layer().native_handle();
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnackedMilliseconds, sizeof kUnackedMilliseconds);
}

Task<bool> H2Connection::Handshake() {
  base::Result<void> expected = ExpectPeer(stream_, target_.server_name, !options_->tls.insecure_skip_verify);
  if (!expected) {
    Close(std::move(expected).error());
    co_return false;
  }
  const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::client, kToken);
  if (error && alive()) Fail(error);
  co_return !error;
}

Task<void> H2Connection::Read() {
  in_.resize(kReadBlock);
  while (alive()) {
    const auto [error, size] = co_await stream_.async_read_some(asio::buffer(in_), kToken);
    if (!alive()) co_return;
    if (error) co_return Fail(error);
    quiet_since_ = std::chrono::steady_clock::now();
    pinged_.reset();
    answered_ = answered_ || active() > 0;
    const base::Result<void> received = session_.Receive(std::string_view(in_).substr(0, size));
    Flush();
    if (!received)
      Close(received.error());
    else if (state_ == State::Connecting && session_.settled())
      OnSettled();
  }
}

void H2Connection::Fail(const boost::system::error_code& error) {
  const bool gone = error == asio::error::eof || error == asio::ssl::error::stream_truncated || error == asio::error::connection_reset ||
                    error == asio::error::broken_pipe;
  Close(gone ? Unavailable("the peer closed the connection") : TlsError(stream_, error));
}

bool H2Connection::Submit(H2Exchange& exchange) {
  last_used_ = std::chrono::steady_clock::now();
  if (state_ != State::Open || !session_.Submit(exchange)) return false;
  if (active() == 1) {
    quiet_since_ = last_used_;
    Watch();
  }
  FlushSoon();
  return true;
}

void H2Connection::Abandon(H2Exchange& exchange) {
  session_.Abandon(exchange);
  last_used_ = std::chrono::steady_clock::now();
  if (state_ == State::Open) FlushSoon();
}

// All requests of one turn of the loop go out in one write.
void H2Connection::FlushSoon() {
  if (flush_due_ || writing_) return;
  asio::post(io_, [self = shared_from_this()] {
    self->flush_due_ = false;
    self->Flush();
  });
  flush_due_ = true;
}

// What the session has given and the socket not got is lost, so where memory is not there in between the connection is over.
void H2Connection::Flush() {
  if (writing_ || !alive()) return;
  try {
    Write();
  } catch (...) {
    Close(Unavailable("there was no memory to write with"));
  }
}

void H2Connection::Write() {
  out_.clear();
  session_.TakeOutput(out_, kWriteBlock);
  if (out_.empty()) return;
  asio::async_write(stream_, asio::buffer(out_), [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
    if (error) return self->FailSoon(error);
    self->writing_ = false;
    self->Flush();
  });
  writing_ = true;
}

// What the peer said before it closed (a refused certificate, say) may still be unread, and says more than the failed write.
void H2Connection::FailSoon(const boost::system::error_code& error) {
  if (!alive()) return;
  limit_.expires_after(std::chrono::seconds(1));
  limit_.async_wait([weak = weak_from_this(), error](const boost::system::error_code& canceled) {
    const std::shared_ptr<H2Connection> self = weak.lock();
    if (!canceled && self && self->alive()) self->Fail(error);
  });
}

std::uint64_t H2Connection::TakeBytesOut() {
  const std::uint64_t all = session_.bytes_out();
  return all - std::exchange(bytes_out_told_, all);
}

// One timer: for the next ping, for the answer to one, or for the end of an unused connection.
void H2Connection::Watch() {
  SteadyTime when = last_used_ + kIdleLife;
  if (active() > 0) when = quiet_since_ + options_->ping_after;
  if (pinged_) when = *pinged_ + options_->ping_timeout;
  limit_.expires_at(when);
  limit_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const std::shared_ptr<H2Connection> self = weak.lock();
    if (!error && self && self->state_ == State::Open) self->OnQuiet();
  });
}

void H2Connection::OnQuiet() {
  const SteadyTime now = std::chrono::steady_clock::now();
  if (active() == 0 && now >= last_used_ + kIdleLife) return Close(Unavailable("unused"));
  if (pinged_ && now >= *pinged_ + options_->ping_timeout) return Close(Unavailable("the peer does not answer"));
  if (!pinged_ && active() > 0 && now >= quiet_since_ + options_->ping_after) {
    pinged_ = now;
    session_.Ping();
    Flush();
  }
  Watch();
}

}  // namespace sluice::net
