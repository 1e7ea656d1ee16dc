#include "kustomize/sort.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "kustomize/tables.h"

namespace sluice::kustomize {

namespace {

struct Rank {
  int kind;
  bool is_namespace, is_core;  // of two kinds Namespace, the one without a group goes first
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

bool Before(const Rank& a, const Rank& b) {
  if (a.kind != b.kind) return a.kind < b.kind;
  if (a.gvk != b.gvk) return a.is_namespace && b.is_namespace && (a.is_core || b.is_core) ? a.gvk > b.gvk : a.gvk < b.gvk;
  return a.id < b.id;
}

/// kustomize's comparison goes in a circle where its rule for Namespaces meets other kinds of the same rank. Then the way of sorting shows: up to a
/// dozen objects are sorted as Go does, by insertion, and no number of them leads a stable sort astray.
template <class Less>
void SortAsGo(std::vector<std::size_t>& positions, Less less) {
  constexpr std::size_t kGoInsertsUpTo = 12;
  if (positions.size() > kGoInsertsUpTo) return std::stable_sort(positions.begin(), positions.end(), less);
  for (std::size_t i = 1; i < positions.size(); ++i)
    for (std::size_t j = i; j > 0 && less(positions[j], positions[j - 1]); --j) std::swap(positions[j], positions[j - 1]);
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
                         .is_namespace = key.gvk.kind == "Namespace",
                         .is_core = key.gvk.group.empty(),
                         .gvk = GvkText(key.gvk),
                         .id = Or(key.ns, "~X") + "|" + Or(key.name, "~N")});
  }
  std::vector<std::size_t> out(keys.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  SortAsGo(out, [&](std::size_t left, std::size_t right) { return Before(decorated[left], decorated[right]); });
  return out;
}

}  // namespace sluice::kustomize
