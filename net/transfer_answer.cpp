// What comes back: headers, body, the end, and how curl's codes become our reasons.
#include <charconv>
#include <limits>

#include "net/transfer.h"

namespace sluice::net {

namespace {

constexpr std::size_t kMaxHeaderBytes = 256u << 10;
constexpr std::size_t kMaxReserve = 1u << 20;

using base::Reason;

Reason ReasonOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return Reason::Timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return Reason::Unauthorized;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Reason::Invalid;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_FAILED_INIT:
      return Reason::Internal;
    default:
      return Reason::Unavailable;
  }
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

// "HTTP/1.1 200 OK": 200, or 0.
int StatusOf(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  int status = 0;
  std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  return status;
}

}  // namespace

Transfer& Transfer::Of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *static_cast<Transfer*>(static_cast<void*>(self));
}

std::size_t Transfer::HeaderCallback(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t bytes = size * count;
  return static_cast<Transfer*>(self)->OnHeader({data, bytes}) ? bytes : bytes + 1;
}

std::size_t Transfer::BodyCallback(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t bytes = size * count;
  return static_cast<Transfer*>(self)->OnBody({data, bytes}) ? bytes : bytes + 1;
}

bool Transfer::Stop(Reason reason, std::string what) {
  if (!stopped_) stopped_ = Fail(reason, what);
  return false;
}

// An answer of status 1xx is followed by another; its headers are forgotten. What follows the last one's end are trailers: dropped.
bool Transfer::OnHeader(std::string_view line) {
  last_byte_ = std::chrono::steady_clock::now();
  counters_.bytes_in += line.size();
  header_bytes_ += line.size();
  if (header_bytes_ > kMaxHeaderBytes) return Stop(Reason::TooLarge, "headers of the answer exceed " + std::to_string(kMaxHeaderBytes) + " bytes");
  if (headers_ended_) return true;
  if (line.starts_with("HTTP/")) {
    response_.status = StatusOf(line);
    response_.headers.clear();
    return true;
  }
  line = Trim(line);
  if (line.empty()) {
    headers_ended_ = response_.status >= 200;
    if (headers_ended_) ReserveBody();
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  response_.headers.emplace_back(line.substr(0, colon), Trim(line.substr(colon + 1)));
  return true;
}

void Transfer::ReserveBody() {
  curl_off_t length = -1;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  const bool streamed = sink_ != nullptr && response_.status / 100 == 2;
  if (length > 0 && !streamed) response_.body.reserve(std::min(static_cast<std::size_t>(length), kMaxReserve));
}

bool Transfer::OnBody(std::string_view data) {
  last_byte_ = std::chrono::steady_clock::now();
  counters_.bytes_in += data.size();
  if (sink_ != nullptr && response_.status / 100 == 2) {
    return (*sink_)(data) || Stop(Reason::Canceled, "ended by the receiver");
  }
  const std::size_t limit = target_.request.max_response_bytes;
  if (data.size() > limit - response_.body.size()) return Stop(Reason::TooLarge, "answer exceeds " + std::to_string(limit) + " bytes");
  response_.body.append(data);
  return true;
}

void Transfer::OnDone(CURLcode code) {
  code_ = code;
  waiter_.Finish();
}

base::Result<Response> Transfer::Take() {
  if (stopped_) return *std::move(stopped_);
  if (code_ != CURLE_OK) return FromCurl(code_);
  long version = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &version);
  response_.http2 = version == CURL_HTTP_VERSION_2_0;
  return std::move(response_);
}

// However it ended. Bytes that came were counted as they came, since a watch lasts.
void Transfer::Account() {
  long connections = 0, header_bytes_out = 0;
  curl_off_t uploaded = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connections);
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &header_bytes_out);
  curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  counters_.connections += static_cast<std::uint64_t>(connections);
  counters_.bytes_out += static_cast<std::uint64_t>(header_bytes_out) + static_cast<std::uint64_t>(uploaded);
}

base::Error Transfer::FromCurl(CURLcode code) const {
  if (!refused_address_.empty() && code == CURLE_COULDNT_CONNECT) return Fail(Reason::Forbidden, "address " + refused_address_ + " is not allowed");
  const std::string_view detail = message_[0] != '\0' ? std::string_view(message_.data()) : curl_easy_strerror(code);
  return Fail(ReasonOf(code), detail);
}

base::Error Transfer::Fail(Reason reason, std::string_view what) const {
  return base::MakeError(reason, Describe(target_.request) + ": " + std::string(Trim(what)));
}

// Bytes that come are seen by the callbacks, bytes that go must be asked for.
SteadyTime Transfer::idle_deadline() {
  const std::chrono::milliseconds idle = target_.request.idle_timeout;
  if (idle <= std::chrono::milliseconds::zero()) return SteadyTime::max();
  curl_off_t uploaded = 0;
  curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  if (uploaded != last_uploaded_) last_byte_ = std::chrono::steady_clock::now();
  last_uploaded_ = uploaded;
  return last_byte_ + idle;
}

}  // namespace sluice::net
