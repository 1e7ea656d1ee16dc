// document/merge_rules.h: how the lists and maps of Kubernetes' built-in kinds are merged by a strategic merge patch.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "document/object.h"

namespace sluice::document {

enum class MergeRule : std::uint8_t {
  None,     ///< a list is replaced, a map is merged
  Merge,    ///< a list is merged: by its key, or as a set if it holds scalars
  Replace,  ///< a map is replaced
};

/// A place in the schema of a built-in kind. Copied freely; refers to tables that live for ever.
class MergeRules {
 public:
  /// The rules at the root of objects of `gvk`; nullopt for a kind that Kubernetes does not compile in (then the API server refuses a strategic
  /// merge patch).
  static std::optional<MergeRules> Of(const GroupVersionKind& gvk);

  /// The rules of a member of this map, or of the items of this list's field. A member that the tables do not name has no rules.
  MergeRules Below(std::string_view field) const;
  /// What is said of this very field.
  MergeRule rule() const { return rule_; }
  /// The merge key of the list's items; empty for none.
  std::string_view key() const { return key_; }

 private:
  std::uint8_t shape_ = 0;
  MergeRule rule_ = MergeRule::None;
  std::string_view key_ = {};
};

}  // namespace sluice::document
