// helm/chart/yaml_values.h: the YAML of charts, as sigs.k8s.io/yaml reads it: YAML 1.1, through JSON, so that every number is a float64.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "helm/template/dialect.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// The first document of `text` with its scalars as they were written.
/// Errors: Invalid `error converting YAML to JSON: yaml: line 2: did not find expected node content`.
base::Result<document::Value> ParseChartYaml(std::string_view text);

/// The values of a values file, a map (empty for an empty text). In Helm 4 all documents are merged, in Helm 3 the first one counts.
/// Errors: as above, and Invalid for what is no map; in Helm 4 behind `cannot unmarshal yaml document: `, and `error reading yaml document: ...`.
base::Result<Value> ParseValues(std::string_view text, Dialect dialect);

/// How sigs.k8s.io/yaml writes a scalar that is to become text: a float in its shortest float32 form, so 1.10 is "1.1".
std::string ScalarText(const document::Value& value);

/// The members of `mapping` by their keys in byte order: sigs.k8s.io/yaml goes through JSON, so this is the order in which a struct is filled, and
/// the first mistake found.
std::vector<document::Member> InJsonOrder(const document::Value& mapping);

/// What encoding/json says when `kind` ("array", "string" ...) should become a `type`.
std::string CannotUnmarshal(std::string_view kind, std::string_view type);
/// "array", "string", "number", "bool", "null", "object": what encoding/json calls it.
std::string_view JsonTypeName(const document::Value& value);
std::string_view JsonTypeName(const Value& value);

/// Every map and list of `value` anew.
Value DeepCopy(const Value& value);
/// `upper` laid over `base`: maps are merged, all else replaces. `base` is changed; null replaces like others.
void MergeMaps(Map& base, const Map& upper);

}  // namespace sluice::helm
