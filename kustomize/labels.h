// kustomize/labels.h: labels and annotations written through field specs. Pure. Rules: kustomize api/filters/labels, api/filters/annotations.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/field_spec.h"

namespace sluice::kustomize {

using StringMap = std::map<std::string, std::string>;

struct LabelEntry {
  StringMap pairs;
  bool include_selectors = false;
  bool include_templates = false;
  bool include_volume_claim_templates = false;
  FieldSpecs fields;
};

/// The places a `labels:` entry writes to. Errors: Invalid "conflicting fieldspecs".
base::Result<FieldSpecs> LabelSpecs(const LabelEntry& entry, const TransformerConfig& config);

/// Sets every pair at every place of `filter`, keys in order, values as strings. For labels and annotations alike. Errors: as FieldSpecFilter::Apply.
base::Result<void> SetStringPairs(document::Value& object, const StringMap& pairs, const FieldSpecFilter& filter);

}  // namespace sluice::kustomize
