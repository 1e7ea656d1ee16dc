// The documents of testdata/fingerprint come from a real API server (capture.sh).
#include "rollout/fingerprint.h"

#include "document/object.h"
#include "rollout/fingerprint_rules.h"
#include "rollout/normalize.h"
#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

using document::Value;

Value Desired(const std::string& file, const std::string& kind) {
  for (Value& object : TestData("fingerprint/" + file)) {  // just as capture.sh applied it
    if (object.StringAt({"kind"}) == kind) return object;
  }
  throw std::runtime_error("no " + kind + " in " + file);
}

TEST(Fingerprint, AgreesWithARealServer) {
  struct Row {
    std::string desired, kind, live;
    bool same;
  };
  const Row rows[] = {
      {"deployment.desired.yaml", "Deployment", "deployment.applied.yaml", true},
      {"deployment.desired.yaml", "Deployment", "deployment.extended.yaml", true},
      {"deployment.desired.yaml", "Deployment", "deployment.shared.yaml", true},
      {"deployment.desired.yaml", "Deployment", "deployment.taken.yaml",
       false},  // what the server had rewritten went over to the other manager
      {"deployment.desired.yaml", "Deployment", "deployment.scaled.yaml", false},
      {"deployment.desired.yaml", "Deployment", "deployment.image.yaml", false},
      {"deployment.desired.yaml", "Deployment", "deployment.unlabelled.yaml", false},
      {"deployment.desired.yaml", "Deployment", "deployment.hostpath.yaml", false},
      {"deployment.desired.yaml", "Deployment", "deployment.args.yaml", false},
      {"deployment.desired.yaml", "Deployment", "deployment.port.yaml", false},
      {"deployment.desired.yaml", "Deployment", "deployment.hostnetwork.yaml", false},
      {"deployment.desired.yaml", "Deployment", "deployment.memory.yaml",
       false},  // an apply would change nothing: costs a question, no harm
      {"objects.desired.yaml", "Service", "service.applied.yaml", true},
      {"objects.desired.yaml", "Service", "service.extended.yaml", true},
      {"objects.desired.yaml", "ConfigMap", "configmap.applied.yaml", true},
      {"objects.desired.yaml", "ConfigMap", "configmap.extended.yaml", true},
      {"objects.desired.yaml", "ConfigMap", "configmap.finalizer.yaml", false},
      {"objects.desired.yaml", "ConfigMap", "configmap.empty.yaml", false},
      {"objects.desired.yaml", "NetworkPolicy", "networkpolicy.applied.yaml", true},
      {"objects.desired.yaml", "RoleBinding", "rolebinding.applied.yaml", true},
      {"objects.desired.yaml", "StatefulSet", "statefulset.applied.yaml", true},
      {"objects.desired.yaml", "HorizontalPodAutoscaler", "horizontalpodautoscaler.applied.yaml", true},
      {"objects.desired.yaml", "Secret", "secret.applied.yaml", true},
      {"widget.desired.yaml", "Widget", "widget.applied.yaml", true},
      {"widget.desired.yaml", "Widget", "widget.extended.yaml", true},
      {"widget.desired.yaml", "Widget", "widget.title.yaml", false},
      {"widget.desired.yaml", "Widget", "widget.enabled.yaml", false},
  };
  for (const Row& row : rows) {
    const Value live = TestData("fingerprint/" + row.live).at(0);
    EXPECT_EQ(FingerprintDesired(Desired(row.desired, row.kind)) == FingerprintLive(live, "kustomize-controller"), row.same) << row.live;
  }
}

TEST(Fingerprint, AStructThatWasSentEmptyAndFilledByTheServer) {
  const auto live = [](std::string_view strategy) {
    return Yaml(
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, managedFields: [{manager: m, operation: Apply, apiVersion: apps/v1, "
        "fieldsV1: "
        "{f:spec: {f:strategy: {}}}}]}, spec: {replicas: 1, strategy: " +
        std::string(strategy) + "}}");
  };
  const Value desired = Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {strategy: {}}}");
  EXPECT_EQ(FingerprintLive(live("{type: RollingUpdate, rollingUpdate: {maxSurge: 25%}}"), "m"), FingerprintDesired(desired));
  EXPECT_EQ(FingerprintLive(live("{}"), "m"), FingerprintDesired(desired));
  EXPECT_NE(FingerprintLive(live("{type: Recreate}"), "m"),
            FingerprintDesired(Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {strategy: {type: Recreate}}}")));
}

TEST(Fingerprint, CountsOnlyOurApplyEntry) {
  const Value live = TestData("fingerprint/deployment.applied.yaml").at(0);
  EXPECT_NE(FingerprintLive(live, "kustomize-controller"), 0u);
  EXPECT_EQ(FingerprintLive(live, "other"), 0u);
  EXPECT_EQ(FingerprintLive(live, "kube-controller-manager"), 0u);  // an Update entry
  EXPECT_EQ(FingerprintLive(Yaml("{apiVersion: v1, kind: ConfigMap}"), "kustomize-controller"), 0u);
}

// Every change of a desired object must show, but for those that mean nothing.
TEST(Fingerprint, SeesEveryChangeOfTheDesiredObject) {
  const std::string base =
      "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b, labels: {l: \"1\"}}\nspec:\n  hostNetwork: false\n  volumes:\n  - "
      "{name: v, emptyDir: {}}\n"
      "  containers:\n  - name: c\n    args: [x, y]\n    resources: {limits: {cpu: 1000m}}\n    ports:\n    - {containerPort: 80, "
      "protocol: TCP}\n";
  struct Row {
    std::string_view rule, from, to;
    bool same;
  };
  constexpr Row kRows[] = {
      {"a value", "l: \"1\"", "l: \"2\"", false},
      {"a key", "{l:", "{m:", false},
      {"a number", "80", "81", false},
      {"an empty value goes", "  hostNetwork: false\n", "", false},
      {"an empty value is set", "hostNetwork: false", "hostNetwork: true", false},
      {"an empty mapping goes", ", emptyDir: {}", "", false},
      {"an empty mapping is filled", "emptyDir: {}", "emptyDir: {medium: Memory}", false},
      {"order of a list", "[x, y]", "[y, x]", false},
      {"an item more", "[x, y]", "[x, y, y]", false},
      {"an item less", "[x, y]", "[x]", false},
      {"items as text", "[x, y]", "[\"x, y\"]", false},
      {"a quantity", "1000m", "1001m", false},
      {"text is no number", "80", "\"80\"", false},
      {"order of keys", "{containerPort: 80, protocol: TCP}", "{protocol: TCP, containerPort: 80}", true},
      {"a quantity written otherwise", "1000m", "1", true},
      {"a quantity as text", "1000m", "\"1.0\"", true},
      {"a number written otherwise", "80", "0x50", true},
      {"a null", "args:", "command: null\n    args:", true},
      {"the name", "name: a", "name: z", true},
      {"the namespace", "namespace: b", "namespace: z", true},
      {"an empty list of variables", "args:", "env: []\n    args:", true},
  };
  const std::uint64_t want = FingerprintDesired(Yaml(base));
  for (const Row& row : kRows) {
    std::string text = base;
    const std::size_t at = text.find(row.from);
    ASSERT_NE(at, text.npos) << row.rule;
    text.replace(at, row.from.size(), row.to);
    EXPECT_EQ(FingerprintDesired(Yaml(text)) == want, row.same) << row.rule;
  }
}

TEST(Fingerprint, CustomResourcesAreTakenToTheLetter) {
  const auto of = [](const std::string& spec) {
    return FingerprintDesired(Yaml("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec: " + spec));
  };
  constexpr const char* kDifferent[] = {"{}",
                                        "{a: 0}",
                                        "{a: false}",
                                        "{a: \"\"}",
                                        "{a: {}}",
                                        "{a: []}",
                                        "{a: \"0\"}",
                                        "{a: 0.5}",
                                        "{a: [0]}",
                                        "{a: [false]}",
                                        "{limits: {cpu: 1000m}}",
                                        "{limits: {cpu: \"1\"}}",
                                        "{a: 18446744073709551615}"};
  for (const char* left : kDifferent) {
    for (const char* right : kDifferent) EXPECT_EQ(of(left) == of(right), left == right) << left << " and " << right;
  }
  EXPECT_EQ(of("{a: null, b: 1.0}"), of("{b: 1}"));
}

TEST(Fingerprint, ItemsAreFoundByTheirKeys) {
  const auto live = [](const std::string& ports) {
    return Yaml(
        "apiVersion: v1\nkind: Service\nmetadata:\n  managedFields:\n  - manager: m\n    operation: Apply\n    apiVersion: v1\n    "
        "fieldsV1:\n      f:spec:\n        f:ports:\n"
        "          'k:{\"port\":80,\"protocol\":\"TCP\"}': {.: {}, f:port: {}, f:name: {}}\n"
        "          'k:{\"port\":53,\"protocol\":\"UDP\"}': {.: {}, f:port: {}, f:protocol: {}}\n"
        "spec:\n  ports: " +
        ports);
  };
  const std::uint64_t want =
      FingerprintDesired(Yaml("{apiVersion: v1, kind: Service, spec: {ports: [{port: 80, name: http}, {port: 53, protocol: UDP}]}}"));
  struct Row {
    std::string_view rule, ports;
    bool same;
  };
  constexpr Row kRows[] = {
      {"as applied", "[{port: 80, name: http, protocol: TCP}, {port: 53, protocol: UDP}]", true},
      {"with an item of another",
       "[{port: 81, protocol: TCP}, {port: 80, name: http, protocol: TCP}, {port: 53, protocol: UDP}, {port: 53, protocol: TCP}]", true},
      {"other order", "[{port: 53, protocol: UDP}, {port: 80, name: http, protocol: TCP}]", false},
      {"a field of an item", "[{port: 80, name: web, protocol: TCP}, {port: 53, protocol: UDP}]", false},
      {"an item gone", "[{port: 80, name: http, protocol: TCP}]", false},
      {"key of another type", "[{port: \"80\", name: http, protocol: TCP}, {port: 53, protocol: UDP}]", false},
  };
  for (const Row& row : kRows) EXPECT_EQ(FingerprintLive(live(std::string(row.ports)), "m") == want, row.same) << row.rule;
}

TEST(Fingerprint, TakesTheEntryOfTheVersionItIsShown) {
  const Value live = Yaml(
      "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  managedFields:\n"
      "  - {manager: m, operation: Apply, apiVersion: apps/v1beta1, fieldsV1: {f:spec: {f:replicas: {}}}}\n"
      "  - {manager: m, operation: Apply, apiVersion: apps/v1, fieldsV1: {f:spec: {f:paused: {}}}}\n"
      "  - {manager: m, operation: Apply, apiVersion: apps/v1, subresource: scale, fieldsV1: {f:spec: {f:replicas: {}}}}\n"
      "spec: {replicas: 3, paused: true}\n");
  EXPECT_EQ(FingerprintLive(live, "m"), FingerprintDesired(Yaml("{apiVersion: apps/v1, kind: Deployment, spec: {paused: true}}")));
}

TEST(Quantity, IsOneNumber) {
  struct Row {
    std::string_view left, right;
    bool same;
  };
  constexpr Row kRows[] = {{"1000m", "1", true},
                           {"1024Mi", "1Gi", true},
                           {"1.5Gi", "1536Mi", true},
                           {"1e3", "1k", true},
                           {"1E3", "1000", true},
                           {"0.1", "100m", true},
                           {"1M", "1000k", true},
                           {"1Mi", "1M", false},
                           {"1n", "1u", false},
                           {"-1", "1", false},
                           {"-1", "-1000m", true},
                           {"0", "0m", true},
                           {"+5", "5", true},
                           {"1Ei", "1152921504606846976", true},
                           {".5", "500m", true},
                           {"5.", "5", true},
                           {"100000000000000000n", "100M", true}};
  for (const Row& row : kRows) {
    const auto left = ParseQuantity(row.left), right = ParseQuantity(row.right);
    ASSERT_TRUE(left && right) << row.left << " " << row.right;
    EXPECT_EQ(*left == *right, row.same) << row.left << " " << row.right;
  }
  for (const auto text : {"", "a", "1x", "1KI", "1 Gi", ".", "e3", "1e", "--1", "1.2.3", "9999999999999999999999999"})
    EXPECT_FALSE(ParseQuantity(text)) << text;
}

}  // namespace
}  // namespace sluice::rollout
