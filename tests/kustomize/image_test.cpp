#include "kustomize/image.h"

#include <gtest/gtest.h>

#include <string>

#include "document/json.h"
#include "document/yaml.h"

namespace sluice::kustomize {
namespace {

struct SplitRow {
  std::string_view reference, name, tag, digest;
};

constexpr SplitRow kSplits[] = {
    {"nginx", "nginx", "", ""},
    {"nginx:1.0", "nginx", "1.0", ""},
    {"host:5000/a/b", "host:5000/a/b", "", ""},
    {"host:5000/a/b:t", "host:5000/a/b", "t", ""},
    {"a@sha256:aa", "a", "", "sha256:aa"},
    {"a/b:t@sha256:aa", "a/b", "t", "sha256:aa"},
    {"x:", "x", "", ""},
};

TEST(Image, Splits) {
  for (const SplitRow& row : kSplits) {
    const ImageParts parts = SplitImage(row.reference);
    EXPECT_EQ(parts.name, row.name) << row.reference;
    EXPECT_EQ(parts.tag, row.tag) << row.reference;
    EXPECT_EQ(parts.digest, row.digest) << row.reference;
  }
}

struct Row {
  std::string_view rule;
  Image entry;
  std::string_view before, after;
};

// The texts are what kustomize v5.8.2 makes of them.
const Row kRows[] = {
    {"a new tag", {"nginx", "", "v2", "", ""}, "nginx:1", "nginx:v2"},
    {"a new tag where there was none", {"nginx", "", "v2", "", ""}, "nginx", "nginx:v2"},
    {"a tag takes the digest's place", {"nginx", "", "v2", "", ""}, "nginx@sha256:aa", "nginx:v2"},
    {"a digest takes the tag's place", {"nginx", "", "", "sha256:bb", ""}, "nginx:1", "nginx@sha256:bb"},
    {"both", {"nginx", "", "v2", "sha256:bb", ""}, "nginx", "nginx:v2@sha256:bb"},
    {"a new name keeps tag and digest", {"nginx", "my/nginx", "", "", ""}, "nginx:1@sha256:aa", "my/nginx:1@sha256:aa"},
    {"a tag's suffix", {"nginx", "", "", "", "-x"}, "nginx:1@sha256:aa", "nginx:1-x"},
    {"a suffix of no tag", {"nginx", "", "", "", "-x"}, "nginx", "nginx:-x"},
    {"a new tag makes the suffix void", {"nginx", "", "v2", "", "-x"}, "nginx:1", "nginx:v2"},
    {"another name", {"nginx", "", "v2", "", ""}, "my/nginx:1", "my/nginx:1"},
    {"a longer name", {"nginx", "", "v2", "", ""}, "nginx-more:1", "nginx-more:1"},
    {"a name with a port", {"host:5000/app", "", "v2", "", ""}, "host:5000/app:1", "host:5000/app:v2"},
    {"the name is a regular expression", {"registry.*/app", "", "v2", "", ""}, "registry.io/team/app:1", "registry.io/team/app:v2"},
    {"a dot is any character", {"a.b", "", "v2", "", ""}, "axb:1", "axb:v2"},
    {"a bad expression matches nothing", {"[", "", "v2", "", ""}, "[:1", "[:1"},
    {"an empty name matches no image", {"", "", "v2", "", ""}, "nginx", "nginx"},
    {"an empty tag goes", {"nginx", "", "", "", ""}, "nginx:", "nginx"},
    {"digests of any algorithm", {"nginx", "", "v2", "", ""}, "nginx@sha512+b64:aa", "nginx:v2"},
    {"braces in a tag", {"nginx", "", "v2", "", ""}, "nginx:{STABLE}", "nginx:v2"},
};

TEST(Image, Rewrites) {
  for (const Row& row : kRows) EXPECT_EQ(ImageTransformer(row.entry, {}).Rewrite(row.before), row.after) << row.rule;
}

std::string Applied(const Image& entry, const FieldSpecs& specs, std::string_view yaml) {
  auto object = document::ParseYaml(yaml);
  EXPECT_TRUE(object);
  const auto applied = ImageTransformer(entry, specs).Apply(*object);
  return applied ? document::EmitJson(*object) : applied.error().message;
}

TEST(Image, IsFoundInContainersAtAnyDepth) {
  const Image entry{"a", "", "2", "", ""};
  EXPECT_EQ(
      Applied(entry, {},
              "{kind: X, deep: [{containers: [{image: a}, {name: n}]}], spec: {initContainers: [{image: 'a:1'}], other: [{image: a}]}}"),
      R"({"kind":"X","deep":[{"containers":[{"image":"a:2"},{"name":"n"}]}],"spec":{"initContainers":[{"image":"a:2"}],"other":[{"image":"a"}]}})");
  EXPECT_EQ(Applied(entry, {}, "{kind: CustomResourceDefinition, containers: [{image: a}]}"),
            R"({"kind":"CustomResourceDefinition","containers":[{"image":"a"}]})");
  EXPECT_EQ(Applied(entry, {}, "{kind: X, containers: [text]}"), "a container must be a mapping");
  EXPECT_EQ(Applied(entry, {}, "{kind: X, containers: [{image: {}}]}"), "an image must be text, not a mapping");
}

TEST(Image, ASuffixIsAddedByBothPasses) {
  const FieldSpecs specs = {{.gvk = {}, .path = "spec/containers[]/image"}};
  EXPECT_EQ(Applied({"a", "", "", "", "-x"}, specs, "{kind: Pod, spec: {containers: [{image: 'a:1'}]}}"),
            R"({"kind":"Pod","spec":{"containers":[{"image":"a:1-x-x"}]}})");
}

TEST(Image, FieldSpecsReachOtherPlaces) {
  const FieldSpecs specs = {{.gvk = {.group = "", .version = "", .kind = "Widget"}, .path = "spec/image", .create = true}};
  EXPECT_EQ(Applied({"a", "b", "", "", ""}, specs, "{kind: Widget, spec: {image: a}}"), R"({"kind":"Widget","spec":{"image":"b"}})");
  EXPECT_EQ(Applied({"a", "b", "", "", ""}, specs, "{kind: Widget, spec: {}}"), R"({"kind":"Widget","spec":{}})");
  EXPECT_EQ(Applied({"a", "b", "", "", ""}, specs, "{kind: Widget, metadata: {name: w}, spec: text}"),
            "field 'spec/image' of Widget \"w\": a mapping or a list is needed to reach 'image', not \"text\"");
}

}  // namespace
}  // namespace sluice::kustomize
