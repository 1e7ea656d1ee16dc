// The values of a release: what is merged over what, as fluxcd/pkg chartutil does it, and the digest of the result.
#include "controller/helm_release/values.h"

#include <gtest/gtest.h>

#include "controller/helm_release/conceal.h"
#include "controller/helm_release/renderer.h"
#include "document/yaml.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;

ReadReference Whole(std::string text) { return {{.name = "a", .key = "values.yaml", .target_path = ""}, std::move(text)}; }
ReadReference At(std::string path, std::string text, bool literal = false) {
  return {{.secret = true, .name = "b", .key = "k", .target_path = std::move(path), .literal = literal}, std::move(text)};
}

std::string Composition(const std::vector<ReadReference>& references, const std::string& own) {
  const auto composed = Compose("team", references, document::ParseYaml(own).value());
  return composed ? composed->config : composed.error().message;
}

TEST(HelmReleaseValues, WhatIsLaidOverWhat) {
  struct Row {
    std::string_view what;
    std::vector<ReadReference> references;
    std::string own, want;
  };
  const Row rows[] = {
      {"nothing", {}, "{}", ""},
      {"its own", {}, "{b: 1, a: {c: x}}", R"({"a":{"c":"x"},"b":1})"},
      {"references in order, its own above",
       {Whole("a: 1\nm: {x: 1, w: 1}"), Whole("b: 2\nm: {w: 2}")},
       "{m: {z: 3}}",
       R"({"a":1,"b":2,"m":{"w":2,"x":1,"z":3}})"},
      {"only the first document", {Whole("a: 1\n---\na: 2\n")}, "{}", R"({"a":1})"},
      {"a path", {At("a.b[0]", "7")}, "{}", R"({"a":{"b":[7]}})"},
      {"a path, quoted", {At("a", "'7'")}, "{}", R"({"a":"7"})"},
      {"a path, literally", {At("a", "x,y={z}\\", true)}, "{}", R"({"a":"x,y={z}\\"})"},
      {"its own beats a path at the top", {At("a", "7")}, "{a: 1}", R"({"a":1})"},
      {"a path into a map of its own stays", {At("m.a", "7")}, "{m: {a: 1, b: 2}}", R"({"m":{"a":7,"b":2}})"},
      {"unless an earlier reference made that map",
       {Whole("m: {c: 3}"), At("m.a", "7")},
       "{m: {a: 1, b: 2}}",
       R"({"m":{"a":1,"b":2,"c":3}})"},
      {"no values",
       {Whole("[a]")},
       "{}",
       "could not resolve ConfigMap chart values reference 'team/a' with key 'values.yaml': error unmarshaling JSON: while decoding JSON: "
       "json: cannot "
       "unmarshal array into Go value of type map[string]interface {}"},
      {"no path", {At("a[", "1")}, "{}", "could not resolve Secret chart values reference 'team/b' with key 'k': error parsing index: EOF"},
  };
  for (const Row& row : rows) EXPECT_EQ(Composition(row.references, row.own), row.want) << row.what;
}

TEST(HelmReleaseValues, TheDigestIsThatOfSortedYaml) {
  // printf 'a:\n  x: 1\nb: two\n' | sha256sum, and that of nothing.
  const auto some = Compose("team", {}, document::ParseYaml("{b: two, a: {x: 1.0}}").value());
  ASSERT_TRUE(some);
  EXPECT_EQ(some->digest, "sha256:6855796629c33ba5a3327e977f5605f3edaf21b9979912795f68657021833344");
  const auto none = Compose("team", {}, document::Value());
  ASSERT_TRUE(none);
  EXPECT_EQ(none->digest, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(HelmReleaseValues, T60WhatCameFromSecretsIsNotShown) {
  std::vector<std::string> words;
  NoteSecrets("password: hunter2222\nport: 8080\nkeys: [first-key, {pem: \"line one\\nline two\"}]\nshort: abc\non: true\n", false, words);
  NoteSecrets("hunter2222-and-more", true, words);
  EXPECT_EQ(Concealed("'hunter2222-and-more', 'hunter2222', first-key, 'line one\\nline two', abc, 8080, true", words),
            "'***', '***', ***, '***\\n***', abc, 8080, true");
  EXPECT_EQ(Concealed("as it is", {}), "as it is");
  const ReadReference sound{{.secret = true, .name = "a", .key = "k", .target_path = ""}, "password: hunter2222"};
  const auto composed = Compose("team", {sound}, document::Value());
  ASSERT_TRUE(composed);
  EXPECT_EQ(composed->secrets, std::vector<std::string>{"hunter2222"});
  const auto refused = Compose("team", {At("a", "{hunter2222")}, document::Value());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("hunter"), std::string::npos) << refused.error().message;
}

TEST(HelmReleaseCharts, AnIsolatedChartSharesNoValues) {
  helm::Chart chart;
  chart.metadata.name = "web";
  chart.values = helm::Value::NewMap();
  chart.values.map()->entries["text"] = helm::Value::String("a text that is longer than any inline buffer");
  chart.values.map()->entries["list"] = helm::Value::NewList({helm::Value::NewMap(), helm::Value::Float64(1)});
  helm::Dependency dependency{.name = "sub", .import_values = {helm::Value::String("data")}};
  chart.metadata.dependencies = std::vector{dependency};
  chart.dependencies.push_back(chart);
  const helm::Chart copy = Isolated(chart);
  EXPECT_TRUE(helm::DeepEqual(copy.values, chart.values));
  EXPECT_NE(copy.values.map(), chart.values.map());
  EXPECT_NE(copy.values.map()->entries["list"].list(), chart.values.map()->entries["list"].list());
  EXPECT_NE(&copy.values.map()->entries["text"].AsString(), &chart.values.map()->entries["text"].AsString());
  EXPECT_EQ(copy.metadata.dependencies->front().import_values.front().AsString(), "data");
  EXPECT_TRUE(helm::DeepEqual(copy.dependencies.front().values, chart.values));
  EXPECT_NE(copy.dependencies.front().values.map(), copy.values.map());
}

}  // namespace
}  // namespace sluice::controller::helm_release
