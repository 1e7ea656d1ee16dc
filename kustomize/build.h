// kustomize/build.h: a directory with a kustomization becomes the documents that `kustomize build` (v5.8.2) prints.
// Pure: reads only through `base::Files`, and remote bases only through the resolver that a caller may give.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "document/value.h"
#include "kustomize/git_url.h"

namespace sluice::kustomize {

enum class LoadRestrictor {
  RootOnly,  ///< files must lie in or below the directory of the kustomization that names them
  None,
};

enum class Reorder {
  Default,  ///< the kustomization's sortOptions, else legacy
  Legacy,
  None,  ///< keep the order of accumulation, unless sortOptions says otherwise (Flux's choice)
};

/// Serves what lies outside the tree. Implemented above (sources/); without one, remote entries are refused.
class RemoteResolver {
 public:
  virtual ~RemoteResolver() = default;
  /// The whole tree of the repository that `url` names, at its ref, submodules included if it asks for them.
  virtual base::Result<std::shared_ptr<const base::Files>> FetchTree(const GitUrl& url) = 0;
  /// The body of an http(s) file.
  virtual base::Result<std::string> FetchFile(std::string_view url) = 0;
};

/// An entry of `helmCharts`, for an engine that renders it.
struct HelmRequest {
  const base::Files& files;
  std::string chart = {};                  ///< its directory in `files`
  std::string release_name = {}, ns = {};  ///< "" for none
  std::string name_template = {}, kube_version = {};
  std::vector<std::string> api_versions = {};
  std::vector<document::Value> values = {};  ///< mappings, the later over the earlier
  bool include_crds = false, skip_tests = false, skip_hooks = false;
};
/// What `helm template` prints for it.
using HelmEngine = std::function<base::Result<std::string>(const HelmRequest& request)>;

/// What one build may spend. Far above what honest trees need; beyond is TooLarge.
struct BuildLimits {
  std::size_t max_depth = 64;               ///< `--build-max-depth`: kustomizations nested in each other
  std::size_t max_kustomizations = 10'000;  ///< `--build-max-kustomizations`: read in one build; one that is named twice counts twice
  std::size_t max_objects = 200'000;        ///< `--build-max-objects`: of one build
  std::size_t max_nodes = 2'000'000;        ///< `--build-max-nodes`: of documents that may hold aliases, once those are expanded
  /// `--build-max-comparisons`: of objects with targets and sources that are no plain name, of list elements and keys with each other
  std::size_t max_comparisons = 100'000'000;
  /// `--build-max-bytes`: read from files, and written into objects by what copies one text to many places
  std::size_t max_bytes = 512u << 20;
};

struct BuildOptions {
  LoadRestrictor load_restrictor = LoadRestrictor::RootOnly;
  Reorder reorder = Reorder::Default;
  bool enable_helm = false;        ///< else helmCharts is refused
  bool managed_by_label = false;   ///< adds app.kubernetes.io/managed-by as buildMetadata: [managedByLabel] does
  std::string version = "v5.8.2";  ///< in that label
  std::string absolute_root;       ///< absolute paths in kustomizations below this prefix are read inside the tree ("/" for a whole disk)
  RemoteResolver* remote = nullptr;
  HelmEngine helm;  ///< serves helmCharts; nothing: refused
  BuildLimits limits;
  /// Asked at every step, so often that it has to be quick; its error ends the build. For callers with a clock. May be empty.
  std::function<base::Result<void>()> interrupt;
};

struct BuildResult {
  std::vector<document::Value> documents;
  std::vector<std::string> warnings;  ///< deprecated fields, unused vars: one line each
};

/// Builds the kustomization in directory `path` of `files`.
/// Errors: Invalid with `file:line:column: what`, NotFound (no such directory or file), Unsupported (a field that is refused), TooLarge.
base::Result<BuildResult> Build(const base::Files& files, std::string_view path, const BuildOptions& options = {});

/// The documents as YAML, joined by `---` lines, nothing at all for none.
std::string Print(const std::vector<document::Value>& documents);

}  // namespace sluice::kustomize
