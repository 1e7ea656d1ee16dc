// kustomize/types.h: the small records a kustomization file is made of, as plain data. Shared by the reader, the transformers and the
// functions below them. Field names are the file's own (https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "document/object.h"
#include "document/value.h"

namespace sluice::kustomize {

/// Group, version and kind that something applies to; an empty part is a wildcard.
struct GvkFilter {
  std::string group, version, kind;
  bool operator==(const GvkFilter&) const = default;
  /// Whether every part given here equals that of `gvk`.
  bool Selects(const document::GroupVersionKind& gvk) const {
    return (group.empty() || group == gvk.group) && (version.empty() || version == gvk.version) && (kind.empty() || kind == gvk.kind);
  }
};

/// A field in objects of some kinds: `path` is '/'-separated (`\/` is a literal slash), lists on the way are entered, `name[]` expects one.
struct FieldSpec {
  GvkFilter gvk;
  std::string path;
  bool create = false;  ///< make what is missing on the way
  bool operator==(const FieldSpec&) const = default;
};

/// Objects of kind `target` are named by the fields `referrers`.
struct NameReference {
  GvkFilter target;
  std::vector<FieldSpec> referrers;
};

/// `images:` entry. Unset is empty.
struct Image {
  std::string name, new_name, new_tag, digest, tag_suffix;
};

/// `replicas:` entry.
struct Replica {
  std::string name;
  std::int64_t count = 0;
};

/// `patches.target`, `replacements.targets.select`: RE2 patterns anchored at both ends (empty: any) and Kubernetes selector grammar.
struct Selector {
  std::string group, version, kind, name, ns;
  std::string label_selector, annotation_selector;
};

/// `generatorOptions`, and `options` of one generator.
struct GeneratorOptions {
  std::map<std::string, std::string> labels, annotations;
  bool disable_name_suffix_hash = false;
  bool immutable = false;
};

/// An entry of configMapGenerator or secretGenerator. `envs` already holds the deprecated `env`.
struct GeneratorArgs {
  bool secret = false;
  std::string name, ns, behavior;
  std::string type;  ///< secrets only; empty: Opaque
  std::vector<std::string> literals, files, envs;
  GeneratorOptions options;  ///< global ones merged in
  document::Mark mark;       ///< where the entry starts
};

/// Splits (and joins again) a scalar: the `index`-th part between delimiters; `create` makes missing fields.
struct ReplacementOptions {
  std::string delimiter;
  std::int64_t index = 0;
  std::string encoding;
  bool create = false;
};

struct ReplacementSource {
  std::string group, version, kind, name, ns;  ///< exact, empty: any
  std::string field_path;                      ///< empty: metadata.name
  std::optional<ReplacementOptions> options;
  document::Mark mark;
};

struct ReplacementTarget {
  bool has_select = false;
  Selector select;
  std::vector<Selector> reject;
  std::vector<std::string> field_paths;  ///< empty: metadata.name
  std::optional<ReplacementOptions> options;
  document::Mark mark;
};

struct Replacement {
  std::optional<ReplacementSource> source;
  std::optional<std::string> source_value;
  std::vector<ReplacementTarget> targets;
  bool has_targets = false;  ///< `targets` was there, be it empty
  document::Mark mark;
};

}  // namespace sluice::kustomize
