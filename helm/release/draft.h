// helm/release/draft.h: a chart and values become what a new revision holds, before it has a number or a status. Pure; meant for a worker thread: the result
// has no helm::Values, so it may leave it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "helm/helm.h"
#include "helm/release/record.h"

namespace sluice::helm {

/// What of a render a post-renderer sees (helm-contract 18).
enum class PostRenderStrategy {
  Combined,  ///< manifests and hooks together
  Separate,  ///< first the manifests, then the hooks
  NoHooks,   ///< manifests alone, as Helm 3
};

/// Objects in, objects out; order is kept unless it is changed, new ones may be added. Each has the annotation that names its file, which must survive
/// for it to stay there; objects without it are `generated-by-postrender-N.yaml`.
using PostRenderer = std::function<base::Result<std::vector<document::Value>>(std::vector<document::Value>)>;
inline constexpr std::string_view kPostRenderFilename = "postrenderer.helm.sh/postrender-filename";

struct DraftOptions {
  RenderOptions render;      ///< name, ns, revision, is_upgrade, capabilities, skip_schema_validation, engine.lookup …
  PostRenderer post_render;  ///< may be empty
  PostRenderStrategy strategy = PostRenderStrategy::Combined;
  ChartPool* pool = nullptr;  ///< may be null
  /// The chart's JSON goes here, and Draft::chart stays null: for who has another process keep it. May be null.
  std::string* chart_json = nullptr;
  /// --reuse-values: the release whose config the values are laid over, and whose coalesced values replace the chart's defaults. May be null.
  const Release* reuse = nullptr;
};

/// The config of a release that reuses the values of `old`: `values` laid over its config. One thread's.
Value LaidOver(const Release& old, const Value& values);

struct Draft {
  std::shared_ptr<const StoredChart> chart;
  std::string config;
  std::shared_ptr<const std::string> manifest;
  std::string notes;
  std::vector<ReleaseHook> hooks;
};

/// Errors: those of Render() in Helm's words; `error while running post render on files: …`.
base::Result<Draft> MakeDraft(Chart chart, const Value& values, const DraftOptions& options);

}  // namespace sluice::helm
