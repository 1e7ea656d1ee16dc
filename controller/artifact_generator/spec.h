// controller/artifact_generator/spec.h: the spec of an ArtifactGenerator (source.extensions.fluxcd.io/v1beta1), and what its controller refuses of it
// beyond the CRD's schema. The rules are source-watcher's (fluxcd/source-watcher 2.2, docs/spec/v1beta1/artifactgenerators.md and its code):
//   - aliases and artifact names are distinct; `revision` names a source; with --no-cross-namespace-refs sources are of the own namespace. What breaks
//     this is stalled (ValidationFailed, AccessDenied);
//   - the annotation source.extensions.fluxcd.io/reconcile: disabled (any case) holds everything but deletion;
//   - each artifact becomes an ExternalArtifact of the own namespace, owned by the label source.extensions.fluxcd.io/generator (our UID).
// Pure.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "controller/source_registry.h"
#include "document/value.h"

namespace sluice::controller::artifact_generator {

inline constexpr std::string_view kFinalizer = "source.extensions.fluxcd.io/finalizer";
inline constexpr std::string_view kGeneratorLabel = "source.extensions.fluxcd.io/generator";
inline constexpr std::string_view kReconcileAnnotation = "source.extensions.fluxcd.io/reconcile";

enum class Strategy { Overwrite, Merge, Extract };

struct CopyOperation {
  std::string from;  ///< `@alias/pattern`
  std::string to;    ///< `@artifact/path`
  std::vector<std::string> exclude;
  Strategy strategy = Strategy::Overwrite;
};

struct OutputArtifact {
  std::string name, revision, origin_revision;  ///< the latter two `@alias` or ""
  std::vector<CopyOperation> copy;
  std::vector<std::pair<std::string, std::string>> labels;  ///< of a path pattern's captures
};

struct NamedSource {
  std::string alias;
  SourceKey key;  ///< its namespace filled in
};

struct Spec {
  std::vector<NamedSource> sources;
  std::vector<OutputArtifact> artifacts;
  std::string path_pattern;
  std::vector<std::pair<std::string, std::string>> labels, annotations;  ///< commonMetadata
};

/// Reads `object.spec`. Invalid names the field.
base::Result<Spec> ParseSpec(const document::Value& object);

struct Refusal {
  std::string reason, message;
};
/// What no try can mend.
std::optional<Refusal> Refused(const Spec& spec, std::string_view own_namespace, bool no_cross_namespace_refs);

bool IsDisabled(const document::Value& object);

/// Why `name` is no name of an object (k8s.io/apimachinery's words for a DNS subdomain); "" if it is one.
std::string NameProblem(std::string_view name);

}  // namespace sluice::controller::artifact_generator
