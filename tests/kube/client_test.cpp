// The verbs, against a real API server: what they answer, and in which words they fail.
#include "kube/client.h"

#include "cluster.h"
#include "document/json.h"

namespace sluice::kube {
namespace {

using base::Reason;
using document::Value;
using testing::Contains;
using testing::Say;

class ClientTest : public testing::ClusterTest {
 protected:
  const WriteOptions write_{.manager = "test"};
  const ApplyOptions apply_{.manager = "kustomize-controller"};
};

TEST_F(ClientTest, CreatesReadsReplacesAndDeletes) {
  const Value created = Must(client_->Create(ConfigMap("a", "1"), write_));
  EXPECT_FALSE(created.StringAt({"metadata", "uid"}).empty());
  Value read = Must(client_->Get(Ref("ConfigMap", "a")));
  EXPECT_EQ(read.StringAt({"data", "key"}), "1");
  EXPECT_EQ(Say(Run(client_->Create(ConfigMap("a", "1"), write_))), "AlreadyExists: configmaps \"a\" already exists");

  read["data"].Set("key", "2");
  const Value replaced = Must(client_->Replace(read, write_));
  EXPECT_EQ(replaced.StringAt({"data", "key"}), "2");
  EXPECT_EQ(
      Say(Run(client_->Replace(read, write_))),
      "Conflict: Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest "
      "version and try again");

  const DeleteOptions gone;
  EXPECT_EQ(Say(Run(client_->Delete(Ref("ConfigMap", "a"), gone))), "ok");
  EXPECT_EQ(Say(Run(client_->Get(Ref("ConfigMap", "a")))), "NotFound: configmaps \"a\" not found");
  EXPECT_EQ(Say(Run(client_->Delete(Ref("ConfigMap", "a"), gone))), "NotFound: configmaps \"a\" not found");
}

TEST_F(ClientTest, AppliesTwiceAsOnce) {
  const Value first = Must(client_->Apply(ConfigMap("a", "1"), apply_));
  const Value second = Must(client_->Apply(ConfigMap("a", "1"), apply_));
  EXPECT_EQ(first.StringAt({"metadata", "resourceVersion"}), second.StringAt({"metadata", "resourceVersion"}));
  const Value* managers = first.At({"metadata", "managedFields"});
  ASSERT_NE(managers, nullptr);
  EXPECT_EQ(managers->items()[0].StringAt({"manager"}), "kustomize-controller");
  EXPECT_EQ(managers->items()[0].StringAt({"operation"}), "Apply");
}

TEST_F(ClientTest, AppliesWithoutForceOnlyWhatIsItsOwn) {
  Must(client_->Apply(ConfigMap("a", "1"), apply_));
  const ApplyOptions gentle{.manager = "other", .force = false};
  EXPECT_EQ(Say(Run(client_->Apply(ConfigMap("a", "2"), gentle))),
            "Conflict: Apply failed with 1 conflict: conflict with \"kustomize-controller\": .data.key");
  const ApplyOptions forced{.manager = "other"};
  EXPECT_EQ(Must(client_->Apply(ConfigMap("a", "2"), forced)).StringAt({"data", "key"}), "2");
}

TEST_F(ClientTest, DryRunsStoreNothing) {
  const ApplyOptions dry{.manager = "kustomize-controller", .dry_run = true};
  EXPECT_EQ(Must(client_->Apply(ConfigMap("a", "1"), dry)).StringAt({"data", "key"}), "1");
  EXPECT_EQ(Say(Run(client_->Get(Ref("ConfigMap", "a")))), "NotFound: configmaps \"a\" not found");
  const WriteOptions dry_create{.manager = "test", .dry_run = true};
  EXPECT_EQ(Say(Run(client_->Create(ConfigMap("a", "1"), dry_create))), "ok");
  EXPECT_EQ(Say(Run(client_->Get(Ref("ConfigMap", "a")))), "NotFound: configmaps \"a\" not found");
  Must(client_->Apply(ConfigMap("a", "1"), apply_));
  const DeleteOptions dry_delete{.dry_run = true};
  EXPECT_EQ(Say(Run(client_->Delete(Ref("ConfigMap", "a"), dry_delete))), "ok");
  EXPECT_EQ(Say(Run(client_->Get(Ref("ConfigMap", "a")))), "ok");
}

struct Refusal {
  std::string_view rule, object, want;
};
constexpr Refusal kRefusals[] = {
    {"one cause: the server's words",
     "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: NS}, spec: {ports: [{port: 70000, targetPort: 1}]}}",
     "Invalid: Service \"s\" is invalid: spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive"},
    {"many causes are joined",
     "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: NS}, spec: {type: X, ports: [{port: 0, targetPort: 1}]}}",
     "Invalid: Service \"s\" is invalid: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive; spec.type: "
     "Unsupported value: "
     "\"X\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\""},
    {"unknown kind", "{apiVersion: example.com/v1, kind: Foo, metadata: {name: f, namespace: NS}}",
     "NotFound: no matches for kind \"Foo\" in version \"example.com/v1\""},
    {"unknown version", "{apiVersion: apps/v7, kind: Deployment, metadata: {name: f, namespace: NS}}",
     "NotFound: no matches for kind \"Deployment\" in version \"apps/v7\""},
    {"no namespace", "{apiVersion: v1, kind: ConfigMap, metadata: {name: f}}", "Invalid: ConfigMap/f: namespace not specified"},
    {"absent namespace", "{apiVersion: v1, kind: ConfigMap, metadata: {name: f, namespace: nowhere-at-all}}",
     "NotFound: namespaces \"nowhere-at-all\" not found"},
};

TEST_F(ClientTest, RefusalsNameTheirCause) {
  for (const Refusal& row : kRefusals) {
    std::string text(row.object);
    if (const std::size_t at = text.find("NS"); at != std::string::npos) text.replace(at, 2, ns_);
    const Value object = testing::Parse(text);
    EXPECT_EQ(Say(Run(client_->Apply(object, apply_))), row.want) << row.rule;
  }
}

TEST_F(ClientTest, SecretsStayOutOfRefusals) {
  const Value wrong =
      testing::Parse("{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: " + ns_ + "}, data: {password: 'canary-4711!'}}");
  const std::string said = Say(Run(client_->Apply(wrong, apply_)));
  EXPECT_TRUE(Contains(said, "illegal base64 data")) << said;
  EXPECT_FALSE(Contains(said, "canary")) << said;
  const Value number =
      testing::Parse("{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: " + ns_ + "}, stringData: {pin: 4711471147}}");
  const std::string pin = Say(Run(client_->Create(number, write_)));
  EXPECT_TRUE(pin.starts_with("Invalid: ")) << pin;
  EXPECT_FALSE(Contains(pin, "4711471147")) << pin;
}

TEST_F(ClientTest, ImpersonatesWithTheRightsOfWhomItNames) {
  Create("{apiVersion: v1, kind: ServiceAccount, metadata: {name: tenant, namespace: " + ns_ + "}}");
  const Impersonate tenant = Impersonate::ServiceAccount(ns_, "tenant");
  const ApplyOptions as{.manager = "kustomize-controller", .as = tenant};
  EXPECT_EQ(Say(Run(client_->Apply(ConfigMap("a", "1"), as))),
            "Forbidden: configmaps \"a\" is forbidden: User \"system:serviceaccount:" + ns_ +
                ":tenant\" cannot patch resource \"configmaps\" in API group \"\" in the namespace \"" + ns_ + "\"");
  Create("{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: tenant, namespace: " + ns_ +
         "}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}, subjects: [{kind: ServiceAccount, name: "
         "tenant, namespace: " +
         ns_ + "}]}");
  EXPECT_TRUE(Until([&] { return Run(client_->Apply(ConfigMap("a", "1"), as)).has_value(); }));
  const ReadOptions read_as{.as = tenant};
  const ObjectRef elsewhere{{"", "v1", "ConfigMap"}, "kube-system", "kube-root-ca.crt"};
  EXPECT_EQ(Run(client_->Get(elsewhere, read_as)).error().reason, Reason::Forbidden);
  const ListOptions list_as{.ns = ns_, .as = tenant};
  const document::GroupVersionKind config_map{"", "v1", "ConfigMap"};
  EXPECT_GE(Must(client_->ListAll(config_map, list_as)).size(), 1u);
}

TEST_F(ClientTest, AnIdentityCannotSmuggleAHeader) {
  const ReadOptions odd{.as = {.user = "a\r\nImpersonate-Group: system:masters", .groups = {}}};
  EXPECT_EQ(Say(Run(client_->Get(Ref("ConfigMap", "a"), odd))),
            "Invalid: impersonation: the user is missing, or a name has control characters");
  const ReadOptions groups{.as = {.user = "", .groups = {"system:masters"}}};
  EXPECT_EQ(Say(Run(client_->Get(Ref("ConfigMap", "a"), groups))),
            "Invalid: impersonation: the user is missing, or a name has control characters");
}

TEST_F(ClientTest, PatchesStatusAndMetadata) {
  Must(client_->Apply(testing::Parse("{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: " + ns_ +
                                     "}, spec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: "
                                     "{containers: [{name: c, image: i}]}}}}"),
                      apply_));
  const ObjectRef ref{{"apps", "v1", "Deployment"}, ns_, "d"};
  const Value merge = testing::Parse("{metadata: {annotations: {x: '1'}}}");
  EXPECT_EQ(Must(client_->Patch(ref, PatchType::Merge, merge, write_)).StringAt({"metadata", "annotations", "x"}), "1");
  const Value json = testing::Parse("[{op: replace, path: /metadata/annotations/x, value: '2'}]");
  EXPECT_EQ(Must(client_->Patch(ref, PatchType::Json, json, write_)).StringAt({"metadata", "annotations", "x"}), "2");
  const WriteOptions status{.manager = "test", .subresource = "status"};
  const Value condition = testing::Parse("{status: {conditions: [{type: Odd, status: 'True', reason: R, message: m}]}}");
  const Value patched = Must(client_->Patch(ref, PatchType::Merge, condition, status));
  EXPECT_EQ(patched.At({"status", "conditions"})->items()[0].StringAt({"type"}), "Odd");
}

TEST_F(ClientTest, DeletesOnlyTheIncarnationItMeans) {
  const Value first = Must(client_->Apply(ConfigMap("a", "1"), apply_));
  const DeleteOptions other{.uid = "00000000-0000-4000-8000-000000000000"};
  const std::string said = Say(Run(client_->Delete(Ref("ConfigMap", "a"), other)));
  EXPECT_EQ(said,
            "Conflict: Operation cannot be fulfilled on ConfigMap \"a\": the UID in the precondition "
            "(00000000-0000-4000-8000-000000000000) does not "
            "match the UID in record (" +
                std::string(first.StringAt({"metadata", "uid"})) + "). The object might have been deleted and then recreated");
  const DeleteOptions same{.uid = std::string(first.StringAt({"metadata", "uid"}))};
  EXPECT_EQ(Say(Run(client_->Delete(Ref("ConfigMap", "a"), same))), "ok");
}

TEST_F(ClientTest, PropagationDecidesWhatHappensToDependents) {
  const Value owner = Must(client_->Apply(ConfigMap("owner", "1"), apply_));
  Value child = ConfigMap("child", "1");
  child["metadata"].Set(
      "ownerReferences",
      testing::Parse("[{apiVersion: v1, kind: ConfigMap, name: owner, uid: " + std::string(owner.StringAt({"metadata", "uid"})) + "}]"));
  Must(client_->Apply(child, apply_));
  const DeleteOptions orphan{.propagation = Propagation::Orphan};
  EXPECT_EQ(Say(Run(client_->Delete(Ref("ConfigMap", "owner"), orphan))), "ok");
  EXPECT_TRUE(Until([&] { return !Run(client_->Get(Ref("ConfigMap", "owner"))).has_value(); }));
  EXPECT_EQ(Must(client_->Get(Ref("ConfigMap", "child"))).At({"metadata", "ownerReferences"}), nullptr);
}

TEST_F(ClientTest, MetadataAloneKeepsTheKind) {
  const ApplyOptions metadata{.manager = "kustomize-controller", .metadata_only = true};
  const Value applied = Must(client_->Apply(ConfigMap("a", "1"), metadata));
  EXPECT_EQ(applied.StringAt({"kind"}), "ConfigMap");
  EXPECT_EQ(applied.Find("data"), nullptr);
  const ReadOptions read{.metadata_only = true};
  const Value got = Must(client_->Get(Ref("ConfigMap", "a"), read));
  EXPECT_EQ(document::GvkOf(got), (document::GroupVersionKind{"", "v1", "ConfigMap"}));
  EXPECT_EQ(got.Find("data"), nullptr);
  EXPECT_EQ(got.StringAt({"metadata", "name"}), "a");
}

TEST_F(ClientTest, ListsPageByPage) {
  for (int i = 0; i < 23; ++i) Must(client_->Apply(ConfigMap("m" + std::to_string(i), "1", "{set: x}"), apply_));
  const document::GroupVersionKind config_map{"", "v1", "ConfigMap"};
  const ListOptions options{.ns = ns_, .label_selector = "set=x", .page_size = 5};
  std::vector<std::string> names;
  ListSink sink;
  sink.item = [&](Value item) {
    EXPECT_EQ(document::GvkOf(item), config_map);
    names.emplace_back(document::NameOf(item));
  };
  sink.restart = [&] { names.clear(); };
  const std::string version = Must(client_->List(config_map, options, sink));
  EXPECT_EQ(names.size(), 23u);
  EXPECT_FALSE(version.empty());
  std::uint64_t pages = 0;
  for (const RequestCount& count : client_->transport().counts()) {
    if (count.verb == "list" && count.resource == "configmaps" && count.code == 200) pages = count.count;
  }
  EXPECT_EQ(pages, 5u);
}

TEST_F(ClientTest, OneConnectionCarriesAll) {
  Must(client_->Apply(ConfigMap("a", "1"), apply_));
  std::vector<net::CancelHandle> handles;
  net::Scope scope(runtime_.io());
  int done = 0;
  const auto one = [](Client* client, Value object, ApplyOptions options, int* count) -> net::Task<void> {
    auto applied = co_await client->Apply(object, options);
    if (applied) ++*count;
  };
  for (int i = 0; i < 100; ++i) scope.Spawn(one(client_.get(), ConfigMap("m" + std::to_string(i), "1"), apply_, &done));
  Must(scope.Drained());
  EXPECT_EQ(done, 100);
  EXPECT_EQ(client_->transport().traffic().connections, 1u);
}

TEST_F(ClientTest, WritesNothingWhileTheGateIsShut) {
  const auto shut = []() -> net::Task<base::Result<void>> {
    co_return base::MakeError(base::Reason::Canceled, "not the leader: nothing is written");
  };
  client_->transport().SetWriteGate(shut);
  const std::string want = "Canceled: not the leader: nothing is written";
  EXPECT_EQ(Say(Run(client_->Apply(ConfigMap("a", "1"), apply_))), want);
  EXPECT_EQ(Say(Run(client_->Create(ConfigMap("a", "1"), write_))), want);
  const DeleteOptions gone;
  EXPECT_EQ(Say(Run(client_->Delete(Ref("ConfigMap", "kube-root-ca.crt"), gone))), want);
  const ApplyOptions dry{.manager = "kustomize-controller", .dry_run = true};
  EXPECT_EQ(Say(Run(client_->Apply(ConfigMap("a", "1"), dry))), "ok");
  client_->transport().SetWriteGate(nullptr);
}

TEST_F(ClientTest, KnowsTheServersVersion) {
  const ServerVersion version = Must(client_->Version());
  EXPECT_TRUE(version.git_version.starts_with("v1.")) << version.git_version;
  EXPECT_EQ(version.major, "1");
}

TEST_F(ClientTest, WrongCredentialsAndWrongAuthoritiesAreRefused) {
  ClusterConfig config = config_;
  config.tls.client_cert_pem.clear();
  config.tls.client_key_pem.clear();
  config.token = "canary-token-1234";
  Client stranger(Env(), config);
  const std::string said = Say(Run(stranger.Version()));
  EXPECT_EQ(said, "Unauthorized: Unauthorized");
  config.tls.ca_pem.clear();  // the system's roots do not know this server
  Client distrustful(Env(), config);
  auto refused = Run(distrustful.Version());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::Unauthorized) << refused.error().message;
  EXPECT_FALSE(Contains(refused.error().message, "canary")) << refused.error().message;
}

}  // namespace
}  // namespace sluice::kube
