// kustomize/kustomization.h: one kustomization file as data. Read as kustomize reads it: YAML 1.1, strict types, no unknown field at any
// depth, names case-insensitive, the last of a repeated key wins, deprecated fields folded into their successors.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/labels.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

/// A string from the file and where it stands.
struct Entry {
  std::string text;
  document::Mark mark;
  document::Mark content = {};  ///< where an inline text begins, if its lines are the file's
};

/// `patches:` and `patchesJson6902:` entry.
struct PatchEntry {
  std::string path, patch;
  std::optional<Selector> target;
  bool allow_name_change = false, allow_kind_change = false;
  document::Mark mark;
  document::Mark content;  ///< where the text of `patch` begins, if its lines are the file's
};

/// `replacements:` entry: inline, or the file that holds one or a list of them.
struct ReplacementEntry {
  Replacement replacement;
  std::string path;
  document::Mark mark;
};

struct Var {
  std::string name;
  document::GroupVersionKind gvk;
  std::string object_name, object_namespace;
  std::string field_path;  ///< default metadata.name
  document::Mark mark;
};

struct SortOptions {
  std::string order;
  bool has_legacy = false;
  std::vector<std::string> first, last;
  document::Mark mark;
};

/// `helmCharts:` entry.
struct HelmChart {
  std::string name, version, repo, release_name, ns, name_template, values_file, values_merge, kube_version;
  std::vector<std::string> additional_values_files, api_versions;
  document::Value values_inline;
  bool include_crds = false, skip_hooks = false, skip_tests = false, debug = false, devel = false;
  document::Mark mark;
};

struct HelmGlobals {
  std::string chart_home, config_home;
};

struct Kustomization {
  bool component = false;
  std::string file;       ///< as named in messages
  std::string file_name;  ///< base name: kustomization.yaml, …

  std::vector<Entry> resources, components, crds, configurations, generators, transformers, validators;
  std::optional<Entry> openapi_path, openapi_version;
  Entry name_prefix, name_suffix, ns;
  std::map<std::string, std::string> common_labels, common_annotations;
  std::vector<std::pair<LabelEntry, document::Mark>> labels;
  std::vector<Entry> patches_strategic_merge;
  std::vector<PatchEntry> patches, patches_json6902;
  std::vector<std::pair<Image, document::Mark>> images;
  std::vector<std::pair<Replica, document::Mark>> replicas;
  std::vector<ReplacementEntry> replacements;
  std::vector<Var> vars;
  std::optional<SortOptions> sort_options;
  std::vector<GeneratorArgs> config_maps, secrets;  ///< with generatorOptions merged in
  std::vector<HelmChart> helm_charts;               ///< helmChartInflationGenerator folded in
  HelmGlobals helm_globals;
  std::vector<std::string> build_metadata;
};

/// Reads the text of a kustomization file (its first document). `file` is how messages name it. Deprecated fields add a line to `warnings`.
/// Errors: Invalid `file:line:column: what` — unknown field (with the nearest known one), wrong type, wrong kind or apiVersion, empty.
base::Result<Kustomization> ParseKustomization(std::string_view text, std::string_view file, std::vector<std::string>& warnings);

}  // namespace sluice::kustomize
