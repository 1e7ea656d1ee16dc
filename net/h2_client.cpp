#include "net/h2_client.h"

#include <algorithm>

#include <boost/asio/this_coro.hpp>

#include "net/await.h"

namespace sluice::net {
namespace asio = boost::asio;

using base::Reason;
using base::Result;
using State = H2Connection::State;

namespace {

constexpr int kTries = 3;
constexpr std::size_t kMaxHttp1Origins = 1000;

// Watches and short requests never share a connection, nor do exchanges with and without the client certificate.
std::string KeyOf(const Exchange& exchange) {
  return Origin(exchange.url) + (exchange.with_identity ? "+" : "-") + (exchange.endless() ? "w" : "r");
}

bool MayRepeat(const H2Exchange& h2, const Answer& answer, const Request& request, bool kept) {
  if (answer.begun()) return false;
  if (h2.end == H2Exchange::End::Unprocessed) return true;
  return h2.end == H2Exchange::End::Lost && kept && IsRepeatable(request);
}

/// On every way out of the frame the session forgets the exchange.
class Submitted {
 public:
  Submitted(std::shared_ptr<H2Connection> connection, H2Exchange& exchange, HttpClient::Counters& counters)
      : connection_(std::move(connection)), exchange_(exchange), counters_(counters), ok_(connection_->Submit(exchange)) {}
  ~Submitted() {
    connection_->Abandon(exchange_);
    counters_.bytes_out += connection_->TakeBytesOut();
  }
  Submitted(const Submitted&) = delete;
  Submitted& operator=(const Submitted&) = delete;
  bool ok() const { return ok_; }

 private:
  const std::shared_ptr<H2Connection> connection_;
  H2Exchange& exchange_;
  HttpClient::Counters& counters_;
  const bool ok_;
};

}  // namespace

H2Client::H2Client(asio::io_context& io, std::shared_ptr<const ClientOptions> options, HttpClient::Counters& counters)
    : io_(io), options_(std::move(options)), counters_(counters) {}

H2Client::~H2Client() { Close(); }

void H2Client::Close() {
  closed_ = true;
  const auto all = std::exchange(connections_, {});
  for (const auto& [key, connections] : all) {
    for (const auto& connection : connections) connection->Close(CanceledError());
  }
}

std::size_t H2Client::active() const {
  std::size_t active = 0;
  for (const auto& [key, connections] : connections_) {
    for (const auto& connection : connections) active += connection->active();
  }
  return active;
}

// Through a proxy curl goes, with HTTP/1.1.
bool H2Client::Carries(const Url& url) const {
  return options_->http2 && url.scheme == "https" && options_->proxy.empty() && http1_origins_.count(Origin(url)) == 0;
}

Result<std::shared_ptr<H2Connection>> H2Client::Open(const Exchange& exchange) {
  Context& context = contexts_[exchange.with_identity ? 1 : 0];
  if (!context) context = MakeClientContext(options_->tls, exchange.with_identity);
  if (!*context) return context->error();
  const bool renamed = exchange.with_identity && !options_->tls.server_name.empty();
  H2Connection::Target target{.host = exchange.url.host,
                              .port = exchange.url.effective_port(),
                              .server_name = renamed ? options_->tls.server_name : exchange.url.host};
  auto connection = std::make_shared<H2Connection>(io_, **context, options_, std::move(target));
  connection->Start();
  ++counters_.connections;
  return connection;
}

std::size_t H2Client::Capacity(const H2Connection& connection) const {
  return std::min(options_->max_streams, connection.peer_max_streams());
}

// One with room; else another; and if there may be no more, the emptiest, where nghttp2 keeps the line.
Result<std::shared_ptr<H2Connection>> H2Client::Pick(const Exchange& exchange) {
  Connections& connections = connections_[KeyOf(exchange)];
  std::erase_if(connections, [](const auto& c) { return !c->usable(); });
  for (const auto& connection : connections) {
    if (connection->state() == State::Connecting || connection->active() < Capacity(*connection)) return connection;
  }
  const bool full = !exchange.endless() && connections.size() >= options_->max_connections_per_host;
  if (full && !connections.empty()) {
    return *std::min_element(connections.begin(), connections.end(),
                             [](const auto& a, const auto& b) { return a->active() < b->active(); });
  }
  TRY(auto opened, Open(exchange));
  connections.push_back(opened);
  return opened;
}

// Those who waited for one connection look again when it is there: it may not have room for all.
Task<Result<std::shared_ptr<H2Connection>>> H2Client::Connect(const Exchange& exchange) {
  while (true) {
    CO_TRY(const std::shared_ptr<H2Connection> connection, Pick(exchange));
    if (connection->state() == State::Open) co_return connection;
    const Wake wake = co_await connection->Connected(exchange.deadline);
    if (wake == Wake::Canceled) co_return CanceledError();
    if (wake == Wake::Timeout)
      co_return base::MakeError(Reason::Timeout, "no answer within " + base::FormatGoDuration(exchange.request.timeout));
    if (connection->state() == State::Closed) co_return connection->error();
    if (connection->state() == State::Http1) co_return connection;
  }
}

Task<std::optional<Result<Response>>> H2Client::Perform(const Exchange& exchange) {
  using Outcome = std::optional<Result<Response>>;
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  for (int tries = 1;; ++tries) {
    if (closed_) co_return Outcome(Failed(exchange.request, CanceledError()));
    const Result<std::shared_ptr<H2Connection>> connection = co_await Connect(exchange);
    if (!connection) co_return Outcome(Failed(exchange.request, connection.error()));
    if ((*connection)->state() == State::Http1) {
      if (http1_origins_.size() >= kMaxHttp1Origins) http1_origins_.clear();
      http1_origins_.insert(Origin(exchange.url));
      co_return Outcome();
    }
    const bool kept = (*connection)->answered();
    Answer answer(exchange.request, exchange.sink, counters_, options_->max_header_bytes);
    H2Exchange h2(exchange.request, exchange.url, answer, executor);
    const Submitted submitted(*connection, h2, counters_);
    if (!submitted.ok() && tries < kTries) continue;
    if (!submitted.ok()) co_return Outcome(Failed(exchange.request, Reason::Unavailable, "no connection takes the request"));
    std::optional<base::Error> ended = co_await AwaitEnd(h2.waiter, answer, exchange.request, exchange.deadline);
    answer.RethrowBug();
    if (ended) co_return Outcome(*std::move(ended));
    if (!closed_ && tries < kTries && MayRepeat(h2, answer, exchange.request, kept)) continue;
    co_return Outcome(Conclude(exchange, h2, answer, **connection));
  }
}

Result<Response> H2Client::Conclude(const Exchange& exchange, const H2Exchange& h2, Answer& answer, const H2Connection& connection) const {
  const Request& request = exchange.request;
  const std::string goodbye = connection.goodbye().empty() ? "" : " (" + std::string(connection.goodbye()) + ")";
  switch (h2.end) {
    case H2Exchange::End::Complete: return answer.Take(true);
    case H2Exchange::End::Stopped: return *answer.stopped();
    case H2Exchange::End::Unprocessed: return Failed(request, Reason::Unavailable, "the peer takes no more requests" + goodbye);
    case H2Exchange::End::Reset:
      return Failed(request, Reason::Unavailable, "the peer ended the answer: " + std::string(H2ErrorName(h2.error_code)) + goodbye);
    case H2Exchange::End::Lost:
    case H2Exchange::End::Open: break;
  }
  if (closed_) return Failed(request, CanceledError());
  const base::Error lost =
      connection.state() == State::Closed ? connection.error() : base::MakeError(Reason::Unavailable, "connection lost");
  return Failed(request, lost.reason, (answer.begun() ? "answer cut short: " : "") + lost.message + goodbye);
}

}  // namespace sluice::net
