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

base::Error At(const std::string& place, base::Error error) {
  return error.message.starts_with(place) ? std::move(error) : std::move(error).Wrap(place);
}

}  // namespace

Step Target::MakeStep(Transform run, document::Mark mark, std::string_view what, std::string_view kind) const {
  return {std::move(run), Place(mark, what), BuiltinOrigin(kind)};
}

Result<std::vector<Step>> Target::OwnSteps(const TransformerConfig& config) const {
  std::vector<Step> steps;
  TRY(PatchSteps(steps));
  TRY(NameSteps(config, steps));
  TRY(LabelSteps(config, steps));
  TRY(ValueSteps(config, steps));
  return steps;
}

Result<void> Target::PatchSteps(std::vector<Step>& steps) const {
  const Kustomization& k = kustomization_;
  if (!k.patches_strategic_merge.empty()) {
    const document::Mark mark = k.patches_strategic_merge.front().mark;
    auto run = StrategicMergeStep(k.patches_strategic_merge, "", {k.file, Place(mark, "patchesStrategicMerge")}, *loader_, context_);
    if (!run) return At(Place(mark, "patchesStrategicMerge"), std::move(run).error());
    steps.push_back(MakeStep(std::move(*run), mark, "patchesStrategicMerge", "PatchStrategicMergeTransformer"));
  }
  for (std::size_t i = 0; i < k.patches.size(); ++i) {
    const std::string what = Indexed("patches", i);
    auto run = PatchStep(k.patches[i], {k.file, Place(k.patches[i].mark, what)}, *loader_, context_);
    if (!run) return At(Place(k.patches[i].mark, what), std::move(run).error());
    steps.push_back(MakeStep(std::move(*run), k.patches[i].mark, what, "PatchTransformer"));
  }
  return {};
}

Result<void> Target::NameSteps(const TransformerConfig& config, std::vector<Step>& steps) const {
  const Kustomization& k = kustomization_;
  if (!k.ns.text.empty())
    steps.push_back(MakeStep(NamespaceStep(k.ns.text, config.name_space), k.ns.mark, "namespace", "NamespaceTransformer"));
  if (!k.name_prefix.text.empty())
    steps.push_back(MakeStep(PrefixStep(k.name_prefix.text, config.name_prefix), k.name_prefix.mark, "namePrefix", "PrefixTransformer"));
  if (!k.name_suffix.text.empty())
    steps.push_back(MakeStep(SuffixStep(k.name_suffix.text, config.name_suffix), k.name_suffix.mark, "nameSuffix", "SuffixTransformer"));
  return {};
}

// With labels or commonLabels, kustomize always runs one more transformer for commonLabels, be they empty; buildMetadata shows it.
Result<void> Target::LabelSteps(const TransformerConfig& config, std::vector<Step>& steps) const {
  const Kustomization& k = kustomization_;
  for (std::size_t i = 0; i < k.labels.size(); ++i) {
    const auto& [entry, mark] = k.labels[i];
    auto specs = LabelSpecs(entry, config);
    if (!specs) return At(Place(mark, Indexed("labels", i)), std::move(specs).error());
    steps.push_back(MakeStep(PairsStep(entry.pairs, *specs), mark, Indexed("labels", i), "LabelTransformer"));
  }
  if (!k.labels.empty() || !k.common_labels.empty())
    steps.push_back(MakeStep(PairsStep(k.common_labels, config.common_labels), {}, "commonLabels", "LabelTransformer"));
  if (!k.common_annotations.empty())
    steps.push_back(
        MakeStep(PairsStep(k.common_annotations, config.common_annotations), {}, "commonAnnotations", "AnnotationsTransformer"));
  return {};
}

Result<void> Target::ValueSteps(const TransformerConfig& config, std::vector<Step>& steps) const {
  const Kustomization& k = kustomization_;
  for (std::size_t i = 0; i < k.patches_json6902.size(); ++i) {
    const PatchEntry& entry = k.patches_json6902[i];
    const std::string what = Indexed("patchesJson6902", i);
    auto run = Json6902Step(entry, {k.file, Place(entry.mark, what)}, *loader_);
    if (!run) return At(Place(entry.mark, what), std::move(run).error());
    steps.push_back(MakeStep(std::move(*run), entry.mark, what, "PatchJson6902Transformer"));
  }
  for (std::size_t i = 0; i < k.replicas.size(); ++i)
    steps.push_back(MakeStep(ReplicaStep(k.replicas[i].first, config.replicas), k.replicas[i].second, Indexed("replicas", i),
                             "ReplicaCountTransformer"));
  for (std::size_t i = 0; i < k.images.size(); ++i)
    steps.push_back(MakeStep(ImageStep(k.images[i].first, config.images), k.images[i].second, Indexed("images", i), "ImageTagTransformer"));
  if (k.replacements.empty()) return {};
  auto run = ReplacementStep(k.replacements, k.file, *loader_);
  if (!run) return At(Place(k.replacements.front().mark, "replacements"), std::move(run).error());
  steps.push_back({std::move(*run), "", BuiltinOrigin("ReplacementTransformer")});
  return {};
}

}  // namespace sluice::kustomize
