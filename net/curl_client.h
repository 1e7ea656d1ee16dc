// net/curl_client.h: HTTP/1.1 over libcurl: peers that speak nothing newer, plain http, and proxies. Debian 12's curl (7.88.1) also speaks
// HTTP/2, but forgets the last frames of parallel bodies and takes some resets for the end of a body; hence h2_client.h. Private to net/.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "net/curl_loop.h"
#include "net/exchange.h"
#include "net/waiter.h"

namespace sluice::net {

/// Easy handles are 6 KiB and a dozen allocations each, so they are kept.
class EasyPool {
 public:
  EasyPool() = default;
  ~EasyPool();
  EasyPool(const EasyPool&) = delete;
  EasyPool& operator=(const EasyPool&) = delete;
  CURL* Take();  ///< null: out of memory
  void Give(CURL* easy);

 private:
  std::vector<CURL*> idle_;
};

class CurlClient {
 public:
  /// Both references outlive the client, and it its exchanges.
  CurlClient(boost::asio::io_context& io, const ClientOptions& options, HttpClient::Counters& counters);
  CurlClient(const CurlClient&) = delete;
  CurlClient& operator=(const CurlClient&) = delete;

  Task<base::Result<Response>> Perform(const Exchange& exchange);
  /// Ends all, with Canceled.
  void Close();
  std::size_t active() const { return active_.size(); }

 private:
  const ClientOptions& options_;
  HttpClient::Counters& counters_;
  EasyPool handles_;
  std::shared_ptr<CurlLoop> bounded_;  ///< exchanges with a timeout: `max_connections_per_host`
  std::shared_ptr<CurlLoop> endless_;  ///< watches: a connection each
  std::list<Waiter*> active_;
};

}  // namespace sluice::net
