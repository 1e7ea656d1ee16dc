#include "kube/transport.h"

#include <algorithm>
#include <exception>
#include <map>
#include <optional>
#include <tuple>

#include "base/digest.h"
#include "kube/small_file.h"
#include "kube/status_error.h"
#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Reason;
using base::Result;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

// Over HTTP/2 one connection carries all requests and, since a server allows 100 to 250 streams on one, a few carry the watches. Where a proxy
// speaks HTTP/1.1, every request under way and every watch needs its own.
constexpr std::size_t kMaxRequestConnections = 8;
constexpr std::size_t kMaxWatches = 1000;
constexpr std::size_t kUrgent = 8;  // places for requests that wait for no other
constexpr std::size_t kCalm = 4;    // so few requests under way hold up no patient one
constexpr std::chrono::seconds kTokenAge{60};
constexpr std::chrono::seconds kLastMoment{2};  // how long a write that was sent may still be answered after it is not wanted any more

net::ClientOptions HttpOptions(const ClusterConfig& config, const TransportOptions& options, std::size_t connections, std::size_t streams) {
  net::ClientOptions http;
  http.tls = config.tls;
  http.proxy = config.proxy;
  http.user_agent = options.user_agent;
  http.max_connections_per_host = connections;
  http.max_streams = streams;
  return http;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// A line break in a user name would add a header, and with it another identity.
Result<void> CheckIdentity(const Impersonate& as) {
  bool odd = HasControl(as.user) || (as.user.empty() && !as.groups.empty());
  for (const std::string& group : as.groups) odd = odd || HasControl(group);
  if (odd) return base::Invalid("impersonation: the user is missing, or a name has control characters");
  return {};
}

/// A key of any bytes as part of a header's name: those that no such name has, and %, as %XX, which the API server takes back.
std::string HeaderName(std::string_view key) {
  constexpr std::string_view kSigns = "!#$&'*+-.^_`|~", kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || kSigns.find(c) != kSigns.npos;
    if (plain) {
      out += c;
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

/// What came of one try. `code` is the HTTP status, 0 if no whole answer came.
struct Outcome {
  Result<net::Response> answer;
  int code = 0;
  bool is_login = false;  // nothing was sent: the program that logs in failed, and is not run over and over
};

/// 500 may be a webhook that will fail again, so it gets two more tries; a server that asks for more (Retry-After) gets them.
bool WorthAnotherTry(Retry retry, const Outcome& outcome, int tries) {
  if (retry == Retry::Never || outcome.answer || outcome.is_login) return false;
  if (outcome.code == 429) return true;
  if (retry != Retry::IfIdempotent) return false;
  if (outcome.code == 500) return tries < 3 || outcome.answer.error().retry_after.has_value();
  if (outcome.code == 0) return outcome.answer.error().reason == Reason::Unavailable || outcome.answer.error().reason == Reason::Timeout;
  return outcome.code >= 502 && outcome.code <= 504;
}

}  // namespace

Impersonate Impersonate::ServiceAccount(std::string_view ns, std::string_view name) {
  return {.user = "system:serviceaccount:" + std::string(ns) + ":" + std::string(name), .groups = {}};
}

struct Transport::Impl {
  Environment environment;
  ClusterConfig config;
  TransportOptions options;
  std::shared_ptr<net::HttpClient> requests, streams;  // those who use one keep it: a new certificate needs new ones
  net::AsyncSemaphore permits;
  std::size_t under_way = 0;  // tries that are neither urgent nor patient
  net::Event calm{net::Event::Kind::Latch};
  WriteGate gate;
  Steady::time_point token_read = Steady::now();
  bool token_stale = false;
  std::uint64_t credential = 0;  // how often it was renewed
  net::AsyncSemaphore renewing{1};
  std::unique_ptr<net::WorkerPool> plugins;
  using Key = std::tuple<std::string, std::string, std::string, int>;
  std::map<Key, std::uint64_t> counts;

  Impl(Environment env, ClusterConfig cfg, TransportOptions opts)
      : environment(std::move(env)), config(std::move(cfg)), options(std::move(opts)), permits(options.max_in_flight) {
    Connect();
    calm.Set();
  }

  void Connect() {
    requests = std::make_shared<net::HttpClient>(environment.io,
                                                 HttpOptions(config, options, kMaxRequestConnections, options.max_in_flight + kUrgent));
    streams = std::make_shared<net::HttpClient>(environment.io, HttpOptions(config, options, kMaxWatches, kMaxWatches));
  }

  /// Counts a try among those that the patient give way to.
  class UnderWay {
   public:
    UnderWay(Impl& impl, const ApiRequest& request) : impl_(request.urgent || request.patient ? nullptr : &impl) {
      if (impl_ != nullptr && ++impl_->under_way > kCalm) impl_->calm.Reset();
    }
    ~UnderWay() {
      if (impl_ != nullptr && --impl_->under_way <= kCalm) impl_->calm.Set();
    }
    UnderWay(const UnderWay&) = delete;
    UnderWay& operator=(const UnderWay&) = delete;

   private:
    Impl* impl_;
  };

  void RefreshToken();
  bool IsOver() const;
  void Take(PrintedCredential printed);
  net::Task<Result<void>> Renew(milliseconds left);
  std::string Authorization();
  net::Request ToHttp(const ApiRequest& request);
  void Count(const ApiRequest& request, int code);
  Outcome Judge(const ApiRequest& request, Result<net::Response> response, std::uint64_t with);
  milliseconds Backoff(const base::Error& error, int tries);
  net::Task<Result<net::Response>> SendThrough(net::Request http);
  net::Task<Outcome> Try(const ApiRequest& request, const net::BodySink& sink, milliseconds left);
  net::Task<Result<net::Response>> Run(ApiRequest request, net::BodySink sink);
};

/// Kubelets replace a pod's token long before it ends, so a file a minute old is read again (as client-go does), and after a 401.
void Transport::Impl::RefreshToken() {
  if (config.token_file.empty() || (!token_stale && Steady::now() - token_read < kTokenAge)) return;
  token_read = Steady::now();
  token_stale = false;
  auto token = ReadToken(config.token_file);
  if (token) {
    config.token = std::move(token).value();
  } else {
    environment.log.Error("service account token cannot be read again", token.error().message);
  }
}

/// Does the credential that a program printed need another in its place?
bool Transport::Impl::IsOver() const {
  return config.renew && (token_stale || (config.expires && *config.expires <= environment.clock.Now()));
}

void Transport::Impl::Take(PrintedCredential printed) {
  token_stale = false;
  ++credential;
  config.expires = printed.expires;
  config.token = std::move(printed.token);
  if (printed.client_cert_pem.empty() || printed.client_cert_pem == config.tls.client_cert_pem) return;
  config.tls.client_cert_pem = std::move(printed.client_cert_pem);
  config.tls.client_key_pem = std::move(printed.client_key_pem);
  Connect();
}

/// Before a request, as client-go does. Of several that wait for it one runs the program.
net::Task<Result<void>> Transport::Impl::Renew(milliseconds left) {
  if (!IsOver()) co_return Result<void>();
  net::Task<Result<net::AsyncSemaphore::Permit>> waiting = renewing.Acquire(left);
  CO_TRY(const net::AsyncSemaphore::Permit permit, co_await std::move(waiting));
  if (!IsOver()) co_return Result<void>();
  if (plugins == nullptr) plugins = std::make_unique<net::WorkerPool>(environment.io, 1);
  net::Task<Result<PrintedCredential>> running = plugins->Run(config.renew);
  CO_TRY(PrintedCredential printed, co_await std::move(running));
  Take(std::move(printed));
  co_return Result<void>();
}

std::string Transport::Impl::Authorization() {
  RefreshToken();
  if (!config.token.empty()) return "Bearer " + config.token;
  if (!config.username.empty()) return "Basic " + base::Base64Encode(config.username + ":" + config.password);
  return {};
}

net::Request Transport::Impl::ToHttp(const ApiRequest& request) {
  net::Request http;
  http.method = request.method;
  http.url = config.server + request.path;
  http.body = request.body;
  http.max_response_bytes = request.max_response_bytes;
  http.headers.emplace_back("Accept", request.accept.empty() ? "application/json" : request.accept);
  if (!request.body.empty())
    http.headers.emplace_back("Content-Type", request.content_type.empty() ? "application/json" : request.content_type);
  if (std::string authorization = Authorization(); !authorization.empty())
    http.headers.emplace_back("Authorization", std::move(authorization));
  const bool own = request.as.empty();  // else somebody in particular, in place of whom the kubeconfig names
  const std::string& user = own ? config.as.user : request.as.user;
  if (!user.empty()) http.headers.emplace_back("Impersonate-User", user);
  if (own && !config.as.uid.empty()) http.headers.emplace_back("Impersonate-Uid", config.as.uid);
  for (const std::string& group : own ? config.as.groups : request.as.groups) http.headers.emplace_back("Impersonate-Group", group);
  if (!own) return http;
  for (const auto& [key, values] : config.as.extra)
    for (const std::string& value : values) http.headers.emplace_back("Impersonate-Extra-" + HeaderName(key), value);
  return http;
}

void Transport::Impl::Count(const ApiRequest& request, int code) { ++counts[Key(request.verb, request.resource, request.method, code)]; }

Outcome Transport::Impl::Judge(const ApiRequest& request, Result<net::Response> response, std::uint64_t with) {
  const int code = response ? response->status : 0;
  Count(request, code);
  if (code == 401 && with == credential) token_stale = true;  // else another has taken its place already
  if (!response || (code >= 200 && code < 300)) return {std::move(response), response ? code : 0};
  base::Error error = ErrorOf(*response);
  if (request.redact) error.message = Redact(std::move(error.message), request.body);
  return {std::move(error), code};
}

milliseconds Transport::Impl::Backoff(const base::Error& error, int tries) {
  base::Random& random = environment.random;
  if (error.retry_after) return *error.retry_after + milliseconds(static_cast<int>(random.Uniform() * 500));
  const milliseconds base = std::min(options.max_backoff, options.first_backoff * (1 << std::min(tries - 1, 16)));
  return std::chrono::duration_cast<milliseconds>(random.Jitter(base, 0.5));
}

/// A write that has begun is not cut off at once: nobody would know what it did, and the server might do it after what a newer run sends next.
net::Task<Result<net::Response>> Transport::Impl::SendThrough(net::Request http) {
  using Answer = std::optional<Result<net::Response>>;
  const auto answer = std::make_shared<Answer>();
  const auto send = [](std::shared_ptr<net::HttpClient> client, net::Request request, std::shared_ptr<Answer> into) -> net::Task<void> {
    *into = co_await client->Send(std::move(request));
  };
  const auto bug = std::make_shared<std::exception_ptr>();
  net::Scope scope(environment.io, [bug](std::exception_ptr thrown) { *bug = std::move(thrown); });
  net::Task<void> sending = send(requests, std::move(http), answer);
  scope.Spawn(std::move(sending));
  net::Task<Result<void>> draining = scope.Drained();
  const Result<void> drained = co_await std::move(draining);
  if (!drained) {
    net::Task<void> ending = scope.LetEnd(kLastMoment);
    co_await std::move(ending);
  }
  if (*bug) std::rethrow_exception(*bug);
  if (!*answer) co_return base::MakeError(Reason::Canceled, "canceled");
  co_return std::move(**answer);
}

net::Task<Outcome> Transport::Impl::Try(const ApiRequest& request, const net::BodySink& sink, milliseconds left) {
  const Steady::time_point end = Steady::now() + left;
  const UnderWay counted(*this, request);
  const auto still = [end] { return std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(end - Steady::now())); };
  if (request.patient) {
    net::Task<Result<void>> waiting = calm.Wait(std::min(left / 2, options.patience));
    const Result<void> waited = co_await std::move(waiting);
    if (!waited && waited.error().reason == Reason::Canceled) co_return Outcome{waited.error(), 0};
    left = still();
  }
  net::AsyncSemaphore::Permit permit;
  if (!request.urgent) {
    auto acquired = co_await permits.Acquire(left);
    if (!acquired && acquired.error().reason != Reason::Timeout) co_return Outcome{std::move(acquired).error(), 0};
    if (!acquired) co_return Outcome{base::MakeError(Reason::Unavailable, "too many requests to the API server wait already"), 0};
    permit = std::move(acquired).value();
  }
  if (request.mutates && gate) {
    net::Task<Result<void>> asking = gate();
    Result<void> may = co_await std::move(asking);
    if (!may) co_return Outcome{std::move(may).error(), 0};
    left = still();
  }
  if (IsOver()) {
    net::Task<Result<void>> renewal = Renew(left);
    Result<void> renewed = co_await std::move(renewal);
    if (!renewed) co_return Outcome{std::move(renewed).error(), 0, true};
    left = std::max(still(), std::min(left, options.timeout));  // somebody may have had to log in
  }
  const std::uint64_t with = credential;
  const std::shared_ptr<net::HttpClient> client = requests;
  net::Request http = ToHttp(request);
  const milliseconds own = request.timeout.count() > 0 ? request.timeout : options.timeout;
  http.timeout = std::max(milliseconds(1), std::min(own, left));
  if (sink) {
    auto streamed = co_await client->Stream(std::move(http), sink);
    co_return Judge(request, std::move(streamed), with);
  }
  net::Task<Result<net::Response>> sending = request.mutates ? SendThrough(std::move(http)) : client->Send(std::move(http));
  auto answer = co_await std::move(sending);
  co_return Judge(request, std::move(answer), with);
}

/// Tries until an answer counts. The deadline covers tries and waits; a wait that would pass it ends the call with the error at hand.
net::Task<Result<net::Response>> Transport::Impl::Run(ApiRequest request, net::BodySink sink) {
  CO_TRY(CheckIdentity(request.as));
  const Steady::time_point end = Steady::now() + std::max(options.deadline, request.timeout);
  bool begun = false;
  net::BodySink counted;
  if (sink) {
    counted = [&begun, &sink](std::string_view bytes) {
      begun = true;
      return sink(bytes);
    };
  }
  for (int tries = 1;; ++tries) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - Steady::now());
    const bool refused_before = token_stale;
    Outcome outcome = co_await Try(request, counted, left);
    const bool new_token = outcome.code == 401 && !refused_before && (!config.token_file.empty() || config.renew) && tries == 1;
    if (!new_token && (begun || tries >= options.max_tries || !WorthAnotherTry(request.retry, outcome, tries))) {
      co_return std::move(outcome.answer);
    }
    const milliseconds wait = new_token ? milliseconds(0) : Backoff(outcome.answer.error(), tries);
    if (Steady::now() + wait >= end) co_return std::move(outcome.answer);
    CO_TRY(co_await net::SleepFor(wait));
  }
}

Transport::Transport(Environment environment, ClusterConfig config, TransportOptions options)
    : impl_(std::make_unique<Impl>(std::move(environment), std::move(config), std::move(options))) {}
Transport::~Transport() = default;

net::Task<Result<net::Response>> Transport::Send(ApiRequest request) { return impl_->Run(std::move(request), nullptr); }

net::Task<Result<net::Response>> Transport::SendStreamed(ApiRequest request, net::BodySink sink) {
  return impl_->Run(std::move(request), std::move(sink));
}

net::Task<Result<net::Response>> Transport::OpenStream(ApiRequest request, net::BodySink sink, milliseconds idle_timeout, int* status) {
  CO_TRY(CheckIdentity(request.as));
  net::Task<Result<void>> renewal = impl_->Renew(impl_->options.deadline);
  CO_TRY(co_await std::move(renewal));
  const std::uint64_t with = impl_->credential;
  const std::shared_ptr<net::HttpClient> client = impl_->streams;
  net::Request http = impl_->ToHttp(request);
  http.timeout = request.timeout;
  http.idle_timeout = idle_timeout;
  auto response = co_await client->Stream(std::move(http), std::move(sink));
  Outcome outcome = impl_->Judge(request, std::move(response), with);
  if (status != nullptr) *status = outcome.code;
  co_return std::move(outcome.answer);
}

void Transport::SetWriteGate(WriteGate gate) { impl_->gate = std::move(gate); }
const ClusterConfig& Transport::config() const { return impl_->config; }
const Environment& Transport::environment() const { return impl_->environment; }

std::vector<RequestCount> Transport::counts() const {
  std::vector<RequestCount> out;
  out.reserve(impl_->counts.size());
  for (const auto& [key, count] : impl_->counts) {
    const auto& [verb, resource, method, code] = key;
    out.push_back({verb, resource, method, code, count});
  }
  return out;
}

net::HttpClient::Counters Transport::traffic() const {
  net::HttpClient::Counters sum = impl_->requests->counters();
  const net::HttpClient::Counters streams = impl_->streams->counters();
  sum.requests += streams.requests;
  sum.bytes_in += streams.bytes_in;
  sum.bytes_out += streams.bytes_out;
  sum.connections += streams.connections;
  return sum;
}

}  // namespace sluice::kube
