#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "net/address.h"
#include "sources/git/transport.h"

namespace sluice::sources {
namespace {

using base::Error;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::size_t kInboxBytes = 512u << 10;  // the sender is paused while so much is unread
constexpr std::size_t kErrorBodyBytes = 512;     // of a refusal that go into the message
constexpr std::string_view kDiscovery = "/info/refs?service=git-upload-pack";

std::string HeaderValue(CURL* easy, const char* name) {
  curl_header* header = nullptr;
  return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK ? header->value : "";
}

/// scheme://host:port of an absolute URL, with the port spelt out.
std::string OriginOf(const std::string& url) {
  std::string origin;
  CURLU* parts = curl_url();
  if (curl_url_set(parts, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK)
    for (CURLUPart part : {CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT}) {
      char* text = nullptr;
      if (curl_url_get(parts, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK) origin += std::string(text) + "|";
      curl_free(text);
    }
  curl_url_cleanup(parts);
  return origin;
}

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(const TransportContext& context)
      : context_(context), base_(BaseOf(context.url)), multi_(context.shared.connections.Take(PoolKey())), easy_(curl_easy_init()) {
    if (!multi_) multi_ = IdlePool::Thing(curl_multi_init(), [](CURLM* multi) { curl_multi_cleanup(multi); });
  }
  ~HttpTransport() override {
    Detach();
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
    context_.shared.connections.Give(PoolKey(), std::move(multi_));
  }

  Result<void> Advertise() override;
  Result<void> Request(std::string_view body) override;
  Result<std::size_t> Read(std::span<char> buffer) override;
  bool stateless() const override { return true; }
  bool redirected() const override { return redirected_; }

 private:
  static std::string BaseOf(const GitUrl& url) {
    std::string text = url.text;
    while (text.ends_with('/')) text.pop_back();
    return text;
  }
  /// What waits is a multi handle with its open connections; libcurl itself uses one only for requests with the same TLS settings and proxy.
  std::string PoolKey() const { return "http " + context_.url.text; }
  static std::size_t OnBody(char* data, std::size_t, std::size_t count, void* self);
  static std::size_t OnHeader(char* data, std::size_t, std::size_t count, void* self);
  static curl_socket_t OnSocket(void* self, curlsocktype, curl_sockaddr* address);

  void Detach();
  void Configure(const std::string& url);
  void ConfigureTrust();
  void ConfigureCredentials();
  void AddHeader(const std::string& header) { headers_ = curl_slist_append(headers_, header.c_str()); }
  Result<void> Begin();
  template <class Ready>
  Result<void> Pump(const Ready& ready);
  Result<void> AwaitStatus();
  Result<void> CheckAnswer(std::string_view content_type);
  Result<void> FollowRedirect();
  Result<void> Discover();
  bool HeadersTooLarge() const { return header_bytes_ > context_.options.max_header_bytes; }
  Error TransferError() const;
  Error StatusError();

  const TransportContext context_;
  std::string base_;      // the address that answers, after redirects
  bool foreign_ = false;  // at another host than the URL's: no credentials go there
  bool redirected_ = false;
  IdlePool::Thing multi_;  // a CURLM
  CURL* const easy_;
  curl_slist* headers_ = nullptr;
  std::string body_;  // of the request
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::string refused_address_;
  bool attached_ = false, paused_ = false, done_ = false;
  CURLcode result_ = CURLE_OK;
  std::string inbox_;
  std::size_t taken_ = 0;  // of inbox_
  std::size_t header_bytes_ = 0;
};

std::size_t HttpTransport::OnBody(char* data, std::size_t, std::size_t count, void* self) {
  auto& transport = *static_cast<HttpTransport*>(self);
  if (transport.inbox_.size() - transport.taken_ >= kInboxBytes) {
    transport.paused_ = true;
    return CURL_WRITEFUNC_PAUSE;
  }
  transport.inbox_.append(data, count);
  return count;
}

std::size_t HttpTransport::OnHeader(char*, std::size_t, std::size_t count, void* self) {
  auto& transport = *static_cast<HttpTransport*>(self);
  transport.header_bytes_ += count;
  return transport.HeadersTooLarge() ? CURL_WRITEFUNC_ERROR : count;
}

/// Not to the clouds' metadata services, whatever name or redirect leads there.
curl_socket_t HttpTransport::OnSocket(void* self, curlsocktype, curl_sockaddr* address) {
  if (!net::IsAllowed(address->addr, net::Addresses::NoMetadata)) {
    static_cast<HttpTransport*>(self)->refused_address_ = net::FormatAddress(address->addr);
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void HttpTransport::Detach() {
  if (attached_) curl_multi_remove_handle(multi_.get(), easy_);
  attached_ = false;
}

void HttpTransport::ConfigureTrust() {
  const auto set_blob = [&](CURLoption option, const std::string& pem) {
    curl_blob blob{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
    if (!pem.empty()) curl_easy_setopt(easy_, option, &blob);
  };
  set_blob(CURLOPT_CAINFO_BLOB, context_.credentials.ca_pem);  // beside the system's directory of roots, which stays
  curl_easy_setopt(easy_, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (foreign_) return;
  set_blob(CURLOPT_SSLCERT_BLOB, context_.credentials.client_cert_pem);
  set_blob(CURLOPT_SSLKEY_BLOB, context_.credentials.client_key_pem);
}

void HttpTransport::ConfigureCredentials() {
  const Credentials& c = context_.credentials;
  const bool socks = c.proxy_address.starts_with("socks5://");  // which is to look names up itself, as for Go
  const std::string proxy = socks ? "socks5h" + c.proxy_address.substr(6) : c.proxy_address;
  curl_easy_setopt(easy_, CURLOPT_PROXY, proxy.c_str());  // "" also keeps the environment's out
  if (!c.proxy_username.empty()) {
    curl_easy_setopt(easy_, CURLOPT_PROXYUSERNAME, c.proxy_username.c_str());
    curl_easy_setopt(easy_, CURLOPT_PROXYPASSWORD, c.proxy_password.c_str());
  }
  if (foreign_) return;
  if (!c.bearer_token.empty()) AddHeader("Authorization: Bearer " + c.bearer_token);
  if (c.username.empty()) return;
  curl_easy_setopt(easy_, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  curl_easy_setopt(easy_, CURLOPT_USERNAME, c.username.c_str());
  curl_easy_setopt(easy_, CURLOPT_PASSWORD, c.password.c_str());
}

/// A handle that knows nothing of requests before, but keeps their connection.
void HttpTransport::Configure(const std::string& url) {
  Detach();
  curl_easy_reset(easy_);
  curl_slist_free_all(headers_);
  headers_ = nullptr;
  curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &HttpTransport::OnBody);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &HttpTransport::OnHeader);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETFUNCTION, &HttpTransport::OnSocket);
  curl_easy_setopt(easy_, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy_, CURLOPT_USERAGENT, ("git/2.0 (" + context_.options.user_agent + ")").c_str());  // some hosts look for "git/"
  ConfigureTrust();
  ConfigureCredentials();
  AddHeader("Git-Protocol: version=2");
}

Result<void> HttpTransport::Begin() {
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
  error_[0] = '\0';
  refused_address_.clear();
  inbox_.clear();
  taken_ = header_bytes_ = 0;
  paused_ = done_ = false;
  result_ = CURLE_OK;
  if (curl_multi_add_handle(multi_.get(), easy_) != CURLM_OK) return MakeError(Reason::Internal, "curl refuses the transfer");
  attached_ = true;
  return AwaitStatus();
}

/// Moves bytes until `ready()` or the end of the transfer.
template <class Ready>
Result<void> HttpTransport::Pump(const Ready& ready) {
  while (!ready() && !done_) {
    if (auto ok = context_.waiter.Check(); !ok) return context_.Fail(ok.error().reason, ok.error().message);
    int running = 0, queued = 0;
    curl_multi_perform(multi_.get(), &running);
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &queued))
      if (message->msg == CURLMSG_DONE) {
        done_ = true;
        result_ = message->data.result;
      }
    if (ready() || done_) break;
    curl_waitfd wake{context_.waiter.wake_fd(), CURL_WAIT_POLLIN, 0};
    const auto wait = std::min<std::int64_t>(context_.waiter.Remaining().count(), 1000);
    curl_multi_poll(multi_.get(), &wake, wake.fd >= 0 ? 1 : 0, static_cast<int>(wait), nullptr);
  }
  return {};
}

/// Until the status is final: the first byte of the body is there, or the end.
Result<void> HttpTransport::AwaitStatus() {
  TRY(Pump([&] { return !inbox_.empty(); }));
  if (done_ && result_ != CURLE_OK) return TransferError();
  return {};
}

Result<void> HttpTransport::CheckAnswer(std::string_view content_type) {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return StatusError();
  if (!HeaderValue(easy_, "content-type").starts_with(content_type))
    return context_.Fail(Reason::Invalid, "the address answers, but not as a Git server (smart HTTP) does: check the URL");
  return {};
}

/// Points base_ to where the answer sends us, or says why not.
Result<void> HttpTransport::FollowRedirect() {
  char* location = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &location);
  const std::string target = location ? location : "";
  if (!target.starts_with("https://") && !target.starts_with("http://"))
    return context_.Fail(Reason::Invalid, "the host redirects to nowhere: check the URL");
  if (base_.starts_with("https://") && target.starts_with("http://"))
    return context_.Fail(Reason::Forbidden, "the host redirects from https to http, which is refused: correct the URL");
  if (!target.ends_with(kDiscovery))
    return context_.Fail(Reason::Invalid, "the host redirects to " + target + ", which is not a repository: a login page, or a wrong URL");
  foreign_ = foreign_ || OriginOf(target) != OriginOf(context_.url.text);
  base_ = target.substr(0, target.size() - kDiscovery.size());
  redirected_ = true;
  return {};
}

Result<void> HttpTransport::Discover() {
  Configure(base_ + std::string(kDiscovery));
  AddHeader("Accept: */*");
  return Begin();
}

Result<void> HttpTransport::Advertise() {
  for (int redirects = 0; redirects <= context_.options.max_redirects; ++redirects) {
    TRY(Discover());
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    if (status < 300 || status > 399 || status == 304) return CheckAnswer("application/x-git-upload-pack-advertisement");
    TRY(FollowRedirect());
  }
  return context_.Fail(Reason::Invalid, "more than " + std::to_string(context_.options.max_redirects) + " redirects: correct the URL");
}

Result<void> HttpTransport::Request(std::string_view body) {
  Configure(base_ + "/git-upload-pack");
  body_ = body;
  AddHeader("Content-Type: application/x-git-upload-pack-request");
  AddHeader("Accept: application/x-git-upload-pack-result");
  AddHeader("Expect:");
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, body_.data());
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
  TRY(Begin());
  return CheckAnswer("application/x-git-upload-pack-result");
}

Result<std::size_t> HttpTransport::Read(std::span<char> buffer) {
  if (taken_ == inbox_.size()) {
    inbox_.clear();
    taken_ = 0;
    if (paused_) {
      paused_ = false;
      curl_easy_pause(easy_, CURLPAUSE_CONT);
    }
    TRY(Pump([&] { return !inbox_.empty(); }));
    if (done_ && result_ != CURLE_OK) return TransferError();
  }
  const std::size_t count = std::min(buffer.size(), inbox_.size() - taken_);
  std::memcpy(buffer.data(), inbox_.data() + taken_, count);
  taken_ += count;
  return count;
}

Error HttpTransport::TransferError() const {
  if (!refused_address_.empty()) return context_.Fail(Reason::Forbidden, "address " + refused_address_ + " is not allowed");
  if (HeadersTooLarge())
    return context_.Fail(Reason::TooLarge, "headers of the answer exceed " + std::to_string(context_.options.max_header_bytes) + " bytes");
  const std::string what = error_[0] ? error_.data() : curl_easy_strerror(result_);
  switch (result_) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return context_.Fail(Reason::Unauthorized,
                           "the host's certificate is not trusted (" + what + "): put its CA into key ca.crt of the Secret");
    case CURLE_SSL_CACERT_BADFILE:
      return context_.Fail(Reason::Invalid, "key ca.crt of the Secret holds no certificate in PEM form (" + what + ")");
    case CURLE_SSL_CERTPROBLEM:
      return context_.Fail(Reason::Invalid, "keys tls.crt and tls.key of the Secret are no client certificate (" + what + ")");
    case CURLE_OUT_OF_MEMORY: return context_.Fail(Reason::Unavailable, "out of memory");
    case CURLE_COULDNT_RESOLVE_PROXY: return context_.Fail(Reason::Unavailable, what + ": check address in the proxy Secret");
    default: return context_.Fail(Reason::Unavailable, what);
  }
}

/// The error of an answer that is not 200. What a host says in plain text is passed on, an HTML page is not.
Error HttpTransport::StatusError() {
  std::string said;
  if (HeaderValue(easy_, "content-type").starts_with("text/plain")) {
    if (auto ok = Pump([&] { return inbox_.size() >= kErrorBodyBytes; }); !ok) return std::move(ok).error();
    said = inbox_.substr(0, kErrorBodyBytes);
    while (!said.empty() && std::isspace(static_cast<unsigned char>(said.back()))) said.pop_back();
    if (!said.empty()) said = ", '" + said + "'";
  }
  long status = 0;
  curl_off_t retry_after = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &retry_after);
  const std::string answer = "HTTP " + std::to_string(status) + said;
  const bool anonymous = foreign_ || (context_.credentials.username.empty() && context_.credentials.bearer_token.empty());
  if (status == 401 && anonymous)
    return context_.Fail(Reason::Unauthorized, "authentication required (" + answer + "): name a Secret with credentials");
  if (status == 401) return context_.Fail(Reason::Unauthorized, "the host refuses the credentials (" + answer + "): check the Secret");
  if (status == 403)
    return context_.Fail(Reason::Forbidden, "the host forbids access (" + answer + "): check the rights of the account in the Secret");
  if (status == 407)
    return context_.Fail(Reason::Unauthorized, "the proxy refuses the credentials (" + answer + "): check the proxy Secret");
  if (status == 404 || status == 410)
    return context_.Fail(Reason::NotFound, "repository not found (" + answer + "): check the URL" +
                                               (anonymous ? ", and whether it needs credentials" : " and the rights of the account"));
  if (status == 429 || status >= 500) {
    Error error = context_.Fail(Reason::Unavailable, "the host fails (" + answer + ")");
    if (retry_after > 0) error.retry_after = std::chrono::seconds(std::min<curl_off_t>(retry_after, 3600));
    return error;
  }
  return context_.Fail(Reason::Invalid, "unexpected answer (" + answer + "): check the URL");
}

}  // namespace

Error TransportContext::Fail(Reason reason, std::string_view text) const {
  return MakeError(reason, url.text + ": " + Cleaned(text, credentials));
}

std::unique_ptr<Transport> MakeHttpTransport(const TransportContext& context) { return std::make_unique<HttpTransport>(context); }

}  // namespace sluice::sources
