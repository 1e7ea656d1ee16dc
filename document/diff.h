// document/diff.h: what changed between two trees, as a list of places.
#pragma once

#include <string>
#include <vector>

#include "document/value.h"

namespace sluice::document {

struct Change {
  enum class Type { Added, Removed, Changed };
  Type type = Type::Changed;
  std::string pointer;          ///< JSON pointer into `to`, of a removed value into `from`
  const Value* from = nullptr;  ///< nullptr for Added
  const Value* to = nullptr;    ///< nullptr for Removed
};

struct DiffOptions {
  /// Items of two lists of mappings that all have a distinct string under this member are paired by it, others by position. Empty: all by position.
  std::string match_items_by = "name";
};

/// The changes that lead from `from` to `to`, as deep down as they can be told, in the order of `to` (what was removed stands behind). None if
/// the two are equal as data. The pointers in the result refer into the arguments.
std::vector<Change> Diff(const Value& from, const Value& to, const DiffOptions& options = {});

}  // namespace sluice::document
