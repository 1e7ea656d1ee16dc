// kube/transport.h: requests to one API server: its URL, our credentials, deadlines, retries, the words of its errors, and a count of all.
// Below it lie two net::HttpClients: one multiplexed connection for requests and one for streams that stay open (watches), so that a
// slow watch never holds up an apply. Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "kube/config.h"
#include "net/executor.h"
#include "net/http.h"

namespace sluice::kube {

/// On whose behalf a request is made; empty means our own identity. Sent as Impersonate-User and Impersonate-Group, so that the server
/// decides with that user's rights.
struct Impersonate {
  std::string user;
  std::vector<std::string> groups;
  bool empty() const { return user.empty() && groups.empty(); }
  bool operator==(const Impersonate&) const = default;
  /// `system:serviceaccount:<ns>:<name>`; the server adds its groups itself.
  static Impersonate ServiceAccount(std::string_view ns, std::string_view name);
};

/// What every component of kube/ takes; all outlive it.
struct Environment {
  boost::asio::io_context& io;
  const base::Clock& clock;
  base::Random& random;  ///< jitter
  base::Logger log;
};

struct TransportOptions {
  std::string user_agent = "sluice";
  std::size_t max_in_flight = 64;              ///< requests at a time (streams not counted); the rest wait in order
  std::chrono::milliseconds timeout{30'000};   ///< of one try
  std::chrono::milliseconds deadline{60'000};  ///< of a call with all its tries and waits
  int max_tries = 5;
  std::chrono::milliseconds first_backoff{250};  ///< doubled a try up to `max_backoff`, each jittered; a Retry-After overrules it
  std::chrono::milliseconds max_backoff{10'000};
  std::chrono::milliseconds patience{5'000};  ///< how long a patient request gives way
};

/// When a failed try may be followed by another.
enum class Retry {
  Never,
  IfNotExecuted,  ///< the server said so (429): for what is not idempotent
  IfIdempotent,   ///< also after 5xx, a broken connection or a timeout: doing it twice is doing it once
};

struct ApiRequest {
  std::string method = "GET";
  std::string path;  ///< with its query, from "/": "/api/v1/namespaces?limit=500"
  std::string body;
  std::string content_type;  ///< empty: application/json
  std::string accept;        ///< empty: application/json
  Impersonate as;
  Retry retry = Retry::IfIdempotent;
  std::string verb, resource;            ///< for the counters: "apply", "deployments.apps"
  std::chrono::milliseconds timeout{0};  ///< of one try; 0: TransportOptions::timeout
  std::size_t max_response_bytes = 64u << 20;
  bool mutates = false;  ///< asks the write gate first
  bool urgent = false;   ///< waits for no other request (leases)
  bool patient = false;  ///< gives way, for some seconds at most, while many others are under way (events)
  bool redact = false;   ///< the body holds secrets: the server's words are cleaned of `body`'s values
};

/// Requests by outcome: rest_client_requests_total and the bench read these. `code` is the HTTP status, 0 if no answer came.
struct RequestCount {
  std::string verb, resource, method;
  int code = 0;
  std::uint64_t count = 0;
};

/// Says whether something may be written now; asked before every try that mutates.
using WriteGate = std::function<net::Task<base::Result<void>>()>;

class Transport {
 public:
  Transport(Environment environment, ClusterConfig config, TransportOptions options);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// Sends until an answer counts or the tries, or the time, are used up. A 2xx is a Response; everything else an Error as
  /// kube/status_error.h maps it: `retry_after` is set when the server named one longer than we could wait.
  net::Task<base::Result<net::Response>> Send(ApiRequest request);
  /// As Send, but a 2xx body goes to `sink` as it comes, without a limit. Once `sink` was given a byte there is no other try.
  net::Task<base::Result<net::Response>> SendStreamed(ApiRequest request, net::BodySink sink);
  /// One try on the connection of the watches, open until either side ends it or no byte came for `idle_timeout` (0: none). `status`, if given, becomes
  /// that of the answer; 0 if none came, or none that was whole.
  net::Task<base::Result<net::Response>> OpenStream(ApiRequest request, net::BodySink sink, std::chrono::milliseconds idle_timeout,
                                                    int* status = nullptr);

  /// A try that mutates and that `gate` refuses ends in its error. Lease requests pass it by (they do not set `mutates`).
  void SetWriteGate(WriteGate gate);

  const ClusterConfig& config() const;
  const Environment& environment() const;
  std::vector<RequestCount> counts() const;   ///< sorted by verb, resource, method, code
  net::HttpClient::Counters traffic() const;  ///< both connections together

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::kube
