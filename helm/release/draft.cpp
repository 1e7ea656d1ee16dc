#include "helm/release/draft.h"

#include <map>

#include "base/parser_limits.h"
#include "document/object.h"
#include "document/yaml.h"
#include "helm/chart/values.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/yaml.h"
#include "helm/release/codec.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;
using Tree = document::Value;
using FileMap = std::map<std::string, std::string>;

bool IsPartial(std::string_view path) { return path.substr(path.rfind('/') + 1).starts_with('_'); }

/// The documents of `files`, each with the annotation that names its file.
Result<std::vector<Tree>> Annotated(const FileMap& files, Dialect dialect) {
  std::vector<Tree> documents;
  for (const auto& [path, text] : files) {
    if (IsPartial(path) || TrimSpaceLeft(text).empty()) continue;
    for (const std::string& document : SplitManifests(text, dialect)) {
      auto tree = document::ParseYaml(
          document, {.duplicate_keys = document::DuplicateKeys::LastWins, .max_bytes = base::Parsers().max_manifests_bytes});
      if (!tree) return Invalid("parsing " + path + ": " + GoYamlMessage(tree.error().message));
      if (!tree->IsMapping()) continue;
      document::SetAnnotation(*tree, kPostRenderFilename, path);
      documents.push_back(*std::move(tree));
    }
  }
  return documents;
}

void ClearFilename(Tree& object) {
  Tree* metadata = object.Find("metadata");
  Tree* annotations = metadata == nullptr ? nullptr : metadata->Find("annotations");
  if (annotations == nullptr) return;
  annotations->Erase(kPostRenderFilename);
  if (annotations->empty()) metadata->Erase("annotations");
}

void AddText(FileMap& files, const std::string& path, std::string text) {
  std::string& all = files[path];
  all = all.empty() ? std::move(text) : all + "\n---\n" + text;
}

FileMap ToFiles(std::vector<Tree> documents, const std::string& prefix) {
  FileMap files;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    std::string path(document::AnnotationOf(documents[i], kPostRenderFilename));
    if (path.empty()) path = "generated-by-postrender-" + prefix + std::to_string(i) + ".yaml";
    ClearFilename(documents[i]);
    std::string& text = files[path];
    if (!text.empty()) text += "---\n";
    text += document::EmitYaml(documents[i], {.width = -1, .go_yaml3 = true});
  }
  return files;
}

Result<FileMap> PostRendered(const FileMap& files, const DraftOptions& options, const std::string& what, const std::string& prefix) {
  auto documents = Annotated(files, options.render.dialect);
  if (!documents) return documents.error().Wrap("error merging " + (what == "files" ? std::string("manifests") : what));
  auto done = options.post_render(*std::move(documents));
  if (!done) return done.error().Wrap("error while running post render on " + what);
  return ToFiles(*std::move(done), prefix);
}

/// Hooks and manifests apart, each kind by itself.
Result<FileMap> PostRenderedApart(const FileMap& files, const DraftOptions& options) {
  TRY(const SortedManifests sorted, SortManifests(files, options.render.dialect));
  FileMap hooks, manifests, out;
  for (const Hook& hook : sorted.hooks) AddText(hooks, hook.path, hook.content);
  for (const Manifest& manifest : sorted.manifests) AddText(manifests, manifest.path, manifest.content);
  if (options.strategy == PostRenderStrategy::Separate && !hooks.empty()) {
    TRY(hooks, PostRendered(hooks, options, "hooks", "hooks-"));
  }
  if (!manifests.empty()) {
    TRY(manifests, PostRendered(manifests, options, "manifests", "manifests-"));
  }
  for (const FileMap* group : {&hooks, &manifests})
    for (const auto& [path, text] : *group) AddText(out, path, text);
  return out;
}

ReleaseHook StoredHook(Hook hook) {
  return {.name = std::move(hook.name),
          .kind = std::move(hook.kind),
          .path = std::move(hook.path),
          .manifest = std::move(hook.content),
          .events = std::move(hook.events),
          .last_run = {},
          .weight = hook.weight,
          .delete_policies = std::move(hook.delete_policies),
          .output_log_policies = std::move(hook.output_log_policies)};
}

/// --reuse-values: the old release's coalesced values become the chart's defaults, and its config lies under the new values.
Result<Value> Reused(const Release& old, const Value& values, Dialect dialect, Chart& chart) {
  if (old.chart != nullptr) {
    Chart before;
    before.metadata.name = old.chart->name;
    before.values = StoredValues(*old.chart);
    auto coalesced = Coalesce(before, ConfigValues(old.config), dialect);
    if (!coalesced) return coalesced.error().Wrap("failed to rebuild old values");
    chart.values = *std::move(coalesced);
  }
  return LaidOver(old, values);
}

}  // namespace

Value LaidOver(const Release& old, const Value& values) {
  const Value config = ConfigValues(old.config);
  Value merged = DeepCopy(values.IsMap() ? values : Value::NewMap());
  CoalesceTables(*merged.map(), *config.map(), Nulls::Remove);
  return merged;
}

Result<Draft> MakeDraft(Chart chart, const Value& values, const DraftOptions& options) {
  Value config = values;
  if (options.reuse != nullptr) {
    TRY(config, Reused(*options.reuse, values, options.render.dialect, chart));
  }
  Draft draft;
  TRY(draft.config, ConfigOf(config));
  RenderOptions render = options.render;
  if (options.post_render) {
    render.rewrite = [&options](FileMap files) -> Result<FileMap> {
      if (options.strategy == PostRenderStrategy::Combined) return PostRendered(files, options, "files", "");
      return PostRenderedApart(files, options);
    };
  }
  TRY(Rendered rendered, Render(std::move(chart), config, render));
  if (options.chart_json != nullptr) {
    *options.chart_json = JsonOfChart(rendered.chart);
  } else {
    draft.chart = options.pool == nullptr ? StoreChart(rendered.chart) : options.pool->Store(rendered.chart);
  }
  draft.manifest = std::make_shared<const std::string>(Print(rendered.manifests));
  draft.notes = std::move(rendered.notes);
  for (Hook& hook : rendered.hooks) draft.hooks.push_back(StoredHook(std::move(hook)));
  return draft;
}

}  // namespace sluice::helm
