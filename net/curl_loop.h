// net/curl_loop.h: one libcurl multi handle driven by one io_context: curl says which sockets and which time it waits for, Asio waits.
// Connections live in the multi handle, so two loops never share one. Private to net/.
#pragma once

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <unordered_map>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace sluice::net {

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
 public:
  /// Told of each transfer that has ended, still added; what it does must not come back into the loop.
  using OnDone = std::function<void(CURL*, CURLcode)>;

  /// `connections_per_host`: 0 means no limit; transfers beyond wait in curl.
  CurlLoop(boost::asio::io_context& io, long connections_per_host, OnDone on_done);
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  CURLMcode Add(CURL* easy) { return curl_multi_add_handle(multi_, easy); }
  /// Ends the transfer, if it has not ended; afterwards none of its callbacks comes any more.
  void Remove(CURL* easy) { curl_multi_remove_handle(multi_, easy); }

 private:
  struct Watch;
  static int SocketCallback(CURL*, curl_socket_t socket, int what, void* self, void*);
  static int TimerCallback(CURLM*, long timeout_ms, void* self);
  int OnSocket(curl_socket_t socket, int what);
  void OnTimer(long timeout_ms);
  void Arm(const std::shared_ptr<Watch>& watch, bool write);
  void Ready(const std::shared_ptr<Watch>& watch, bool write);
  void Act(curl_socket_t socket, int events);
  void ReportEnded();

  boost::asio::io_context& io_;
  boost::asio::steady_timer timer_;
  std::uint64_t timer_turn_ = 0;  ///< a timer that was set before the last change is stale
  OnDone on_done_;
  CURLM* multi_;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
};

}  // namespace sluice::net
