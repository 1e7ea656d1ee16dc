#include "kustomize/labels.h"

#include <utility>

#include "kustomize/node.h"

namespace sluice::kustomize {

using base::Result;
using document::Value;

Result<FieldSpecs> LabelSpecs(const LabelEntry& entry, const TransformerConfig& config) {
  FieldSpecs out = entry.fields;
  TRY(MergeFieldSpecs(out, config.labels));
  if (entry.include_selectors) {
    TRY(MergeFieldSpecs(out, config.common_labels));
    return out;
  }
  if (entry.include_templates) TRY(MergeFieldSpecs(out, config.template_labels));
  if (entry.include_volume_claim_templates) TRY(MergeFieldSpecs(out, config.volume_claim_template_labels));
  TRY(MergeFieldSpecs(out, {{.path = "metadata/labels", .create = true}}));
  return out;
}

Result<void> SetStringPairs(Value& object, const StringMap& pairs, const FieldSpecFilter& filter) {
  if (pairs.empty()) return {};
  return filter.Apply(object, Creates::Mapping, [&](Value& map) -> Result<void> {
    if (map.IsNull()) return {};
    if (!map.IsMapping()) return base::Invalid("a mapping is needed, not a " + std::string(map.IsSequence() ? "list" : "scalar"));
    for (const auto& [key, value] : pairs) SetField(map, key, NewString(value));
    return {};
  });
}

}  // namespace sluice::kustomize
