// net/http.h: an HTTP client over libcurl's multi interface, driven by an Asio io_context. HTTP/2 multiplexed where the peer speaks it.
// Knows nothing of Kubernetes. All calls belong to the io_context's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/task.h"

namespace boost::asio {
class io_context;
}

namespace sluice::net {

using Headers = std::vector<std::pair<std::string, std::string>>;
/// The first header of that name, case-insensitive; "" if absent.
std::string_view FindHeader(const Headers& headers, std::string_view name);

/// Where and how to trust a peer, and who we are to it. PEM texts, never file names.
struct TlsOptions {
  std::string ca_pem;             ///< empty: the system's roots
  std::string client_cert_pem;    ///< both or none
  std::string client_key_pem;
  bool insecure_skip_verify = false;
  std::string server_name;        ///< SNI and verification name, where it differs from the URL's host
};

struct Request {
  std::string method = "GET";
  std::string url;                                    ///< http:// or https://
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{30'000};          ///< for the whole exchange; 0 means none (watches)
  std::chrono::milliseconds idle_timeout{0};          ///< no byte for so long ends it; 0 means none
  std::size_t max_response_bytes = 64u << 20;         ///< of a buffered body
  int max_redirects = 0;                              ///< credentials never follow to another host
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;                                   ///< empty for streamed responses
  bool http2 = false;
};

struct ClientOptions {
  TlsOptions tls;
  std::string proxy;                                  ///< empty: none (the environment is not read)
  std::string user_agent = "sluice";
  std::size_t max_connections_per_host = 4;           ///< with HTTP/2 one carries up to `max_streams`
  std::size_t max_streams = 100;
  bool http2 = true;
};

/// Bytes of a streamed body as they come. Returning false ends the exchange (Canceled).
using BodySink = std::function<bool(std::string_view)>;

class HttpClient {
 public:
  HttpClient(boost::asio::io_context& io, ClientOptions options);
  ~HttpClient();                                      ///< ends what is under way with Canceled
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends and buffers the answer. Any status is a Response; an Error means that no whole answer came: Unavailable (connect, reset),
  /// Timeout, TooLarge, Canceled (also by Asio cancellation of the awaiting coroutine), Unauthorized (TLS verification).
  Task<base::Result<Response>> Send(Request request);
  /// As Send, but a 2xx body goes to `sink` (other bodies are buffered into the Response). Returns when the stream has ended.
  Task<base::Result<Response>> Stream(Request request, BodySink sink);

  struct Counters {
    std::uint64_t requests = 0, bytes_in = 0, bytes_out = 0, connections = 0;
  };
  Counters counters() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
