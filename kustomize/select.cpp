#include "kustomize/select.h"

#include <algorithm>

#include "kustomize/nearest.h"
#include "kustomize/selector.h"

namespace sluice::kustomize {

namespace {

/// No character that a regular expression gives a meaning: the name can be looked up.
bool IsLiteral(std::string_view pattern) { return !pattern.empty() && pattern.find_first_of(R"(.^$*+?()[]{}|\)") == pattern.npos; }

bool Matches(const Resource& resource, const CompiledSelector& selector) {
  if (!selector.MatchesGvk(resource.Gvk())) return false;
  const bool moved = !resource.previous.empty();
  if (!selector.MatchesName(resource.Name()) && !(moved && selector.MatchesName(resource.previous.front().name))) return false;
  if (!selector.MatchesNamespace(resource.EffectiveNamespace()) && !(moved && selector.MatchesNamespace(resource.OriginalId().ns)))
    return false;
  return selector.MatchesLabelsAndAnnotations(resource.value);
}

std::string WithPlace(const Resource& resource) { return resource.CurrentId().Describe() + " (" + resource.Place() + ")"; }

/// The object of the same name in another namespace, kind or version; else the one of the same kind with the nearest name.
const Resource* MeantInstead(const ResMap& map, const ResourceId& wanted) {
  for (const Resource* resource : map.ByAnyName(wanted.name))
    if (resource->Kind() == wanted.gvk.kind) return resource;
  std::vector<std::string> names;
  std::vector<const Resource*> owners;
  for (const auto& resource : map.list()) {
    if (resource->Kind() != wanted.gvk.kind) continue;
    names.emplace_back(resource->Name());
    owners.push_back(resource.get());
  }
  const std::string near = Nearest(wanted.name, names);
  if (near.empty()) return owners.size() == 1 ? owners.front() : nullptr;
  return owners[static_cast<std::size_t>(std::find(names.begin(), names.end(), near) - names.begin())];
}

std::string Difference(const Resource& found, const ResourceId& wanted) {
  const ResourceId id = found.CurrentId();
  if (id.name != wanted.name) return "";
  if (id.gvk.ApiVersion() != wanted.gvk.ApiVersion())
    return ", whose apiVersion is " + id.gvk.ApiVersion() + ", not " + wanted.gvk.ApiVersion();
  return "";
}

}  // namespace

base::Result<std::vector<Resource*>> Select(const ResMap& map, const Selector& selector) {
  TRY(const CompiledSelector compiled, CompiledSelector::Compile(selector));
  std::vector<Resource*> selected;
  if (IsLiteral(selector.name)) {
    selected = map.ByAnyName(selector.name);
    std::erase_if(selected, [&](const Resource* resource) { return !Matches(*resource, compiled); });
    return selected;
  }
  for (const auto& resource : map.list())
    if (Matches(*resource, compiled)) selected.push_back(resource.get());
  return selected;
}

base::Error NoSuchObject(const ResMap& map, const ResourceId& wanted) {
  std::string message = "no " + wanted.Describe();
  if (const Resource* meant = MeantInstead(map, wanted))
    message += "; did you mean " + WithPlace(*meant) + Difference(*meant, wanted) + "?";
  return base::Invalid(std::move(message));
}

}  // namespace sluice::kustomize
