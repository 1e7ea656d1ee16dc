#include "sources/oci/client.h"

#include <algorithm>
#include <optional>

#include "base/digest.h"
#include "document/json.h"
#include "net/await.h"
#include "net/url.h"

namespace sluice::sources::oci {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr int kMaxResumes = 5;
constexpr std::size_t kMaxToken = 1u << 20;
constexpr std::string_view kClientId = "sluice";

/// Token services that are not on their registry's own host.
struct TokenService {
  std::string_view registry, service;
};
constexpr TokenService kTokenServices[] = {
    {"index.docker.io", "auth.docker.io"},
    {"registry.gitlab.com", "gitlab.com"},
};

std::string Shown(const std::string& method, const std::string& url) { return method + " " + net::RedactUrl(url); }

std::optional<std::chrono::milliseconds> RetryAfter(const net::Response& response) {
  const std::string_view text = net::FindHeader(response.headers, "Retry-After");
  if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return std::chrono::seconds(std::stoi(std::string(text)));
}

Reason ReasonOf(int status) {
  if (status == 401) return Reason::Unauthorized;
  if (status == 403) return Reason::Forbidden;
  if (status == 404) return Reason::NotFound;
  if (status == 429 || status >= 500) return Reason::Unavailable;
  return Reason::Invalid;
}

Error StatusError(const std::string& method, const std::string& url, const net::Response& response) {
  std::string text = ErrorText(response.body);
  if (text.empty() && response.status == 401) text = "UNAUTHORIZED: authentication required";  // an answer to HEAD has no words of its own
  Error error = MakeError(ReasonOf(response.status),
                          Shown(method, url) + ": " + (text.empty() ? "unexpected status code " + std::to_string(response.status) : text));
  error.retry_after = RetryAfter(response);
  return error;
}

}  // namespace

bool MayReceiveCredentials(std::string_view registry_url, std::string_view realm_url, const DockerConfig& logins) {
  const auto registry = net::ParseUrl(registry_url), realm = net::ParseUrl(realm_url);
  if (!registry || !realm || realm->has_userinfo()) return false;
  const bool same_host = realm->host == registry->host;
  if (realm->scheme != "https") return same_host && registry->scheme == "http" && realm->scheme == "http";
  if (same_host || logins.Names(net::HostHeader(*realm))) return true;
  return std::any_of(std::begin(kTokenServices), std::end(kTokenServices), [&](const TokenService& known) {
    return known.registry == registry->host && known.service == realm->host && realm->port == 0;
  });
}

struct Client::Impl {
  Impl(boost::asio::io_context& io, Repository where, DockerConfig all, ClientOptions how)
      : repository(std::move(where)),
        logins(std::move(all)),
        login(logins.LoginFor(repository.registry, repository.repository)),
        options(std::move(how)),
        http(io,
             net::ClientOptions{.tls = options.tls, .proxy = options.proxy, .max_header_bytes = options.limits.answers.max_header_bytes}) {}

  net::Task<Result<void>> Connect();
  net::Task<Result<net::Response>> Ping(std::string url);
  net::Task<Result<void>> LogIn(std::string header);
  net::Task<Result<void>> GetToken(Challenge challenge);
  net::Task<Result<net::Response>> Send(net::Request request);
  net::Task<Result<net::Response>> Ask(std::string method, std::string path, std::string accept, std::size_t max_bytes);
  net::Task<Result<std::string>> Download(Descriptor blob, bool resume);
  std::string Basic() const { return "Basic " + base::Base64Encode(login.username + ":" + login.password); }
  /// Without what must not be said, whoever says it.
  Error Clean(Error error) const;
  std::string RepositoryPath() const { return "/v2/" + repository.repository; }

  const Repository repository;
  const DockerConfig logins;
  const RegistryLogin login;
  const ClientOptions options;
  net::HttpClient http;
  std::string base;           ///< `https://host`; "" before the first request
  std::string authorization;  ///< of each request; "" for none
};

Client::Client(boost::asio::io_context& io, Repository repository, DockerConfig logins, ClientOptions options)
    : impl_(std::make_unique<Impl>(io, std::move(repository), std::move(logins), std::move(options))) {}

Client::~Client() = default;

const RegistryLimits& Client::limits() const { return impl_->options.limits; }

Error Client::Impl::Clean(Error error) const {
  std::string bearer = authorization.starts_with("Bearer ") ? authorization.substr(7) : std::string();
  for (const std::string* secret :
       {&login.password, &login.identity_token, &login.registry_token, static_cast<const std::string*>(&bearer)}) {
    if (secret->size() < 3) continue;
    for (std::size_t at = 0; (at = error.message.find(*secret, at)) != std::string::npos; at += 3)
      error.message.replace(at, secret->size(), "***");
  }
  return error;
}

net::Task<Result<net::Response>> Client::Impl::Ping(std::string url) {
  net::Request request;
  request.url = url + "/v2/";
  request.timeout = options.timeout;
  request.max_response_bytes = kMaxToken;
  request.max_redirects = options.limits.answers.max_redirects;
  net::Task<Result<net::Response>> sending = http.Send(std::move(request));
  Result<net::Response> response = co_await std::move(sending);
  if (response && (response->status == 429 || response->status >= 500)) co_return StatusError("GET", url + "/v2/", *response);
  co_return response;
}

/// Finds out how the registry is spoken to, once.
net::Task<Result<void>> Client::Impl::Connect() {
  if (!base.empty()) co_return Result<void>();
  const bool may_be_plain = options.insecure || IsLocalRegistry(repository.registry);
  std::string url = "https://" + repository.registry;
  net::Task<Result<net::Response>> pinging = Ping(url);
  Result<net::Response> response = co_await std::move(pinging);
  if (!response && may_be_plain && response.error().reason != Reason::Canceled && response.error().reason != Reason::Forbidden) {
    const std::string plain = "http://" + repository.registry;
    net::Task<Result<net::Response>> again = Ping(plain);
    Result<net::Response> answer = co_await std::move(again);
    if (answer) {
      url = plain;
      response = std::move(answer);
    }
  }
  if (!response) co_return std::move(response).error();
  if (url.starts_with("http:") && !login.empty() && !options.insecure) {
    co_return MakeError(Reason::Unauthorized, "registry " + repository.registry +
                                                  " speaks plain http only, to which no credentials are sent; spec.insecure allows it");
  }
  base = url;
  if (!login.registry_token.empty()) {
    authorization = "Bearer " + login.registry_token;
    co_return Result<void>();
  }
  const std::string header(net::FindHeader(response->headers, "WWW-Authenticate"));
  if (response->status != 401) {
    if (!login.username.empty()) authorization = Basic();
    co_return Result<void>();
  }
  net::Task<Result<void>> logging_in = LogIn(header);
  Result<void> done = co_await std::move(logging_in);
  if (!done) base.clear();
  co_return done;
}

net::Task<Result<void>> Client::Impl::LogIn(std::string header) {
  std::optional<Challenge> challenge = ParseChallenge(header);
  if (!challenge)
    co_return MakeError(Reason::Unauthorized, "registry " + repository.registry + " asks for a login of a kind that is not supported");
  if (!challenge->bearer) {
    if (login.username.empty()) co_return MakeError(Reason::Unauthorized, "GET " + base + "/v2/: UNAUTHORIZED: authentication required");
    authorization = Basic();
    co_return Result<void>();
  }
  net::Task<Result<void>> getting = GetToken(std::move(*challenge));
  co_return co_await std::move(getting);
}

net::Task<Result<void>> Client::Impl::GetToken(Challenge challenge) {
  const auto realm = net::ResolveReference(net::ParseUrl(base + "/v2/").value(), challenge.realm);
  if (!realm || (realm->scheme != "https" && realm->scheme != "http"))
    co_return MakeError(Reason::Unauthorized, "registry " + repository.registry + " names a token service that is no http(s) address");
  net::Url url = *realm;
  url.fragment.clear();
  const std::string shown = net::RedactUrl(net::FormatUrl(url));
  if (url.has_userinfo() || (url.scheme == "http" && base.starts_with("https:")))
    co_return MakeError(Reason::Unauthorized,
                        "token service " + shown + " of registry " + repository.registry + " is not asked: it is not reached over https");
  if (!login.empty() && !MayReceiveCredentials(base, net::FormatUrl(url), logins)) {
    co_return MakeError(Reason::Unauthorized, "registry " + repository.registry + " wants its credentials to be sent to " + shown +
                                                  ", which is another host; name that host in the docker config to allow it");
  }
  net::Query query;
  if (!challenge.service.empty()) query.emplace_back("service", challenge.service);
  query.emplace_back("scope", "repository:" + repository.repository + ":pull");
  net::Request request;
  request.timeout = options.timeout;
  request.max_response_bytes = kMaxToken;
  if (!login.identity_token.empty()) {
    query.emplace_back("grant_type", "refresh_token");
    query.emplace_back("refresh_token", login.identity_token);
    query.emplace_back("client_id", std::string(kClientId));
    request.method = "POST";
    request.body = net::FormatQuery(query);
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  } else {
    url.query += (url.query.empty() ? "" : "&") + net::FormatQuery(query);
    if (!login.username.empty()) request.headers.emplace_back("Authorization", Basic());
  }
  request.url = net::FormatUrl(url);
  const std::string method = request.method;
  net::Task<Result<net::Response>> sending = http.Send(std::move(request));
  CO_TRY(const net::Response response, co_await std::move(sending));
  if (response.status != 200) co_return StatusError(method, net::FormatUrl(url), response);
  const auto answer = document::ParseJson(response.body, {.max_bytes = kMaxToken, .max_depth = 16});
  std::string_view token = answer ? answer->StringAt({"token"}) : std::string_view();
  if (token.empty() && answer) token = answer->StringAt({"access_token"});
  if (token.empty() || token.find_first_of(" \r\n") != std::string_view::npos)
    co_return MakeError(Reason::Unauthorized, Shown(method, net::FormatUrl(url)) + ": the answer holds no token");
  authorization = "Bearer " + std::string(token);
  co_return Result<void>();
}

/// Logs in again, once, where what we had is no longer good (a token's time is up in the middle of a pull).
net::Task<Result<net::Response>> Client::Impl::Send(net::Request request) {
  for (int tries = 0;; ++tries) {
    net::Request attempt = request;
    if (!authorization.empty()) attempt.headers.emplace_back("Authorization", authorization);
    net::Task<Result<net::Response>> sending = http.Send(std::move(attempt));
    CO_TRY(net::Response response, co_await std::move(sending));
    if (response.status != 401 || tries > 0 || !login.registry_token.empty()) co_return response;
    const std::string header(net::FindHeader(response.headers, "WWW-Authenticate"));
    if (!ParseChallenge(header)) co_return response;
    net::Task<Result<void>> logging_in = LogIn(header);
    CO_TRY(co_await std::move(logging_in));
  }
}

/// The answer of a request below the repository, if its status is 200.
net::Task<Result<net::Response>> Client::Impl::Ask(std::string method, std::string path, std::string accept, std::size_t max_bytes) {
  net::Task<Result<void>> connecting = Connect();
  Result<void> connected = co_await std::move(connecting);
  if (!connected) co_return Clean(std::move(connected).error());
  net::Request request;
  request.method = method;
  request.url = base + path;
  request.timeout = options.timeout;
  request.max_response_bytes = max_bytes;
  request.max_redirects = options.limits.answers.max_redirects;
  if (!accept.empty()) request.headers.emplace_back("Accept", std::move(accept));
  const std::string url = request.url;
  net::Task<Result<net::Response>> sending = Send(std::move(request));
  Result<net::Response> response = co_await std::move(sending);
  if (!response) co_return Clean(std::move(response).error());
  if (response->status != 200) co_return Clean(StatusError(method, url, *response));
  co_return response;
}

net::Task<Result<std::string>> Client::Resolve(std::string reference) {
  if (IsDigest(reference)) co_return reference;
  if (!IsTag(reference)) co_return Invalid("'" + reference.substr(0, 200) + "' is neither a tag nor a sha256 digest");
  const std::string path = impl_->RepositoryPath() + "/manifests/" + reference;
  net::Task<Result<net::Response>> heading =
      impl_->Ask("HEAD", path, std::string(kManifestTypes), impl_->options.limits.max_manifest_bytes);
  const Result<net::Response> head = co_await std::move(heading);
  if (head) {
    const std::string digest(net::FindHeader(head->headers, "Docker-Content-Digest"));
    if (IsDigest(digest)) co_return digest;
  } else if (head.error().reason == Reason::Canceled || head.error().reason == Reason::Unauthorized) {
    co_return head.error();
  }
  net::Task<Result<net::Response>> getting = impl_->Ask("GET", path, std::string(kManifestTypes), impl_->options.limits.max_manifest_bytes);
  CO_TRY(const net::Response got, co_await std::move(getting));
  co_return "sha256:" + base::Sha256Hex(got.body);
}

net::Task<Result<Manifest>> Client::ReadManifest(std::string reference) {
  if (!IsDigest(reference) && !IsTag(reference))
    co_return Invalid("'" + reference.substr(0, 200) + "' is neither a tag nor a sha256 digest");
  const std::string path = impl_->RepositoryPath() + "/manifests/" + reference;
  net::Task<Result<net::Response>> getting = impl_->Ask("GET", path, std::string(kManifestTypes), impl_->options.limits.max_manifest_bytes);
  CO_TRY(const net::Response got, co_await std::move(getting));
  if (const std::string digest = "sha256:" + base::Sha256Hex(got.body); IsDigest(reference) && digest != reference)
    co_return Invalid("manifest digest: " + digest + " does not match requested digest: " + reference + " for " +
                      impl_->repository.ToString());
  co_return ParseManifest(got.body, net::FindHeader(got.headers, "Content-Type"), impl_->options.limits.max_manifest_bytes);
}

net::Task<Result<Manifest>> Client::ReadImage(std::string reference) {
  net::Task<Result<Manifest>> reading = ReadManifest(reference);
  CO_TRY(Manifest manifest, co_await std::move(reading));
  if (!manifest.is_index) co_return manifest;
  for (const Descriptor& entry : manifest.manifests) {
    const bool fits = (entry.os.empty() || entry.os == "linux") && (entry.architecture.empty() || entry.architecture == "amd64");
    if (!fits) continue;
    net::Task<Result<Manifest>> reading_one = ReadManifest(entry.digest);
    CO_TRY(Manifest image, co_await std::move(reading_one));
    if (image.is_index) co_return Invalid("index " + reference + " holds an index where an image should be");
    co_return image;
  }
  co_return base::NotFound("no child with platform linux/amd64 in index " + impl_->repository.ToString() + "@" + reference);
}

/// One pass over a blob; with `resume` what came before a break is kept, and the rest asked for.
net::Task<Result<std::string>> Client::Impl::Download(Descriptor blob, bool resume) {
  net::Task<Result<void>> connecting = Connect();
  CO_TRY(co_await std::move(connecting));
  const std::string url = base + RepositoryPath() + "/blobs/" + blob.digest;
  std::string body;
  bool renewed = false;
  for (int breaks = 0;;) {
    net::Request request;
    request.url = url;
    request.timeout = options.timeout;
    request.max_redirects = options.limits.answers.max_redirects;
    if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
    const std::size_t from = resume ? body.size() : 0;
    if (from == 0) body.clear();
    if (from > 0) request.headers.emplace_back("Range", "bytes=" + std::to_string(from) + "-");
    auto part = std::make_shared<std::string>();
    const std::uint64_t limit = blob.size;
    net::BodySink sink = [part, limit](std::string_view bytes) {
      *part += bytes;
      return part->size() <= limit;
    };
    net::Task<Result<net::Response>> streaming = http.Stream(std::move(request), std::move(sink));
    Result<net::Response> response = co_await std::move(streaming);
    if (part->size() > limit) co_return MakeError(Reason::TooLarge, Shown("GET", url) + ": more bytes than the manifest says");
    if (!response) {
      if (response.error().reason != Reason::Unavailable || !resume || ++breaks > kMaxResumes) co_return std::move(response).error();
      body += *part;
      continue;
    }
    if (response->status == 401 && !std::exchange(renewed, true) && login.registry_token.empty()) {
      const std::string header(net::FindHeader(response->headers, "WWW-Authenticate"));
      net::Task<Result<void>> logging_in = LogIn(header);
      CO_TRY(co_await std::move(logging_in));
      continue;
    }
    if (response->status == 206 && from > 0) co_return body + *part;
    if (response->status == 200) co_return std::move(*part);
    co_return StatusError("GET", url, *response);
  }
}

net::Task<Result<std::string>> Client::ReadBlob(Descriptor blob) {
  if (blob.size > impl_->options.max_blob_bytes) {
    co_return MakeError(Reason::TooLarge, "blob " + blob.digest + " has " + std::to_string(blob.size) + " bytes, more than " +
                                              std::to_string(impl_->options.max_blob_bytes));
  }
  for (const bool resume : {true, false}) {  // what was put together of pieces and is wrong is fetched again in one
    net::Task<Result<std::string>> downloading = impl_->Download(blob, resume);
    Result<std::string> body = co_await std::move(downloading);
    if (!body) co_return impl_->Clean(std::move(body).error());
    const std::string digest = "sha256:" + base::Sha256Hex(*body);
    if (digest == blob.digest) co_return body;
    if (!resume) co_return Invalid("blob " + blob.digest + ": the bytes' digest is " + digest);
  }
  co_return Invalid("blob " + blob.digest);
}

net::Task<Result<std::vector<std::string>>> Client::ListTags() {
  const RegistryLimits& limits = impl_->options.limits;
  std::vector<std::string> tags;
  std::string path = impl_->RepositoryPath() + "/tags/list?n=1000";
  for (std::size_t page = 0; !path.empty(); ++page) {
    if (page >= limits.max_tag_pages)
      co_return MakeError(Reason::TooLarge, "more than " + std::to_string(limits.max_tag_pages) + " pages of tags (--oci-max-tag-pages)");
    net::Task<Result<net::Response>> asking = impl_->Ask("GET", path, "", 8u << 20);
    CO_TRY(const net::Response response, co_await std::move(asking));
    CO_TRY(TagPage listed, ParseTags(response.body, net::FindHeader(response.headers, "Link")));
    tags.insert(tags.end(), listed.tags.begin(), listed.tags.end());
    if (tags.size() > limits.max_tags)
      co_return MakeError(Reason::TooLarge, "more than " + std::to_string(limits.max_tags) + " tags (--oci-max-tags)");
    if (listed.next.empty()) break;
    CO_TRY(const net::Url here, net::ParseUrl(impl_->base + path));
    CO_TRY(const net::Url next, net::ResolveReference(here, listed.next));
    if (net::Origin(next) != net::Origin(here)) co_return MakeError(Reason::Forbidden, "the next page of tags is on another host");
    path = next.path + (next.query.empty() ? "" : "?" + next.query);
  }
  co_return tags;
}

net::Task<Result<std::vector<Descriptor>>> Client::ListReferrers(std::string digest, std::string artifact_type) {
  if (!IsDigest(digest)) co_return Invalid("'" + digest.substr(0, 200) + "' is not a sha256 digest");
  net::Task<Result<net::Response>> asking = impl_->Ask("GET", impl_->RepositoryPath() + "/referrers/" + digest,
                                                       "application/vnd.oci.image.index.v1+json", impl_->options.limits.max_manifest_bytes);
  Result<net::Response> response = co_await std::move(asking);
  std::string stand_in = digest;
  stand_in.replace(stand_in.find(':'), 1, "-");
  if (!response && (response.error().reason == Reason::NotFound || response.error().reason == Reason::Invalid)) {
    net::Task<Result<net::Response>> asking_tag = impl_->Ask("GET", impl_->RepositoryPath() + "/manifests/" + stand_in,
                                                             std::string(kManifestTypes), impl_->options.limits.max_manifest_bytes);
    response = co_await std::move(asking_tag);
    if (!response && response.error().reason == Reason::NotFound) co_return std::vector<Descriptor>();
  }
  if (!response) co_return std::move(response).error();
  CO_TRY(Manifest index,
         ParseManifest(response->body, net::FindHeader(response->headers, "Content-Type"), impl_->options.limits.max_manifest_bytes));
  std::erase_if(index.manifests, [&](const Descriptor& entry) { return entry.artifact_type != artifact_type; });
  co_return std::move(index.manifests);
}

}  // namespace sluice::sources::oci
