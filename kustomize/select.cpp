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

constexpr std::size_t kCandidates = 3;  // that a message names

/// Those of the same name in another namespace or version; else those of the same kind with the nearest names, or the only one of the kind.
std::vector<const Resource*> MeantInstead(const ResMap& map, const ResourceId& wanted) {
  std::vector<const Resource*> meant;
  for (const Resource* resource : map.ByAnyName(wanted.name))
    if (resource->Kind() == wanted.gvk.kind && meant.size() < kCandidates) meant.push_back(resource);
  if (!meant.empty()) return meant;
  std::vector<std::string> names;
  std::vector<const Resource*> owners;
  for (const auto& resource : map.list()) {
    if (resource->Kind() != wanted.gvk.kind) continue;
    names.emplace_back(resource->Name());
    owners.push_back(resource.get());
  }
  for (const std::size_t position : NearestFew(wanted.name, names, kCandidates)) meant.push_back(owners[position]);
  return meant.empty() && owners.size() == 1 ? owners : meant;
}

std::string Difference(const Resource& found, const ResourceId& wanted) {
  const ResourceId id = found.CurrentId();
  if (id.name != wanted.name) return "";
  if (id.gvk.ApiVersion() != wanted.gvk.ApiVersion())
    return ", whose apiVersion is " + id.gvk.ApiVersion() + ", not " + wanted.gvk.ApiVersion();
  return "";
}

}  // namespace

bool WalksAll(const Selector& selector) { return !IsLiteral(selector.name); }

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
  const std::vector<const Resource*> meant = MeantInstead(map, wanted);
  for (std::size_t i = 0; i < meant.size(); ++i)
    message += (i == 0 ? "; did you mean " : i + 1 == meant.size() ? " or " : ", ") + WithPlace(*meant[i]) + Difference(*meant[i], wanted);
  if (!meant.empty()) message += "?";
  return base::Invalid(std::move(message));
}

}  // namespace sluice::kustomize
