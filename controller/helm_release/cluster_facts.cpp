#include "controller/helm_release/cluster_facts.h"

#include <future>
#include <set>

#include "helm/functions/yaml.h"
#include "net/await.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;
using document::Value;

constexpr base::Duration kBelieved = std::chrono::minutes(10);
constexpr std::size_t kClients = 1000;
constexpr std::chrono::seconds kPatience{35};

net::Task<Result<helm::Capabilities>> Ask(kube::Client& client) {
  net::Task<Result<kube::ServerVersion>> asking = client.Version();
  CO_TRY(const kube::ServerVersion version, co_await std::move(asking));
  helm::Capabilities out;
  CO_TRY(out.kube_version, helm::ParseKubeVersion(version.git_version, helm::Dialect::Helm4));
  out.kube_version.major = version.major;
  out.kube_version.minor = version.minor;
  net::Task<Result<std::vector<kube::ResourcePtr>>> listing = client.mapper().All();
  CO_TRY(const std::vector<kube::ResourcePtr> resources, co_await std::move(listing));
  std::set<std::string> versions;
  for (const kube::ResourcePtr& resource : resources) {
    const std::string version_text = resource->gvk.ApiVersion();
    versions.insert(version_text);
    versions.insert(version_text + "/" + resource->gvk.kind);
  }
  out.api_versions.assign(versions.begin(), versions.end());
  co_return out;
}

/// What one call of `lookup` gets; if nobody answers, that nobody does.
class Answer {
 public:
  ~Answer() { Set(base::MakeError(base::Reason::Canceled, "the lookup was cancelled")); }
  Answer() = default;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  void Set(Result<Value> value) {
    if (!std::exchange(answered_, true)) promise_.set_value(std::move(value));
  }
  std::future<Result<Value>> Future() { return promise_.get_future(); }

 private:
  bool answered_ = false;
  std::promise<Result<Value>> promise_;
};

struct Question {
  document::GroupVersionKind gvk;
  std::string ns, name;
};

net::Task<Result<Value>> Look(kube::Client& client, kube::Impersonate as, Question question) {
  if (!question.name.empty()) {
    const kube::ObjectRef ref{.gvk = question.gvk, .ns = question.ns, .name = question.name};
    const kube::ReadOptions options{.as = std::move(as)};
    net::Task<Result<Value>> reading = client.Get(ref, options);
    Result<Value> got = co_await std::move(reading);
    const bool absent = !got && got.error().reason == base::Reason::NotFound && !got.error().message.starts_with("no matches for kind");
    if (absent) co_return Value::Mapping();
    co_return got;
  }
  const kube::ListOptions options{.ns = question.ns, .as = std::move(as)};
  net::Task<Result<std::vector<Value>>> listing = client.ListAll(question.gvk, options);
  CO_TRY(std::vector<Value> items, co_await std::move(listing));
  Value list = Value::Mapping();
  list.Set("apiVersion", question.gvk.ApiVersion());
  list.Set("kind", question.gvk.kind + "List");
  list.Set("metadata", Value::Mapping()).Set("resourceVersion", "");
  list.Set("items", Value::Sequence(std::move(items)));
  co_return list;
}

net::Task<void> Reply(std::shared_ptr<const Cluster> cluster, kube::Impersonate as, Question question, std::shared_ptr<Answer> answer) {
  net::Task<Result<Value>> looking = Look(cluster->client, std::move(as), std::move(question));
  Result<Value> found = co_await std::move(looking);
  answer->Set(std::move(found));
}

}  // namespace

net::Task<Result<helm::Capabilities>> ClusterFacts::CapabilitiesOf(kube::Client& client) {
  const auto at = known_.find(&client);
  const bool stands =
      at != known_.end() && at->second.refreshes == client.mapper().refreshes() && clock_.Now() < at->second.asked + kBelieved;
  if (stands) co_return at->second.capabilities;
  net::Task<Result<helm::Capabilities>> asking = Ask(client);
  CO_TRY(helm::Capabilities capabilities, co_await std::move(asking));
  if (known_.size() >= kClients) known_.clear();
  known_[&client] = Known{.capabilities = capabilities, .refreshes = client.mapper().refreshes(), .asked = clock_.Now()};
  co_return capabilities;
}

helm::LookupFunction MakeLookup(net::Runtime& runtime, net::Scope& scope, std::weak_ptr<const Cluster> cluster, kube::Impersonate as) {
  return
      [&runtime, &scope, cluster = std::move(cluster), as = std::move(as)](
          const std::string& api_version, const std::string& kind, const std::string& ns, const std::string& name) -> Result<helm::Value> {
        const auto [group, version] = document::SplitApiVersion(api_version);
        auto answer = std::make_shared<Answer>();
        std::future<Result<Value>> future = answer->Future();
        const Question question{.gvk = {group, version, kind}, .ns = ns, .name = name};
        runtime.Post([&scope, cluster, as, question, answer] {
          if (auto held = cluster.lock()) scope.Spawn(Reply(std::move(held), as, question, answer));
        });
        answer.reset();
        if (future.wait_for(kPatience) != std::future_status::ready)
          return base::MakeError(base::Reason::Timeout, "lookup of " + kind + ": no answer");
        TRY(const Value found, future.get());
        return helm::FromDocument(found);
      };
}

}  // namespace sluice::controller::helm_release
