#include "controller/clusters.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "controller/exec_credential.h"
#include "controller/git_hosts.h"
#include "controller/spec_reader.h"
#include "document/json.h"
#include "document/yaml.h"
#include "net/await.h"
#include "net/url.h"

namespace sluice::controller {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;
using document::Value;

/// How long an answer, or that there was none, is believed; and how long is waited for one.
constexpr base::Duration kBelieved = std::chrono::seconds(15);
constexpr std::chrono::milliseconds kPatience{5'000};

/// How long a plugin may take, and how long its credential serves where it does not say.
constexpr std::chrono::milliseconds kPluginPatience{10'000};
constexpr base::Duration kCredentialLife = std::chrono::hours(1);

constexpr std::int64_t kTokenSeconds = 3600;
/// Of a token's life, after which it is asked for anew (flux-contract 3.3).
constexpr double kTokenShare = 0.8;

std::string Id(std::initializer_list<std::string_view> parts) {
  base::Sha256 hash;
  for (const std::string_view part : parts) hash.Update(std::to_string(part.size()) + ":" + std::string(part));
  return hash.Hex();
}

// ---- Secret ----------------------------------------------------------------------------------------------------------------------------

/// The kubeconfig in `secret`: under `key`, else "value", else "value.yaml".
Result<std::string> FindKubeconfig(const Value& secret, const std::string& key, const std::string& of) {
  const Value* data = secret.Find("data");
  const std::vector<std::string> keys = key.empty() ? std::vector<std::string>{"value", "value.yaml"} : std::vector<std::string>{key};
  for (const std::string& each : keys) {
    const Value* entry = data == nullptr ? nullptr : data->Find(each);
    if (entry == nullptr) continue;
    auto text = base::Base64Decode(entry->AsString().value_or(""));
    if (!text || text->empty()) return Invalid("KubeConfig secret '" + of + "': data." + each + " is empty");
    return text;
  }
  const std::string wanted = key.empty() ? "'value' nor 'value.yaml' key" : "'" + key + "' key";
  return Invalid("KubeConfig secret '" + of + "' contains " + (key.empty() ? "neither a " : "no ") + wanted + " with data");
}

// ---- ConfigMap -------------------------------------------------------------------------------------------------------------------------

struct GenericProvider {
  std::string address, ca, service_account;
  std::vector<std::string> audiences;
};

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    while (line.starts_with(' ') || line.starts_with("- ")) line.remove_prefix(line.starts_with("- ") ? 2 : 1);
    if (!line.empty()) lines.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

/// `https://host[:443][/path]`; a host alone is one too.
Result<std::string> HttpsAddress(std::string address, const std::string& where) {
  if (address.find("://") == std::string::npos) address = "https://" + address;
  while (address.ends_with('/')) address.pop_back();
  if (!address.starts_with("https://") || address.size() == 8) return Invalid(where + ": data.address is no https:// URL");
  if (address.find_first_of("@ \n\r\t") != std::string::npos) return Invalid(where + ": data.address is no https:// URL");
  const std::size_t path = address.find('/', 8);
  const std::string authority = address.substr(8, path == std::string::npos ? path : path - 8);
  const std::size_t bracket = authority.rfind(']');
  const bool has_port = authority.find(':', bracket == std::string::npos ? 0 : bracket) != std::string::npos;
  return "https://" + authority + (has_port ? "" : ":443") + (path == std::string::npos ? "" : address.substr(path));
}

Result<GenericProvider> FromConfigMap(const Value& config_map, const std::string& of, const Services& services,
                                      const RemoteOptions& options) {
  const std::string where = "KubeConfig ConfigMap '" + of + "'";
  const auto text = [&](std::string_view key) { return std::string(config_map.StringAt({"data", key})); };
  const std::string provider = text("provider");
  if (provider == "aws" || provider == "azure" || provider == "gcp") {
    return MakeError(Reason::Unsupported,
                     where + ": provider " + provider + " is not served; use provider generic or a kubeconfig in a Secret");
  }
  if (provider != "generic") return Invalid(where + ": data.provider \"" + provider + "\" is none of aws, azure, gcp, generic");
  if (!text("cluster").empty()) return Invalid(where + ": data.cluster means nothing to provider generic; use data.address");
  if (text("address").empty()) return Invalid(where + ": data.address is required");
  GenericProvider out{.ca = text("ca.crt"), .service_account = text("serviceAccountName"), .audiences = Lines(text("audiences"))};
  TRY(out.address, HttpsAddress(text("address"), where));
  if (!out.service_account.empty() && !services.gates.Enabled(Gate::ObjectLevelWorkloadIdentity)) {
    return MakeError(Reason::Unsupported,
                     "to use data.serviceAccountName in the .spec.kubeConfig.configMapRef ConfigMap please enable the "
                     "ObjectLevelWorkloadIdentity feature gate in the controller");
  }
  if (out.service_account.empty()) out.service_account = options.default_service_account;
  if (out.service_account.empty()) {
    return MakeError(Reason::Unsupported,
                     where + ": data.serviceAccountName is required: the controller's own identity is not lent to other clusters");
  }
  if (out.audiences.empty()) out.audiences.push_back(out.address);
  return out;
}

struct Token {
  std::string text;
  base::TimePoint renew_at;
};

net::Task<Result<Token>> AskForToken(Services& services, std::string ns, GenericProvider provider) {
  Value audiences = Value::Sequence();
  for (const std::string& audience : provider.audiences) audiences.Append(Value(audience));
  Value request = Value::Mapping();
  request.Set("apiVersion", Value("authentication.k8s.io/v1"));
  request.Set("kind", Value("TokenRequest"));
  Value& spec = request.Set("spec", Value::Mapping());
  spec.Set("audiences", std::move(audiences));
  spec.Set("expirationSeconds", Value(kTokenSeconds));
  kube::ApiRequest post;
  post.method = "POST";
  post.path = "/api/v1/namespaces/" + ns + "/serviceaccounts/" + provider.service_account + "/token";
  post.body = document::EmitJson(request);
  post.retry = kube::Retry::IfIdempotent;  // a token more does no harm
  post.verb = "create";
  post.resource = "serviceaccounts/token";
  const base::TimePoint asked = services.clock.Now();
  net::Task<Result<net::Response>> sending = services.client.transport().Send(std::move(post));
  Result<net::Response> answer = co_await std::move(sending);
  const std::string where = "a token of ServiceAccount '" + ns + "/" + provider.service_account + "'";
  if (!answer) co_return std::move(answer).error().Wrap(where);
  const auto body = document::ParseJson(answer->body);
  const std::string token(body ? body->StringAt({"status", "token"}) : std::string_view());
  if (token.empty()) co_return Invalid(where + ": the API server answered without one");
  const auto expires = base::ParseRfc3339(body->StringAt({"status", "expirationTimestamp"}));
  const base::Duration life =
      expires && *expires > asked ? base::Duration(*expires - asked) : base::Duration(std::chrono::seconds(kTokenSeconds));
  const auto share = std::chrono::duration_cast<base::TimePoint::duration>(std::chrono::duration<double>(life) * kTokenShare);
  co_return Token{.text = token, .renew_at = asked + share};
}

}  // namespace

// ---- Open clusters ---------------------------------------------------------------------------------------------------------------------

struct Clusters::Remote final : kube::OwnedListener {
  Remote(Clusters& owner, const kube::ClusterConfig& config, kube::Environment environment, kube::TransportOptions transport,
         std::shared_ptr<Reachability> reachability)
      : clusters(owner),
        client(environment, config, std::move(transport)),
        observer(client, {}),
        index(client, owner.options_.index, *this),
        cluster{.client = client, .index = index, .observer = observer, .reachability = std::move(reachability)} {}

  void OnChanged(const kube::Owner& owner, const kube::ObjectRef& ref, kube::Changes changes) override {
    if (clusters.on_changed_) clusters.on_changed_(&cluster, owner, ref, changes);
  }

  std::optional<rollout::Status> Judge(std::string_view owner_ns, std::string_view owner_name, const Value& object) const override {
    return clusters.rules_.Judge(owner_ns, owner_name, object);
  }

  Clusters& clusters;
  kube::Client client;
  kube::Observer observer;
  kube::OwnedIndex index;
  const Cluster cluster;
};

Clusters::Clusters(net::Runtime& runtime, Services& services, net::HostPool& plugins, RemoteOptions options,
                   const kube::OwnedListener& rules, OnChanged on_changed)
    : runtime_(runtime),
      services_(services),
      plugins_(plugins),
      options_(std::move(options)),
      rules_(rules),
      on_changed_(std::move(on_changed)),
      closing_(runtime.io()) {}

Clusters::~Clusters() { closed_ = true; }

net::Task<Result<Clusters::Config>> Clusters::Read(std::string ns, KubeConfig ref) {
  const bool secret = !ref.secret.empty();
  const std::string name = secret ? ref.secret : ref.config_map, of = ns + "/" + name;
  const kube::ObjectRef where{.gvk = {"", "v1", secret ? "Secret" : "ConfigMap"}, .ns = ns, .name = name};
  net::Task<Result<Value>> reading = services_.client.Get(where);
  Result<Value> object = co_await std::move(reading);
  if (!object) co_return std::move(object).error().Wrap("unable to read KubeConfig " + where.gvk.kind + " '" + of + "'");
  Config out;
  if (secret) {
    CO_TRY(const std::string text, FindKubeconfig(*object, ref.key, of));
    out.id = Id({"secret", text});
    if (options_.insecure_exec) {
      net::Task<Result<std::optional<Config>>> running = RunPlugin(out.id, text, of);
      CO_TRY(std::optional<Config> done, co_await std::move(running));
      if (done) co_return *std::move(done);
    }
    auto parsed = kube::ParseKubeconfig(text, "", "", kube::KubeconfigPolicy::ForTenants(options_.insecure_tls));
    if (!parsed) co_return std::move(parsed).error().Wrap("KubeConfig secret '" + of + "'");
    out.cluster = std::move(*parsed);
    co_return out;
  }
  CO_TRY(GenericProvider provider, FromConfigMap(*object, of, services_, options_));
  std::string audiences;
  for (const std::string& audience : provider.audiences) audiences += audience + "\n";
  out.id = Id({"generic", provider.address, provider.ca, audiences, ns, provider.service_account});
  const auto held = open_.find(out.id);
  if (held != open_.end() && !held->second.cluster.expired() && services_.clock.Now() < held->second.renew_at) co_return out;
  net::Task<Result<Token>> asking = AskForToken(services_, ns, provider);
  CO_TRY(const Token token, co_await std::move(asking));
  out.renew_at = token.renew_at;
  out.cluster.server = provider.address;
  out.cluster.tls.ca_pem = provider.ca;
  out.cluster.token = token.text;
  out.cluster.default_namespace = ns;
  co_return out;
}

/// What a kubeconfig comes to that names a plugin; nullopt: it names none. A plugin runs only when what it printed before is about to expire.
net::Task<Result<std::optional<Clusters::Config>>> Clusters::RunPlugin(std::string id, std::string text, std::string of) {
  const std::string where = "KubeConfig secret '" + of + "': kubeconfig";
  auto kubeconfig = document::ParseYaml(text, {.max_bytes = 1u << 20});
  if (!kubeconfig) co_return std::optional<Config>();  // which the reader of kubeconfigs tells
  auto plugin = FindExecPlugin(*kubeconfig);
  if (!plugin) co_return std::move(plugin).error().Wrap(where);
  if (!*plugin) co_return std::optional<Config>();
  Config out{.id = std::move(id)};
  const auto held = open_.find(out.id);
  if (held != open_.end() && !held->second.cluster.expired() && services_.clock.Now() < held->second.renew_at) {
    out.renew_at = held->second.renew_at;
    co_return std::optional<Config>(std::move(out));
  }
  const base::TimePoint asked = services_.clock.Now();
  auto run = [wanted = **plugin](std::stop_token stop) { return RunExecPlugin(wanted, kPluginPatience, stop); };
  auto on_wait = [](bool) {};
  net::Task<Result<ExecCredential>> running = AskHost<ExecCredential>(plugins_, "plugin of " + of, std::move(on_wait), std::move(run));
  Result<ExecCredential> credential = co_await std::move(running);
  if (!credential) co_return std::move(credential).error().Wrap(where);
  PutCredential(*kubeconfig, **plugin, *credential);
  const kube::KubeconfigPolicy policy = kube::KubeconfigPolicy::ForTenants(options_.insecure_tls);
  auto parsed = kube::ParseKubeconfig(document::EmitYaml(*kubeconfig), "", "", policy);
  if (!parsed) co_return std::move(parsed).error().Wrap("KubeConfig secret '" + of + "'");
  out.cluster = std::move(*parsed);
  const base::Duration life =
      credential->expires && *credential->expires > asked ? base::Duration(*credential->expires - asked) : kCredentialLife;
  out.renew_at = asked + std::chrono::duration_cast<base::TimePoint::duration>(std::chrono::duration<double>(life) * kTokenShare);
  co_return std::optional<Config>(std::move(out));
}

net::Task<Result<std::shared_ptr<const Cluster>>> Clusters::Find(std::string ns, KubeConfig ref) {
  net::Task<Result<Config>> reading = Read(std::move(ns), std::move(ref));
  CO_TRY(const Config config, co_await std::move(reading));
  std::shared_ptr<const Cluster> cluster = Open(config);
  net::Task<Result<void>> asking = Ask(cluster);
  const Result<void> answered = co_await std::move(asking);
  if (!answered) co_return answered.error();
  co_return cluster;
}

/// Any answer will do, be it that we may not read this namespace or that there is none.
net::Task<Result<void>> Clusters::Ask(std::shared_ptr<const Cluster> cluster) {
  Reachability& known = *cluster->reachability;
  if (services_.clock.Now() < known.asked + kBelieved) {
    if (known.error) co_return *known.error;
    co_return Result<void>();
  }
  const kube::ObjectRef something{.gvk = {"", "v1", "Namespace"}, .ns = "", .name = "default"};
  const kube::ReadOptions options{.as = {}, .metadata_only = true, .timeout = kPatience};
  net::Task<Result<Value>> reading = cluster->client.Get(something, options);
  const Result<Value> answer = co_await std::move(reading);
  const bool away = !answer && (answer.error().reason == Reason::Unavailable || answer.error().reason == Reason::Timeout);
  if (!answer && answer.error().reason == Reason::Canceled) co_return answer.error();
  known.asked = services_.clock.Now();
  known.error = away ? std::optional(answer.error().Wrap("the cluster of spec.kubeConfig does not answer")) : std::nullopt;
  if (away) co_return *known.error;
  co_return Result<void>();
}

std::shared_ptr<const Cluster> Clusters::Open(const Config& config) {
  Slot& slot = open_[config.id];
  auto open = slot.cluster.lock();
  const bool renewed = config.renew_at != base::TimePoint() && config.renew_at != slot.renew_at;
  if (open && !renewed) return open;
  kube::TransportOptions transport{.timeout = options_.timeout, .deadline = options_.timeout, .max_tries = 2};
  const kube::Environment environment{runtime_.io(), services_.clock, services_.random, services_.log};
  if (!slot.reachability) slot.reachability = std::make_shared<Reachability>();
  auto remote = std::make_shared<Remote>(*this, config.cluster, environment, std::move(transport), slot.reachability);
  if (options_.may_write) remote->client.transport().SetWriteGate(options_.may_write);
  const Cluster* cluster = &remote->cluster;
  std::shared_ptr<const Cluster> out(cluster, [this, remote](const Cluster*) { Retire(remote); });
  slot.cluster = out;
  slot.renew_at = config.renew_at;
  services_.log.Info("remote cluster opened", {{"server", config.cluster.server}});
  return out;
}

/// Its watches end one after the other, which takes a moment; until then it lives here.
void Clusters::Retire(std::shared_ptr<Remote> remote) {
  const base::TimePoint now = services_.clock.Now();
  std::erase_if(open_,
                [now](const auto& each) { return each.second.cluster.expired() && now >= each.second.reachability->asked + kBelieved; });
  if (closed_) return;
  services_.log.Info("remote cluster closed", {{"server", remote->client.transport().config().server}});
  auto close = [](std::shared_ptr<Remote> held) -> net::Task<void> {
    net::Task<void> index = held->index.Close();
    co_await std::move(index);
    net::Task<void> observer = held->observer.Close();
    co_await std::move(observer);
  };
  closing_.Spawn(close(std::move(remote)));
}

std::size_t Clusters::open() const {
  return static_cast<std::size_t>(std::ranges::count_if(open_, [](const auto& each) { return !each.second.cluster.expired(); }));
}

net::Task<void> Clusters::Close() {
  net::Task<Result<void>> drained = closing_.Drained();
  [[maybe_unused]] const Result<void> done = co_await std::move(drained);
  closed_ = true;
  net::Task<void> closing = closing_.Close();
  co_await std::move(closing);
}

}  // namespace sluice::controller
