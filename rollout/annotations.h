// rollout/annotations.h: the labels and annotations by which people steer what is applied to an object and whether it is pruned
// (flux-contract 6.7: key and value in a label or an annotation, of the desired or of the live object, values without case).
#pragma once

#include <cstdint>
#include <string_view>

#include "document/value.h"

namespace sluice::rollout {

enum class Selector : std::uint8_t {
  ReconcileDisabled = 1,  ///< <prefix>/reconcile: disabled      never applied, never pruned, kept in the inventory
  SsaIgnore = 2,          ///< <prefix>/ssa: Ignore              the same
  SsaIfNotPresent = 4,    ///< <prefix>/ssa: IfNotPresent        created if missing, otherwise untouched
  SsaMerge = 8,           ///< <prefix>/ssa: Merge               applied, but fields of other managers are left alone
  Force = 16,             ///< <prefix>/force: enabled           recreated when an immutable field changes
  PruneDisabled = 32,     ///< <prefix>/prune: disabled          not deleted by pruning
};

/// Some selectors, one bit each.
struct Selectors {
  std::uint8_t bits = 0;
  bool Has(Selector selector) const { return (bits & static_cast<std::uint8_t>(selector)) != 0; }
  void Add(Selector selector) { bits = static_cast<std::uint8_t>(bits | static_cast<std::uint8_t>(selector)); }
  bool Excluded() const { return Has(Selector::ReconcileDisabled) || Has(Selector::SsaIgnore); }  ///< neither applied nor pruned
  Selectors operator|(Selectors other) const { return {static_cast<std::uint8_t>(bits | other.bits)}; }
  bool operator==(const Selectors&) const = default;
};

inline constexpr std::string_view kKustomizePrefix = "kustomize.toolkit.fluxcd.io";

/// What the labels and annotations of `object` say. `prefix` is the group before the slash.
Selectors SelectorsOf(const document::Value& object, std::string_view prefix = kKustomizePrefix);

/// Whether a label or an annotation `key` of `object` equals `value`, without case.
bool InMetadata(const document::Value& object, std::string_view key, std::string_view value);

}  // namespace sluice::rollout
