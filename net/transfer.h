// net/transfer.h: one exchange on one curl easy handle: sets it up from a Request, takes in the answer, says what went wrong.
// Private to net/.
#pragma once

#include <curl/curl.h>

#include <array>
#include <string>

#include "net/http.h"
#include "net/url.h"
#include "net/waiter.h"

namespace sluice::net {

/// `GET https://host/path`, without query and userinfo: how messages begin.
std::string Describe(const Request& request);
/// Invalid: an empty or malformed method, or a header whose name is no token or whose value would break the line.
base::Result<void> CheckRequest(const Request& request);

class Transfer {
 public:
  struct Target {
    const Request& request;
    const Url& url;
    bool with_identity;                            ///< send the client certificate, and expect `tls.server_name`
  };
  /// All must outlive the transfer. `sink` may be null: then every body is buffered.
  Transfer(CURL* easy, const ClientOptions& options, const Target& target, const BodySink* sink, HttpClient::Counters& counters,
           const boost::asio::any_io_executor& executor);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  base::Result<void> Prepare();
  static Transfer& Of(CURL* easy);
  void OnDone(CURLcode code);
  Waiter& waiter() { return waiter_; }
  /// After OnDone: the answer, or why there is none.
  base::Result<Response> Take();

  /// When idle_timeout will have passed, unless bytes move until then; SteadyTime::max() without one.
  SteadyTime idle_deadline();
  base::Error Fail(base::Reason reason, std::string_view what) const;

 private:
  template <class T>
  void Set(CURLoption option, T value);
  void SetBlob(CURLoption option, const std::string& pem);
  void AddHeader(const std::string& line);
  void SetCallbacks();
  void SetTarget();
  void SetServerName();
  void SetHeaders();
  void SetMethodAndBody();
  void SetTls();
  void SetLimits();

  static std::size_t HeaderCallback(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t BodyCallback(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t ReadCallback(char* buffer, std::size_t size, std::size_t count, void* self);
  static int SeekCallback(void* self, curl_off_t offset, int origin);
  static curl_socket_t OpenSocketCallback(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int SocketOptionCallback(void* self, curl_socket_t socket, curlsocktype purpose);
  bool OnHeader(std::string_view line);
  bool OnBody(std::string_view data);
  bool Stop(base::Reason reason, std::string what);
  void ReserveBody();
  void Account();
  base::Error FromCurl(CURLcode code) const;

  CURL* easy_;
  const ClientOptions& options_;
  const Target target_;
  const BodySink* sink_;
  HttpClient::Counters& counters_;
  Waiter waiter_;
  CURLcode setup_ = CURLE_OK;
  CURLcode code_ = CURLE_OK;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> message_{};
  Response response_;
  std::size_t header_bytes_ = 0;
  bool headers_ended_ = false;                     ///< of the final answer: what comes after are trailers
  std::size_t body_sent_ = 0;
  std::string refused_address_;
  std::optional<base::Error> stopped_;             ///< why we ended it ourselves
  SteadyTime last_byte_;
  curl_off_t last_uploaded_ = 0;
};

}  // namespace sluice::net
