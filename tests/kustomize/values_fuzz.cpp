// The functions that read outside bytes without a whole tree of files: the input is cut at NUL bytes into an object, a patch (tried as a strategic merge
// and as a JSON patch), a field path, a label selector, an env file and an OpenAPI schema.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "document/yaml.h"
#include "kustomize/field_path.h"
#include "kustomize/field_spec.h"
#include "kustomize/generator.h"
#include "kustomize/json6902.h"
#include "kustomize/merge.h"
#include "kustomize/replacement.h"
#include "kustomize/selector.h"
#include "tests/base/fuzz_parts.h"

using namespace sluice;

namespace {

void Patch(const document::Value& object, std::string_view text, const kustomize::Schema& schema) {
  if (const auto patch = document::ParseYaml(text); patch) {
    document::Value copy = object;
    (void)kustomize::StrategicMerge(copy, *patch, schema);
  }
  if (const auto patch = kustomize::ParseJsonPatch(text); patch) {
    document::Value copy = object;
    (void)kustomize::ApplyJsonPatch(copy, *patch);
  }
}

void Replace(const document::Value& object, std::string_view path) {
  for (const bool create : {false, true}) {
    kustomize::ReplacementTarget target;
    target.field_paths = {std::string(path)};
    target.options = kustomize::ReplacementOptions{.delimiter = create ? "" : ".", .index = 1, .encoding = {}, .create = create};
    document::Value copy = object;
    document::Value value = object;
    (void)kustomize::WriteReplacement(copy, value, target);
  }
  kustomize::ReplacementSource source;
  source.field_path = std::string(path);
  (void)kustomize::ReplacementValue(object, source);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [object_text, patch, path, selector, env, openapi] = CutAtNul<6>({reinterpret_cast<const char*>(data), size});
  const auto object = document::ParseYaml(object_text);
  if (const auto labels = kustomize::LabelSelector::Parse(selector); labels && object) (void)labels->Matches(&*object);
  kustomize::GeneratorArgs args;
  args.name = "n";
  args.envs = {"e"};
  (void)kustomize::Generate(args, [text = env](std::string_view) -> base::Result<std::string> { return std::string(text); });
  if (!object || !object->IsMapping()) return 0;
  (void)kustomize::ParseConfiguration(*object, "c");
  (void)kustomize::ParseCrds(*object, "c");
  Replace(*object, path);
  Patch(*object, patch, kustomize::Schema::Builtin());
  if (const auto document = document::ParseYaml(openapi); document) {
    if (const auto schema = kustomize::Schema::FromOpenApi(*document, true); schema) Patch(*object, patch, *schema);
  }
  return 0;
}
