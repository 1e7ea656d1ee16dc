// kustomize/vars.h: the value side of `vars:`: `$(NAME)` in the fields of varReference. Pure. Rules: kustomize api/filters/refvar.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/field_spec.h"

namespace sluice::kustomize {

/// Name -> value (a scalar of any kind; mappings and lists are not inserted).
using VarValues = std::map<std::string, document::Value>;

/// The value a var's `fieldref.fieldpath` names (dots, `[n]` or `.n`). Errors: NotFound `field specified in var '...' not found in corresponding resource`.
base::Result<document::Value> VarValue(const document::Value& object, std::string_view field_path);

/// Replaces in every field that `filter` reaches; the names found are added to `used`.
/// Errors: Invalid (a list item that is no string, a field that is neither text, list nor map), TooLarge (`budget`, if there is one, pays for what is inserted).
base::Result<void> ExpandVars(document::Value& object, const VarValues& values, const FieldSpecFilter& filter, std::set<std::string>& used,
                              Budget* budget = nullptr);

}  // namespace sluice::kustomize
