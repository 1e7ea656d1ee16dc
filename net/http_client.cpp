// HttpClient: which loop an exchange goes to, its place in line, its end, and the hops of a redirect. Every exchange is a coroutine that
// shares the Impl, so the client may go while exchanges unwind.
#include <csignal>
#include <list>
#include <stdexcept>
#include <unordered_map>

#include <boost/asio/this_coro.hpp>

#include "net/await.h"
#include "net/curl_loop.h"
#include "net/redirect.h"
#include "net/transfer.h"

namespace sluice::net {
namespace asio = boost::asio;

using base::Error;
using base::Reason;
using base::Result;

namespace {

constexpr std::size_t kIdleHandles = 64;

/// Easy handles are 6 KiB and a dozen allocations each, so they are kept.
class EasyPool {
 public:
  EasyPool() = default;
  ~EasyPool() {
    for (CURL* easy : idle_) curl_easy_cleanup(easy);
  }
  EasyPool(const EasyPool&) = delete;
  EasyPool& operator=(const EasyPool&) = delete;

  CURL* Take() {
    if (idle_.empty()) return curl_easy_init();
    CURL* easy = idle_.back();
    idle_.pop_back();
    return easy;
  }
  void Give(CURL* easy) {
    if (idle_.size() >= kIdleHandles) return curl_easy_cleanup(easy);
    curl_easy_reset(easy);
    idle_.push_back(easy);
  }

 private:
  std::vector<CURL*> idle_;
};

/// curl wants this once a process, before all else; and a write to a closed connection is an error, not the end of the process.
bool InitOnce() {
  static const CURLcode code = [] {
    std::signal(SIGPIPE, SIG_IGN);
    return curl_global_init(CURL_GLOBAL_DEFAULT);
  }();
  return code == CURLE_OK;
}

}  // namespace

struct HttpClient::Impl {
  Impl(asio::io_context& io, ClientOptions o)
      : options(std::move(o)),
        bounded(MakeLoop(io, static_cast<long>(options.max_connections_per_host))),
        unbounded(MakeLoop(io, 0)) {}

  std::shared_ptr<CurlLoop> MakeLoop(asio::io_context& io, long connections) const {
    const CurlLoop::Limits limits{.connections_per_host = connections, .streams_per_connection = static_cast<long>(options.max_streams)};
    return std::make_shared<CurlLoop>(io, limits, [](CURL* easy, CURLcode code) { Transfer::Of(easy).OnDone(code); });
  }

  static Task<Result<Response>> Exchange(std::shared_ptr<Impl> impl, Request request, BodySink sink);
  Task<Result<Response>> Attempt(const Request& request, const Url& url, bool with_identity, const BodySink* sink, SteadyTime deadline);
  Task<Result<Response>> Perform(CurlLoop& loop, const Transfer::Target& target, const BodySink* sink, SteadyTime deadline);

  const ClientOptions options;
  Counters counters;
  EasyPool handles;
  std::shared_ptr<CurlLoop> bounded;               ///< exchanges with a timeout
  std::shared_ptr<CurlLoop> unbounded;             ///< watches
  std::unordered_map<std::string, std::shared_ptr<AsyncSemaphore>> slots;  ///< by origin, as long as one is in use
  std::list<Waiter*> active;
  bool closed = false;
};

namespace {

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
  std::list<Waiter*>::iterator at_;
  bool started_;
};

/// The line in front of one origin. The last to leave takes it away.
class Line {
 public:
  using Lines = std::unordered_map<std::string, std::shared_ptr<AsyncSemaphore>>;
  Line(Lines& lines, const std::string& origin, std::size_t slots) : lines_(lines), origin_(origin) {
    std::shared_ptr<AsyncSemaphore>& line = lines_[origin_];
    if (!line) line = std::make_shared<AsyncSemaphore>(slots);
    slots_ = line;
  }
  ~Line() {
    if (slots_.use_count() == 2) lines_.erase(origin_);      // ours and the map's
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  AsyncSemaphore& slots() { return *slots_; }

 private:
  Lines& lines_;
  const std::string origin_;
  std::shared_ptr<AsyncSemaphore> slots_;
};

Error Failed(const Request& request, Error error) { return std::move(error).Wrap(Describe(request)); }

Result<Url> CheckedUrl(const Request& request) {
  TRY(CheckRequest(request));
  Result<Url> url = ParseUrl(request.url);
  if (!url) return Failed(request, std::move(url).error());
  if (url->scheme != "http" && url->scheme != "https") return Failed(request, base::Invalid("neither http nor https"));
  if (url->has_userinfo()) return Failed(request, base::Invalid("credentials in the URL"));
  return url;
}

std::string NoAnswerWithin(std::chrono::milliseconds timeout) { return "no answer within " + base::FormatGoDuration(timeout); }

}  // namespace

Task<Result<Response>> HttpClient::Impl::Exchange(std::shared_ptr<Impl> impl, Request request, BodySink sink) {
  SteadyTime deadline = SteadyTime::max();
  if (request.timeout > std::chrono::milliseconds::zero()) deadline = DeadlineAfter(request.timeout);
  CO_TRY(Url url, CheckedUrl(request));
  bool with_identity = true;
  for (int hops = 0;; ++hops) {
    const BodySink* to = sink ? &sink : nullptr;
    Result<Response> response = co_await impl->Attempt(request, url, with_identity, to, deadline);
    if (!response || !IsRedirect(response->status) || request.max_redirects == 0) co_return response;
    if (hops == request.max_redirects) co_return Failed(request, base::Invalid("more than " + std::to_string(hops) + " redirects"));
    Result<Hop> hop = NextHop(request, url, *response);
    if (!hop) co_return Failed(request, std::move(hop).error());
    with_identity = with_identity && hop->same_origin;
    request = std::move(hop->request);
    url = std::move(hop->url);
  }
}

Task<Result<Response>> HttpClient::Impl::Attempt(const Request& request, const Url& url, bool with_identity, const BodySink* sink,
                                                 SteadyTime deadline) {
  const bool cancelled = co_await IsCancelled();
  if (cancelled || closed) co_return Failed(request, CanceledError());
  ++counters.requests;
  const Transfer::Target target{.request = request, .url = url, .with_identity = with_identity};
  if (deadline == SteadyTime::max()) co_return co_await Perform(*unbounded, target, sink, deadline);
  Line line(slots, Origin(url), options.max_streams);
  const Result<AsyncSemaphore::Permit> permit = co_await line.slots().Acquire(deadline - std::chrono::steady_clock::now());
  if (!permit && permit.error().reason == Reason::Timeout) {
    co_return Failed(request, base::MakeError(Reason::Timeout, NoAnswerWithin(request.timeout)));
  }
  if (!permit) co_return Failed(request, permit.error());
  co_return co_await Perform(*bounded, target, sink, deadline);
}

Task<Result<Response>> HttpClient::Impl::Perform(CurlLoop& loop, const Transfer::Target& target, const BodySink* sink, SteadyTime deadline) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const Handle handle(handles);
  if (handle.easy() == nullptr) co_return Failed(target.request, base::MakeError(Reason::Internal, "no curl handle"));
  Transfer transfer(handle.easy(), options, target, sink, counters, executor);
  CO_TRY(transfer.Prepare());
  const Running running(loop, handle.easy(), active, transfer.waiter());
  if (!running.started()) co_return transfer.Fail(Reason::Internal, "curl took no transfer");
  while (true) {
    const SteadyTime until = std::min(deadline, transfer.idle_deadline());
    const Wake wake = co_await transfer.waiter().Wait(until);
    if (wake == Wake::Done) co_return transfer.Take();
    if (wake == Wake::Canceled) co_return transfer.Fail(Reason::Canceled, "canceled");
    if (until == deadline) co_return transfer.Fail(Reason::Timeout, NoAnswerWithin(target.request.timeout));
    if (std::chrono::steady_clock::now() < transfer.idle_deadline()) continue;
    co_return transfer.Fail(Reason::Timeout, "no byte for " + base::FormatGoDuration(target.request.idle_timeout));
  }
}

HttpClient::HttpClient(asio::io_context& io, ClientOptions options) {
  if (!InitOnce()) throw std::runtime_error("net: libcurl does not start");
  impl_ = std::make_shared<Impl>(io, std::move(options));
}

HttpClient::~HttpClient() {
  impl_->closed = true;
  for (Waiter* waiter : impl_->active) waiter->Finish(Wake::Canceled);
  for (auto& [origin, line] : impl_->slots) line->Close();
}

// Not coroutines themselves: a task that is awaited later must not need `this`.
Task<Result<Response>> HttpClient::Send(Request request) { return Impl::Exchange(impl_, std::move(request), nullptr); }

Task<Result<Response>> HttpClient::Stream(Request request, BodySink sink) {
  return Impl::Exchange(impl_, std::move(request), std::move(sink));
}

HttpClient::Counters HttpClient::counters() const {
  Counters counters = impl_->counters;
  counters.active = impl_->active.size();
  for (const auto& [origin, line] : impl_->slots) counters.waiting += line->waiting();
  return counters;
}

}  // namespace sluice::net
