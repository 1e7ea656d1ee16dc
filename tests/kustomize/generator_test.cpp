// Names with hashes and wanted objects: kustomize v5.8.2.
#include "kustomize/generator.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "document/json.h"
#include "document/yaml.h"

namespace sluice::kustomize {
namespace {

const std::map<std::string, std::string, std::less<>> kFiles = {
    {"plain.txt", "text\n"},
    {"dir/other.txt", "no newline"},
    {"bom.txt", "\xEF\xBB\xBFx\r\n"},
    {"binary", std::string("\xFF\x00\x01", 3)},
    {"vars.env",
     "\xEF\xBB\xBF"
     "A=1\n# no\n  B = x \r\nC\n\nexport D='q'\n=E\n"},
    {"second.env", "A=2\n"},
    {"bad.env", "A=1\nB=\xFF\n"},
    {"long.env", "A=1\nB=" + std::string(70000, 'b') + "\nC=3\n"},
};

base::Result<std::string> Load(std::string_view path) {
  const auto found = kFiles.find(path);
  if (found == kFiles.end()) return base::NotFound(std::string(path) + ": no such file");
  return found->second;
}

std::string Made(const GeneratorArgs& args) {
  const auto made = Generate(args, Load);
  if (!made) return made.error().message;
  document::Value shown = document::Value::Mapping();
  for (const char* key : {"data", "binaryData", "immutable", "type"}) {
    if (const document::Value* value = made->Find(key); value != nullptr) shown.Set(key, *value);
  }
  return document::EmitJson(shown);
}

GeneratorArgs ConfigMap() {
  GeneratorArgs args;
  args.name = "c";
  return args;
}

TEST(Generator, Literals) {
  GeneratorArgs args = ConfigMap();
  args.literals = {"a=b", "c=d=e", "q='x'", "Q=\"y\"", "h='x", "e=", "s=x\\ny"};
  EXPECT_EQ(Made(args), R"({"data":{"Q":"y","a":"b","c":"d=e","e":"","h":"'x","q":"x","s":"x\\ny"}})");
  args.literals = {"nothing"};
  EXPECT_EQ(Made(args), "ConfigMap 'c': literal 'nothing': key=value is expected");
  args.literals = {"=v"};
  EXPECT_EQ(Made(args), "ConfigMap 'c': literal '=v': key=value is expected");
  args.literals = {"a=1", "a=2"};
  EXPECT_EQ(Made(args), "ConfigMap 'c': the key 'a' is there twice");
}

TEST(Generator, Files) {
  GeneratorArgs args = ConfigMap();
  args.files = {"plain.txt", "k=dir/other.txt", "dir/other.txt", "bom.txt", "binary"};
  EXPECT_EQ(Made(args),
            "{\"data\":{\"bom.txt\":\"\xEF\xBB\xBFx\\r\\n\",\"k\":\"no newline\",\"other.txt\":\"no "
            "newline\",\"plain.txt\":\"text\\n\"},\"binaryData\":{\"binary\":\"/wAB\"}}");
  struct {
    std::string_view file, want;
  } const rows[] = {
      {"a=b=c", "ConfigMap 'c': file 'a=b=c': only one '=' may be there, between key and path"},
      {"=plain.txt", "ConfigMap 'c': file '=plain.txt': the key is missing"},
      {"a=", "ConfigMap 'c': file 'a=': the path is missing"},
      {"absent", "ConfigMap 'c': absent: no such file"},
  };
  for (const auto& row : rows) {
    args.files = {std::string(row.file)};
    EXPECT_EQ(Made(args), row.want);
  }
}

TEST(Generator, EnvFiles) {
  GeneratorArgs args = ConfigMap();
  args.envs = {"vars.env"};
  EXPECT_EQ(Made(args), R"({"data":{"A":"1","B ":" x ","C":"","export D":"'q'"}})");
  args.envs = {"vars.env", "second.env"};
  EXPECT_EQ(Made(args), "ConfigMap 'c': the key 'A' is there twice");
  args.envs = {"bad.env"};
  EXPECT_EQ(Made(args), "ConfigMap 'c': bad.env:2: the line is not UTF-8");
  args.envs = {"long.env"};
  EXPECT_EQ(Made(args), R"({"data":{"A":"1"}})") << "Go's line scanner ends at a line of 64 KiB without a word";
}

TEST(Generator, NothingButAName) {
  EXPECT_EQ(Made(ConfigMap()), "{}");
  GeneratorArgs secret = ConfigMap();
  secret.secret = true;
  EXPECT_EQ(Made(secret), R"({"data":{},"type":"Opaque"})");
  secret.name.clear();
  EXPECT_EQ(Made(secret), "a generated Secret must have a name");
}

TEST(Generator, Secrets) {
  GeneratorArgs args = ConfigMap();
  args.secret = true;
  args.type = "kubernetes.io/tls";
  args.literals = {"a=b"};
  args.options.immutable = true;
  EXPECT_EQ(Made(args), R"({"data":{"a":"Yg=="},"immutable":true,"type":"kubernetes.io/tls"})");
}

TEST(Generator, OptionsBecomeMetadata) {
  GeneratorArgs args = ConfigMap();
  args.ns = "n";
  args.options.labels = {{"l", "5"}};
  args.options.annotations = {{"a", "true"}};
  const auto made = Generate(args, Load);
  ASSERT_TRUE(made);
  EXPECT_EQ(
      document::EmitJson(*made),
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n","labels":{"l":"5"},"annotations":{"a":"true"}}})");
}

TEST(Generator, LocalOptionsWin) {
  const GeneratorOptions merged =
      MergeOptions({.labels = {{"a", "1"}, {"b", "1"}}, .annotations = {{"x", "1"}}, .disable_name_suffix_hash = true, .immutable = false},
                   {.labels = {{"b", "2"}}, .annotations = {}, .disable_name_suffix_hash = false, .immutable = true});
  EXPECT_EQ(merged.labels, (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(merged.annotations, (std::map<std::string, std::string>{{"x", "1"}}));
  EXPECT_TRUE(merged.disable_name_suffix_hash);
  EXPECT_TRUE(merged.immutable);
}

TEST(Generator, Base64IsWrappedFrom70Characters) {
  EXPECT_EQ(WrappedBase64(std::string(51, 'a')).size(), 68u);
  const std::string wrapped = WrappedBase64(std::string(54, 'a'));
  EXPECT_EQ(wrapped, "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYW\nFh\n");
}

struct HashRow {
  std::string_view rule, object, want;
};

constexpr HashRow kHashes[] = {
    {"data", "{kind: ConfigMap, data: {a: b}}", "4h2mbtbbt6"},
    {"no data", "{kind: ConfigMap}", "6ct58987ht"},
    {"the name does not count", "{kind: ConfigMap, metadata: {name: x, labels: {a: b}}, data: {a: b}}", "4h2mbtbbt6"},
    {"a Secret", R"({kind: Secret, type: Opaque, data: {a: "Yg=="}})", "k695gkmbtk"},
    {"binary data", R"({kind: ConfigMap, binaryData: {a: "/wAB"}})", "5b67kbb5h2"},
    {"characters that Go escapes", R"({kind: ConfigMap, data: {a: "<&>"}})", "m9gb99d79d"},
};

TEST(Generator, Hashes) {
  for (const HashRow& row : kHashes) {
    const auto object = document::ParseYaml(row.object);
    ASSERT_TRUE(object);
    const auto hash = ContentHash(*object);
    ASSERT_TRUE(hash) << row.rule;
    EXPECT_EQ(*hash, row.want) << row.rule;
  }
  const auto other = ContentHash(*document::ParseYaml("{kind: Pod}"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "only a ConfigMap or a Secret can have a hash of its content in its name, not a Pod");
}

struct AbsorbRow {
  std::string_view rule;
  Behavior behavior;
  std::string_view old, generated, want;
};

constexpr AbsorbRow kAbsorbed[] = {
    {"replace keeps name, namespace and labels", Behavior::Replace,
     "{apiVersion: v1, kind: ConfigMap, metadata: {name: p-a, namespace: n, labels: {o: x, b: old}}, data: {a: '1', b: '2'}, immutable: "
     "true}",
     "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {b: new}}, data: {b: '3'}}",
     R"({"apiVersion":"v1","data":{"b":"3"},"kind":"ConfigMap","metadata":{"labels":{"b":"new","o":"x"},"name":"p-a","namespace":"n"}})"},
    {"merge overlays data", Behavior::Merge,
     "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: '1', b: 2, c: null}, binaryData: {x: eA==}}",
     "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: n}, data: {b: '3'}}",
     R"({"apiVersion":"v1","binaryData":{"x":"eA=="},"data":{"a":"1","b":"3","c":""},"kind":"ConfigMap","metadata":{"name":"a"}})"},
    {"a Secret's stringData joins its data", Behavior::Merge,
     "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: old, data: {a: YQ==, b: Yg==}, stringData: {b: x}}",
     "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: Opaque, data: {c: Yw==}}",
     R"({"apiVersion":"v1","data":{"a":"YQ==","b":"eA==","c":"Yw=="},"kind":"Secret","metadata":{"name":"a"},"type":"Opaque"})"},
    {"nothing and nothing is no data", Behavior::Merge, "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: Opaque}",
     "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: Opaque, data: {}}",
     R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"type":"Opaque"})"},
};

TEST(Generator, Absorbs) {
  for (const AbsorbRow& row : kAbsorbed) {
    const document::Value out = AbsorbGenerated(*document::ParseYaml(row.old), *document::ParseYaml(row.generated), row.behavior);
    EXPECT_EQ(document::EmitJson(out, {.sort_keys = true}), row.want) << row.rule;
  }
}

TEST(Generator, Behaviors) {
  EXPECT_EQ(ParseBehavior("merge"), Behavior::Merge);
  EXPECT_EQ(ParseBehavior("replace"), Behavior::Replace);
  EXPECT_EQ(ParseBehavior("create"), Behavior::Create);
  EXPECT_EQ(ParseBehavior("whatever"), Behavior::Create);
}

}  // namespace
}  // namespace sluice::kustomize
