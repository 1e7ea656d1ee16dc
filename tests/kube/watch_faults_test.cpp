// Watches whose server answers, and answers wrongly: what the list tells comes in their place.
#include <filesystem>

#include "cluster.h"
#include "fault_proxy.h"
#include "kube/index.h"
#include "kube/store.h"
#include "kube/version.h"

namespace sluice::kube {
namespace {

using namespace std::chrono_literals;
using document::Value;
using testing::Contains;

const document::GroupVersionKind kConfigMap{"", "v1", "ConfigMap"};

/// What there is as far as it hears: between two ends of lists, names come and go.
class Names : public WatchListener {
 public:
  void OnListBegin() override { listed_.clear(); }
  void OnObject(Value object) override {
    listed_.emplace(NameOf(object));
    names.emplace(NameOf(object));
  }
  void OnDeleted(Value object) override { names.erase(std::string(NameOf(object))); }
  void OnListEnd(std::string_view) override { names = listed_; }
  void OnTrouble(const base::Error& error) override { trouble = error.message; }
  std::set<std::string> names;
  std::string trouble;

 private:
  std::set<std::string> listed_;
};

class WatchFaultsTest : public testing::ClusterTest {
 protected:
  const ApplyOptions apply_{.manager = "test"};
  ReflectorOptions options_{.ns = ns_, .label_selector = "set=x", .stall = 0ms, .first_backoff = 5ms, .max_backoff = 20ms};
  Names names_;
  int servers_ = 0;

  void Put(std::string_view name) { Must(client_->Apply(ConfigMap(name, "1", "{set: x}"), apply_)); }

  /// Answers every watch by itself until `heard`; what is made meanwhile is told all the same.
  void WatchesAnswer(int code, const std::string& body, const std::function<bool()>& heard) {
    testing::FaultyApi api(runtime_, config_);
    api.before = [&](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
      if (!Contains(request.target, "watch=true")) return std::nullopt;
      net::ServerResponse response;
      response.status = code;
      response.headers.emplace_back("Content-Type", "application/json");
      response.body = body;
      return response;
    };
    Client client(Env(), api.Config(), {});
    Reflector reflector(client, kConfigMap, options_, names_);
    reflector.Start();
    Must(reflector.WaitSynced(20s));
    const std::string late = "late" + std::to_string(++servers_);
    Put(late);
    EXPECT_TRUE(Until([&] { return names_.names.contains(late); })) << names_.trouble;
    EXPECT_TRUE(Until(heard)) << names_.trouble;
    runtime_.BlockOn(reflector.Close());
  }
};

TEST_F(WatchFaultsTest, R5_OneFailureAfterTheOtherIsAnsweredByAList) {
  WatchesAnswer(500, R"({"kind":"Status","reason":"InternalError","message":"broken","code":500})",
                [&] { return names_.trouble == "broken"; });
}

TEST_F(WatchFaultsTest, R5_AWatchThatEndsAtOnceEachTimeIsAnsweredByAList) {
  WatchesAnswer(200, "", [&] { return names_.trouble == "the watch of ConfigMap ended at once"; });
}

TEST_F(WatchFaultsTest, R5_AnErrorEventEachTimeIsAnsweredByAList) {
  WatchesAnswer(200,
                R"({"type":"ERROR","object":{"kind":"Status","reason":"InternalError","message":"broken","code":500}})"
                "\n",
                [&] { return names_.trouble == "broken"; });
}

TEST_F(WatchFaultsTest, R5_EventsOfSomethingElseAreNotToldAndListAgain) {
  const std::string inner = R"("metadata":{"name":"ghost","namespace":")" + ns_ +
                            R"(","resourceVersion":"1"}}})"
                            "\n";
  WatchesAnswer(200, R"({"type":"ADDED","object":{"apiVersion":"v1","kind":"Secret",)" + inner, [&] {
    return names_.trouble == "a watch event of ConfigMap has another object: Secret " + ns_ + "/ghost, not a ConfigMap of namespace " + ns_;
  });
  WatchesAnswer(200, R"({"type":"CHANGED","object":{"apiVersion":"v1","kind":"ConfigMap",)" + inner,
                [&] { return names_.trouble == "a watch event of ConfigMap is of no known type"; });
  EXPECT_FALSE(names_.names.contains("ghost"));
}

/// A server that says that our version is from its future.
TEST_F(WatchFaultsTest, R6_AVersionFromTheFutureIsGone) {
  WatchesAnswer(504,
                R"({"kind":"Status","reason":"Timeout","code":504,"message":"Timeout: Too large resource version: 9, current: 1",)"
                R"("details":{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}]}})",
                [] { return true; });
  EXPECT_EQ(names_.trouble, "");
}

class Hearing : public OwnedListener {
 public:
  void OnChanged(const Owner&, const ObjectRef& ref, Changes) override { heard.insert(ref.name); }
  std::set<std::string> heard;
};

/// What there is, as its watchers know it: "name=value ...".
std::string Known(const ObjectStore& store) {
  std::string out;
  for (const SharedObject& object : store.List())
    out.append(NameOf(*object)).append("=").append(object->StringAt({"data", "key"})).append(" ");
  return out;
}

std::string Known(const OwnedIndex& index) {
  std::string out;
  for (const OwnedObject& object : index.ListOwned({"flux", "shop"})) out.append(object.ref.name).append(" ");
  return out;
}

/// etcd comes back from a backup: versions go backwards. A watch from the future would hear nothing, without an error and without an end; and what is known
/// of the future is not newer than what there is.
TEST_F(WatchFaultsTest, R6_AServerThatWentBackInTimeIsListedAnew) {
  const testing::Cluster cluster("kube-restored-" + std::to_string(::getpid()));
  const ClusterConfig own = testing::ConfigFrom(cluster.kubeconfig());
  const std::filesystem::path data = std::filesystem::path(cluster.kubeconfig()).parent_path() / "etcd";
  const std::filesystem::path backup = data.string() + ".backup";
  client_ = std::make_unique<Client>(Env(), own);  // the other cluster's namespace is left to its end
  Create("{apiVersion: v1, kind: Namespace, metadata: {name: " + ns_ + "}}");
  const std::string labels = "{set: x, kustomize.toolkit.fluxcd.io/name: shop, kustomize.toolkit.fluxcd.io/namespace: flux}";
  const ApplyOptions ours{.manager = "kustomize-controller"};
  const auto put = [&](std::string_view name, std::string_view value) {
    return Must(client_->Apply(ConfigMap(name, value, labels), ours));
  };
  put("deleted", "1");
  const Value early = put("early", "1");
  cluster.Signal("etcd", "STOP");
  std::filesystem::copy(data, backup, std::filesystem::copy_options::recursive);
  cluster.Signal("etcd", "CONT");

  ObjectStore store(*client_, kConfigMap, options_);
  Hearing hearing;
  OwnedIndex index(*client_, IndexOptions{.reflector = options_}, hearing);
  store.Start();
  Must(store.WaitSynced(20s));
  Must(index.EnsureWatched(kConfigMap, 20s));
  Delete(Ref("ConfigMap", "deleted"));
  put("early", "2");
  for (int i = 0; i < 50; ++i) put("late", std::to_string(i));
  EXPECT_TRUE(Until([&] { return Known(store) == "early=2 late=49 " && Known(index) == "early late "; })) << Known(store) << Known(index);
  hearing.heard.clear();

  cluster.Signal("etcd", "STOP");
  std::filesystem::remove_all(data);
  std::filesystem::rename(backup, data);
  cluster.Signal("etcd", "KILL");
  cluster.Signal("kube-apiserver", "KILL");
  EXPECT_TRUE(Until([&] { return Known(store) == "deleted=1 early=1 " && Known(index) == "deleted early "; }, 90s))
      << Known(store) << Known(index);
  EXPECT_EQ(index.Lookup(Ref("ConfigMap", "early"))->resource_version, VersionOf(early));
  EXPECT_EQ(hearing.heard, (std::set<std::string>{"deleted", "early", "late"}));
  put("after", "1");
  EXPECT_TRUE(Until([&] { return Known(store) == "after=1 deleted=1 early=1 " && Known(index) == "after deleted early "; }));
  runtime_.BlockOn(store.Close());
  runtime_.BlockOn(index.Close());
}

}  // namespace
}  // namespace sluice::kube
