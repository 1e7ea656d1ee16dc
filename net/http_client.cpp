// HttpClient: an exchange's place in line, its carrier, and the hops of a redirect. Every exchange is a coroutine that shares the Impl, so the
// client may go while exchanges unwind.
#include <unordered_map>

#include "net/answer.h"
#include "net/await.h"
#include "net/curl_client.h"
#include "net/h2_client.h"
#include "net/redirect.h"

namespace sluice::net {
namespace asio = boost::asio;

using base::Error;
using base::Reason;
using base::Result;

struct HttpClient::Impl {
  Impl(asio::io_context& io, ClientOptions o)
      : options(std::make_shared<const ClientOptions>(std::move(o))), h2(io, options, counters), curl(io, *options, counters) {}

  static Task<Result<Response>> Run(std::shared_ptr<Impl> impl, Request request, BodySink sink);
  Task<Result<Response>> InLine(const Exchange& exchange);
  Task<Result<Response>> Carry(const Exchange& exchange);

  const std::shared_ptr<const ClientOptions> options;
  Counters counters;
  std::unordered_map<std::string, std::shared_ptr<AsyncSemaphore>> lines;  ///< by origin, as long as one is in use
  H2Client h2;
  CurlClient curl;
  bool closed = false;
};

namespace {

/// The line in front of one origin. The last to leave takes it away.
class Line {
 public:
  using Lines = std::unordered_map<std::string, std::shared_ptr<AsyncSemaphore>>;
  Line(Lines& lines, std::string origin, std::size_t slots) : lines_(lines), origin_(std::move(origin)) {
    std::shared_ptr<AsyncSemaphore>& line = lines_[origin_];
    if (!line) line = std::make_shared<AsyncSemaphore>(slots);
    slots_ = line;
  }
  ~Line() {
    if (slots_.use_count() == 2) lines_.erase(origin_);  // ours and the map's
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  AsyncSemaphore& slots() { return *slots_; }

 private:
  Lines& lines_;
  const std::string origin_;
  std::shared_ptr<AsyncSemaphore> slots_;
};

Result<Url> CheckedUrl(const Request& request) {
  TRY(CheckRequest(request));
  Result<Url> url = ParseUrl(request.url);
  if (!url) return Failed(request, std::move(url).error());
  if (url->scheme != "http" && url->scheme != "https") return Failed(request, Reason::Invalid, "neither http nor https");
  if (url->has_userinfo()) return Failed(request, Reason::Invalid, "credentials in the URL");
  return url;
}

}  // namespace

Task<Result<Response>> HttpClient::Impl::Run(std::shared_ptr<Impl> impl, Request request, BodySink sink) {
  SteadyTime deadline = SteadyTime::max();
  if (request.timeout > std::chrono::milliseconds::zero()) deadline = DeadlineAfter(request.timeout);
  CO_TRY(Url url, CheckedUrl(request));
  bool with_identity = true;
  for (int hops = 0;; ++hops) {
    const Exchange exchange{
        .request = request, .url = url, .with_identity = with_identity, .sink = sink ? &sink : nullptr, .deadline = deadline};
    Result<Response> response = co_await impl->InLine(exchange);
    if (!response || !IsRedirect(response->status) || request.max_redirects == 0) co_return response;
    if (hops == request.max_redirects) co_return Failed(request, Reason::Invalid, "more than " + std::to_string(hops) + " redirects");
    Result<Hop> hop = NextHop(request, url, *response);
    if (!hop) co_return Failed(request, std::move(hop).error());
    with_identity = with_identity && hop->same_origin;
    request = std::move(hop->request);
    url = std::move(hop->url);
  }
}

Task<Result<Response>> HttpClient::Impl::InLine(const Exchange& exchange) {
  const bool cancelled = co_await IsCancelled();
  if (cancelled || closed) co_return Failed(exchange.request, CanceledError());
  ++counters.requests;
  if (exchange.endless()) co_return co_await Carry(exchange);
  Line line(lines, Origin(exchange.url), options->max_streams);
  const Result<AsyncSemaphore::Permit> permit = co_await line.slots().Acquire(exchange.deadline - std::chrono::steady_clock::now());
  if (!permit && permit.error().reason == Reason::Timeout) co_return NoAnswer(exchange.request);
  if (!permit) co_return Failed(exchange.request, permit.error());
  co_return co_await Carry(exchange);
}

Task<Result<Response>> HttpClient::Impl::Carry(const Exchange& exchange) {
  if (h2.Carries(exchange.url)) {
    std::optional<Result<Response>> response = co_await h2.Perform(exchange);
    if (response) co_return *std::move(response);
  }
  co_return co_await curl.Perform(exchange);
}

HttpClient::HttpClient(asio::io_context& io, ClientOptions options) : impl_(std::make_shared<Impl>(io, std::move(options))) {}

HttpClient::~HttpClient() {
  impl_->closed = true;
  for (auto& [origin, line] : impl_->lines) line->Close();
  impl_->h2.Close();
  impl_->curl.Close();
}

// Not coroutines themselves: a task that is awaited later must not need `this`.
Task<Result<Response>> HttpClient::Send(Request request) { return Impl::Run(impl_, std::move(request), nullptr); }

Task<Result<Response>> HttpClient::Stream(Request request, BodySink sink) { return Impl::Run(impl_, std::move(request), std::move(sink)); }

HttpClient::Counters HttpClient::counters() const {
  Counters counters = impl_->counters;
  counters.active = impl_->h2.active() + impl_->curl.active();
  for (const auto& [origin, line] : impl_->lines) counters.waiting += line->waiting();
  return counters;
}

}  // namespace sluice::net
