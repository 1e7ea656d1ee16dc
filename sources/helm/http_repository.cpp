#include "sources/helm/http_repository.h"

#include <optional>

#include "base/digest.h"
#include "helm/template/quote.h"
#include "net/await.h"
#include "net/url.h"

namespace sluice::sources::helm_repository {
namespace {

using base::Error;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::size_t kMaxShown = 200;

/// The words that Go's net/http has for a status.
std::string StatusText(int status) {
  struct Row {
    int status;
    std::string_view words;
  };
  static constexpr Row kRows[] = {{204, "No Content"},
                                  {301, "Moved Permanently"},
                                  {302, "Found"},
                                  {304, "Not Modified"},
                                  {307, "Temporary Redirect"},
                                  {308, "Permanent Redirect"},
                                  {400, "Bad Request"},
                                  {401, "Unauthorized"},
                                  {403, "Forbidden"},
                                  {404, "Not Found"},
                                  {405, "Method Not Allowed"},
                                  {407, "Proxy Authentication Required"},
                                  {408, "Request Timeout"},
                                  {410, "Gone"},
                                  {429, "Too Many Requests"},
                                  {500, "Internal Server Error"},
                                  {501, "Not Implemented"},
                                  {502, "Bad Gateway"},
                                  {503, "Service Unavailable"},
                                  {504, "Gateway Timeout"}};
  for (const Row& row : kRows)
    if (row.status == status) return std::to_string(status) + " " + std::string(row.words);
  return std::to_string(status);
}

Reason ReasonOf(int status) {
  if (status == 401) return Reason::Unauthorized;
  if (status == 403) return Reason::Forbidden;
  if (status == 404) return Reason::NotFound;
  return status == 429 || status >= 500 ? Reason::Unavailable : Reason::Invalid;
}

Error StatusError(const std::string& url, const net::Response& response) {
  Error error = MakeError(ReasonOf(response.status), "failed to fetch " + net::RedactUrl(url) + " : " + StatusText(response.status));
  const std::string_view after = net::FindHeader(response.headers, "Retry-After");
  if (!after.empty() && after.size() <= 5 && after.find_first_not_of("0123456789") == std::string_view::npos)
    error.retry_after = std::chrono::seconds(std::stoi(std::string(after)));
  return error;
}

std::string WithoutTrailingSlashes(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

bool IsHttp(const net::Url& url) { return url.scheme == "http" || url.scheme == "https"; }

}  // namespace

Result<std::string> NormalizeUrl(std::string_view text) {
  if (text.empty()) return std::string();
  TRY(net::Url url, net::ParseUrl(text));
  url.path = WithoutTrailingSlashes(std::move(url.path));
  if (url.scheme != "oci") url.path += "/";
  return net::FormatUrl(url);
}

Result<std::string> IndexUrl(std::string_view text) {
  TRY(net::Url url, net::ParseUrl(text));
  url.path = WithoutTrailingSlashes(std::move(url.path)) + "/index.yaml";
  return net::FormatUrl(url);
}

Result<std::string> ChartUrl(std::string_view text, std::string_view reference) {
  TRY(net::Url base, net::ParseUrl(text));
  const std::size_t colon = reference.find(':');
  if (colon != std::string_view::npos && reference.find('/') > colon) {  // it has a scheme
    const std::string scheme(reference.substr(0, colon));
    if (scheme != "http" && scheme != "https")
      return base::Invalid("unsupported protocol scheme " + helm::GoQuote(scheme.substr(0, kMaxShown)));
    const auto absolute = net::ParseUrl(reference);
    if (!absolute) return absolute.error().Wrap("failed to parse the chart's address as URL");
    return std::string(reference);
  }
  base.path = WithoutTrailingSlashes(std::move(base.path)) + "/";
  auto resolved = net::ResolveReference(base, reference);
  if (!resolved) return std::move(resolved).error().Wrap("failed to parse the chart's address as URL");
  resolved->query = base.query;
  if (Origin(*resolved) == Origin(base)) {
    resolved->user = base.user;
    resolved->password = base.password;
  }
  return net::FormatUrl(*resolved);
}

struct HttpRepository::Impl {
  Impl(boost::asio::io_context& io, HttpRepositoryOptions how)
      : options(std::move(how)), client(io, {.tls = options.tls, .max_header_bytes = options.answers.max_header_bytes}) {}

  net::Task<Result<std::string>> Get(std::string url, std::size_t max_bytes, std::string accept);
  net::Task<Result<std::string>> Fetch(net::Request request);
  /// Takes the login out of `url`, and says which one goes there.
  std::optional<std::string> Authorization(net::Url& url) const;

  const HttpRepositoryOptions options;
  net::HttpClient client;
};

std::optional<std::string> HttpRepository::Impl::Authorization(net::Url& url) const {
  std::string username = url.user, password = url.password;
  url.user.clear();
  url.password.clear();
  const auto repository = net::ParseUrl(options.url);
  const bool same = repository && net::Origin(*repository) == net::Origin(url);
  const bool passes = same || (options.pass_credentials && (!options.may_receive || options.may_receive(url)));
  if (!options.username.empty() && !options.password.empty() && passes) {
    username = options.username;
    password = options.password;
  }
  if (username.empty() && password.empty()) return std::nullopt;
  return "Basic " + base::Base64Encode(username + ":" + password);
}

/// Streams the body, so that one that is too large is cut off and never held.
net::Task<Result<std::string>> HttpRepository::Impl::Fetch(net::Request request) {
  const std::string url = request.url;
  const std::size_t max_bytes = request.max_response_bytes;
  request.max_response_bytes = 64u << 10;  // of an answer that is not the file
  std::string body;
  bool too_large = false;
  net::BodySink sink = [&](std::string_view bytes) {
    too_large = body.size() + bytes.size() > max_bytes;
    if (!too_large) body += bytes;
    return !too_large;
  };
  net::Task<Result<net::Response>> sending = client.Stream(std::move(request), std::move(sink));
  Result<net::Response> response = co_await std::move(sending);
  if (too_large) co_return MakeError(Reason::TooLarge, "");
  if (!response) co_return std::move(response).error();
  if (response->status != 200) co_return StatusError(url, *response);
  co_return body;
}

net::Task<Result<std::string>> HttpRepository::Impl::Get(std::string address, std::size_t max_bytes, std::string accept) {
  CO_TRY(net::Url url, net::ParseUrl(address));
  if (!IsHttp(url)) co_return base::Invalid("unsupported protocol scheme \"" + url.scheme + "\"");
  net::Request request;
  if (const std::optional<std::string> authorization = Authorization(url)) request.headers.emplace_back("Authorization", *authorization);
  if (!accept.empty()) request.headers.emplace_back("Accept", accept);
  request.url = net::FormatUrl(url);
  request.timeout = options.timeout;
  request.max_response_bytes = max_bytes;
  request.max_redirects = options.answers.max_redirects;
  net::Task<Result<std::string>> fetching = Fetch(std::move(request));
  co_return co_await std::move(fetching);
}

HttpRepository::HttpRepository(boost::asio::io_context& io, HttpRepositoryOptions options)
    : impl_(std::make_unique<Impl>(io, std::move(options))) {}

HttpRepository::~HttpRepository() = default;

net::Task<Result<HttpRepository::Download>> HttpRepository::DownloadIndex() {
  CO_TRY(std::string url, IndexUrl(impl_->options.url));
  const std::size_t max_bytes = impl_->options.max_index_bytes;
  net::Task<Result<std::string>> getting = impl_->Get(std::move(url), max_bytes, "");
  Result<std::string> body = co_await std::move(getting);
  if (!body && body.error().reason == Reason::TooLarge && body.error().message.empty())
    co_return MakeError(Reason::TooLarge, "index exceeds the maximum index file size of " + std::to_string(max_bytes) + " bytes");
  if (!body) co_return std::move(body).error();
  Download download{.bytes = *std::move(body)};
  download.sha256 = base::Sha256Hex(download.bytes);
  co_return download;
}

net::Task<Result<std::string>> HttpRepository::DownloadChart(std::string reference, std::string digest) {
  CO_TRY(std::string url, ChartUrl(impl_->options.url, reference));
  const std::string shown = net::RedactUrl(url);
  const std::size_t max_bytes = impl_->options.max_chart_bytes;
  net::Task<Result<std::string>> getting = impl_->Get(std::move(url), max_bytes, "application/gzip,application/octet-stream");
  Result<std::string> body = co_await std::move(getting);
  if (!body && body.error().reason == Reason::TooLarge && body.error().message.empty()) {
    const std::string name = shown.substr(shown.rfind('/') + 1);
    co_return MakeError(Reason::TooLarge, "size of chart '" + name + "' exceeds '" + std::to_string(max_bytes) + "' bytes limit");
  }
  if (!body) co_return std::move(body).error();
  if (digest.starts_with("sha256:")) digest.erase(0, 7);
  if (const std::string actual = base::Sha256Hex(*body); !digest.empty() && actual != digest) {
    co_return base::Invalid("the digest sha256:" + actual + " of " + shown +
                            " is not the one in the index, sha256:" + digest.substr(0, kMaxShown));
  }
  co_return body;
}

}  // namespace sluice::sources::helm_repository
