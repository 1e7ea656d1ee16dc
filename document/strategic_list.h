// document/strategic_list.h: the inside of strategic merge patches: maps and lists call each other. Use strategic_merge.h.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/merge_rules.h"
#include "document/value.h"

namespace sluice::document::strategic {

inline constexpr std::string_view kPatchDirective = "$patch";

/// Where a merge stands, for messages: `spec.template.spec.containers`.
class Path {
 public:
  Path Below(std::string_view field) const {
    Path out;
    out.text_ = text_.empty() ? std::string(field) : text_ + "." + std::string(field);
    return out;
  }
  base::Error Invalid(std::string_view problem) const {
    return base::Invalid(text_.empty() ? std::string(problem) : text_ + ": " + std::string(problem));
  }

 private:
  std::string text_;
};

/// Merges `patch` into `object`, both mappings. On an error `object` may be half merged.
base::Result<void> MergeMap(Value& object, Value patch, const MergeRules& rules, const Path& path);

/// The list that `patch` makes of `original`, both sequences: `patch` itself unless the rules say Merge.
base::Result<Value> MergeList(const Value& original, Value patch, const MergeRules& rules, const Path& path);

/// The same where `$setElementOrder` says the `order` of the result; one of the two may be missing (nullptr).
base::Result<Value> MergeInOrder(const Value* original, const Value* patch, const Value& order, const MergeRules& rules, const Path& path);

/// Items of a patch that are not deletions must stand in `order`, in that order.
base::Result<void> CheckElementOrder(std::span<const Value> patch, std::span<const Value> order, const MergeRules& rules, const Path& path);

/// All items must be of one kind, and none a list.
base::Result<void> CheckElements(std::initializer_list<std::span<const Value>> lists, const Path& path);

/// Makes a value that a patch adds, where nothing was, fit for an object: without nulls in maps and without directives. False if the value
/// is itself a map with `$patch`, so that nothing is added.
bool CleanFresh(Value& value);

}  // namespace sluice::document::strategic
