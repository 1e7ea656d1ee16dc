// Discovery against a real server, CRDs that come and go, and answers that are not whole.
#include "kube/mapper.h"

#include "cluster.h"
#include "fault_proxy.h"
#include "kube/discovery.h"

namespace sluice::kube {
namespace {

using document::GroupVersionKind;
using testing::Say;

class MapperTest : public testing::ClusterTest {
 protected:
  Mapper mapper_{client_->transport(), MapperOptions{}};
  std::string group_ = "g" + ns_ + ".example.com";

  std::string Crd(std::string_view plural, std::string_view kind, std::string_view scope) const {
    return "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: " + std::string(plural) + "." + group_ +
           "}, spec: {group: " + group_ + ", scope: " + std::string(scope) + ", names: {plural: " + std::string(plural) +
           ", kind: " + std::string(kind) +
           "}, versions: [{name: v1, served: true, storage: true, subresources: {status: {}}, schema: {openAPIV3Schema: {type: object, "
           "x-kubernetes-preserve-unknown-fields: true}}}]}}";
  }
  void DeleteCrd(const std::string& plural) {
    Delete({{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}, "", plural + "." + group_});
  }
};

TEST_F(MapperTest, BuiltInKindsInTwoRequests) {
  const ResourcePtr deployment = Must(mapper_.Find({"apps", "v1", "Deployment"}));
  EXPECT_EQ(deployment->plural, "deployments");
  EXPECT_TRUE(deployment->namespaced);
  EXPECT_TRUE(deployment->Can(Verb::Watch));
  EXPECT_TRUE(deployment->HasSubresource("status"));
  EXPECT_EQ(deployment->GroupResource(), "deployments.apps");
  EXPECT_EQ(deployment->Path("shop", "web"), "/apis/apps/v1/namespaces/shop/deployments/web");
  EXPECT_EQ(deployment->Path("", ""), "/apis/apps/v1/deployments");
  const ResourcePtr role = Must(mapper_.Find({"rbac.authorization.k8s.io", "v1", "ClusterRole"}));
  EXPECT_FALSE(role->namespaced);
  EXPECT_EQ(role->Path("ignored", "system:a/b"), "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aa%2Fb");
  EXPECT_EQ(Must(mapper_.Find({"", "v1", "Namespace"}))->Path("", "x"), "/api/v1/namespaces/x");
  EXPECT_FALSE(Must(mapper_.Find({"authorization.k8s.io", "v1", "SubjectAccessReview"}))->Can(Verb::List));
  EXPECT_EQ(Must(mapper_.FindPreferred({"autoscaling", "HorizontalPodAutoscaler"}))->gvk.version, "v2");
  EXPECT_EQ(mapper_.refreshes(), 1u);
  std::uint64_t requests = 0;
  for (const RequestCount& count : client_->transport().counts()) {
    if (count.verb == "discover") requests += count.count;
  }
  EXPECT_EQ(requests, 4u);  // two of this mapper's and two of the client's own
}

TEST_F(MapperTest, UnknownKindsAskAtMostNowAndThen) {
  const auto interval = std::chrono::milliseconds(50);
  Mapper mapper(client_->transport(), MapperOptions{.min_refresh_interval = interval});
  const GroupVersionKind unknown{"example.com", "v1", "Foo"};
  const std::string want = "NotFound: no matches for kind \"Foo\" in version \"example.com/v1\"";
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Say(Run(mapper.Find(unknown))), want);
  EXPECT_EQ(Say(Run(mapper.FindPreferred({"example.com", "Foo"}))), "NotFound: no matches for kind \"Foo\" in group \"example.com\"");
  EXPECT_GE(std::chrono::steady_clock::now() - begun, interval * 5);
  EXPECT_EQ(mapper.refreshes(), 6u);
}

/// Somebody else made it just after we had asked.
TEST_F(MapperTest, AKindIsNotAbsentBecauseItWas) {
  const GroupVersionKind late{group_, "v1", "Late"};
  Mapper mapper(client_->transport(), MapperOptions{.min_refresh_interval = std::chrono::seconds(3)});
  EXPECT_EQ(Run(mapper.Find(late)).error().reason, base::Reason::NotFound);
  Apply(Crd("lates", "Late", "Namespaced"));
  (void)Must(client_->mapper().Find(late));  // its client was told
  EXPECT_EQ(Must(mapper.Find(late))->plural, "lates");
  EXPECT_EQ(mapper.refreshes(), 2u);
  DeleteCrd("lates");
}

TEST_F(MapperTest, ManyAskersOneQuestion) {
  net::Scope scope(runtime_.io());
  int found = 0;
  const auto ask = [](Mapper* mapper, int* count) -> net::Task<void> {
    const GroupVersionKind gvk{"apps", "v1", "Deployment"};
    auto resource = co_await mapper->Find(gvk);
    if (resource) ++*count;
  };
  const net::CancelHandle first = scope.Spawn(ask(&mapper_, &found));
  for (int i = 0; i < 20; ++i) scope.Spawn(ask(&mapper_, &found));
  (void)runtime_.BlockOn(net::SleepFor(std::chrono::microseconds(20)));
  first.Cancel();  // the one who asks goes away, most likely before its answer: another asks in its place
  Must(scope.Drained());
  EXPECT_GE(found, 20);
  EXPECT_EQ(mapper_.refreshes(), 1u);
}

TEST_F(MapperTest, NewCrdsAreNoticedAndGoneOnesForgotten) {
  Mapper& mapper = client_->mapper();
  const GroupVersionKind widget{group_, "v1", "Widget"};
  EXPECT_EQ(Run(mapper.Find(widget)).error().reason, base::Reason::NotFound);
  Apply(Crd("widgets", "Widget", "Cluster"));  // the client tells the mapper
  const ResourcePtr found = Must(mapper.Find(widget));
  EXPECT_EQ(found->plural, "widgets");
  EXPECT_FALSE(found->namespaced);
  Apply("{apiVersion: " + group_ + "/v1, kind: Widget, metadata: {name: w}}");
  DeleteCrd("widgets");
  const ObjectRef ref{widget, "", "w"};
  EXPECT_TRUE(
      Until([&] { return Say(Run(client_->Get(ref))) == "NotFound: no matches for kind \"Widget\" in version \"" + group_ + "/v1\""; }));
}

/// Discovery of another server than the newest: one document a group version.
TEST(DiscoveryTest, LegacyDocuments) {
  const auto groups = testing::Parse(
      "{kind: APIGroupList, groups: [{name: autoscaling, versions: [{version: v1}, {version: v2}], preferredVersion: {version: v2}}]}");
  EXPECT_EQ(GroupVersionsOf(groups), (std::vector<GroupVersion>{{"autoscaling", "v2"}, {"autoscaling", "v1"}}));
  EXPECT_EQ(GroupVersionsOf(testing::Parse("{kind: APIVersions, versions: [v1]}")), (std::vector<GroupVersion>{{"", "v1"}}));
  Discovered out;
  AddResourceList(
      {"apps", "v1"},
      testing::Parse("{resources: [{name: deployments, kind: Deployment, namespaced: true, verbs: [get, list, odd], shortNames: [deploy]}, "
                     "{name: deployments/scale, kind: Scale}, {name: orphans/status, kind: X}, {name: '', kind: Y}]}"),
      out);
  ASSERT_EQ(out.resources.size(), 1u);
  EXPECT_EQ(out.resources[0]->subresources, std::vector<std::string>{"scale"});
  EXPECT_EQ(out.resources[0]->short_names, std::vector<std::string>{"deploy"});
  EXPECT_TRUE(out.resources[0]->Can(Verb::List));
  EXPECT_FALSE(out.resources[0]->Can(Verb::Watch));
}

/// What is of another type, or lacks its list, says nothing.
TEST(DiscoveryTest, WhatIsADocument) {
  struct Row {
    std::string_view name, answer;
    DocumentType type;
    bool want;
  };
  const Row rows[] = {
      {"versions", "{kind: APIVersions, versions: [v1]}", kApiVersions, true},
      {"an empty list as Go writes it", "{kind: APIGroupList, groups: null}", kApiGroupList, true},
      {"no kind, of an API service", "{resources: []}", kApiResourceList, true},
      {"no kind, of the server", "{versions: [v1]}", kApiVersions, false},
      {"no list", "{kind: APIVersions}", kApiVersions, false},
      {"another list", "{kind: APIResourceList, groups: []}", kApiResourceList, false},
      {"no list, but a text", "{kind: APIGroupList, groups: none}", kApiGroupList, false},
      {"a status", "{kind: Status, resources: []}", kApiResourceList, false},
      {"nothing", "{}", kApiResourceList, false},
      {"no mapping", "[]", kApiResourceList, false},
  };
  for (const Row& row : rows) EXPECT_EQ(Is(testing::Parse(row.answer), row.type), row.want) << row.name;
  Discovered out;
  EXPECT_FALSE(AddAggregated(testing::Parse("{kind: APIGroupDiscoveryList}"), out));
}

TEST(DiscoveryTest, StaleVersionsAreIncompleteNotAbsent) {
  Discovered out;
  EXPECT_TRUE(AddAggregated(
      testing::Parse("{kind: APIGroupDiscoveryList, items: [{metadata: {name: metrics.k8s.io}, versions: [{version: v1beta1, "
                     "freshness: Stale}]}, {metadata: {name: apps}, versions: [{version: v1, freshness: Current, resources: "
                     "[{resource: deployments, responseKind: {kind: Deployment}, scope: Namespaced, verbs: [get]}, {resource: odd}]}]}]}"),
      out));
  EXPECT_EQ(out.incomplete, (std::set<GroupVersion>{{"metrics.k8s.io", "v1beta1"}}));
  ASSERT_EQ(out.resources.size(), 1u);
  EXPECT_FALSE(AddAggregated(testing::Parse("{kind: APIGroupList, groups: []}"), out));
}

/// R11: an API service that does not answer. Its kinds are not said to be absent, and all others go on.
TEST_F(MapperTest, AnApiServiceThatIsDownHidesNothingElse) {
  const std::string group = "down" + ns_ + ".example.com";
  Apply("{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1." + group + "}, spec: {group: " + group +
        ", version: v1, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true, service: {name: nobody, namespace: " +
        ns_ + "}}}");
  const GroupVersionKind hidden{group, "v1", "Hidden"};
  Mapper fresh(client_->transport(), MapperOptions{.min_refresh_interval = std::chrono::milliseconds(100)});
  const std::string want = "Unavailable: kind \"Hidden\": discovery of " + group + "/v1 is incomplete, its API service does not answer";
  std::string said;
  EXPECT_TRUE(Until([&] { return (said = Say(Run(fresh.Find(hidden)))) == want; }, std::chrono::seconds(15))) << said;
  EXPECT_EQ(Say(Run(fresh.Find({"apps", "v1", "Deployment"}))), "ok");
  Delete({{"apiregistration.k8s.io", "v1", "APIService"}, "", "v1." + group});
}

net::ServerResponse Json(std::string body) {
  net::ServerResponse response;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

/// R11: 200, and no word of kinds. What was known stays, and nothing is said to be absent.
TEST_F(MapperTest, R11_AnAnswerThatIsNoneTakesNothingAway) {
  testing::FaultyApi api(runtime_, config_);
  Client client(Env(), api.Config(), {});
  Mapper mapper(client.transport(), MapperOptions{.min_refresh_interval = std::chrono::milliseconds(10)});
  const GroupVersionKind config_map{"", "v1", "ConfigMap"}, deployment{"apps", "v1", "Deployment"};
  Must(mapper.Refresh());
  constexpr std::string_view kAnswers[] = {"{}",
                                           "null",
                                           "[]",
                                           "<html>login</html>",
                                           R"({"kind": "Status", "status": "Success"})",
                                           R"({"kind": "APIVersions"})",
                                           R"({"kind": "APIVersions", "versions": []})"};
  for (const std::string_view path : {"/api", "/apis"}) {
    const std::string want = "Unavailable: discovery: " + client.transport().config().server + std::string(path) +
                             " does not answer with an " + (path == "/api" ? "APIVersions" : "APIGroupList") +
                             "; check that the address is an API server's, and what stands before it";
    for (const std::string_view body : kAnswers) {
      api.before = [&](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
        if (request.target != path) return std::nullopt;
        return Json(std::string(body));
      };
      EXPECT_EQ(Say(Run(mapper.Refresh())), want) << path << " " << body;
      EXPECT_EQ(Say(Run(mapper.Find({"example.com", "v1", "Foo"}))), want) << path << " " << body;
      EXPECT_NE(mapper.Cached(config_map), nullptr) << path << " " << body;
      EXPECT_NE(mapper.Cached(deployment), nullptr) << path << " " << body;
    }
  }
  api.before = nullptr;
  EXPECT_EQ(Say(Run(mapper.Find({"example.com", "v1", "Foo"}))), "NotFound: no matches for kind \"Foo\" in version \"example.com/v1\"");
}

/// The same of one group version, of a server that does not aggregate.
TEST_F(MapperTest, R11_AGroupVersionWhoseAnswerIsNoneIsIncomplete) {
  testing::FaultyApi api(runtime_, config_);
  api.rewrite = [](net::Request& request) { std::erase_if(request.headers, [](const auto& header) { return header.first == "Accept"; }); };
  Client client(Env(), api.Config(), {});
  Mapper knows(client.transport(), MapperOptions{}), fresh(client.transport(), MapperOptions{});
  const GroupVersionKind deployment{"apps", "v1", "Deployment"};
  Must(knows.Refresh());
  for (const std::string_view body : {"{}", R"({"kind": "Status", "status": "Success"})"}) {
    api.before = [body](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
      if (request.target != "/apis/apps/v1") return std::nullopt;
      return Json(std::string(body));
    };
    Must(knows.Refresh());
    EXPECT_NE(knows.Cached(deployment), nullptr) << body;
    EXPECT_EQ(Say(Run(fresh.Find(deployment))),
              "Unavailable: kind \"Deployment\": discovery of apps/v1 is incomplete, its API service does not answer")
        << body;
  }
}

/// As of a server that has just started: its definitions are stored, and its lists have nothing of them.
TEST_F(MapperTest, WhatIsRegisteredIsNotAbsentBecauseItIsNotListed) {
  Apply(Crd("lates", "Late", "Namespaced"));
  const GroupVersionKind late{group_, "v1", "Late"};
  (void)Must(client_->mapper().Find(late));
  testing::FaultyApi api(runtime_, config_);
  api.before = [](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (request.target != "/apis") return std::nullopt;
    return Json(R"({"kind": "APIGroupList", "apiVersion": "v1", "groups": []})");
  };
  const std::string registered =
      "Unavailable: kind \"Late\": discovery of " + group_ + "/v1 is incomplete, its API service does not answer";
  Client client(Env(), api.Config(), {});
  Mapper mapper(client.transport(), MapperOptions{.min_refresh_interval = std::chrono::milliseconds(50)});
  EXPECT_TRUE(Until([&] { return Say(Run(mapper.Find(late))) == registered; })) << Say(Run(mapper.Find(late)));
  EXPECT_EQ(Say(Run(mapper.Find({"example.com", "v1", "Foo"}))), "NotFound: no matches for kind \"Foo\" in version \"example.com/v1\"");
  api.before = nullptr;
  EXPECT_EQ(Must(mapper.Find(late))->plural, "lates");
  DeleteCrd("lates");
  EXPECT_TRUE(Until([&] {
    Must(mapper.Refresh());
    return Say(Run(mapper.Find(late))) == "NotFound: no matches for kind \"Late\" in version \"" + group_ + "/v1\"";
  }));
}

}  // namespace
}  // namespace sluice::kube
