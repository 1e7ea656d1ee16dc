// Bad luck between us and the API server. R numbers are those of the fault table (docs/testing.md): what must hold is that nothing is lost, nothing is
// done twice and nothing is taken for deleted that is not.
#include "cluster.h"
#include "fault_proxy.h"
#include "kube/client.h"
#include "kube/store.h"
#include "kube/watch.h"

#include <atomic>
#include <fstream>

namespace sluice::kube {
namespace {

using namespace std::chrono_literals;
using document::Value;
using testing::FaultyApi;
using testing::Say;
using testing::TcpProxy;

const document::GroupVersionKind kConfigMap{"", "v1", "ConfigMap"};

net::ServerResponse Status(int code, std::string reason, std::string message) {
  net::ServerResponse response;
  response.status = code;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = R"({"kind":"Status","reason":")" + reason + R"(","message":")" + message + R"("})";
  return response;
}

class FaultsTest : public testing::ClusterTest {
 protected:
  const ApplyOptions apply_{.manager = "kustomize-controller"};
  const TransportOptions hasty_{.timeout = 2s, .deadline = 20s, .first_backoff = 5ms, .max_backoff = 50ms};

  std::string StoredVersion(std::string_view name) {
    return std::string(Must(client_->Get(Ref("ConfigMap", std::string(name)))).StringAt({"metadata", "resourceVersion"}));
  }
  static std::string VersionOf(const Value& object) { return std::string(object.StringAt({"metadata", "resourceVersion"})); }
};

TEST_F(FaultsTest, R1_RetryAfterIsObeyed) {
  FaultyApi api(runtime_, config_);
  int writes = 0;
  std::vector<std::chrono::steady_clock::time_point> tries;
  api.before = [&](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (request.method != "PATCH") return std::nullopt;
    if (request.target.find("/m2?") != std::string::npos) tries.push_back(std::chrono::steady_clock::now());
    if (++writes % 3 != 0) return std::nullopt;
    net::ServerResponse response = Status(429, "TooManyRequests", "slow down");
    response.headers.emplace_back("Retry-After", "1");
    return response;
  };
  Client client(Env(), api.Config(), hasty_);
  for (int i = 0; i < 6; ++i) {
    const Value object = ConfigMap("m" + std::to_string(i), "1");
    EXPECT_EQ(Say(Run(client.Apply(object, apply_))), "ok") << i;
  }
  ASSERT_EQ(tries.size(), 2u);
  EXPECT_GE(tries[1] - tries[0], 1s);
}

// What is written beside the work gives way to it: sent as the twelfth, it comes when few others are left.
TEST_F(FaultsTest, APatientRequestGivesWay) {
  FaultyApi api(runtime_, config_);
  const TransportOptions narrow{.max_in_flight = 1, .timeout = 60s, .deadline = 300s, .patience = 120s};
  Client client(Env(), api.Config(), narrow);
  const Value warm = ConfigMap("warm", "1");  // discovery is over
  Must(client.Apply(warm, apply_));
  api.seen.clear();
  const WriteOptions patient{.manager = "test", .patient = true};
  std::vector<Value> objects;
  for (int i = 0; i < 24; ++i) objects.push_back(ConfigMap("m" + std::to_string(i), "1"));
  net::Scope scope(runtime_.io());
  std::size_t ended = 0;
  const auto send = [&](const Value& object, bool gives_way) -> net::Task<void> {
    net::Task<base::Result<Value>> sending = gives_way ? client.Create(object, patient) : client.Apply(object, apply_);
    const base::Result<Value> sent = co_await std::move(sending);
    EXPECT_EQ(Say(sent), "ok");
    ++ended;
  };
  for (std::size_t i = 0; i < objects.size(); ++i) scope.Spawn(send(objects[i], i == 11));
  ASSERT_TRUE(Until([&] { return ended == objects.size(); }, 240s));
  runtime_.BlockOn(scope.Close());
  std::size_t place = 0;
  while (place < api.seen.size() && api.seen[place].method != "POST") ++place;
  EXPECT_GE(place, objects.size() - 6) << "of those that were sent beside it, all but a few go first";
  EXPECT_LT(place, api.seen.size());
}

TEST_F(FaultsTest, R1_ARetryAfterBeyondTheDeadlineIsTheCallers) {
  FaultyApi api(runtime_, config_);
  api.before = [](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (request.method != "PATCH") return std::nullopt;
    net::ServerResponse response = Status(429, "TooManyRequests", "slow down");
    response.headers.emplace_back("Retry-After", "60");
    return response;
  };
  Client client(Env(), api.Config(), hasty_);
  const Value object = ConfigMap("a", "1");
  auto applied = Run(client.Apply(object, apply_));
  ASSERT_FALSE(applied);
  EXPECT_EQ(Say(applied), "Unavailable: slow down");
  EXPECT_EQ(applied.error().retry_after, 60s);
}

TEST_F(FaultsTest, R2_OneInTenFailsAndStillEachIsWrittenOnce) {
  FaultyApi api(runtime_, config_);
  base::SeededRandom luck(4711);
  int failed = 0;
  const auto unlucky = [&] { return luck.Next() % 10 == 0; };
  api.before = [&](const net::ServerRequest&) -> std::optional<net::ServerResponse> {
    if (!unlucky()) return std::nullopt;
    ++failed;
    constexpr int kCodes[] = {500, 502, 503};
    return Status(kCodes[luck.Next() % 3], "", "bad luck");
  };
  api.lose = [&](const net::ServerRequest&) { return unlucky(); };  // it was done, but nobody heard
  Client client(Env(), api.Config(), hasty_);
  for (int i = 0; i < 60; ++i) {
    const Value object = ConfigMap("m" + std::to_string(i), "1");
    auto applied = Run(client.Apply(object, apply_));
    for (int again = 0; !applied && again < 3; ++again) applied = Run(client.Apply(object, apply_));  // as the next reconcile would
    ASSERT_TRUE(applied) << Say(applied);
    const Value& stored = *applied;
    EXPECT_EQ(StoredVersion("m" + std::to_string(i)), VersionOf(stored)) << "written more than once";
  }
  EXPECT_GT(failed, 3);
}

TEST_F(FaultsTest, R2_AServerThatStaysBrokenIsGivenUp) {
  FaultyApi api(runtime_, config_);
  api.before = [](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (request.method == "PATCH") return Status(503, "ServiceUnavailable", "no");
    return std::nullopt;
  };
  Client client(Env(), api.Config(), hasty_);
  const Value object = ConfigMap("a", "1");
  EXPECT_EQ(Say(Run(client.Apply(object, apply_))), "Unavailable: no");
  const auto is_patch = [](const net::ServerRequest& request) { return request.method == "PATCH"; };
  EXPECT_EQ(std::count_if(api.seen.begin(), api.seen.end(), is_patch), 5);
}

TEST_F(FaultsTest, R3_ACreationWhoseAnswerIsLostIsNotRepeated) {
  FaultyApi api(runtime_, config_);
  api.lose = [](const net::ServerRequest& request) { return request.method == "POST"; };
  Client client(Env(), api.Config(), hasty_);
  const Value object = ConfigMap("a", "1");
  const WriteOptions write{.manager = "test"};
  EXPECT_EQ(Say(Run(client.Create(object, write))), "Unavailable: HTTP 502");
  const auto is_post = [](const net::ServerRequest& request) { return request.method == "POST"; };
  EXPECT_EQ(std::count_if(api.seen.begin(), api.seen.end(), is_post), 1);
  EXPECT_EQ(Say(Run(client_->Get(Ref("ConfigMap", "a")))), "ok");  // it was done: the caller looks
}

TEST_F(FaultsTest, R3_ADeletionIsRepeatedOnlyForOneIncarnation) {
  FaultyApi api(runtime_, config_);
  api.lose = [](const net::ServerRequest& request) { return request.method == "DELETE"; };
  Client client(Env(), api.Config(), hasty_);
  const Value first = Apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: " + ns_ + "}}");
  const DeleteOptions any;
  EXPECT_EQ(Say(Run(client.Delete(Ref("ConfigMap", "a"), any))), "Unavailable: HTTP 502");
  const DeleteOptions one{.uid = std::string(first.StringAt({"metadata", "uid"}))};
  api.lose = nullptr;
  EXPECT_EQ(Say(Run(client.Delete(Ref("ConfigMap", "a"), one))), "NotFound: configmaps \"a\" not found");
}

TEST_F(FaultsTest, R4_AListThatIsCutIsNeverShort) {
  for (int i = 0; i < 40; ++i) Must(client_->Apply(ConfigMap("m" + std::to_string(i), std::string(2000, 'x'), "{set: x}"), apply_));
  TcpProxy proxy(testing::PortOf(config_));
  const ListOptions list{.ns = ns_, .label_selector = "set=x", .page_size = 20};
  int broken = 0, whole = 0;
  for (std::int64_t bytes = 3'000; bytes < 140'000; bytes += 7'919) {
    proxy.CutAfter(-1);
    Client client(Env(), Through(proxy, config_), hasty_);
    Must(client.mapper().Refresh());
    proxy.CutAll();
    proxy.CutAfter(bytes);
    auto listed = Run(client.ListAll(kConfigMap, list));
    if (listed) {
      EXPECT_EQ(listed->size(), 40u) << bytes;
    }
    ++(listed ? whole : broken);
  }
  EXPECT_GT(broken, 0);
  EXPECT_GT(whole, 0);
}

class Recorder : public WatchListener {
 public:
  void OnListBegin() override {}
  void OnObject(Value object) override { values[std::string(NameOf(object))] = object.StringAt({"data", "key"}); }
  void OnDeleted(Value object) override { values.erase(std::string(NameOf(object))); }
  void OnListEnd(std::string_view) override {}
  std::map<std::string, std::string> values;
};

TEST_F(FaultsTest, R5_AWatchThatIsCutAgainAndAgainMissesNothing) {
  TcpProxy proxy(testing::PortOf(config_));
  Client client(Env(), Through(proxy, config_), hasty_);
  Recorder recorder;
  Reflector reflector(client, kConfigMap, ReflectorOptions{.ns = ns_, .label_selector = "set=x", .first_backoff = 5ms, .max_backoff = 50ms},
                      recorder);
  reflector.Start();
  Must(reflector.WaitSynced(20s));
  // Cuts until there have been more than `count` watches: one that has no connection yet when it is cut goes on.
  const auto watched = [&](std::size_t count) {
    return Until([&] {
      const bool enough = reflector.stats().watches > count;
      if (!enough) proxy.CutAll();
      return enough;
    });
  };
  std::map<std::string, std::string> want;
  for (int i = 0; i < 60; ++i) {
    if (i % 12 == 0) ASSERT_TRUE(watched(static_cast<std::size_t>(i / 12)));  // between these they are cut whatever they do
    if (i % 4 == 0) proxy.CutAll();
    const std::string name = "m" + std::to_string(i % 7);
    if (i % 5 == 4 && want.contains(name)) {
      Delete(Ref("ConfigMap", name));
      want.erase(name);
      continue;
    }
    Must(client_->Apply(ConfigMap(name, std::to_string(i), "{set: x}"), apply_));
    want[name] = std::to_string(i);
  }
  EXPECT_TRUE(watched(5));
  EXPECT_TRUE(Until([&] { return recorder.values == want; }));
  EXPECT_EQ(reflector.stats().lists, 1u);
  runtime_.BlockOn(reflector.Close());
}

TEST_F(FaultsTest, AStalledWatchIsLeft) {
  TcpProxy proxy(testing::PortOf(config_));
  Client client(Env(), Through(proxy, config_), hasty_);
  Recorder recorder;
  Reflector reflector(client, kConfigMap,
                      ReflectorOptions{.ns = ns_, .label_selector = "set=x", .stall = 500ms, .first_backoff = 5ms, .max_backoff = 50ms},
                      recorder);
  reflector.Start();
  Must(reflector.WaitSynced(20s));
  proxy.Stall(true);
  Must(client_->Apply(ConfigMap("a", "1", "{set: x}"), apply_));
  EXPECT_TRUE(Until([&] { return reflector.stats().stalls > 0; }));
  EXPECT_TRUE(recorder.values.empty());
  proxy.CutAll();
  proxy.Stall(false);
  EXPECT_TRUE(Until([&] { return recorder.values.contains("a"); }));
  runtime_.BlockOn(reflector.Close());
}

TEST_F(FaultsTest, DiscoveryOfAnOlderServer) {
  FaultyApi api(runtime_, config_);
  api.rewrite = [](net::Request& request) {
    std::erase_if(request.headers, [](const auto& header) { return header.first == "Accept"; });
    request.headers.emplace_back("Accept", "application/json");
  };
  Client client(Env(), api.Config(), hasty_);
  const ResourcePtr old = Must(client.mapper().Find({"apps", "v1", "Deployment"}));
  const ResourcePtr now = Must(client_->mapper().Find({"apps", "v1", "Deployment"}));
  EXPECT_EQ(old->Path("a", "b"), now->Path("a", "b"));
  EXPECT_EQ(old->verbs, now->verbs);
  EXPECT_EQ(old->short_names, now->short_names);
  EXPECT_TRUE(old->HasSubresource("status"));
  const auto all_old = Must(client.mapper().All()), all_now = Must(client_->mapper().All());
  ASSERT_EQ(all_old.size(), all_now.size());
  for (std::size_t i = 0; i < all_old.size(); ++i) EXPECT_EQ(all_old[i]->gvk, all_now[i]->gvk);
}

TEST_F(FaultsTest, ATokenThatWasReplacedIsReadAgain) {
  FaultyApi api(runtime_, config_);
  const std::string path = ::testing::TempDir() + "kube-token-" + ns_;
  std::ofstream(path) << "old\n";
  std::string valid = "Bearer old";
  api.before = [&](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (net::FindHeader(request.headers, "Authorization") == valid) return std::nullopt;
    return Status(401, "Unauthorized", "Unauthorized");
  };
  ClusterConfig config = api.Config();
  config.token = "old";
  config.token_file = path;
  Client client(Env(), config, hasty_);
  EXPECT_EQ(Say(Run(client.Version())), "ok");
  std::ofstream(path) << "new\n";
  valid = "Bearer new";
  EXPECT_EQ(Say(Run(client.Version())), "ok");
  valid = "Bearer else";
  EXPECT_EQ(Say(Run(client.Version())), "Unauthorized: Unauthorized");
  std::remove(path.c_str());
}

TEST_F(FaultsTest, ACredentialThatAProgramPrintsIsRenewed) {
  FaultyApi api(runtime_, config_);
  std::string valid = "Bearer old";
  api.before = [&](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (net::FindHeader(request.headers, "Authorization") == valid) return std::nullopt;
    return Status(401, "Unauthorized", "Unauthorized");
  };
  base::Result<PrintedCredential> printed = PrintedCredential{.token = "new", .client_cert_pem = {}, .client_key_pem = {}, .expires = {}};
  std::atomic<int> runs = 0;
  ClusterConfig config = api.Config();
  config.token = "old";
  config.renew = [&](const std::stop_token&) { return ++runs, printed; };
  Client client(Env(), config, hasty_);
  const auto version = [&] { return Say(Run(client.Version())); };
  EXPECT_EQ(version(), "ok");
  EXPECT_EQ(runs, 0);
  valid = "Bearer new";
  EXPECT_EQ(version(), "ok");  // after a 401
  EXPECT_EQ(version(), "ok");
  EXPECT_EQ(runs, 1);
  valid = "Bearer newer";
  printed->token = "newer";
  printed->expires = clock_.Now() - std::chrono::seconds(1);
  EXPECT_EQ(version(), "ok");
  EXPECT_EQ(runs, 2);
  printed->expires = clock_.Now() + std::chrono::hours(1);
  EXPECT_EQ(version(), "ok");  // what it printed last is over
  EXPECT_EQ(version(), "ok");
  EXPECT_EQ(runs, 3);
  valid = "Bearer none";
  EXPECT_EQ(version(), "Unauthorized: Unauthorized");
  EXPECT_EQ(runs, 4);
  printed = base::MakeError(base::Reason::Unavailable, "no login");
  EXPECT_EQ(version(), "Unavailable: no login");
  EXPECT_EQ(runs, 5);
}

TEST_F(FaultsTest, OfManyRequestsOneRenewsTheCredential) {
  FaultyApi api(runtime_, config_);
  std::atomic<int> runs = 0;
  ClusterConfig config = api.Config();
  config.token = "old";
  config.expires = clock_.Now() - std::chrono::seconds(1);
  config.renew = [&](const std::stop_token&) -> base::Result<PrintedCredential> {
    ++runs;
    return PrintedCredential{.token = "new", .client_cert_pem = {}, .client_key_pem = {}, .expires = {}};
  };
  Client client(Env(), config, hasty_);
  std::vector<std::string> said;
  net::Scope scope(runtime_.io());
  const auto ask = [&]() -> net::Task<void> {
    net::Task<base::Result<ServerVersion>> asking = client.Version();
    const base::Result<ServerVersion> version = co_await std::move(asking);
    said.push_back(Say(version));
  };
  for (int i = 0; i < 5; ++i) scope.Spawn(ask());
  EXPECT_TRUE(Until([&] { return said.size() == 5; }));
  EXPECT_EQ(said, std::vector<std::string>(5, "ok"));
  EXPECT_EQ(runs, 1);
  runtime_.BlockOn(scope.Close());
}

TEST_F(FaultsTest, WhomToImpersonateIsInTheHeaders) {
  FaultyApi api(runtime_, config_);
  std::vector<std::string> seen;
  api.before = [&](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    for (const auto& [name, value] : request.headers) {
      std::string lower = name;
      for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (lower.starts_with("impersonate-")) seen.push_back(lower + ": " + value);
    }
    return Status(403, "Forbidden", "no");
  };
  ClusterConfig config = api.Config();
  config.as = {.user = "x", .uid = "7", .groups = {"g", "h"}, .extra = {{"example.com/a%b", {"1", "2"}}, {"c", {"3"}}}};
  Client client(Env(), config, hasty_);
  EXPECT_EQ(Say(Run(client.Version())), "Forbidden: no");
  EXPECT_EQ(seen, (std::vector<std::string>{"impersonate-user: x", "impersonate-uid: 7", "impersonate-group: g", "impersonate-group: h",
                                            "impersonate-extra-c: 3", "impersonate-extra-example.com%2fa%25b: 1",
                                            "impersonate-extra-example.com%2fa%25b: 2"}));
}

/// What needs a cluster that one may break.
class OutageTest : public FaultsTest {
 protected:
  testing::Cluster cluster_{"kube-outage-" + std::to_string(::getpid())};
  ClusterConfig own_ = testing::ConfigFrom(cluster_.kubeconfig());
};

TEST_F(OutageTest, R6_R7_R8_ExpiredHungAndKilled) {
  TcpProxy proxy(testing::PortOf(own_));
  client_ = std::make_unique<Client>(Env(), own_, hasty_);  // the other cluster's namespace is left to its end
  Create("{apiVersion: v1, kind: Namespace, metadata: {name: " + ns_ + "}}");
  Client client(Env(), Through(proxy, own_), hasty_);
  ObjectStore store(client, kConfigMap,
                    ReflectorOptions{.ns = ns_, .label_selector = "set=x", .first_backoff = 20ms, .max_backoff = 200ms});
  for (const char* name : {"stays", "goes"}) Must(client_->Apply(ConfigMap(name, "1", "{set: x}"), apply_));
  store.Start();
  Must(store.WaitSynced(20s));
  ASSERT_EQ(store.size(), 2u);

  // R8: the API server dies and comes back; the watch resumes or lists, an apply is tried until it is done.
  cluster_.Signal("kube-apiserver", "KILL");
  EXPECT_TRUE(Until([&] { return Run(client.Apply(ConfigMap("after", "1", "{set: x}"), apply_)).has_value(); }, 60s));
  EXPECT_TRUE(Until([&] { return store.size() == 3; }, 60s));

  // R6: what is deleted while the watch is away and expires (a new server's cache begins where it started) is told.
  const std::uint64_t watches = store.stats().watches, failures = store.stats().failures;
  proxy.Refuse(true);
  proxy.CutAll();
  // The watch has to have noticed, or it may still hear of the deletion.
  EXPECT_TRUE(Until([&] { return store.stats().failures > failures || store.stats().watches > watches; }, 60s));
  Delete(Ref("ConfigMap", "goes"));
  cluster_.Signal("kube-apiserver", "KILL");
  EXPECT_TRUE(Until([&] { return Run(client_->Apply(ConfigMap("meanwhile", "1", "{set: x}"), apply_)).has_value(); }, 60s));
  EXPECT_EQ(store.size(), 3u);
  const std::uint64_t lists = store.stats().lists;
  proxy.Refuse(false);
  EXPECT_TRUE(Until([&] { return store.Get({ns_, "meanwhile"}) != nullptr && store.Get({ns_, "goes"}) == nullptr; }, 60s));
  EXPECT_EQ(store.size(), 3u);
  EXPECT_EQ(store.stats().expired, 1u);
  EXPECT_EQ(store.stats().lists, lists + 1);

  // R7: etcd hangs; each try ends by its own deadline, and all is well afterwards.
  cluster_.Signal("etcd", "STOP");
  const auto begun = std::chrono::steady_clock::now();
  auto hung = Run(client.Apply(ConfigMap("hung", "1", "{set: x}"), apply_));
  EXPECT_FALSE(hung);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 25s);
  cluster_.Signal("etcd", "CONT");
  EXPECT_TRUE(Until([&] { return Run(client.Apply(ConfigMap("hung", "1", "{set: x}"), apply_)).has_value(); }, 60s));
  EXPECT_TRUE(Until([&] { return store.Get({ns_, "hung"}) != nullptr; }, 60s));
  runtime_.BlockOn(store.Close());
}

}  // namespace
}  // namespace sluice::kube
