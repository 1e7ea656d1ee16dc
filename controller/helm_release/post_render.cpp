#include "controller/helm_release/post_render.h"

#include <memory>

#include "base/files.h"
#include "document/object.h"
#include "document/yaml.h"
#include "kustomize/build.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;
using document::Value;
using Objects = std::vector<Value>;

constexpr std::string_view kInput = "helm-output.yaml";

Value KustomizationOf(const Value& renderer) {
  Value out = Value::Mapping();
  out.Set("apiVersion", "kustomize.config.k8s.io/v1beta1");
  out.Set("kind", "Kustomization");
  out["resources"].Append(kInput);
  for (const std::string_view field : {"patches", "images"}) {
    const Value* list = renderer.At({"kustomize", field});
    if (list != nullptr && !list->empty()) out.Set(field, *list);
  }
  return out;
}

Result<Objects> Kustomize(const Value& kustomization, const Objects& objects, const Limits& limits) {
  const auto files = base::MemoryFiles(
      {{"kustomization.yaml", document::EmitYaml(kustomization, {.sort_keys = false})}, {std::string(kInput), kustomize::Print(objects)}});
  const kustomize::BuildOptions options{.load_restrictor = kustomize::LoadRestrictor::None,
                                        .reorder = kustomize::Reorder::None,
                                        .limits = limits.build,
                                        .interrupt = BuildTime(limits)};
  TRY(kustomize::BuildResult built, kustomize::Build(*files, ".", options));
  return std::move(built.documents);
}

void Label(Objects& objects, const Strings& labels, const Strings& annotations) {
  for (Value& object : objects) {
    for (const auto& [key, value] : labels) document::SetLabel(object, key, value);
    for (const auto& [key, value] : annotations) document::SetAnnotation(object, key, value);
  }
}

Strings StringsIn(const Value& mapping, std::string_view field) {
  Strings out;
  const Value* map = mapping.Find(field);
  if (map == nullptr) return out;
  for (const document::Member& member : map->members()) out.emplace_back(member.key, std::string(member.value.AsString().value_or("")));
  return out;
}

}  // namespace

std::map<std::string, std::string> OwnerLabels(const Key& key) {
  return {{std::string(kNameLabel), key.name}, {std::string(kNamespaceLabel), key.ns}};
}

helm::PostRenderStrategy StrategyOf(PostRenderStrategy strategy) {
  switch (strategy) {
    case PostRenderStrategy::NoHooks: return helm::PostRenderStrategy::NoHooks;
    case PostRenderStrategy::Separate: return helm::PostRenderStrategy::Separate;
    case PostRenderStrategy::Combined: break;
  }
  return helm::PostRenderStrategy::Combined;
}

helm::PostRenderer MakePostRenderer(const Spec& spec, const Key& key, const Limits& limits) {
  struct Plan {
    std::vector<Value> kustomizations;
    Strings labels, annotations;
    Limits limits;
  };
  auto plan = std::make_shared<Plan>();
  for (const Value& renderer : spec.post_renderers.items()) {
    const Value* kustomize = renderer.Find("kustomize");
    if (kustomize != nullptr && !kustomize->IsNull()) plan->kustomizations.push_back(KustomizationOf(renderer));
  }
  plan->limits = limits;
  plan->labels = StringsIn(spec.common_metadata, "labels");
  plan->annotations = StringsIn(spec.common_metadata, "annotations");
  for (const auto& [label, value] : OwnerLabels(key)) plan->labels.emplace_back(label, value);  // last, so they count
  return [plan](Objects objects) -> Result<Objects> {
    for (const Value& kustomization : plan->kustomizations) {
      TRY(objects, Kustomize(kustomization, objects, plan->limits));
    }
    Label(objects, plan->labels, plan->annotations);
    return objects;
  };
}

}  // namespace sluice::controller::helm_release
