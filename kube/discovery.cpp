#include "kube/discovery.h"

#include <algorithm>
#include <map>

namespace sluice::kube {

namespace {

using document::Value;

constexpr std::size_t kMaxResources = 50'000;  // far above any cluster; a bound on what a hostile server may make us keep

constexpr std::pair<std::string_view, Verb> kVerbs[] = {
    {"get", Verb::Get},       {"list", Verb::List},   {"watch", Verb::Watch},   {"create", Verb::Create},
    {"update", Verb::Update}, {"patch", Verb::Patch}, {"delete", Verb::Delete}, {"deletecollection", Verb::DeleteCollection},
};

std::uint8_t VerbsOf(const Value& resource) {
  std::uint8_t bits = 0;
  const Value* verbs = resource.Find("verbs");
  if (verbs == nullptr) return bits;
  for (const Value& verb : verbs->items()) {
    for (const auto& [name, bit] : kVerbs) {
      if (verb.AsString() == name) bits |= static_cast<std::uint8_t>(bit);
    }
  }
  return bits;
}

std::vector<std::string> Strings(const Value& parent, std::string_view key) {
  std::vector<std::string> out;
  const Value* list = parent.Find(key);
  if (list == nullptr) return out;
  for (const Value& item : list->items()) out.emplace_back(item.AsString().value_or(""));
  return out;
}

void AddAggregatedResource(const GroupVersion& gv, const Value& answer, Discovered& out) {
  Resource resource;
  resource.gvk = {gv.first, gv.second, std::string(answer.StringAt({"responseKind", "kind"}))};
  resource.plural = answer.StringAt({"resource"});
  resource.namespaced = answer.StringAt({"scope"}) == "Namespaced";
  resource.verbs = VerbsOf(answer);
  resource.short_names = Strings(answer, "shortNames");
  if (const Value* subresources = answer.Find("subresources"); subresources != nullptr) {
    for (const Value& sub : subresources->items()) resource.subresources.emplace_back(sub.StringAt({"subresource"}));
  }
  if (resource.gvk.kind.empty() || resource.plural.empty() || out.resources.size() >= kMaxResources) return;
  out.resources.push_back(std::make_shared<const Resource>(std::move(resource)));
}

void AddVersion(const std::string& group, const Value& version, Discovered& out) {
  const GroupVersion gv{group, std::string(version.StringAt({"version"}))};
  if (version.StringAt({"freshness"}) == "Stale") out.incomplete.insert(gv);
  const Value* resources = version.Find("resources");
  if (resources == nullptr) return;
  for (const Value& resource : resources->items()) AddAggregatedResource(gv, resource, out);
}

}  // namespace

bool Is(const Value& answer, const DocumentType& type) {
  const std::string_view kind = answer.StringAt({"kind"});
  const bool may_lack_kind = type.kind == kApiResourceList.kind;
  if (kind != type.kind && !(kind.empty() && may_lack_kind)) return false;
  const Value* list = answer.Find(type.list);
  return list != nullptr && (list->IsSequence() || list->IsNull());
}

bool AddAggregated(const Value& answer, Discovered& out) {
  if (!Is(answer, kApiGroupDiscoveryList)) return false;
  for (const Value& group : answer.Find("items")->items()) {
    const std::string name(group.StringAt({"metadata", "name"}));
    const Value* versions = group.Find("versions");
    if (versions == nullptr) continue;
    for (const Value& version : versions->items()) AddVersion(name, version, out);
  }
  return true;
}

std::vector<GroupVersion> GroupVersionsOf(const Value& answer) {
  std::vector<GroupVersion> out;
  for (std::string& version : Strings(answer, "versions")) out.emplace_back("", std::move(version));
  const Value* groups = answer.Find("groups");
  if (groups == nullptr) return out;
  for (const Value& group : groups->items()) {
    const std::string name(group.StringAt({"name"}));
    const std::string preferred(group.StringAt({"preferredVersion", "version"}));
    const Value* versions = group.Find("versions");
    if (versions == nullptr) continue;
    const std::size_t first = out.size();
    for (const Value& version : versions->items()) out.emplace_back(name, version.StringAt({"version"}));
    std::stable_partition(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
                          [&](const auto& gv) { return gv.second == preferred; });
  }
  return out;
}

void AddResourceList(const GroupVersion& gv, const Value& answer, Discovered& out) {
  const Value* list = answer.Find("resources");
  if (list == nullptr) return;
  std::vector<Resource> resources;
  std::map<std::string, std::size_t, std::less<>> by_plural;
  for (const Value& item : list->items()) {
    const std::string_view name = item.StringAt({"name"});
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos) {
      const Value* namespaced = item.Find("namespaced");
      by_plural.emplace(name, resources.size());
      resources.push_back({.gvk = {gv.first, gv.second, std::string(item.StringAt({"kind"}))},
                           .plural = std::string(name),
                           .namespaced = namespaced != nullptr && namespaced->AsBool().value_or(false),
                           .verbs = VerbsOf(item),
                           .subresources = {},
                           .short_names = Strings(item, "shortNames")});
    } else if (const auto parent = by_plural.find(name.substr(0, slash)); parent != by_plural.end()) {
      resources[parent->second].subresources.emplace_back(name.substr(slash + 1));
    }
  }
  for (Resource& resource : resources) {
    if (resource.gvk.kind.empty() || resource.plural.empty() || out.resources.size() >= kMaxResources) continue;
    out.resources.push_back(std::make_shared<const Resource>(std::move(resource)));
  }
}

std::string GroupVersionPath(const GroupVersion& gv) {
  return gv.first.empty() ? "/api/" + gv.second : "/apis/" + gv.first + "/" + gv.second;
}

}  // namespace sluice::kube
