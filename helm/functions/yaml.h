// helm/functions/yaml.h: YAML text to template values and back, as Helm does both: sigs.k8s.io/yaml 1.6 on go-yaml v2, by way of JSON
// (helm-contract 3.1 and 8). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// The first document of `text` as Go values: maps, lists, strings, booleans, Nil, and float64 for every number. YAML 1.1 words (yes, on, n)
/// are booleans, as keys too; of repeated keys the last wins; `<<` is resolved. Nil for an empty text.
/// Errors (Invalid) in sigs.k8s.io/yaml's words: "error converting YAML to JSON: yaml: line 3: did not find expected key".
base::Result<Value> ParseYaml(std::string_view text);

/// What ParseYaml makes of a tree that was read with Resolver::Yaml11. Errors: "json: unsupported value: +Inf".
base::Result<Value> FromDocument(const document::Value& tree);

/// yaml.Marshal: the text with its final newline. Errors, for which `toYaml` gives "": what JSON cannot hold ("error marshaling into JSON: json:
/// unsupported value: NaN"), and characters that YAML cannot.
base::Result<std::string> EmitYaml(const Value& value);

/// `toYaml`: EmitYaml without the final newline, "" on error.
std::string ToYaml(const Value& value);

/// The words of go-yaml for a failure of document::ParseYaml: "3:1: did not find expected key, while parsing a block mapping" is
/// "yaml: line 3: did not find expected key".
std::string GoYamlMessage(std::string_view message);

}  // namespace sluice::helm
