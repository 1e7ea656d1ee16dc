#include "kustomize/build.h"

#include <algorithm>
#include <utility>

#include "document/yaml.h"
#include "kustomize/accumulate.h"
#include "kustomize/decode.h"
#include "kustomize/finish.h"
#include "kustomize/name_references.h"
#include "kustomize/reread.h"
#include "kustomize/transformers.h"

namespace sluice::kustomize {

using base::Result;

namespace {

bool Wants(const Kustomization& kustomization, std::string_view word) {
  return std::find(kustomization.build_metadata.begin(), kustomization.build_metadata.end(), word) != kustomization.build_metadata.end();
}

/// What only the root does, after everything is accumulated (contract §3, a to h).
Result<void> Finish(Accumulator& all, const Kustomization& root, Context& context) {
  ResMap& map = all.resources;
  TRY(HashStep()(map));
  TRY(FixNameReferences(map, all.config.get().name_reference, context.budget));
  TRY(ResolveVars(map, all.vars, all.config.get().var_reference, context));
  TRY(DropLocal(map));
  auto sorted = SortObjects(map, root.sort_options, context.options.reorder);
  if (!sorted) return std::move(sorted).error().Wrap(PlaceOf(root.file, root.sort_options ? root.sort_options->mark : document::Mark()));
  if (context.options.managed_by_label || Wants(root, "managedByLabel")) TRY(AddManagedBy(map, context.options.version, context.budget));
  FinishAnnotations(map, root.build_metadata);
  for (const auto& resource : map.list()) {
    TRY(context.budget.GoOn());
    TRY(Reread(resource->value));
  }
  return CheckPrintable(map);
}

}  // namespace

Result<BuildResult> Build(const base::Files& files, std::string_view path, const BuildOptions& options) {
  Context context(options);
  TRY(Loader::Ptr loader, Loader::Root(files, path, options, context.budget));
  TRY(Target root, Target::Load(context, std::move(loader), {}));
  context.track_origins = !root.kustomization().build_metadata.empty();
  Accumulator all;
  ErrorList errors;
  root.Accumulate(all, errors);
  TRY(std::move(errors).Finish());
  TRY(Finish(all, root.kustomization(), context));
  BuildResult result;
  result.warnings = std::move(context.warnings);
  for (auto& resource : all.resources.Release()) result.documents.push_back(std::move(resource->value));
  return result;
}

std::string Print(const std::vector<document::Value>& documents) {
  std::string text;
  for (const document::Value& document : documents) {
    if (!text.empty()) text += "---\n";
    text += document::EmitYaml(document);
  }
  return text;
}

}  // namespace sluice::kustomize
