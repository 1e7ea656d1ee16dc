// kustomize/merge_walk.h: the walk behind merge.h, for merge.cpp (mappings, scalars) and merge_list.cpp (lists) only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/budget.h"
#include "kustomize/schema.h"

namespace sluice::kustomize::merging {

/// The two trees at one place; nullptr where one has nothing. Both are the same node where only the patch has something: it is then merged
/// with itself, which cleans it of directives and nulls.
struct Pair {
  document::Value* dest = nullptr;
  document::Value* patch = nullptr;
};

/// What a place becomes: one of the pair's nodes (changed in place), or nothing.
struct Outcome {
  document::Value* node = nullptr;
  bool keep_null = false;  ///< a null that stays
};

enum class Directive { Merge, Replace, Delete };

/// Pointers to elements of lists that do not move meanwhile.
using Elements = std::vector<document::Value*>;
/// The merge keys' values of one element; "" for a missing one.
using Tuple = std::vector<std::string>;

class Walker {
 public:
  Walker(const Schema& schema, Budget* budget) : schema_(schema), budget_(budget) {}
  base::Result<Outcome> Walk(Pair pair, SchemaNode schema);

 private:
  base::Result<Outcome> WalkMap(Pair pair, SchemaNode schema);
  base::Result<bool> VisitMap(Pair& pair, Outcome& outcome);
  base::Result<void> WalkFields(Pair pair, SchemaNode schema);
  base::Result<Outcome> WalkField(Pair pair, std::string_view key, SchemaNode schema);
  base::Result<Outcome> WalkList(Pair pair, SchemaNode schema);
  base::Result<void> MergeElements(Pair pair, std::vector<Tuple> tuples, std::vector<std::string> keys, SchemaNode element);
  base::Result<bool> MergeDistinct(Pair pair, const std::string& key, SchemaNode element);
  SchemaNode SchemaOf(const Pair& pair, SchemaNode given);
  base::Error Fail(std::string what) const;
  base::Result<void> Named(base::Result<void> result) const;

  const Schema& schema_;
  Budget* budget_;                                    // may be null
  std::vector<std::unique_ptr<Schema>> in_comments_;  // schemas that lists brought along
  std::vector<std::string_view> path_;                // of field names, for messages
};

/// The directive of a mapping (its `$patch` key) or of a list (an element that is nothing but `$patch`), which is removed from it.
/// Errors: Invalid, an unknown word.
base::Result<Directive> TakeDirective(document::Value& patch);

}  // namespace sluice::kustomize::merging
