// Answers of 200 that are of something else than what was asked for: none is believed.
#include "kube/answer.h"

#include "cluster.h"
#include "fault_proxy.h"

namespace sluice::kube {
namespace {

using document::Value;
using testing::Parse;
using testing::Say;

const Wanted kWeb{.gvk = {"", "v1", "ConfigMap"}, .namespaced = true, .ns = "shop", .name = "web"};
const Wanted kAny{.gvk = {"", "v1", "ConfigMap"}, .namespaced = true, .ns = {}, .name = {}};
const Wanted kRole{.gvk = {"rbac.authorization.k8s.io", "v1", "ClusterRole"}, .namespaced = false, .ns = "odd", .name = "r"};

Wanted Alone(Wanted wanted) {
  wanted.metadata_only = true;
  return wanted;
}
Wanted Item(Wanted wanted) {
  wanted.may_lack_kind = true;
  return wanted;
}

TEST(AnswerTest, Objects) {
  struct Row {
    std::string_view rule, object;
    Wanted wanted;
    std::string_view want;
  };
  const Row rows[] = {
      {"it", "{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop}}", kWeb, "ok"},
      {"any", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: b}}", kAny, "ok"},
      {"without a namespace", "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}}", kRole, "ok"},
      {"metadata alone", "{apiVersion: meta.k8s.io/v1, kind: PartialObjectMetadata, metadata: {name: web, namespace: shop}}", Alone(kWeb),
       "ok"},
      {"all where metadata would do", "{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop}}", Alone(kWeb), "ok"},
      {"an item", "{metadata: {name: web, namespace: shop}}", Item(kWeb), "ok"},
      {"metadata where all was asked for",
       "{apiVersion: meta.k8s.io/v1, kind: PartialObjectMetadata, metadata: {name: web, namespace: shop}}", kWeb,
       "Unavailable: PartialObjectMetadata shop/web, not ConfigMap shop/web"},
      {"no kind", "{metadata: {name: web, namespace: shop}}", kWeb,
       "Unavailable: an object without a kind shop/web, not ConfigMap shop/web"},
      {"another kind", "{apiVersion: v1, kind: Secret, metadata: {name: web, namespace: shop}}", kWeb,
       "Unavailable: Secret shop/web, not ConfigMap shop/web"},
      {"another version", "{apiVersion: v2, kind: ConfigMap, metadata: {name: a, namespace: shop}}", kAny,
       "Unavailable: ConfigMap shop/a, not a ConfigMap"},
      {"another kind as an item", "{apiVersion: v1, kind: Secret, metadata: {name: web, namespace: shop}}", Item(kWeb),
       "Unavailable: Secret shop/web, not ConfigMap shop/web"},
      {"another name", "{apiVersion: v1, kind: ConfigMap, metadata: {name: api, namespace: shop}}", kWeb,
       "Unavailable: ConfigMap shop/api, not ConfigMap shop/web"},
      {"no name", "{apiVersion: v1, kind: ConfigMap, metadata: {namespace: shop}}", kAny,
       "Unavailable: ConfigMap without a name, not a ConfigMap"},
      {"another namespace", "{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: bank}}", kWeb,
       "Unavailable: ConfigMap bank/web, not ConfigMap shop/web"},
      {"no namespace", "{apiVersion: v1, kind: ConfigMap, metadata: {name: web}}", kAny, "Unavailable: ConfigMap web, not a ConfigMap"},
      {"a status", "{apiVersion: v1, kind: Status, status: Success}", kRole, "Unavailable: Status, not ClusterRole r"},
      {"a list", "[]", kWeb, "Unavailable: no object, not ConfigMap shop/web"},
  };
  for (const Row& row : rows) EXPECT_EQ(Say(CheckObject(Parse(row.object), row.wanted)), row.want) << row.rule;
}

TEST(AnswerTest, Deletions) {
  EXPECT_EQ(Say(CheckDeleted(Parse("{apiVersion: v1, kind: Status, status: Success}"), kWeb)), "ok");
  EXPECT_EQ(Say(CheckDeleted(Parse("{apiVersion: v1, kind: ConfigMap, metadata: {name: web, namespace: shop}}"), kWeb)), "ok");
  EXPECT_EQ(Say(CheckDeleted(Parse("{apiVersion: v1, kind: Status, status: Failure}"), kWeb)),
            "Unavailable: Status, not ConfigMap shop/web");
  EXPECT_EQ(Say(CheckDeleted(Parse("{}"), kWeb)), "Unavailable: an object without a kind without a name, not ConfigMap shop/web");
}

TEST(AnswerTest, Lists) {
  struct Row {
    std::string_view rule, head;
    Wanted wanted;
    std::size_t kindless;
    std::string_view want;
  };
  const Row rows[] = {
      {"its list", "{apiVersion: v1, kind: ConfigMapList, items: []}", kAny, 3, "ok"},
      {"of nothing, as Go writes it", "{apiVersion: v1, kind: ConfigMapList, items: null}", kAny, 0, "ok"},
      {"called otherwise, and its items tell", "{apiVersion: v1, kind: Maps, items: []}", kAny, 0, "ok"},
      {"metadata alone", "{apiVersion: meta.k8s.io/v1, kind: PartialObjectMetadataList, items: []}", Alone(kAny), 2, "ok"},
      {"called otherwise, and they do not", "{apiVersion: v1, kind: SecretList, items: []}", kAny, 1,
       "Unavailable: SecretList, not a ConfigMapList"},
      {"no items", "{apiVersion: v1, kind: ConfigMapList, metadata: {}}", kAny, 0, "Unavailable: ConfigMapList, not a ConfigMapList"},
      {"a status", "{apiVersion: v1, kind: Status, metadata: {}}", kAny, 0, "Unavailable: Status, not a ConfigMapList"},
      {"of another group", "{apiVersion: apps/v1, kind: ConfigMapList, items: []}", kAny, 0,
       "Unavailable: ConfigMapList, not a ConfigMapList"},
      {"nothing", "{}", kAny, 0, "Unavailable: no list, not a ConfigMapList"},
  };
  for (const Row& row : rows) EXPECT_EQ(Say(CheckList(Parse(row.head), row.wanted, row.kindless)), row.want) << row.rule;
}

/// Something in front of the server answers all that `picks` names with `body`.
class UntrueTest : public testing::ClusterTest {
 protected:
  testing::FaultyApi api_{runtime_, config_};
  Client through_{Env(), api_.Config(), TransportOptions{.max_tries = 1}};
  std::string verb_, body_;

  UntrueTest() {
    Must(through_.mapper().Refresh());
    api_.before = [this](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
      if (request.method != verb_) return std::nullopt;
      net::ServerResponse response;
      response.headers.emplace_back("Content-Type", "application/json");
      response.body = body_;
      return response;
    };
  }
  void Answer(std::string verb, std::string body) {
    verb_ = std::move(verb);
    body_ = std::move(body);
  }
  std::string Another(const std::string& told) {
    return "Unavailable: the API server at " + through_.transport().config().server + " answered with another object: " + told +
           ", not ConfigMap " + ns_ + "/a";
  }
};

TEST_F(UntrueTest, R2_AnotherObjectIsNotBelieved) {
  const ApplyOptions apply{.manager = "test"};
  const WriteOptions write{.manager = "test"};
  const ReadOptions read{.metadata_only = true};
  const ObjectRef ref = Ref("ConfigMap", "a");
  const Value object = ConfigMap("a", "1"), patch = Parse("{data: {key: '2'}}");
  Must(client_->Apply(object, apply));
  const std::string other = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","namespace":")" + ns_ + R"("}})";
  const std::string want = Another("ConfigMap " + ns_ + "/b");
  Answer("GET", other);
  EXPECT_EQ(Say(Run(through_.Get(ref))), want);
  EXPECT_EQ(Say(Run(through_.Get(ref, read))), want);
  Answer("GET", R"({"apiVersion":"v1","kind":"Status","status":"Success","metadata":{}})");
  EXPECT_EQ(Say(Run(through_.Get(ref))), Another("Status"));
  Answer("PATCH", other);
  EXPECT_EQ(Say(Run(through_.Apply(object, apply))), want);
  EXPECT_EQ(Say(Run(through_.Patch(ref, PatchType::Merge, patch, write))), want);
  Answer("PUT", other);
  EXPECT_EQ(Say(Run(through_.Replace(object, write))), want);
  Answer("POST", other);
  EXPECT_EQ(Say(Run(through_.Create(object, write))), want);
  Answer("DELETE", "{}");
  const DeleteOptions gone;
  EXPECT_EQ(Say(Run(through_.Delete(ref, gone))), Another("an object without a kind without a name"));
  EXPECT_EQ(Say(Run(client_->Get(ref))), "ok");
}

/// What is not kept answers with what it likes, and a name may be the server's choice.
TEST_F(UntrueTest, ReviewsAndGeneratedNamesPass) {
  const WriteOptions write{.manager = "test"};
  const Value review = Parse(
      "{apiVersion: authorization.k8s.io/v1, kind: SelfSubjectAccessReview, spec: {resourceAttributes: {verb: get, resource: pods}}}");
  EXPECT_EQ(Say(Run(client_->Create(review, write))), "ok");
  const Value generated = Parse("{apiVersion: v1, kind: ConfigMap, metadata: {generateName: g-, namespace: " + ns_ + "}}");
  EXPECT_EQ(Say(Run(client_->Create(generated, write))), "ok");
}

TEST_F(UntrueTest, R4_AnotherListIsNotAnEmptyOne) {
  const ListOptions list{.ns = ns_};
  const document::GroupVersionKind config_map{"", "v1", "ConfigMap"};
  const auto listed = [&](std::string body) {
    Answer("GET", std::move(body));
    return Say(Run(through_.ListAll(config_map, list)));
  };
  const std::string head = R"({"apiVersion":"v1","kind":"ConfigMapList","metadata":{"resourceVersion":"1"},"items":)";
  EXPECT_EQ(listed(R"({"apiVersion":"v1","kind":"Status","metadata":{},"status":"Success"})"),
            "Unavailable: the list of configmaps is another one: Status, not a ConfigMapList");
  EXPECT_EQ(listed(R"({"apiVersion":"v1","kind":"ConfigMapList","metadata":{"resourceVersion":"1"}})"),
            "Unavailable: the list of configmaps is another one: ConfigMapList, not a ConfigMapList");
  EXPECT_EQ(
      listed(R"({"apiVersion":"v1","kind":"SecretList","metadata":{},"items":[{"metadata":{"name":"a","namespace":")" + ns_ + R"("}}]})"),
      "Unavailable: the list of configmaps is another one: SecretList, not a ConfigMapList");
  EXPECT_EQ(
      listed(head + R"([{"metadata":{"namespace":")" + ns_ + R"("}}]})"),
      "Unavailable: the list of configmaps has another object: an object without a kind without a name, not a ConfigMap of namespace " +
          ns_);
  EXPECT_EQ(listed(head + "[null]}"), "Unavailable: the API server's list is not a JSON object");
  EXPECT_EQ(listed(head + "null}"), "ok");
}

/// A list of so many objects that each `continue` has expired before it is used.
TEST_F(UntrueTest, R6_AListWhosePagesExpireComesInOne) {
  for (const char* name : {"a", "b", "c", "d"}) Must(client_->Apply(ConfigMap(name, "1", "{set: x}"), ApplyOptions{.manager = "test"}));
  api_.before = [](const net::ServerRequest& request) -> std::optional<net::ServerResponse> {
    if (!testing::Contains(request.target, "continue=")) return std::nullopt;
    net::ServerResponse response;
    response.status = 410;
    response.headers.emplace_back("Content-Type", "application/json");
    response.body = R"({"kind":"Status","reason":"Expired","code":410,"message":"too old"})";
    return response;
  };
  const ListOptions list{.ns = ns_, .label_selector = "set=x", .page_size = 2};
  EXPECT_EQ(Must(through_.ListAll({"", "v1", "ConfigMap"}, list)).size(), 4u);
}

TEST_F(UntrueTest, R4_AListThatDoesNotGoOnEnds) {
  Answer("GET", R"({"apiVersion":"v1","kind":"ConfigMapList","metadata":{"resourceVersion":"1","continue":"x"},"items":[]})");
  EXPECT_EQ(Say(Run(through_.ListAll({"", "v1", "ConfigMap"}, ListOptions{.ns = ns_}))),
            "Unavailable: the list of configmaps does not go on");
}

}  // namespace
}  // namespace sluice::kube
