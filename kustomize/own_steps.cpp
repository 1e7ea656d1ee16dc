// The transformers that a kustomization's own fields configure, in kustomize's fixed order (contract §3, step 5).
#include <utility>

#include "kustomize/accumulate.h"
#include "kustomize/apply_patches.h"
#include "kustomize/apply_replacements.h"
#include "kustomize/decode.h"
#include "kustomize/labels.h"
#include "kustomize/transformers.h"

namespace sluice::kustomize {

using base::Result;

namespace {

std::string Indexed(std::string_view field, std::size_t index) { return std::string(field) + "[" + std::to_string(index) + "]"; }

}  // namespace

Step Target::MakeStep(Transform run, document::Mark mark, std::string_view what, std::string_view kind) const {
  return {std::move(run), Place(mark, what), BuiltinOrigin(kind)};
}

std::vector<Step> Target::OwnSteps(const TransformerConfig& config, ErrorList& errors) const {
  std::vector<Step> steps;
  PatchSteps(steps, errors);
  NameSteps(config, steps);
  LabelSteps(config, steps, errors);
  ValueSteps(config, steps, errors);
  return steps;
}

void Target::PatchSteps(std::vector<Step>& steps, ErrorList& errors) const {
  const Kustomization& k = kustomization_;
  const auto add = [&](Result<Transform> run, document::Mark mark, std::string_view what, std::string_view kind, bool renames) {
    if (!run) return errors.Add(Place(mark, what), std::move(run).error());
    steps.push_back(MakeStep(std::move(*run), mark, what, kind));
    steps.back().independent = true;
    steps.back().renames = renames;
  };
  if (!k.patches_strategic_merge.empty()) {
    const document::Mark mark = k.patches_strategic_merge.front().mark;
    add(StrategicMergeStep(k.patches_strategic_merge, "", {k.file, Place(mark, "patchesStrategicMerge")}, *loader_, context_), mark,
        "patchesStrategicMerge", "PatchStrategicMergeTransformer", false);
  }
  for (std::size_t i = 0; i < k.patches.size(); ++i) {
    const PatchEntry& entry = k.patches[i];
    const std::string what = Indexed("patches", i);
    add(PatchStep(entry, {k.file, Place(entry.mark, what)}, *loader_, context_), entry.mark, what, "PatchTransformer",
        entry.allow_name_change || entry.allow_kind_change);
  }
}

void Target::NameSteps(const TransformerConfig& config, std::vector<Step>& steps) const {
  const Kustomization& k = kustomization_;
  if (!k.ns.text.empty())
    steps.push_back(MakeStep(NamespaceStep(k.ns.text, config.name_space, context_.budget), k.ns.mark, "namespace", "NamespaceTransformer"));
  if (!k.name_prefix.text.empty())
    steps.push_back(MakeStep(PrefixStep(k.name_prefix.text, config.name_prefix, context_.budget), k.name_prefix.mark, "namePrefix",
                             "PrefixTransformer"));
  if (!k.name_suffix.text.empty())
    steps.push_back(MakeStep(SuffixStep(k.name_suffix.text, config.name_suffix, context_.budget), k.name_suffix.mark, "nameSuffix",
                             "SuffixTransformer"));
}

// With labels or commonLabels, kustomize always runs one more transformer for commonLabels, be they empty; buildMetadata shows it.
void Target::LabelSteps(const TransformerConfig& config, std::vector<Step>& steps, ErrorList& errors) const {
  const Kustomization& k = kustomization_;
  for (std::size_t i = 0; i < k.labels.size(); ++i) {
    const auto& [entry, mark] = k.labels[i];
    auto specs = LabelSpecs(entry, config);
    if (specs)
      steps.push_back(MakeStep(PairsStep(entry.pairs, *specs, context_.budget), mark, Indexed("labels", i), "LabelTransformer"));
    else
      errors.Add(Place(mark, Indexed("labels", i)), std::move(specs).error());
  }
  if (!k.labels.empty() || !k.common_labels.empty())
    steps.push_back(MakeStep(PairsStep(k.common_labels, config.common_labels, context_.budget), {}, "commonLabels", "LabelTransformer"));
  if (!k.common_annotations.empty())
    steps.push_back(MakeStep(PairsStep(k.common_annotations, config.common_annotations, context_.budget), {}, "commonAnnotations",
                             "AnnotationsTransformer"));
}

void Target::ValueSteps(const TransformerConfig& config, std::vector<Step>& steps, ErrorList& errors) const {
  const Kustomization& k = kustomization_;
  for (std::size_t i = 0; i < k.patches_json6902.size(); ++i) {
    const PatchEntry& entry = k.patches_json6902[i];
    const std::string what = Indexed("patchesJson6902", i);
    auto run = Json6902Step(entry, {k.file, Place(entry.mark, what)}, *loader_, context_);
    if (run)
      steps.push_back(MakeStep(std::move(*run), entry.mark, what, "PatchJson6902Transformer"));
    else
      errors.Add(Place(entry.mark, what), std::move(run).error());
  }
  for (std::size_t i = 0; i < k.replicas.size(); ++i) {
    steps.push_back(MakeStep(ReplicaStep(k.replicas[i].first, config.replicas), k.replicas[i].second, Indexed("replicas", i),
                             "ReplicaCountTransformer"));
    steps.back().independent = true;
  }
  for (std::size_t i = 0; i < k.images.size(); ++i)
    steps.push_back(MakeStep(ImageStep(k.images[i].first, config.images, context_.budget), k.images[i].second, Indexed("images", i),
                             "ImageTagTransformer"));
  if (k.replacements.empty()) return;
  auto run = ReplacementStep(k.replacements, k.file, *loader_, context_);
  if (run)
    steps.push_back({std::move(*run), "", BuiltinOrigin("ReplacementTransformer")});
  else
    errors.Add(Place(k.replacements.front().mark, "replacements"), std::move(run).error());
}

}  // namespace sluice::kustomize
