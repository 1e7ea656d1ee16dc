// controller/helm_chart/spec.h: the spec of a HelmChart (source.toolkit.fluxcd.io/v1; flux-contract 5.4) with its defaults. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::controller::helm_chart {

struct Spec {
  std::string chart;  ///< a name in a repository, or a path in another source
  std::string version = "*";
  std::string source_kind, source_name;
  base::Duration interval{};
  bool by_revision = false;  ///< `reconcileStrategy: Revision`
  std::vector<std::string> values_files;
  bool ignore_missing_values_files = false;
  bool verify = false;
  std::string verify_secret;  ///< cosign's public keys
  bool suspend = false;

  /// `valuesFiles`, none if they are just the chart's own values.yaml.
  std::vector<std::string> EffectiveValuesFiles() const;
};

/// Reads `object.spec`. Invalid names the field; Unsupported names a field that this version does not act upon: notation, keyless verification.
base::Result<Spec> ParseSpec(const document::Value& object);

/// `path` without `.`, `..` and doubled slashes, as Go's filepath.Clean writes it.
std::string CleanPath(std::string_view path);
/// `path` below `base`, with `..` going up no further than the root: what filepath-securejoin makes of it. "." is the root.
std::string PathBelow(std::string_view base, std::string_view path);

}  // namespace sluice::controller::helm_chart
