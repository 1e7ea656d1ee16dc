// cli/helm_values.h: the flags of `helm template`, and the user's values that -f and --set make (helm-contract 3.2).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "helm/helm.h"

namespace CLI {
class App;
}

namespace sluice::cli {

struct HelmFlags {
  std::vector<std::string> arguments;  ///< [NAME] CHART
  bool helm3 = false;
  // values
  std::vector<std::string> files, set, set_string, set_file, set_json, set_literal;
  // release and cluster
  std::string ns = "default", name_template, kube_version;
  std::vector<std::string> api_versions;
  bool generate_name = false, is_upgrade = false, skip_schema_validation = false;
  // output
  bool include_crds = false, skip_tests = false, no_hooks = false, release_name_in_path = false, strict = false, quiet = false,
       with_subcharts = false;
  std::vector<std::string> show_only;
  std::string output_dir;
  // refused, or without effect here
  bool validate = false, dependency_update = false, verify = false, enable_dns = false, ignored = false;
  std::string post_renderer, dry_run, repo, ignored_text;
  std::vector<std::string> ignored_texts;

  helm::Dialect dialect() const { return helm3 ? helm::Dialect::Helm3 : helm::Dialect::Helm4; }
};

/// Declares -f, --set and their like.
void AddValueFlags(CLI::App& command, HelmFlags& flags);

/// The user's values, a map. Errors: Invalid `failed parsing --set data: ...`, `failed to parse x.yaml: ...`, NotFound `open x.yaml: ...`.
base::Result<helm::Value> UserValues(const HelmFlags& flags);

/// Prints notices to standard error, as the helm of `dialect` does.
helm::NoticeSink PrintNotices(helm::Dialect dialect);

/// The chart at `path`, a directory or an archive; its notices are printed. Errors: NotFound `path "x" not found`, and those of LoadChart().
base::Result<helm::Chart> LoadChartAt(const std::string& path, helm::Dialect dialect);

/// --name-template: the name that a template of its own, without data, gives.
base::Result<std::string> ReleaseNameOf(const std::string& name_template, const helm::EngineOptions& engine);

/// The file at `path` on this machine, relative to the working directory or not.
base::Result<std::string> ReadFileAt(const std::string& path);

}  // namespace sluice::cli
