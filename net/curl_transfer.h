// net/curl_transfer.h: one HTTP/1.1 exchange on one curl easy handle: sets it up from a request, hands what comes to an Answer, says what
// went wrong. Private to net/.
#pragma once

#include <curl/curl.h>

#include <array>
#include <string>

#include "net/answer.h"
#include "net/exchange.h"
#include "net/waiter.h"

namespace sluice::net {

class CurlTransfer {
 public:
  /// All must outlive the transfer.
  CurlTransfer(CURL* easy, const ClientOptions& options, const Exchange& exchange, HttpClient::Counters& counters,
               const boost::asio::any_io_executor& executor);
  ~CurlTransfer();
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;

  base::Result<void> Prepare();
  static CurlTransfer& Of(CURL* easy);
  void OnDone(CURLcode code);
  Waiter& waiter() { return waiter_; }
  const Answer& answer() const { return answer_; }
  /// After OnDone: the answer, or why there is none.
  base::Result<Response> Take();

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
  bool OnHeaderLine(std::string_view line);
  base::Error FromCurl(CURLcode code) const;

  CURL* easy_;
  const ClientOptions& options_;
  const Exchange& exchange_;
  HttpClient::Counters& counters_;
  Answer answer_;
  Waiter waiter_;
  CURLcode setup_ = CURLE_OK;
  CURLcode code_ = CURLE_OK;
  curl_slist* headers_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> message_{};
  std::size_t body_sent_ = 0;
  std::string refused_address_;
};

}  // namespace sluice::net
