// How a Request becomes curl's options. What the answer does is in transfer_answer.cpp.
#include "net/transfer.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "net/address.h"

namespace sluice::net {

namespace {

constexpr long kKeepAliveIdleSeconds = 30;
constexpr long kKeepAliveIntervalSeconds = 10;
constexpr unsigned kUnackedMilliseconds = 30'000;

bool IsTokenChar(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool IsToken(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar); }
bool IsFieldValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// Sent twice, these may act twice; so curl may not repeat them on its own.
bool IsRepeatable(std::string_view method) { return method != "POST" && method != "PATCH"; }

}  // namespace

std::string Describe(const Request& request) { return (IsToken(request.method) ? request.method : "request") + " " + RedactUrl(request.url); }

base::Result<void> CheckRequest(const Request& request) {
  if (!IsToken(request.method)) return base::Invalid(Describe(request) + ": malformed method");
  for (const auto& [name, value] : request.headers) {
    if (!IsToken(name)) return base::Invalid(Describe(request) + ": malformed header name");
    if (!IsFieldValue(value)) return base::Invalid(Describe(request) + ": malformed value of header " + name);
  }
  return {};
}

Transfer::Transfer(CURL* easy, const ClientOptions& options, const Target& target, const BodySink* sink, HttpClient::Counters& counters,
                   const boost::asio::any_io_executor& executor)
    : easy_(easy), options_(options), target_(target), sink_(sink), counters_(counters), waiter_(executor),
      last_byte_(std::chrono::steady_clock::now()) {}

Transfer::~Transfer() {
  Account();
  curl_slist_free_all(headers_);
  curl_slist_free_all(connect_to_);
}

template <class T>
void Transfer::Set(CURLoption option, T value) {
  if (setup_ == CURLE_OK) setup_ = curl_easy_setopt(easy_, option, value);
}

base::Result<void> Transfer::Prepare() {
  SetCallbacks();
  SetTarget();
  SetServerName();
  SetHeaders();
  SetMethodAndBody();
  if (target_.url.scheme == "https") SetTls();
  SetLimits();
  if (setup_ != CURLE_OK) return Fail(base::Reason::Internal, std::string("curl option: ") + curl_easy_strerror(setup_));
  return {};
}

void Transfer::SetCallbacks() {
  Set(CURLOPT_PRIVATE, static_cast<void*>(this));
  Set(CURLOPT_ERRORBUFFER, message_.data());
  Set(CURLOPT_HEADERFUNCTION, &Transfer::HeaderCallback);
  Set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  Set(CURLOPT_WRITEFUNCTION, &Transfer::BodyCallback);
  Set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  Set(CURLOPT_OPENSOCKETFUNCTION, &Transfer::OpenSocketCallback);
  Set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  Set(CURLOPT_SOCKOPTFUNCTION, &Transfer::SocketOptionCallback);
}

// Nothing comes from the environment: no proxy, no netrc, no cookies.
void Transfer::SetTarget() {
  Set(CURLOPT_URL, target_.request.url.c_str());
  Set(CURLOPT_PATH_AS_IS, 1L);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_PROXY, options_.proxy.c_str());
  Set(CURLOPT_NOPROXY, "");
  Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_QUICK_EXIT, 1L);                     // or removing a transfer waits on this thread for its name resolution
  Set(CURLOPT_HTTP_VERSION, static_cast<long>(options_.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  Set(CURLOPT_PIPEWAIT, options_.http2 ? 1L : 0L);
}

// curl takes the name for SNI and verification from the URL; so the URL names the certificate's host, and CONNECT_TO the real one.
void Transfer::SetServerName() {
  const std::string& name = options_.tls.server_name;
  if (name.empty() || !target_.with_identity || target_.url.scheme != "https") return;
  Url named = target_.url;
  named.host = name;
  const bool v6 = target_.url.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + target_.url.host + "]" : target_.url.host;
  connect_to_ = curl_slist_append(nullptr, ("::" + host + ":" + std::to_string(target_.url.effective_port())).c_str());
  Set(CURLOPT_URL, FormatUrl(named).c_str());
  Set(CURLOPT_CONNECT_TO, connect_to_);
  if (FindHeader(target_.request.headers, "host").empty()) AddHeader("Host: " + HostHeader(target_.url));
}

void Transfer::AddHeader(const std::string& line) {
  curl_slist* longer = curl_slist_append(headers_, line.c_str());
  if (longer == nullptr) setup_ = CURLE_OUT_OF_MEMORY;
  else headers_ = longer;
}

// curl's notation: "Name:" removes a header of its own, "Name;" sends one without a value.
void Transfer::SetHeaders() {
  for (const auto& [name, value] : target_.request.headers) AddHeader(value.empty() ? name + ";" : name + ": " + value);
  if (FindHeader(target_.request.headers, "content-type").empty()) AddHeader("Content-Type:");
  AddHeader("Expect:");
  Set(CURLOPT_HTTPHEADER, headers_);
  Set(CURLOPT_USERAGENT, options_.user_agent.c_str());
}

void Transfer::SetMethodAndBody() {
  const Request& request = target_.request;
  const bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (request.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
    return;
  }
  if (!has_body) {
    Set(CURLOPT_HTTPGET, 1L);
    if (request.method != "GET") Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    return;
  }
  Set(CURLOPT_POST, 1L);
  Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  if (IsRepeatable(request.method) || request.body.empty()) {
    Set(CURLOPT_POSTFIELDS, request.body.c_str());
    return;
  }
  Set(CURLOPT_READFUNCTION, &Transfer::ReadCallback);
  Set(CURLOPT_READDATA, static_cast<void*>(this));
  Set(CURLOPT_SEEKFUNCTION, &Transfer::SeekCallback);
  Set(CURLOPT_SEEKDATA, static_cast<void*>(this));
}

void Transfer::SetBlob(CURLoption option, const std::string& pem) {
  if (pem.empty()) return;
  curl_blob blob{.data = const_cast<char*>(pem.data()), .len = pem.size(), .flags = CURL_BLOB_NOCOPY};
  Set(option, &blob);
}

void Transfer::SetTls() {
  const TlsOptions& tls = options_.tls;
  Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  SetBlob(CURLOPT_CAINFO_BLOB, tls.ca_pem);
  if (target_.with_identity) {
    SetBlob(CURLOPT_SSLCERT_BLOB, tls.client_cert_pem);
    SetBlob(CURLOPT_SSLKEY_BLOB, tls.client_key_pem);
  }
  if (!tls.insecure_skip_verify) return;
  Set(CURLOPT_SSL_VERIFYPEER, 0L);
  Set(CURLOPT_SSL_VERIFYHOST, 0L);
}

// The whole timeout is ours (it counts waiting in line too); curl's bounds the time until it is connected.
void Transfer::SetLimits() {
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  Set(CURLOPT_TCP_KEEPALIVE, 1L);
  Set(CURLOPT_TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  Set(CURLOPT_TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  Set(CURLOPT_UPLOAD_BUFFERSIZE, 16L << 10);
}

std::size_t Transfer::ReadCallback(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::string_view left = std::string_view(transfer.target_.request.body).substr(transfer.body_sent_);
  const std::size_t taken = std::min(left.size(), size * count);
  std::memcpy(buffer, left.data(), taken);
  transfer.body_sent_ += taken;
  return taken;
}

// curl rewinds to send again; fine as long as nothing went out.
int Transfer::SeekCallback(void* self, curl_off_t offset, int origin) {
  const auto& transfer = *static_cast<Transfer*>(self);
  const bool unsent = origin == SEEK_SET && offset == 0 && transfer.body_sent_ == 0;
  return unsent ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

curl_socket_t Transfer::OpenSocketCallback(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!IsAllowed(address->addr, transfer.options_.addresses)) {
    transfer.refused_address_ = FormatAddress(address->addr);
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// A peer that vanished with our bytes unacknowledged is noticed in half a minute, not in the kernel's quarter of an hour.
int Transfer::SocketOptionCallback(void*, curl_socket_t socket, curlsocktype) {
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnackedMilliseconds, sizeof kUnackedMilliseconds);
  return CURL_SOCKOPT_OK;
}

}  // namespace sluice::net
