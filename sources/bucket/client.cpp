#include "sources/bucket/client.h"

#include <charconv>

#include "net/await.h"
#include "net/url.h"

namespace sluice::sources::bucket {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::size_t kMaxPage = 16u << 20, kMaxWords = 64u << 10, kMaxPages = 1'000;
constexpr std::string_view kDefaultRegion = "us-east-1";

/// What minio-go says where an answer has no body (HEAD).
std::string WordsFor(int status) {
  switch (status) {
    case 403: return "Access Denied.";
    case 404: return "The specified key does not exist.";
    case 301: return "The bucket is at another address; name its region or its endpoint";
    default: return "the service answers " + std::to_string(status);
  }
}

Error ErrorOf(const net::Response& response) {
  const ServiceError said = ParseServiceError(response.body);
  const std::string words = !said.message.empty() ? said.message : !said.code.empty() ? said.code : WordsFor(response.status);
  switch (response.status) {
    case 401: return MakeError(Reason::Unauthorized, words);
    case 403: return MakeError(Reason::Forbidden, words);
    case 404: return MakeError(Reason::NotFound, words);
    default: break;
  }
  Error error = MakeError(response.status == 429 || response.status >= 500 ? Reason::Unavailable : Reason::Invalid, words);
  const std::string_view after = net::FindHeader(response.headers, "Retry-After");
  int seconds = 0;
  if (std::from_chars(after.data(), after.data() + after.size(), seconds).ec == std::errc() && seconds > 0)
    error.retry_after = std::chrono::seconds(std::min(seconds, 3600));
  return error;
}

bool KnowsBucketsByHost(std::string_view host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn") || host == "storage.googleapis.com" ||
         host.ends_with(".aliyuncs.com");
}

}  // namespace

Result<std::string> BucketUrl(std::string_view endpoint, std::string_view bucket, bool insecure) {
  const std::string scheme = insecure ? "http://" : "https://";
  const auto url = net::ParseUrl(scheme + std::string(endpoint));
  if (!url || url->has_userinfo() || !(url->path.empty() || url->path == "/") || !url->query.empty() || !url->fragment.empty())
    return Invalid("invalid endpoint '" + std::string(endpoint) + "': want host or host:port, without scheme and path");
  if (bucket.empty() || bucket == "." || bucket == ".." || bucket.find_first_of("/\\?#") != std::string_view::npos)
    return Invalid("invalid bucket name '" + std::string(bucket) + "'");
  net::Url at = *url;
  const bool by_host = KnowsBucketsByHost(at.host) && (insecure || bucket.find('.') == std::string_view::npos);
  if (by_host) {
    at.host = std::string(bucket) + "." + at.host;
    at.path = "";
  } else {
    at.path = "/" + EscapeKey(bucket, false);
  }
  return net::FormatUrl(at);
}

struct Client::Impl {
  Impl(boost::asio::io_context& io, const base::Clock& clock_in, std::string url_in, ClientOptions options_in)
      : clock(clock_in),
        url(std::move(url_in)),
        options(std::move(options_in)),
        http(io, {.tls = options.tls, .proxy = options.proxy, .max_header_bytes = options.max_header_bytes}) {}

  net::Task<Result<net::Response>> Send(std::string method, std::string target, std::size_t max_bytes);
  net::Task<Result<void>> FindRegion();

  const base::Clock& clock;
  const std::string url;
  ClientOptions options;
  net::HttpClient http;
};

Client::Client(boost::asio::io_context& io, const base::Clock& clock, std::string url, ClientOptions options)
    : impl_(std::make_unique<Impl>(io, clock, std::move(url), std::move(options))) {}

Client::~Client() = default;

/// `target`: what follows the bucket's address, escaped.
net::Task<Result<net::Response>> Client::Impl::Send(std::string method, std::string target, std::size_t max_bytes) {
  net::Request request;
  request.method = std::move(method);
  request.url = url + target;
  request.timeout = options.timeout;
  request.max_response_bytes = max_bytes;
  if (!options.credentials.empty()) {
    CO_TRY(Sign(request, options.credentials, options.region.empty() ? kDefaultRegion : std::string_view(options.region), clock.Now()));
  }
  net::Task<Result<net::Response>> sending = http.Send(std::move(request));
  co_return co_await std::move(sending);
}

/// The signature names the bucket's region, which the service tells to a request that is signed for its first one.
net::Task<Result<void>> Client::Impl::FindRegion() {
  if (!options.region.empty() || options.credentials.empty()) co_return Result<void>();
  const std::string method = "GET", target = "?location=";
  net::Task<Result<net::Response>> sending = Send(method, target, kMaxWords);
  CO_TRY(const net::Response response, co_await std::move(sending));
  if (response.status == 200) {
    CO_TRY(options.region, ParseLocation(response.body));
    co_return Result<void>();
  }
  const ServiceError said = ParseServiceError(response.body);
  options.region = said.region.empty() ? std::string(kDefaultRegion) : said.region;  // what is wrong, the request itself will tell
  co_return Result<void>();
}

net::Task<Result<bool>> Client::Exists() {
  net::Task<Result<void>> finding = impl_->FindRegion();
  CO_TRY(co_await std::move(finding));
  const std::string method = "HEAD", target;
  net::Task<Result<net::Response>> sending = impl_->Send(method, target, kMaxWords);
  CO_TRY(const net::Response response, co_await std::move(sending));
  if (response.status == 404) co_return false;
  if (response.status != 200) co_return ErrorOf(response);
  co_return true;
}

net::Task<Result<std::vector<Item>>> Client::List(std::string prefix) {
  net::Task<Result<void>> finding = impl_->FindRegion();
  CO_TRY(co_await std::move(finding));
  std::vector<Item> out;
  std::string continuation;
  for (std::size_t pages = 0; pages < kMaxPages; ++pages) {
    std::string target = "?encoding-type=url&list-type=2&max-keys=1000";
    if (!prefix.empty()) target += "&prefix=" + EscapeKey(prefix, false);
    if (!continuation.empty()) target += "&continuation-token=" + EscapeKey(continuation, false);
    const std::string method = "GET";
    net::Task<Result<net::Response>> sending = impl_->Send(method, target, kMaxPage);
    CO_TRY(const net::Response response, co_await std::move(sending));
    if (response.status != 200) co_return ErrorOf(response);
    Result<ListingPage> page = ParseListing(response.body);
    if (!page) co_return Invalid("the listing cannot be read: " + page.error().message);
    for (Item& item : page->items) out.push_back(std::move(item));
    if (out.size() > impl_->options.max_objects)
      co_return base::MakeError(base::Reason::TooLarge,
                                "it holds more than " + std::to_string(impl_->options.max_objects) + " objects; name a prefix");
    if (!page->truncated) co_return out;
    if (page->continuation == continuation) co_return Invalid("the listing does not come to an end: two pages name the same next one");
    continuation = page->continuation;
  }
  co_return base::MakeError(base::Reason::TooLarge, "the listing has more than " + std::to_string(kMaxPages) + " pages; name a prefix");
}

net::Task<Result<Client::Object>> Client::Read(std::string key) {
  net::Task<Result<void>> finding = impl_->FindRegion();
  CO_TRY(co_await std::move(finding));
  const std::string method = "GET", target = "/" + EscapeKey(key, true);
  net::Task<Result<net::Response>> sending = impl_->Send(method, target, impl_->options.max_object_bytes);
  CO_TRY(net::Response response, co_await std::move(sending));
  if (response.status != 200) co_return ErrorOf(response);
  std::string_view etag = net::FindHeader(response.headers, "ETag");
  if (etag.starts_with('"')) etag.remove_prefix(1);
  if (etag.ends_with('"')) etag.remove_suffix(1);
  co_return Object{.bytes = std::move(response.body), .etag = std::string(etag)};
}

}  // namespace sluice::sources::bucket
