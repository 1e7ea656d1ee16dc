#include "kustomize/sort.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "kustomize/tables.h"

namespace sluice::kustomize {

namespace {

struct Rank {
  int kind;
  bool core_namespace;  // a Namespace without a group goes before one with a group
  std::string gvk;
  std::string id;
};

/// First kinds count up to -1, last kinds from 1, all others are 0.
std::unordered_map<std::string, int> KindRanks(const LegacyOrder& order) {
  std::unordered_map<std::string, int> out;
  for (std::size_t i = 0; i < order.first.size(); ++i) out[order.first[i]] = static_cast<int>(i) - static_cast<int>(order.first.size());
  for (std::size_t i = 0; i < order.last.size(); ++i) out[order.last[i]] = static_cast<int>(i) + 1;
  return out;
}

std::string Or(const std::string& text, const char* none) { return text.empty() ? std::string(none) : text; }

std::string GvkText(const document::GroupVersionKind& gvk) {
  return Or(gvk.group, "~G") + "_" + Or(gvk.version, "~V") + "_" + Or(gvk.kind, "~K");
}

}  // namespace

LegacyOrder LegacyOrder::Default() {
  return {.first = {LegacyOrderFirst().begin(), LegacyOrderFirst().end()}, .last = {LegacyOrderLast().begin(), LegacyOrderLast().end()}};
}

std::vector<std::size_t> LegacySort(std::span<const SortKey> keys, const LegacyOrder& order) {
  const std::unordered_map<std::string, int> ranks = KindRanks(order);
  std::vector<Rank> decorated;
  decorated.reserve(keys.size());
  for (const SortKey& key : keys) {
    const auto rank = ranks.find(key.gvk.kind);
    decorated.push_back({.kind = rank == ranks.end() ? 0 : rank->second,
                         .core_namespace = key.gvk.kind == "Namespace" && key.gvk.group.empty(),
                         .gvk = GvkText(key.gvk),
                         .id = Or(key.ns, "~X") + "|" + Or(key.name, "~N")});
  }
  std::vector<std::size_t> out(keys.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::sort(out.begin(), out.end(), [&](std::size_t left, std::size_t right) {
    const Rank& a = decorated[left];
    const Rank& b = decorated[right];
    if (a.kind != b.kind) return a.kind < b.kind;
    if (a.core_namespace != b.core_namespace) return a.core_namespace;
    if (a.gvk != b.gvk) return a.core_namespace ? a.gvk > b.gvk : a.gvk < b.gvk;
    if (a.id != b.id) return a.id < b.id;
    return left < right;
  });
  return out;
}

}  // namespace sluice::kustomize
