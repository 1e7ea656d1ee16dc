#include "rollout/prune_guard.h"

#include <algorithm>

namespace sluice::rollout {

namespace {

std::string Count(std::size_t objects) { return objects == 1 ? "1 object" : std::to_string(objects) + " objects"; }

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string WhyHeld(const PruneGuard& guard, const Removal& removal, bool held) {
  const std::size_t removed = removal.entries.size();
  if (!guard.on || removed == 0) return "";
  if (removal.wanted == 0) return "the build is empty and " + Count(removed) + " would be removed";
  const bool many = removal.inventory >= guard.min && removed * 100 > removal.inventory * guard.ratio_percent;
  if (many)
    return std::to_string(removed) + " of " + std::to_string(removal.inventory) + " objects would be removed, more than " +
           std::to_string(guard.ratio_percent) + " %";
  if (held) return Count(removed) + " of a removal that was held would be removed";
  return "";
}

bool IsContainer(const document::ObjectId& id) {
  if (id.group.empty()) return id.kind == "Namespace" || id.kind == "PersistentVolumeClaim";
  return id.group == "apiextensions.k8s.io" && id.kind == "CustomResourceDefinition";
}

bool IsReleased(std::string_view value, std::string_view revision) {
  if (value.empty()) return false;
  constexpr std::string_view kYes = "true";
  const bool yes = std::equal(value.begin(), value.end(), kYes.begin(), kYes.end(), [](char a, char b) { return Lower(a) == b; });
  if (yes || value == revision) return true;
  const std::size_t colon = revision.rfind(':');
  return colon != std::string_view::npos && value == revision.substr(colon + 1);
}

std::string ListNames(const std::vector<InventoryEntry>& entries, std::size_t limit) {
  std::string out;
  for (std::size_t i = 0; i < entries.size() && i < limit; ++i) out += (i == 0 ? "" : ", ") + entries[i].id.ToString();
  if (entries.size() > limit) out += " and " + std::to_string(entries.size() - limit) + " more";
  return out;
}

}  // namespace sluice::rollout
