#include "net/curl_transfer.h"

#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "net/address.h"

namespace sluice::net {

using base::Reason;

namespace {

constexpr long kKeepAliveIdleSeconds = 30;
constexpr long kKeepAliveIntervalSeconds = 10;
constexpr unsigned kUnackedMilliseconds = 30'000;
constexpr long kUploadBlock = 16L << 10;

Reason ReasonOf(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return Reason::Timeout;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR: return Reason::Unauthorized;
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT: return Reason::Invalid;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_FAILED_INIT: return Reason::Internal;
    default: return Reason::Unavailable;
  }
}

std::string_view Trim(std::string_view text) {
  const std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

// "HTTP/1.1 200 OK": 200, or 0.
int StatusOf(std::string_view line) {
  const std::size_t space = line.find(' ');
  int status = 0;
  if (space != std::string_view::npos) std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
  return status;
}

}  // namespace

CurlTransfer::CurlTransfer(CURL* easy, const ClientOptions& options, const Exchange& exchange, HttpClient::Counters& counters,
                           const boost::asio::any_io_executor& executor)
    : easy_(easy),
      options_(options),
      exchange_(exchange),
      counters_(counters),
      answer_(exchange.request, exchange.sink, counters, options.max_header_bytes),
      waiter_(executor) {}

// However it ended: what was sent, and whether a connection was made for it.
CurlTransfer::~CurlTransfer() {
  long connections = 0, header_bytes_out = 0;
  curl_off_t uploaded = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connections);
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &header_bytes_out);
  curl_easy_getinfo(easy_, CURLINFO_SIZE_UPLOAD_T, &uploaded);
  counters_.connections += static_cast<std::uint64_t>(connections);
  counters_.bytes_out += static_cast<std::uint64_t>(header_bytes_out) + static_cast<std::uint64_t>(uploaded);
  curl_slist_free_all(headers_);
  curl_slist_free_all(connect_to_);
}

template <class T>
void CurlTransfer::Set(CURLoption option, T value) {
  if (setup_ == CURLE_OK) setup_ = curl_easy_setopt(easy_, option, value);
}

base::Result<void> CurlTransfer::Prepare() {
  SetCallbacks();
  SetTarget();
  SetServerName();
  SetHeaders();
  SetMethodAndBody();
  if (exchange_.url.scheme == "https") SetTls();
  SetLimits();
  if (setup_ != CURLE_OK) return Failed(exchange_.request, Reason::Internal, std::string("curl option: ") + curl_easy_strerror(setup_));
  return {};
}

void CurlTransfer::SetCallbacks() {
  Set(CURLOPT_PRIVATE, static_cast<void*>(this));
  Set(CURLOPT_ERRORBUFFER, message_.data());
  Set(CURLOPT_HEADERFUNCTION, &CurlTransfer::HeaderCallback);
  Set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  Set(CURLOPT_WRITEFUNCTION, &CurlTransfer::BodyCallback);
  Set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  Set(CURLOPT_OPENSOCKETFUNCTION, &CurlTransfer::OpenSocketCallback);
  Set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(this));
  Set(CURLOPT_SOCKOPTFUNCTION, &CurlTransfer::SocketOptionCallback);
}

// Nothing comes from the environment: no proxy, no netrc, no cookies.
void CurlTransfer::SetTarget() {
  Set(CURLOPT_URL, exchange_.request.url.c_str());
  Set(CURLOPT_PATH_AS_IS, 1L);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_PROXY, options_.proxy.c_str());
  Set(CURLOPT_NOPROXY, "");
  Set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_QUICK_EXIT, 1L);  // or removing a transfer waits on this thread for its name resolution
  Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
}

// curl takes the name for SNI and verification from the URL; so the URL names the certificate's host, and CONNECT_TO the real one.
void CurlTransfer::SetServerName() {
  const std::string& name = options_.tls.server_name;
  if (name.empty() || !exchange_.with_identity || exchange_.url.scheme != "https") return;
  Url named = exchange_.url;
  named.host = name;
  const bool v6 = exchange_.url.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + exchange_.url.host + "]" : exchange_.url.host;
  connect_to_ = curl_slist_append(nullptr, ("::" + host + ":" + std::to_string(exchange_.url.effective_port())).c_str());
  Set(CURLOPT_URL, FormatUrl(named).c_str());
  Set(CURLOPT_CONNECT_TO, connect_to_);
  if (FindHeader(exchange_.request.headers, "host").empty()) AddHeader("Host: " + HostHeader(exchange_.url));
}

void CurlTransfer::AddHeader(const std::string& line) {
  curl_slist* longer = curl_slist_append(headers_, line.c_str());
  if (longer == nullptr)
    setup_ = CURLE_OUT_OF_MEMORY;
  else
    headers_ = longer;
}

// curl's notation: "Name:" removes a header of its own, "Name;" sends one without a value.
void CurlTransfer::SetHeaders() {
  for (const auto& [name, value] : exchange_.request.headers) AddHeader(value.empty() ? name + ";" : name + ": " + value);
  if (FindHeader(exchange_.request.headers, "content-type").empty()) AddHeader("Content-Type:");
  AddHeader("Expect:");
  Set(CURLOPT_HTTPHEADER, headers_);
  Set(CURLOPT_USERAGENT, options_.user_agent.c_str());
}

// The body is read by callback, since curl then asks before it sends one again (SeekCallback).
void CurlTransfer::SetMethodAndBody() {
  const Request& request = exchange_.request;
  if (request.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
    return;
  }
  if (!HasBody(request)) {
    Set(CURLOPT_HTTPGET, 1L);
    if (request.method != "GET") Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    return;
  }
  Set(CURLOPT_POST, 1L);
  Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  Set(CURLOPT_READFUNCTION, &CurlTransfer::ReadCallback);
  Set(CURLOPT_READDATA, static_cast<void*>(this));
  Set(CURLOPT_SEEKFUNCTION, &CurlTransfer::SeekCallback);
  Set(CURLOPT_SEEKDATA, static_cast<void*>(this));
}

void CurlTransfer::SetBlob(CURLoption option, const std::string& pem) {
  if (pem.empty()) return;
  curl_blob blob{.data = const_cast<char*>(pem.data()), .len = pem.size(), .flags = CURL_BLOB_NOCOPY};
  Set(option, &blob);
}

namespace {

/// OpenSSL's own places, and $SSL_CERT_FILE and $SSL_CERT_DIR, as for our HTTP/2; curl's are those that it was built with.
CURLcode AddSystemRoots(CURL* /*easy*/, void* context, void* /*unused*/) {
  return SSL_CTX_set_default_verify_paths(static_cast<SSL_CTX*>(context)) == 1 ? CURLE_OK : CURLE_SSL_CACERT_BADFILE;
}

}  // namespace

void CurlTransfer::SetTls() {
  const TlsOptions& tls = options_.tls;
  Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  SetBlob(CURLOPT_CAINFO_BLOB, tls.ca_pem);
  Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  if (tls.ca_pem.empty() || tls.system_roots) Set(CURLOPT_SSL_CTX_FUNCTION, &AddSystemRoots);
  if (exchange_.with_identity) {
    SetBlob(CURLOPT_SSLCERT_BLOB, tls.client_cert_pem);
    SetBlob(CURLOPT_SSLKEY_BLOB, tls.client_key_pem);
  }
  if (!tls.insecure_skip_verify) return;
  Set(CURLOPT_SSL_VERIFYPEER, 0L);
  Set(CURLOPT_SSL_VERIFYHOST, 0L);
}

// The whole timeout is ours (it counts waiting in line too); curl's bounds the time until it is connected.
void CurlTransfer::SetLimits() {
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  Set(CURLOPT_TCP_KEEPALIVE, 1L);
  Set(CURLOPT_TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  Set(CURLOPT_TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  Set(CURLOPT_UPLOAD_BUFFERSIZE, kUploadBlock);
}

std::size_t CurlTransfer::ReadCallback(char* buffer, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const std::string_view left = std::string_view(transfer.exchange_.request.body).substr(transfer.body_sent_);
  const std::size_t taken = std::min(left.size(), size * count);
  std::memcpy(buffer, left.data(), taken);
  transfer.body_sent_ += taken;
  transfer.answer_.Touch();
  return taken;
}

// curl rewinds to send again on a new connection. What may act twice must not, once any of it went out.
int CurlTransfer::SeekCallback(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  const bool harmless = transfer.body_sent_ == 0 || IsRepeatable(transfer.exchange_.request);
  if (origin != SEEK_SET || offset != 0 || !harmless) return CURL_SEEKFUNC_FAIL;
  transfer.body_sent_ = 0;
  return CURL_SEEKFUNC_OK;
}

curl_socket_t CurlTransfer::OpenSocketCallback(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<CurlTransfer*>(self);
  if (!IsAllowed(address->addr, transfer.options_.addresses)) {
    transfer.refused_address_ = FormatAddress(address->addr);
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// As in H2Connection: half a minute without an acknowledgement is enough.
int CurlTransfer::SocketOptionCallback(void*, curl_socket_t socket, curlsocktype) {
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnackedMilliseconds, sizeof kUnackedMilliseconds);
  return CURL_SOCKOPT_OK;
}

CurlTransfer& CurlTransfer::Of(CURL* easy) {
  char* self = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &self);
  return *static_cast<CurlTransfer*>(static_cast<void*>(self));
}

// More than it was given tells curl to end the transfer.
std::size_t CurlTransfer::HeaderCallback(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t bytes = size * count;
  return static_cast<CurlTransfer*>(self)->OnHeaderLine({data, bytes}) ? bytes : bytes + 1;
}

std::size_t CurlTransfer::BodyCallback(char* data, std::size_t size, std::size_t count, void* self) {
  const std::size_t bytes = size * count;
  return static_cast<CurlTransfer*>(self)->answer_.OnBody({data, bytes}) ? bytes : bytes + 1;
}

bool CurlTransfer::OnHeaderLine(std::string_view line) {
  if (line.starts_with("HTTP/")) return answer_.OnStatus(StatusOf(line));
  line = Trim(line);
  if (line.empty()) return answer_.OnHeadersEnd();
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return true;
  return answer_.OnHeader(line.substr(0, colon), Trim(line.substr(colon + 1)));
}

void CurlTransfer::OnDone(CURLcode code) {
  code_ = code;
  waiter_.Finish();
}

base::Result<Response> CurlTransfer::Take() {
  if (answer_.stopped()) return *answer_.stopped();
  if (code_ != CURLE_OK) return FromCurl(code_);
  return answer_.Take(false);
}

base::Error CurlTransfer::FromCurl(CURLcode code) const {
  if (!refused_address_.empty() && code == CURLE_COULDNT_CONNECT) {
    return Failed(exchange_.request, Reason::Forbidden, "address " + refused_address_ + " is not allowed");
  }
  const std::string_view detail = message_[0] != '\0' ? std::string_view(message_.data()) : curl_easy_strerror(code);
  return Failed(exchange_.request, ReasonOf(code), Trim(detail));
}

}  // namespace sluice::net
