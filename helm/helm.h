// helm/helm.h: a chart and values become what `helm template` prints and what an install applies. Pure: files, time, chance and the cluster come
// as arguments. The rules are Helm's (helm-contract), in the dialect of Helm 3 or 4.
//   TRY(Chart chart, LoadChart(files, "charts/web", dialect));
//   TRY(Rendered rendered, Render(std::move(chart), user_values, {.name = "web", .ns = "prod"}));
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "helm/chart/chart.h"
#include "helm/chart/load.h"
#include "helm/chart/schema/schema.h"
#include "helm/render/capabilities.h"
#include "helm/render/engine.h"
#include "helm/render/manifests.h"
#include "helm/template/dialect.h"

namespace sluice::helm {

struct RenderOptions {
  Dialect dialect = Dialect::Helm4;
  std::string name = "release-name";
  std::string ns = "default";
  int revision = 1;
  bool is_upgrade = false;  ///< else it is an install
  bool is_install = true;   ///< false with is_upgrade, and while linting
  bool skip_schema_validation = false;
  bool show_lines = false;  ///< of a text that is no YAML, in its error (SortOptions)
  bool sub_notes = false;   ///< NOTES.txt of dependencies too
  Capabilities capabilities = DefaultCapabilities();
  EngineOptions engine;          ///< its functions' dialect is set to `dialect`
  SchemaFileReader schema_file;  ///< for `$ref: file://...`; nothing: refused
  NoticeSink notify;             ///< may be empty; the engine's is set to it
  /// A post-renderer: the rendered texts by file, without NOTES.txt, become others before they are sorted. May be empty.
  std::function<base::Result<std::map<std::string, std::string>>(std::map<std::string, std::string> files)> rewrite;
};

struct Rendered {
  std::vector<Manifest> manifests;  ///< in the order of installing
  std::vector<Hook> hooks;          ///< by kind
  std::vector<CrdFile> crds;        ///< as they are in the chart
  std::string notes;
  Value values;  ///< the coalesced values
  Chart chart;   ///< with its dependencies processed, as a release keeps it
};

/// Renders `chart` with `values`, which are the user's (`-f`, `--set`), a map or nothing.
/// Errors: Invalid, in Helm's words: `chart requires kubeVersion: ...`, schema, parse, execution and YAML errors; Unsupported: a library chart.
/// `rendering` (may be null) becomes whether the values were good, so that templates or their output failed: Helm's command line then hints at --debug.
base::Result<Rendered> Render(Chart chart, const Value& values, const RenderOptions& options, bool* rendering = nullptr);

/// What of a release is printed.
struct PrintOptions {
  bool include_crds = false, skip_tests = false, skip_hooks = false;
};
/// The release as `helm template` prints it: CRDs if asked for, manifests, then hooks, each behind `---` and `# Source: path`.
std::string PrintRelease(const Rendered& rendered, const PrintOptions& options);

/// The texts as they leave the templates, NOTES.txt and blank ones included: path to text. Errors as Render(), but a
/// library chart renders, and nobody asks for dependencies that are not there.
base::Result<std::map<std::string, std::string>> RenderRaw(Chart chart, const Value& values, const RenderOptions& options);

/// The same for a chart whose dependencies are settled (ProcessDependencies) and for values that are coalesced.
base::Result<std::map<std::string, std::string>> RenderCoalesced(const Chart& chart, const Value& values, const RenderOptions& options);

}  // namespace sluice::helm
