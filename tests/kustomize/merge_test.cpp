// Wanted objects: printed by kustomize v5.8.2 with the patch as the only `patches` entry.
#include "kustomize/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "document/json.h"
#include "document/yaml.h"
#include "kustomize/node.h"
#include "kustomize/reread.h"
#include "kustomize/schema_comments.h"

namespace sluice::kustomize {
namespace {

/// What the rows' texts are part of: they stand below `spec.template.spec` of a Deployment, beside the metadata of a Widget (of which no schema is
/// known), below `spec` of a Service, or are whole objects.
enum Frame { kPod, kWidget, kService, kWhole };

struct Row {
  std::string_view rule;
  Frame frame;
  std::string_view object, patch, want;
};

std::string Indented(std::string_view text, std::size_t by) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += std::string(by, ' ') + std::string(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

document::Value Parse(std::string_view text) {
  auto parsed = document::ParseYaml(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : document::Value();
}

document::Value Framed(Frame frame, std::string_view text) {
  if (frame == kWhole || text.starts_with("apiVersion") || text.starts_with("$patch")) return Parse(text);
  if (frame == kPod)
    return Parse("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n" + Indented(text, 6));
  if (frame == kService) return Parse("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n" + Indented(text, 2));
  return Parse("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n" + std::string(text) + "\n");
}

/// The part of `object` that the rows speak of, as JSON.
std::string Shown(Frame frame, document::Value object) {
  EXPECT_TRUE(Reread(object));
  if (frame == kPod) object = document::Value(*object.At({"spec", "template", "spec"}));
  if (frame == kService) object = document::Value(*object.Find("spec"));
  for (const char* key : {"apiVersion", "kind", "metadata"}) {
    if (frame == kWidget) object.Erase(key);
  }
  return document::EmitJson(object, {.sort_keys = true});
}

constexpr Row kRows[] = {
    {"a field is added, changed and removed", kWidget, R"(spec: {a: 1, b: 2})", R"(spec: {a: null, b: 3, c: 4})",
     R"({"spec":{"b":3,"c":4}})"},
    {"a list of an unknown kind is replaced", kWidget,
     R"(spec:
  l: [{name: a}, {name: b}])",
     R"(spec:
  l: [{name: b, x: 1}])",
     R"({"spec":{"l":[{"name":"b","x":1}]}})"},
    {"nulls inside a new mapping vanish, inside a new list they stay", kWidget, R"(spec: {})",
     R"(spec: {m: {a: null, b: 1}, l: [{a: null}]})", R"({"spec":{"l":[{"a":null}],"m":{"b":1}}})"},
    {"a number over a quoted string is a string", kWidget, R"(spec: {a: "x"})", R"(spec: {a: 5})", R"({"spec":{"a":"5"}})"},
    {"a number over a plain string is a number", kWidget, R"(spec: {a: x})", R"(spec: {a: 5})", R"({"spec":{"a":5}})"},
    {"a quoted number over a plain number is a string", kWidget, R"(spec: {a: 1})", R"(spec: {a: "5"})", R"({"spec":{"a":"5"}})"},
    {"a spelled null stays, an empty value goes", kWidget, R"(spec: {a: null, b: ~, c: , d: 1})", R"(spec: {d: 2})",
     R"({"spec":{"a":null,"b":null,"d":2}})"},
    {"an empty mapping changes nothing, an empty list replaces", kWidget, R"(spec: {m: {a: 1}, l: [1]})", R"(spec: {m: {}, l: []})",
     R"({"spec":{"l":[],"m":{"a":1}}})"},
    {"text that looks like a number stays text when a number is patched over it, if a patch was there before", kWidget,
     R"(spec: {a: 'x', b: yes})", R"(spec: {a: 5, b: 6})", R"({"spec":{"a":"5","b":6}})"},
    {"$patch: delete removes a mapping", kWidget, R"(spec: {m: {a: 1}, n: 1})", R"(spec: {m: {$patch: delete}})", R"({"spec":{"n":1}})"},
    {"$patch: replace replaces a mapping", kWidget, R"(spec: {m: {a: 1, b: 2}})", R"(spec: {m: {$patch: replace, b: 3}})",
     R"({"spec":{"m":{"b":3}}})"},
    {"$patch: merge is merging", kWidget, R"(spec: {m: {a: 1, b: 2}})", R"(spec: {m: {$patch: merge, b: 3}})",
     R"({"spec":{"m":{"a":1,"b":3}}})"},
    {"$patch: delete of what is not there is nothing", kWidget, R"(spec: {n: 1})", R"(spec: {m: {$patch: delete}})", R"({"spec":{"n":1}})"},
    {"$patch: replace at the top changes nothing", kWidget, R"(spec: {n: 1})",
     R"($patch: replace
apiVersion: example.com/v1
kind: Widget
metadata:
  name: w
spec: {m: 1}
)",
     R"({"spec":{"n":1}})"},
    {"directives in a plain list stay", kWidget, R"(spec: {l: [{a: 1}]})", R"(spec: {l: [{$patch: delete, a: 1}]})",
     R"({"spec":{"l":[{"$patch":"delete","a":1}]}})"},
    {"other directives are fields", kWidget, R"(spec: {l: [1]})", R"(spec: {$deleteFromPrimitiveList/l: [1], $retainKeys: [l]})",
     R"({"spec":{"$deleteFromPrimitiveList/l":[1],"$retainKeys":["l"],"l":[1]}})"},
    {"containers merge by name, the patch's order first", kPod,
     R"(containers:
- {name: a, image: x}
- {name: b, image: y}
- {name: c, image: z})",
     R"(containers:
- {name: n, image: q}
- {name: b, image: w})",
     R"({"containers":[{"image":"q","name":"n"},{"image":"w","name":"b"},{"image":"x","name":"a"},{"image":"z","name":"c"}]})"},
    {"$patch: delete removes an element", kPod,
     R"(containers:
- {name: a, image: x}
- {name: b, image: y})",
     R"(containers:
- {name: a, $patch: delete})",
     R"({"containers":[{"image":"y","name":"b"}]})"},
    {"$patch: replace in an element changes nothing", kPod,
     R"(containers:
- {name: a, image: x}
- {name: b, image: y})",
     R"(containers:
- {name: a, $patch: replace, image: z})",
     R"({"containers":[{"image":"x","name":"a"},{"image":"y","name":"b"}]})"},
    {"a list that is $patch: replace replaces", kPod,
     R"(containers:
- {name: a, image: x}
- {name: b, image: y})",
     R"(containers:
- $patch: replace
- {name: c, image: z})",
     R"({"containers":[{"image":"z","name":"c"}]})"},
    {"a list that is $patch: delete goes", kPod,
     R"(containers: [{name: a}]
volumes: [{name: v, emptyDir: {}}])",
     R"(volumes: [{$patch: delete}])", R"({"containers":[{"name":"a"}]})"},
    {"null removes a list", kPod,
     R"(containers: [{name: a}]
volumes: [{name: v, emptyDir: {}}])",
     R"(volumes: null)", R"({"containers":[{"name":"a"}]})"},
    {"a double key is made single by any patch", kPod,
     R"(containers:
- name: a
  env: [{name: A, value: x}, {name: B, value: b}, {name: A, value: y}])",
     R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec: {replicas: 2}
)",
     R"({"containers":[{"env":[{"name":"A","value":"y"},{"name":"B","value":"b"}],"name":"a"}]})"},
    {"an element without its key sweeps those before it", kPod,
     R"(containers:
- name: a
  env: [{name: A, value: x}, {value: n}, {name: B, value: y}])",
     R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec: {replicas: 2}
)",
     R"({"containers":[{"env":[{"value":"n"}],"name":"a"}]})"},
    {"a nameless patch container empties the list", kPod,
     R"(containers:
- {name: a, image: x}
- {name: b, image: y})",
     R"(containers:
- {image: z})",
     R"({"containers":[]})"},
    {"ports have two keys: patch-only ones, then the object's", kPod,
     R"(containers:
- name: a
  ports:
  - {containerPort: 80, protocol: TCP, name: h}
  - {containerPort: 80, protocol: UDP})",
     R"(containers:
- name: a
  ports:
  - {containerPort: 443, protocol: TCP}
  - {containerPort: 80, protocol: TCP, hostPort: 1})",
     R"({"containers":[{"name":"a","ports":[{"containerPort":443,"protocol":"TCP"},{"containerPort":80,"hostPort":1,"name":"h","protocol":"TCP"},{"containerPort":80,"protocol":"UDP"}]}]})"},
    {"a patch port without protocol is lost", kPod,
     R"(containers:
- name: a
  ports:
  - {containerPort: 80, protocol: TCP, name: h})",
     R"(containers:
- name: a
  ports:
  - {containerPort: 80, hostPort: 1})",
     R"({"containers":[{"name":"a","ports":[{"containerPort":80,"name":"h","protocol":"TCP"}]}]})"},
    {"ports without any protocol merge by number", kPod,
     R"(containers:
- name: a
  ports:
  - {containerPort: 80, name: h}
  - {containerPort: 81})",
     R"(containers:
- name: a
  ports:
  - {containerPort: 80, hostPort: 1})",
     R"({"containers":[{"name":"a","ports":[{"containerPort":80,"hostPort":1,"name":"h"},{"containerPort":81}]}]})"},
    {"service ports: a protocol in the patch alone", kService,
     R"(ports:
- {port: 80, name: a}
- {port: 81, name: b})",
     R"(ports:
- {port: 80, protocol: TCP, targetPort: 8080})",
     R"({"ports":[{"name":"a","port":80},{"name":"b","port":81}]})"},
    {"finalizers are a set", kWhole,
     R"(apiVersion: v1
kind: ConfigMap
metadata:
  name: c
  finalizers: [a/b, c/d]
)",
     R"(apiVersion: v1
kind: ConfigMap
metadata:
  name: c
  finalizers: [e/f, c/d]
)",
     R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"finalizers":["e/f","c/d","a/b"],"name":"c"}})"},
    {"tolerations and args are replaced", kPod,
     R"(tolerations: [{key: a}]
containers: [{name: a, args: [x, y]}])",
     R"(tolerations: [{key: b}]
containers: [{name: a, args: [z]}])",
     R"({"containers":[{"args":["z"],"name":"a"}],"tolerations":[{"key":"b"}]})"},
    {"volumes merge by name and keep both sources", kPod,
     R"(containers: []
volumes: [{name: v, emptyDir: {}}])",
     R"(volumes: [{name: v, configMap: {name: c}}])",
     R"({"containers":[],"volumes":[{"configMap":{"name":"c"},"emptyDir":{},"name":"v"}]})"},
    {"a null in an element removes a field", kPod,
     R"(containers: []
volumes: [{name: v, emptyDir: {}}])",
     R"(volumes: [{name: v, emptyDir: null, configMap: {name: c}}])",
     R"({"containers":[],"volumes":[{"configMap":{"name":"c"},"name":"v"}]})"},
    {"a new list with keys is cleaned of nulls and directives", kPod, R"(containers: [])",
     R"(volumes: [{name: v, emptyDir: null, configMap: {name: c}}, {name: w, $patch: delete}])",
     R"({"containers":[],"volumes":[{"configMap":{"name":"c"},"name":"v"}]})"},
    {"volumeMounts merge by path", kPod, R"(containers: [{name: a, volumeMounts: [{mountPath: /a, name: v}, {mountPath: /b, name: v}]}])",
     R"(containers: [{name: a, volumeMounts: [{mountPath: /b, name: w}]}])",
     R"({"containers":[{"name":"a","volumeMounts":[{"mountPath":"/b","name":"w"},{"mountPath":"/a","name":"v"}]}]})"},
    {"a Deployment of extensions/v1beta1 has no keys", kWhole,
     R"(apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers: [{name: a, image: x}]
)",
     R"(apiVersion: extensions/v1beta1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers: [{name: a, x: 1}]
)",
     R"({"apiVersion":"extensions/v1beta1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{"containers":[{"name":"a","x":1}]}}}})"},
    {"an object inside an object brings its schema", kWidget,
     R"(template:
  apiVersion: v1
  kind: Pod
  spec: {containers: [{name: a, image: x}]})",
     R"(template:
  spec: {containers: [{name: a, tty: true}]})",
     R"({"template":{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"image":"x","name":"a","tty":true}]}}})"},
    {"quoted keys of the patch stay quoted", kWidget, R"(spec: {})", R"(spec: {"5": x, "true": y})", R"({"spec":{"5":"x","true":"y"}})"},
    {"over a null anything may be written", kWidget, R"(spec: {a: null, b: null})", R"(spec: {a: {x: 1}, b: [1]})",
     R"({"spec":{"a":{"x":1},"b":[1]}})"},
    {"a topology spread has two keys", kPod,
     R"(containers: []
topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}])",
     R"(topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: DoNotSchedule, maxSkew: 2}, {topologyKey: host, whenUnsatisfiable: DoNotSchedule, maxSkew: 1}])",
     R"({"containers":[],"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"host","whenUnsatisfiable":"DoNotSchedule"},{"maxSkew":2,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]})"},
};

TEST(StrategicMerge, MergesAsKustomizeDoes) {
  for (const Row& row : kRows) {
    document::Value object = Framed(row.frame, row.object);
    const auto merged = StrategicMerge(object, Framed(row.frame, row.patch));
    ASSERT_TRUE(merged) << row.rule << ": " << merged.error().message;
    EXPECT_TRUE(*merged) << row.rule;
    EXPECT_EQ(Shown(row.frame, object), row.want) << row.rule;
  }
}

constexpr Row kRefused[] = {
    {"a mapping over a scalar", kWidget, R"(spec: {a: 1})", R"(spec: {a: {b: 1}})",
     "spec.a: a mapping in the patch, but a scalar in the object"},
    {"a list over a mapping", kWidget, R"(spec: {a: {b: 1}})", R"(spec: {a: [1]})",
     "spec.a: a list in the patch, but a mapping in the object"},
    {"a scalar over a list with keys", kPod, R"(containers: [{name: a}])", R"(containers: x)",
     "spec.template.spec.containers: a scalar in the patch, but a list in the object"},
    {"an unknown directive", kWidget, R"(spec: {a: {b: 1}})", R"(spec: {a: {$patch: drop}})",
     "spec.a: unknown patch strategy 'drop' ($patch knows delete, replace and merge)"},
    {"an unknown directive of a list", kPod, R"(containers: [{name: a}])", R"(containers: [{$patch: drop}])",
     "spec.template.spec.containers: unknown patch strategy 'drop' ($patch knows delete, replace and merge)"},
    {"an element that is no mapping", kPod, R"(containers: [a])", R"(containers: [{name: b}])",
     "spec.template.spec.containers: an element of a list that is merged by key must be a mapping"},
};

TEST(StrategicMerge, RefusesWhatDoesNotFit) {
  for (const Row& row : kRefused) {
    document::Value object = Framed(row.frame, row.object);
    const auto merged = StrategicMerge(object, Framed(row.frame, row.patch));
    ASSERT_FALSE(merged) << row.rule;
    EXPECT_EQ(merged.error().message, row.want) << row.rule;
  }
}

TEST(StrategicMerge, QuotesWhatHadNoType) {
  document::Value object = Parse("{apiVersion: example.com/v1, kind: Widget, a: x, b: yes, c: x}");
  OverwriteScalar(*object.Find("a"), "8080");
  OverwriteScalar(*object.Find("c"), "plain");
  EXPECT_TRUE(object.Find("a")->IsInt());
  ASSERT_TRUE(StrategicMerge(object, Parse("{z: 1}")));
  EXPECT_EQ(document::EmitJson(object), R"({"apiVersion":"example.com/v1","kind":"Widget","a":"8080","b":"yes","c":"plain","z":1})");
  ASSERT_TRUE(StrategicMerge(object, Parse("{a: 1, b: 2, c: 3}")));
  EXPECT_TRUE(object.Find("a")->IsInt()) << "which a replacement that writes text there would notice";
  ASSERT_TRUE(Reread(object));
  EXPECT_EQ(document::EmitJson(object), R"({"apiVersion":"example.com/v1","kind":"Widget","a":"1","b":"2","c":3,"z":1})")
      << "the first merge put quotes where YAML 1.1 needs them";
}

TEST(StrategicMerge, DeletesAWholeObject) {
  document::Value object = Parse("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}");
  const auto merged = StrategicMerge(object, Parse("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, $patch: delete}"));
  ASSERT_TRUE(merged);
  EXPECT_FALSE(*merged);
}

TEST(StrategicMerge, RefusesListsThatWouldTakeMinutes) {
  document::Value finalizers = document::Value::Sequence();
  for (int i = 0; i < 20'001; ++i) finalizers.Append(std::to_string(i));
  document::Value object = Parse("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}");
  object.Find("metadata")->Set("finalizers", std::move(finalizers));
  const auto merged = StrategicMerge(object, Parse("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {b: c}}}"));
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().reason, base::Reason::TooLarge);
  EXPECT_EQ(merged.error().message,
            "metadata.finalizers: a list of more than 20000 elements, whose merge keys are not distinct, is not merged");
}

TEST(StrategicMerge, UsesACustomSchemaInTheBuiltInOnesPlace) {
  const auto schema = Schema::FromOpenApi(Parse(R"({
    "definitions": {
      "com.example.Widget": {
        "properties": {"spec": {"$ref": "#/definitions/com.example.Spec"}},
        "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}]
      },
      "com.example.Spec": {
        "properties": {"parts": {"type": "array", "items": {"$ref": "#/definitions/com.example.Spec"},
                                 "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "id"}}
      }
    }
  })"));
  ASSERT_TRUE(schema);
  document::Value widget = Parse("{apiVersion: example.com/v1, kind: Widget, spec: {parts: [{id: a, x: 1, parts: [{id: z}]}]}}");
  ASSERT_TRUE(StrategicMerge(widget, Parse("{apiVersion: example.com/v1, kind: Widget, spec: {parts: [{id: a, y: 2, parts: [{id: q}]}]}}"),
                             *schema));
  EXPECT_EQ(document::EmitYaml(*widget.At({"spec", "parts"})), "- id: a\n  parts:\n  - id: q\n  - id: z\n  x: 1\n  \"y\": 2\n");
  document::Value pod = Parse("{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, x: 1}]}}");
  ASSERT_TRUE(StrategicMerge(pod, Parse("{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, z: 2}]}}"), *schema));
  EXPECT_EQ(document::EmitYaml(*pod.At({"spec", "containers"})), "- name: a\n  z: 2\n");
}

TEST(Schema, MayBeInAComment) {
  struct {
    std::string_view rule, text;
    bool merges;
  } const rows[] = {
      {"behind the key",
       R"(l: # {"type":"array","items":{"$ref":"#/definitions/io.k8s.api.core.v1.Container"},"x-kubernetes-patch-merge-key":"name","x-kubernetes-patch-strategy":"merge"}
- {name: a, x: 1}
)",
       true},
      {"above", R"(# {"type":"array","x-kubernetes-patch-merge-key":"name","x-kubernetes-patch-strategy":"merge"}
l:
- {name: a, x: 1}
)",
       true},
      {"another comment", "l: # {text}\n- {name: a, x: 1}\n", false},
      {"no schema of a merging list", "l: # {\"type\":\"array\"}\n- {name: a, x: 1}\n", false},
  };
  for (const auto& row : rows) {
    document::Value object = Parse(row.text);
    KeepSchemas(row.text, object);
    ASSERT_TRUE(StrategicMerge(object, Parse("{l: [{name: a, y: 2}]}"))) << row.rule;
    EXPECT_EQ(document::EmitJson(object), row.merges ? R"({"l":[{"name":"a","x":1,"y":2}]})" : R"({"l":[{"name":"a","y":2}]})") << row.rule;
  }
}

TEST(Schema, OneMayStandBesideTheBuiltInOne) {
  const document::Value openapi = Parse(R"({
    "definitions": {
      "com.example.Widget": {
        "properties": {"template": {"$ref": "#/definitions/io.k8s.api.core.v1.PodTemplateSpec"}, "ingress": {"$ref": "#/definitions/io.k8s.api.networking.v1.Ingress"}},
        "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}]
      }
    }
  })");
  for (const bool beside : {false, true}) {
    const auto schema = Schema::FromOpenApi(openapi, beside);
    ASSERT_TRUE(schema);
    const SchemaNode widget = schema->Root({"example.com", "v1", "Widget"});
    EXPECT_EQ(widget.Field("template").Field("spec").Field("containers").Merges(), beside);
    EXPECT_EQ(widget.Field("ingress").Field("metadata").Field("finalizers").Merges(), beside);
    EXPECT_EQ(schema->Root({"", "v1", "Pod"}).Field("spec").Field("containers").Merges(), beside);
  }
  EXPECT_EQ(Schema::FromOpenApi(document::Value("x")).error().message, "an OpenAPI schema must be a mapping with definitions");
}

TEST(Schema, KnowsKeysOfTheBuiltInKinds) {
  struct {
    std::string_view kind;
    std::initializer_list<std::string_view> path;
    std::string_view keys;
  } const rows[] = {
      {"Deployment", {"spec", "template", "spec", "containers"}, "name"},
      {"Deployment", {"spec", "template", "spec", "containers", "[]", "ports"}, "containerPort,protocol"},
      {"Deployment", {"spec", "template", "spec", "containers", "[]", "args"}, "-"},
      {"Deployment", {"spec", "template", "spec", "ephemeralContainers", "[]", "ports"}, "-"},
      {"Deployment", {"metadata", "finalizers"}, ""},
      {"Deployment", {"metadata", "ownerReferences"}, "uid"},
      {"Rollout", {"spec", "template", "spec", "containers"}, "-"},
  };
  for (const auto& row : rows) {
    SchemaNode node = Schema::Builtin().Root({"apps", "v1", std::string(row.kind)});
    for (const std::string_view step : row.path) node = step == "[]" ? node.Element() : node.Field(step);
    std::string keys = node.Merges() ? "" : "-";
    for (const std::string& key : node.MergeKeys()) keys += (keys.empty() ? "" : ",") + key;
    EXPECT_EQ(keys, row.keys) << row.kind << " " << *(row.path.end() - 1);
  }
}

}  // namespace
}  // namespace sluice::kustomize
