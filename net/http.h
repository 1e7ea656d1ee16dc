// net/http.h: an HTTP client on one io_context. HTTP/2, multiplexed, over nghttp2 where the peer speaks it; else HTTP/1.1 over libcurl.
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

using Headers = std::vector<std::pair<std::string, std::string>>;  ///< in their order; names as sent (HTTP/2: lower case)
/// The first header of that name, case-insensitive; "" if absent.
std::string_view FindHeader(const Headers& headers, std::string_view name);

/// Where and how to trust a peer, and who we are to it. PEM texts, never file names.
struct TlsOptions {
  std::string ca_pem;           ///< empty: the system's roots
  bool system_roots = false;    ///< trust these as well where `ca_pem` is given
  std::string client_cert_pem;  ///< both or none
  std::string client_key_pem;
  bool insecure_skip_verify = false;
  std::string server_name;  ///< SNI and verification name, where it differs from the URL's host
};

/// What an answer may cost before its body.
struct AnswerLimits {
  int max_redirects = 5;                      ///< `--http-max-redirects`: whoever follows redirects puts it into his requests
  std::size_t max_header_bytes = 256u << 10;  ///< `--http-max-header-bytes`: names and values together, those of trailers too
};

struct Request {
  std::string method = "GET";
  std::string url;  ///< http:// or https://
  Headers headers;
  std::string body;
  std::chrono::milliseconds timeout{30'000};   ///< for the whole exchange; 0 means none (watches)
  std::chrono::milliseconds idle_timeout{0};   ///< no byte for so long ends it; 0 means none
  std::size_t max_response_bytes = 64u << 20;  ///< of a buffered body
  /// Followed for GET and HEAD, and for others as RFC 9110 has it (303 and, for POST, 301 and 302 become GET). 0: a 3xx is the answer.
  /// To another origin (scheme, host, port) go neither credentials (only the few headers known to hold none), nor the client
  /// certificate, nor a body; from https to http nothing goes (Forbidden).
  int max_redirects = 0;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;  ///< empty for streamed responses
  bool http2 = false;
};

/// Where a connection may go, judged by the address it is made to: no name, notation or redirect gets around it. (With a proxy that is the
/// proxy's address.) What is refused is Forbidden.
enum class Addresses {
  Any,
  NoMetadata,  ///< not to the clouds' metadata services, which hand out credentials to whoever asks
  Public,      ///< nor to loopback, private, link-local or multicast addresses
};

struct ClientOptions {
  TlsOptions tls;
  std::string proxy;  ///< empty: none (the environment is not read)
  std::string user_agent = "sluice";
  /// Exchanges with a timeout share these connections; with HTTP/2 one carries up to `max_streams`, more only if the peer allows fewer.
  /// Exchanges without one (watches) have connections of their own, as many as they need, so that neither kind starves the other.
  std::size_t max_connections_per_host = 4;
  std::size_t max_streams = 100;  ///< exchanges with a timeout under way to one origin; more wait in line
  bool http2 = true;
  std::chrono::milliseconds connect_timeout{10'000};  ///< name, TCP and TLS together
  std::size_t max_header_bytes = AnswerLimits().max_header_bytes;
  Addresses addresses = Addresses::NoMetadata;
  std::chrono::milliseconds ping_after{30'000};    ///< HTTP/2: silence while an answer is awaited, then a PING; client-go's values
  std::chrono::milliseconds ping_timeout{15'000};  ///< and silence after it: the connection is dead (Unavailable)
};

/// Bytes of a streamed body as they come. Returning false ends the exchange (Canceled).
using BodySink = std::function<bool(std::string_view)>;

class HttpClient {
 public:
  HttpClient(boost::asio::io_context& io, ClientOptions options);
  ~HttpClient();  ///< ends what is under way with Canceled
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends and buffers the answer. Any status is a Response; an Error means that no whole answer came: Unavailable (connect, reset, cut
  /// short; the effect may have happened), Timeout, TooLarge, Canceled (the awaiting task's, or the client ended), Unauthorized (TLS
  /// verification), Forbidden (address or redirect refused), Invalid (URL or header malformed, credentials in the URL).
  /// Messages read `GET https://host/path: ...`, without query or userinfo. A request that the peer says it has not looked at (HTTP/2:
  /// GOAWAY, REFUSED_STREAM) is sent again; one whose fate is unknown because a kept connection turned out dead is too, except POST and
  /// PATCH, which could then act twice.
  Task<base::Result<Response>> Send(Request request);
  /// As Send, but a 2xx body goes to `sink` (other bodies are buffered into the Response). Returns when the stream has ended.
  Task<base::Result<Response>> Stream(Request request, BodySink sink);

  struct Counters {
    std::uint64_t requests = 0;                 ///< begun, each hop of a redirect
    std::uint64_t bytes_in = 0, bytes_out = 0;  ///< headers (unpacked) and bodies, as HTTP sees them
    std::uint64_t connections = 0;              ///< made
    std::uint64_t active = 0, waiting = 0;      ///< now: under way, and in line for a slot
  };
  Counters counters() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::net
