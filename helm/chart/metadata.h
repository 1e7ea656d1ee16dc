// helm/chart/metadata.h: reading and checking Chart.yaml, requirements.yaml and the lock files (helm-contract 1.4, 2.1).
#pragma once

#include <string_view>

#include "base/result.h"
#include "document/value.h"
#include "helm/chart/chart.h"
#include "helm/template/dialect.h"

namespace sluice::helm {

/// Lays what `text` (YAML) says over `metadata`, as unmarshalling onto a filled struct does: requirements.yaml supplies `dependencies` that way.
/// Names of fields are matched without case, unknown ones are ignored, numbers and booleans become text where text is wanted.
/// Errors: Invalid in the words of sigs.k8s.io/yaml and encoding/json, with the types of `dialect`.
base::Result<void> ReadMetadata(std::string_view text, Metadata& metadata, Dialect dialect = Dialect::Helm4);
/// What a strict reader has against `text`, which ReadMetadata() takes: fields that nobody knows, keys that come twice.
/// Errors: Invalid `error unmarshaling JSON: while decoding JSON: json: unknown field "x"`.
base::Result<void> CheckMetadataStrictly(std::string_view text);
/// ReadMetadata() of a tree that was read with Resolver::Yaml11, or from JSON.
base::Result<void> ReadMetadataTree(const document::Value& tree, Metadata& metadata, Dialect dialect = Dialect::Helm4);
base::Result<Lock> ReadLock(std::string_view text);

/// As encoding/json writes these structs: fields in their order, what is empty left out.
document::Value ToDocument(const Metadata& metadata);
document::Value ToDocument(const Lock& lock);

/// Cleans the texts of `metadata` and checks it. Errors: Invalid `validation: chart.metadata.name is required` and the like.
base::Result<void> Validate(Metadata& metadata);

/// Whether `version` satisfies `constraint`; false where either cannot be read.
bool IsCompatibleRange(std::string_view constraint, std::string_view version);

}  // namespace sluice::helm
