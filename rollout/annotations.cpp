#include "rollout/annotations.h"

#include "document/letter_case.h"
#include "document/object.h"

namespace sluice::rollout {

namespace {

struct Row {
  std::string_view key, value;
  Selector selector;
};
constexpr Row kRows[] = {
    {"reconcile", "disabled", Selector::ReconcileDisabled},
    {"ssa", "Ignore", Selector::SsaIgnore},
    {"ssa", "IfNotPresent", Selector::SsaIfNotPresent},
    {"ssa", "Merge", Selector::SsaMerge},
    {"force", "enabled", Selector::Force},
    {"prune", "disabled", Selector::PruneDisabled},
};

// The rows that `value` under `key` (prefix and slash taken away) stands for.
Selectors SelectorsOfEntry(std::string_view key, std::string_view value) {
  Selectors selectors;
  for (const Row& row : kRows) {
    if (row.key == key && document::EqualWithoutCase(row.value, value)) selectors.Add(row.selector);
  }
  return selectors;
}

Selectors SelectorsOfMap(const document::Value* map, std::string_view prefix) {
  Selectors selectors;
  if (map == nullptr) return selectors;
  for (const document::Member& member : map->members()) {
    const std::string_view key = member.key;
    if (key.size() <= prefix.size() || !key.starts_with(prefix) || key[prefix.size()] != '/') continue;
    selectors = selectors | SelectorsOfEntry(key.substr(prefix.size() + 1), member.value.text());
  }
  return selectors;
}

}  // namespace

Selectors SelectorsOf(const document::Value& object, std::string_view prefix) {
  return SelectorsOfMap(object.At({"metadata", "labels"}), prefix) | SelectorsOfMap(object.At({"metadata", "annotations"}), prefix);
}

bool InMetadata(const document::Value& object, std::string_view key, std::string_view value) {
  for (const std::string_view map : {"labels", "annotations"}) {
    const document::Value* found = object.At({"metadata", map, key});
    if (found != nullptr && document::EqualWithoutCase(found->text(), value)) return true;
  }
  return false;
}

}  // namespace sluice::rollout
