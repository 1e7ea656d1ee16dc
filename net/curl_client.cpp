#include "net/curl_client.h"

#include <csignal>
#include <stdexcept>

#include <boost/asio/this_coro.hpp>

#include "net/await.h"
#include "net/curl_transfer.h"

namespace sluice::net {
namespace asio = boost::asio;

using base::Reason;
using base::Result;

namespace {

constexpr std::size_t kIdleHandles = 16;

/// curl wants this once a process, before all else; and a write to a closed connection is an error, not the end of the process.
void InitOnce() {
  static const CURLcode code = [] {
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT);
  }();
  if (code != CURLE_OK) throw std::runtime_error("net: libcurl does not start");
}

std::shared_ptr<CurlLoop> MakeLoop(asio::io_context& io, std::size_t connections_per_host) {
  InitOnce();
  return std::make_shared<CurlLoop>(io, static_cast<long>(connections_per_host),
                                    [](CURL* easy, CURLcode code) { CurlTransfer::Of(easy).OnDone(code); });
}

class Handle {
 public:
  explicit Handle(EasyPool& pool) : pool_(pool), easy_(pool.Take()) {}
  ~Handle() {
    if (easy_ != nullptr) pool_.Give(easy_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  CURL* easy() const { return easy_; }

 private:
  EasyPool& pool_;
  CURL* easy_;
};

/// A transfer under way; destroyed, it has ended.
class Running {
 public:
  Running(CurlLoop& loop, CURL* easy, std::list<Waiter*>& active, Waiter& waiter)
      : loop_(loop), easy_(easy), active_(active), at_(active.insert(active.end(), &waiter)), started_(loop.Add(easy) == CURLM_OK) {}
  ~Running() {
    if (started_) loop_.Remove(easy_);
    active_.erase(at_);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  bool started() const { return started_; }

 private:
  CurlLoop& loop_;
  CURL* easy_;
  std::list<Waiter*>& active_;
  const std::list<Waiter*>::iterator at_;
  const bool started_;
};

}  // namespace

EasyPool::~EasyPool() {
  for (CURL* easy : idle_) curl_easy_cleanup(easy);
}

CURL* EasyPool::Take() {
  if (idle_.empty()) return curl_easy_init();
  CURL* easy = idle_.back();
  idle_.pop_back();
  return easy;
}

void EasyPool::Give(CURL* easy) {
  if (idle_.size() >= kIdleHandles) return curl_easy_cleanup(easy);
  curl_easy_reset(easy);
  idle_.push_back(easy);
}

CurlClient::CurlClient(asio::io_context& io, const ClientOptions& options, HttpClient::Counters& counters)
    : options_(options), counters_(counters), bounded_(MakeLoop(io, options.max_connections_per_host)), endless_(MakeLoop(io, 0)) {}

void CurlClient::Close() {
  for (Waiter* waiter : active_) waiter->Finish(Wake::Canceled);
}

Task<Result<Response>> CurlClient::Perform(const Exchange& exchange) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const Handle handle(handles_);
  if (handle.easy() == nullptr) co_return Failed(exchange.request, Reason::Internal, "no curl handle");
  CurlTransfer transfer(handle.easy(), options_, exchange, counters_, executor);
  CO_TRY(transfer.Prepare());
  CurlLoop& loop = exchange.endless() ? *endless_ : *bounded_;
  const Running running(loop, handle.easy(), active_, transfer.waiter());
  if (!running.started()) co_return Failed(exchange.request, Reason::Internal, "curl took no transfer");
  std::optional<base::Error> ended = co_await AwaitEnd(transfer.waiter(), transfer.answer(), exchange.request, exchange.deadline);
  transfer.answer().RethrowBug();
  if (ended) co_return *std::move(ended);
  co_return transfer.Take();
}

}  // namespace sluice::net
