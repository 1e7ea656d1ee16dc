// Both trees are walked together, and every place of the object is visited, also those the patch does not mention: lists with merge keys
// are made free of double keys there, and empty values (`key:`) dropped, as kustomize does. A node of the patch that meets nothing in the object is
// merged with itself. Where that differs from the API server's strategic merge:
//  - a scalar keeps the quoting of the one it replaces, so a number patched over a quoted string is a string;
//  - `$patch: replace` on an element of a list, or at the top of an object, changes nothing;
//  - `$deleteFromPrimitiveList`, `$setElementOrder` and `$retainKeys` are fields like any other.
#include "kustomize/merge.h"

#include <utility>

#include "document/object.h"
#include "document/repeated_keys.h"
#include "kustomize/merge_walk.h"
#include "kustomize/node.h"
#include "kustomize/schema_comments.h"

namespace sluice::kustomize {

using base::Result;
using document::Member;
using document::Value;

namespace merging {

namespace {

enum class Shape { None, Scalar, List, Map };

Shape ShapeOf(const Value* value) {
  if (MissingOrNull(value)) return Shape::None;
  if (value->IsMapping()) return Shape::Map;
  return value->IsSequence() ? Shape::List : Shape::Scalar;
}

std::string_view ShapeName(Shape shape) {
  switch (shape) {
    case Shape::Map: return "a mapping";
    case Shape::List: return "a list";
    case Shape::Scalar: return "a scalar";
    case Shape::None: break;
  }
  return "nothing";
}

Result<Directive> ParseDirective(std::string_view word) {
  if (word == "delete") return Directive::Delete;
  if (word == "replace") return Directive::Replace;
  if (word == "merge") return Directive::Merge;
  return base::Invalid("unknown patch strategy '" + std::string(word) + "' ($patch knows delete, replace and merge)");
}

Result<Directive> TakeMapDirective(Value& patch) {
  const Value* word = patch.Find("$patch");
  if (word == nullptr) return Directive::Merge;
  TRY(const Directive directive, ParseDirective(word->text()));
  patch.Erase("$patch");
  return directive;
}

/// Only the first element with `$patch` counts, and only if it has nothing else.
Result<Directive> TakeListDirective(Value& patch) {
  for (const Value& item : patch.items()) {
    const Value* found = item.Find("$patch");
    if (found == nullptr) continue;
    if (item.size() > 1) return Directive::Merge;
    const std::string word(found->text());
    TRY(const Directive directive, ParseDirective(word));
    std::erase_if(patch.mutable_items(), [&](const Value& one) {
      const Value* own = one.Find("$patch");
      return one.IsNull() || (one.IsMapping() && one.empty()) || (own != nullptr && own->text() == word);
    });
    return directive;
  }
  return Directive::Merge;
}

}  // namespace

Result<Directive> TakeDirective(Value& patch) { return patch.IsSequence() ? TakeListDirective(patch) : TakeMapDirective(patch); }

base::Error Walker::Fail(std::string what) const {
  std::string path;
  for (const std::string_view key : path_) path += (path.empty() ? "" : ".") + std::string(key);
  return base::Invalid(path.empty() ? what : path + ": " + what);
}

/// A list may have its schema in a comment; objects inside objects (apiVersion and kind where no schema is known) bring that of their kind.
SchemaNode Walker::SchemaOf(const Pair& pair, SchemaNode given) {
  for (const Value* node : {static_cast<const Value*>(pair.dest), static_cast<const Value*>(pair.patch)}) {
    if (node == nullptr || !node->IsSequence() || node->tag().empty()) continue;
    if (auto schema = SchemaInComment(*node)) {
      in_comments_.push_back(std::make_unique<Schema>(std::move(*schema)));
      return RootOfComment(*in_comments_.back());
    }
  }
  if (given) return given;
  for (const Value* node : {static_cast<const Value*>(pair.dest), static_cast<const Value*>(pair.patch)}) {
    if (node == nullptr || !node->IsMapping()) continue;
    const document::GroupVersionKind gvk = document::GvkOf(*node);
    if (gvk.kind.empty() || gvk.version.empty()) continue;
    if (const SchemaNode root = schema_.Root(gvk)) return root;
  }
  return {};
}

Result<Outcome> Walker::Walk(Pair pair, SchemaNode schema) {
  schema = SchemaOf(pair, schema);
  const Shape dest = ShapeOf(pair.dest);
  const Shape patch = ShapeOf(pair.patch);
  if (dest != Shape::None && patch != Shape::None && dest != patch) {
    return Fail(std::string(ShapeName(patch)) + " in the patch, but " + std::string(ShapeName(dest)) + " in the object");
  }
  if (pair.dest != nullptr && pair.patch != nullptr && !pair.dest->IsScalar() && pair.dest->empty())  // `{}` says nothing of how to go on
    pair.dest->set_style(pair.patch->IsScalar() ? document::Style::Block : pair.patch->style());
  switch (dest != Shape::None ? dest : patch) {
    case Shape::List: return WalkList(pair, schema);
    case Shape::Scalar: return Outcome{.node = pair.patch != nullptr ? pair.patch : pair.dest};
    case Shape::Map:
    case Shape::None: break;
  }
  return WalkMap(pair, schema);
}

Result<Outcome> Walker::WalkMap(Pair pair, SchemaNode schema) {
  Outcome outcome;
  TRY(const bool descend, VisitMap(pair, outcome));
  if (!descend) return outcome;
  TRY(WalkFields(pair, schema));
  return Outcome{.node = pair.dest};
}

/// Decides what becomes of a mapping as a whole: false if `outcome` is final; else `pair.dest` is the mapping to be filled.
Result<bool> Walker::VisitMap(Pair& pair, Outcome& outcome) {
  if (MissingOrNull(pair.dest)) {
    if (pair.patch != nullptr && pair.patch->IsMapping()) {
      const Result<Directive> directive = TakeDirective(*pair.patch);  // an unknown word is not looked at here
      if (directive && *directive == Directive::Delete) return false;
    }
    if (pair.patch == nullptr && pair.dest != nullptr && (!pair.dest->text().empty() || pair.dest->style() == document::Style::Any)) {
      outcome = {.node = pair.dest, .keep_null = true};  // a null that the author spelled out, or an empty text that a replacement made
      return false;
    }
    outcome.node = pair.dest = pair.patch;
    return !MissingOrNull(pair.dest);
  }
  if (pair.patch == nullptr) return true;
  if (pair.patch->IsNull()) return false;
  Result<Directive> directive = TakeDirective(*pair.patch);
  if (!directive) return Fail(directive.error().message);
  if (*directive == Directive::Delete) return false;
  if (*directive == Directive::Replace) pair.dest = pair.patch;
  return true;
}

Result<void> Walker::WalkFields(Pair pair, SchemaNode schema) {
  const bool same = pair.dest == pair.patch;
  std::vector<std::string> gone;
  std::vector<Member>& members = pair.dest->mutable_members();
  const std::size_t count = members.size();
  const std::vector<document::RepeatedKey> repeated = document::RepeatedKeys(members);  // only the first of each is seen
  for (std::size_t i = 0, next = 0; i < count; ++i) {
    if (next < repeated.size() && repeated[next].again == i) {
      ++next;
      continue;
    }
    Value& mine = members[i].value;
    Value* theirs = same ? &mine : pair.patch != nullptr ? pair.patch->Find(members[i].key) : nullptr;
    TRY(const Outcome outcome, WalkField({&mine, theirs}, members[i].key, schema));
    if (outcome.node == nullptr || (outcome.node->IsNull() && !outcome.keep_null)) {
      gone.push_back(members[i].key);
    } else if (outcome.node != &mine) {
      mine = WithStyle(*outcome.node, mine.style());
    } else {
      QuoteIfOdd(mine);  // kustomize writes every field anew
    }
  }
  if (!same && pair.patch != nullptr) {
    for (Member& theirs : pair.patch->mutable_members()) {
      if (pair.dest->Find(theirs.key) != nullptr) continue;
      TRY(const Outcome outcome, WalkField({nullptr, &theirs.value}, theirs.key, schema));
      if (outcome.node != nullptr) SetField(*pair.dest, theirs.key, *outcome.node, &theirs);
    }
  }
  for (const std::string& key : gone) pair.dest->Erase(key);
  return {};
}

Result<Outcome> Walker::WalkField(Pair pair, std::string_view key, SchemaNode schema) {
  path_.push_back(key);
  Result<Outcome> outcome = Walk(pair, schema.Field(key));
  path_.pop_back();
  return outcome;
}

}  // namespace merging

Result<bool> StrategicMerge(Value& object, const Value& patch, const Schema& schema, Budget* budget) {
  Value scratch = patch;  // directives are taken out of it on the way
  merging::Walker walker(schema, budget);
  TRY(const merging::Outcome outcome, walker.Walk({&object, &scratch}, {}));
  return outcome.node != nullptr && !outcome.node->IsNull();
}

}  // namespace sluice::kustomize
