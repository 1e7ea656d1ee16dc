// Watches whose server answers, and answers wrongly: what the list tells comes in their place.
#include <filesystem>

#include "cluster.h"
#include "fault_proxy.h"
#include "kube/watch.h"

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

/// etcd comes back from a backup: versions go backwards, and a watch from the future would hear nothing, without an error and without an end.
TEST_F(WatchFaultsTest, R6_AServerThatWentBackInTimeIsListedAgain) {
  const testing::Cluster cluster("kube-restored-" + std::to_string(::getpid()));
  const ClusterConfig own = testing::ConfigFrom(cluster.kubeconfig());
  const std::filesystem::path data = std::filesystem::path(cluster.kubeconfig()).parent_path() / "etcd";
  const std::filesystem::path backup = data.string() + ".backup";
  client_ = std::make_unique<Client>(Env(), own);  // the other cluster's namespace is left to its end
  Create("{apiVersion: v1, kind: Namespace, metadata: {name: " + ns_ + "}}");
  Put("early");
  cluster.Signal("etcd", "STOP");
  std::filesystem::copy(data, backup, std::filesystem::copy_options::recursive);
  cluster.Signal("etcd", "CONT");
  Reflector reflector(*client_, kConfigMap, options_, names_);
  reflector.Start();
  Must(reflector.WaitSynced(20s));
  for (int i = 0; i < 50; ++i) Put("late" + std::to_string(i));
  EXPECT_TRUE(Until([&] { return names_.names.size() == 51; }));
  cluster.Signal("etcd", "STOP");
  std::filesystem::remove_all(data);
  std::filesystem::rename(backup, data);
  cluster.Signal("etcd", "KILL");
  cluster.Signal("kube-apiserver", "KILL");
  EXPECT_TRUE(Until([&] { return names_.names == std::set<std::string>{"early"}; }, 90s)) << names_.names.size() << " " << names_.trouble;
  Put("after");
  EXPECT_TRUE(Until([&] { return names_.names == std::set<std::string>({"after", "early"}); }));
  runtime_.BlockOn(reflector.Close());
}

}  // namespace
}  // namespace sluice::kube
