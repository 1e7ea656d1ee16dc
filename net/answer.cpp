#include "net/answer.h"

#include <algorithm>

#include "net/await.h"
#include "net/url.h"
#include "net/waiter.h"

namespace sluice::net {

namespace {

constexpr std::size_t kMaxReserve = 1u << 20;

bool IsTokenChar(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar); }
bool IsFieldValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

std::string Describe(const Request& request) {
  return (IsToken(request.method) ? request.method : std::string("request")) + " " + RedactUrl(request.url);
}

base::Error Failed(const Request& request, base::Error error) { return std::move(error).Wrap(Describe(request)); }

base::Error Failed(const Request& request, base::Reason reason, std::string_view what) {
  return Failed(request, base::MakeError(reason, std::string(what)));
}

base::Result<void> CheckRequest(const Request& request) {
  if (!IsToken(request.method)) return Failed(request, base::Reason::Invalid, "malformed method");
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name)) return Failed(request, base::Reason::Invalid, "malformed header name");
    if (!IsFieldValue(value)) return Failed(request, base::Reason::Invalid, "malformed value of header " + name);
  }
  return {};
}

bool IsRepeatable(const Request& request) { return request.method != "POST" && request.method != "PATCH"; }

bool HasBody(const Request& request) {
  if (request.method == "HEAD") return false;
  return !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
}

Answer::Answer(const Request& request, const BodySink* sink, HttpClient::Counters& counters, std::size_t max_header_bytes)
    : request_(request),
      sink_(sink),
      counters_(counters),
      max_header_bytes_(max_header_bytes),
      last_byte_(std::chrono::steady_clock::now()) {}

bool Answer::Stop(base::Reason reason, std::string_view what) {
  if (!stopped_) stopped_ = Failed(request_, reason, what);
  return false;
}

bool Answer::OnStatus(int status) {
  if (headers_ended_) return true;
  response_.status = status;
  response_.headers.clear();
  return true;
}

bool Answer::OnHeader(std::string_view name, std::string_view value) {
  Touch();
  const std::size_t bytes = name.size() + value.size();
  counters_.bytes_in += bytes;
  header_bytes_ += bytes;
  if (header_bytes_ > max_header_bytes_) {
    return Stop(base::Reason::TooLarge, "headers of the answer exceed " + std::to_string(max_header_bytes_) + " bytes");
  }
  if (!headers_ended_) response_.headers.emplace_back(name, value);
  return true;
}

bool Answer::OnHeadersEnd() {
  if (headers_ended_ || response_.status < 200) return true;
  headers_ended_ = true;
  if (request_.method == "HEAD" || (sink_ != nullptr && response_.status / 100 == 2)) return true;
  const std::string_view length = FindHeader(response_.headers, "content-length");
  if (length.empty() || length.size() > 18 || length.find_first_not_of("0123456789") != std::string_view::npos) return true;
  response_.body.reserve(std::min(static_cast<std::size_t>(std::stoull(std::string(length))), kMaxReserve));
  return true;
}

// We are called by nghttp2 or curl, through which no exception may go.
bool Answer::ToSink(std::string_view data) {
  try {
    return (*sink_)(data) || Stop(base::Reason::Canceled, "ended by the receiver");
  } catch (...) {
    bug_ = std::current_exception();
    return Stop(base::Reason::Internal, "the receiver failed");
  }
}

bool Answer::OnBody(std::string_view data) {
  Touch();
  counters_.bytes_in += data.size();
  if (stopped_) return false;
  if (sink_ != nullptr && response_.status / 100 == 2) return ToSink(data);
  const std::size_t limit = request_.max_response_bytes;
  if (data.size() > limit - response_.body.size()) {
    return Stop(base::Reason::TooLarge, "answer exceeds " + std::to_string(limit) + " bytes");
  }
  response_.body.append(data);
  return true;
}

SteadyTime Answer::idle_deadline() const {
  if (request_.idle_timeout <= std::chrono::milliseconds::zero()) return SteadyTime::max();
  return last_byte_ + request_.idle_timeout;
}

Response Answer::Take(bool http2) {
  response_.http2 = http2;
  return std::move(response_);
}

base::Error NoAnswer(const Request& request) {
  return Failed(request, base::Reason::Timeout, "no answer within " + base::FormatGoDuration(request.timeout));
}

Task<std::optional<base::Error>> AwaitEnd(Waiter& waiter, const Answer& answer, const Request& request, SteadyTime deadline) {
  while (true) {
    const SteadyTime until = std::min(deadline, answer.idle_deadline());
    const Wake wake = co_await waiter.Wait(until);
    if (wake == Wake::Done) co_return std::nullopt;
    if (wake == Wake::Canceled) co_return Failed(request, CanceledError());
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= deadline) co_return NoAnswer(request);
    if (now < answer.idle_deadline()) continue;
    co_return Failed(request, base::Reason::Timeout, "no byte for " + base::FormatGoDuration(request.idle_timeout));
  }
}

}  // namespace sluice::net
