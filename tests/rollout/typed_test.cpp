// The trip through Go types. What is wanted was worked out from apimachinery's converter and the types of k8s.io/api v0.36.
#include "rollout/typed.h"

#include "document/json.h"
#include "rollout/normalize.h"
#include "tests/rollout/yaml.h"

namespace sluice::rollout {
namespace {

using document::Value;

TEST(Typed, RoundTrip) {
  struct Row {
    std::string_view rule, in, want;
  };
  constexpr Row kRows[] = {
      {"unknown fields vanish", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, nonsense: 1}, dta: {}}",
       R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})"},
      {"empty ones are left out",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {}, finalizers: []}, data: {}, immutable: null}",
       R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})"},
      {"false behind a pointer is said, and so are empty texts in maps",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: ''}, immutable: false}",
       R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":""},"immutable":false})"},
      {"structs are never left out",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 0, paused: false, template: {spec: {hostNetwork: "
       "false, containers: [{name: "
       "c, args: [], env: [{name: E, value: ''}], livenessProbe: {}}]}}}}",
       R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"},"spec":{"replicas":0,"template":{"spec":{"containers":[{"name":"c",)"
       R"("env":[{"name":"E"}],"livenessProbe":{},"resources":{}}]},"metadata":{}},"strategy":{}},"status":{}})"},
      {"numbers that are never left out",
       "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80.0}, {port: 81, targetPort: web}]}}",
       R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80,"targetPort":0},{"port":81,"targetPort":"web"}]},"status":{"loadBalancer":{}}})"},
      {"quantities keep their text",
       "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {resources: {requests: {storage: 1024Mi}}}}",
       R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"a"},"spec":{"resources":{"requests":{"storage":"1024Mi"}}},"status":{}})"},
      {"bytes on one line", "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {x: \"aGVs\\nbG8=\"}}",
       R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"data":{"x":"aGVsbG8="}})"},
  };
  for (const Row& row : kRows) {
    Value object = Yaml(std::string(row.in));
    EXPECT_TRUE(RoundTrip(object)) << row.rule;
    EXPECT_EQ(document::EmitJson(object), row.want) << row.rule;
  }
}

TEST(Typed, WhatDoesNotFitStaysAsItIs) {
  constexpr std::string_view kRows[] = {
      "{apiVersion: example.com/v1, kind: Deployment, metadata: {name: a}, x: null}",                              // no type
      "{apiVersion: apps/v9, kind: Deployment, metadata: {name: a}, x: 1}",                                        // nor for this version
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: 1}, y: 1}",                                // a number for a text
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: two}, y: 1}",                 // a text for a number
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1.5}, y: 1}",                 // no whole number
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {spec: {containers: {}}}}}",  // a mapping for a list
      "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {x: '***'}, y: 1}",                               // no base64
      "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80, targetPort: 1.5}]}, y: 1}",  // neither number nor name
  };
  for (const std::string_view row : kRows) {
    const Value before = Yaml(std::string(row));
    Value object = before;
    EXPECT_FALSE(RoundTrip(object)) << row;
    EXPECT_EQ(object, before) << row;
  }
}

TEST(Typed, NormalizedObjects) {
  struct Row {
    std::string_view rule, in, want;
  };
  constexpr Row kRows[] = {
      {"a port without target and protocol", "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}",
       R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"a"},"spec":{"ports":[{"port":80,"targetPort":80,"protocol":"TCP"}]}})"},
      {"roles stay as they are written",
       "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a}, rules: [{verbs: [get], x: 1}]}",
       R"({"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"a"},"rules":[{"verbs":["get"],"x":1}]})"},
      {"what does not fit is sent as it is written", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: 1}, y: 1}",
       R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":1},"y":1})"},
      {"custom resources to the letter", "{apiVersion: example.com/v1, kind: X, metadata: {name: a}, spec: {a: null, b: {}}}",
       R"({"apiVersion":"example.com/v1","kind":"X","metadata":{"name":"a"},"spec":{"a":null,"b":{}}})"},
      {"a caBundle that is none",
       "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, spec: {conversion: {webhook: "
       "{clientConfig: {caBundle: Cg==}}}}}",
       R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"a"},"spec":{"conversion":{"webhook":{"clientConfig":{}}}}})"},
      {"one that looks like one",  // base64 of a PEM with MAA= inside
       "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a}, spec: {conversion: {webhook: "
       "{clientConfig: {caBundle: "
       "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1BQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=}}}}}",
       R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"a"},"spec":{"conversion":{"webhook":{"clientConfig":{"caBundle":)"
       R"("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1BQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="}}}}})"},
  };
  for (const Row& row : kRows) {
    Value object = Yaml(std::string(row.in));
    ASSERT_TRUE(NormalizeObject(object)) << row.rule;
    EXPECT_EQ(document::EmitJson(object), row.want) << row.rule;
  }
}

}  // namespace
}  // namespace sluice::rollout
