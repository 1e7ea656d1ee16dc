// A document and a patch, as two YAML documents. Patches apply or fail without a crash; a failed one changes nothing; a merge patch made from
// two values turns the one into the other; a diff is empty exactly for equal values.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "document/diff.h"
#include "document/json_patch.h"
#include "document/merge_patch.h"
#include "document/strategic_merge.h"
#include "document/yaml.h"

namespace {

using namespace sluice::document;  // NOLINT: a fuzz target

void Require(bool condition) {
  if (!condition) std::abort();
}

bool HasNull(const Value& value) {
  if (value.IsNull()) return true;
  for (const Value& item : value.items())
    if (HasNull(item)) return true;
  for (const Member& member : value.members())
    if (HasNull(member.value)) return true;
  return false;
}

void CheckJsonPatch(const Value& document, const Value& patch, PatchRules rules) {
  Value target = document;
  if (!ApplyJsonPatch(target, patch, {.rules = rules, .max_copied_nodes = 10'000})) Require(target == document);
}

void CheckStrategicMerge(const Value& document, const Value& patch) {
  Value target = document;
  target["apiVersion"] = "apps/v1";
  target["kind"] = "Deployment";
  const Value before = target;
  if (!ApplyStrategicMerge(target, patch)) return Require(target == before);
  Require(target.IsMapping());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto documents = ParseYamlStream(text, {.max_depth = 64, .max_nodes = 5'000});
  if (!documents || documents->size() < 2) return 0;
  const Value& document = (*documents)[0];
  const Value& patch = (*documents)[1];
  CheckJsonPatch(document, patch, PatchRules::Rfc6902);
  CheckJsonPatch(document, patch, PatchRules::Evanphx);
  CheckStrategicMerge(document, patch);
  Value merged = document;
  ApplyMergePatch(merged, patch);
  Value made = document;
  ApplyMergePatch(made, CreateMergePatch(document, patch));
  if (document.IsMapping() && patch.IsMapping() && !HasNull(patch)) Require(made == patch);
  Require(Diff(document, patch).empty() == (document == patch));
  Require(Diff(patch, patch).empty());
  return 0;
}
