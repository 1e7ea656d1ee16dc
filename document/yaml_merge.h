// document/yaml_merge.h: two rules of mappings that the YAML reader applies: merge keys (`<<`), and keys that are not strings.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "document/yaml.h"

namespace sluice::document {

/// Replaces the merge members (key `<<` with `key_kind` Null) by the members of the mapping, or the mappings, they hold. As go-yaml v3:
/// the mapping's own keys win wherever they stand, then the earlier mapping of a list; what is added comes last. With Resolver::Yaml11 as
/// go-yaml v2: a merge overwrites the keys that stand before it, and is overwritten by those after it.
/// Errors: Invalid "map merge requires map or sequence of maps as the value".
base::Result<void> ResolveMergeKeys(std::vector<Member>& members, Resolver resolver);

/// The JSON key that sigs.k8s.io/yaml makes of a key that is no string: `yes` gives "true", 0x10 "16".
/// Errors: Invalid for null and for integers above int64, which it refuses.
base::Result<std::string> JsonKeyText(const Value& key);

/// `value` as Go's %#v prints what go-yaml v2 makes of it: map[interface {}]interface {}{"a":interface {}(nil)}.
std::string GoSyntax(const Value& value);

}  // namespace sluice::document
