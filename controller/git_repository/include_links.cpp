#include "controller/git_repository/include_links.h"

#include "controller/object_events.h"

namespace sluice::controller::git_repository {

void IncludeLinks::Update(const document::Value& object) {
  const Key key = KeyOf(object);
  Remove(key);
  const document::Value* list = object.At({"spec", "include"});
  if (list == nullptr) return;
  for (const document::Value& item : list->items()) {
    const Key included{key.ns, std::string(item.StringAt({"repository", "name"}))};
    includes_[key].insert(included);
    includers_[included].insert(key);
  }
}

void IncludeLinks::Remove(const Key& key) {
  const auto known = includes_.find(key);
  if (known == includes_.end()) return;
  for (const Key& included : known->second) {
    const auto at = includers_.find(included);
    at->second.erase(key);
    if (at->second.empty()) includers_.erase(at);
  }
  includes_.erase(known);
}

bool IncludeLinks::Reaches(const Key& object, const Key& other) const {
  std::set<Key> seen{object};
  std::vector<Key> open{object};
  while (!open.empty()) {
    const auto at = includes_.find(open.back());
    open.pop_back();
    if (at == includes_.end()) continue;
    if (at->second.contains(other)) return true;
    for (const Key& next : at->second)
      if (seen.insert(next).second) open.push_back(next);
  }
  return false;
}

std::vector<Key> IncludeLinks::IncludersOf(const Key& included) const {
  const auto at = includers_.find(included);
  if (at == includers_.end()) return {};
  return {at->second.begin(), at->second.end()};
}

}  // namespace sluice::controller::git_repository
