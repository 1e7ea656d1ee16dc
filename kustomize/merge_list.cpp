// Lists that merge by key. The patch's elements come first ("prepend"). The steps are kyaml's, one by one, because their order shows where keys
// are missing or occur twice:
//  1. the tuples of key values of all elements, the patch's first, each once;
//  2. for each tuple the first element of either list that has its non-empty values is found, and the two are merged; what is left of them goes into the
//     result, replacing an element with equal keys;
//  3. the object's elements are put into the result, each in the place of the one with equal keys, or behind.
// Most lists have one key and elements that all have it, and once: then the outcome is plain (MergeDistinct) and needs no searching.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "kustomize/merge_walk.h"
#include "kustomize/node.h"

namespace sluice::kustomize::merging {

using base::Result;
using document::Value;

namespace {

/// The text of a scalar as written (null's as well), "" for collections.
std::string_view NodeText(const Value& value) { return value.text(); }

bool Vanishes(const Value* value) { return MissingOrNull(value) || (value->IsMapping() && value->empty()); }

Elements PointersTo(Value* list) {
  Elements out;
  if (list == nullptr || !list->IsSequence()) return out;
  for (Value& item : list->mutable_items()) out.push_back(&item);
  return out;
}

// --- Tuples.

Tuple TupleOf(const Value& element, const std::vector<std::string>& keys) {
  Tuple out;
  for (const std::string& key : keys) {
    const Value* field = element.Find(key);
    out.emplace_back(NilOrEmpty(field) ? std::string_view() : NodeText(*field));
  }
  return out;
}

void AddUnseen(std::vector<Tuple>& tuples, Tuple tuple) {
  if (std::find(tuples.begin(), tuples.end(), tuple) == tuples.end()) tuples.push_back(std::move(tuple));
}

std::vector<Tuple> CollectTuples(Pair pair, const std::vector<std::string>& keys) {
  std::vector<Tuple> out;
  for (const Value* list : {static_cast<const Value*>(pair.patch), static_cast<const Value*>(pair.dest)}) {
    if (list == nullptr) continue;
    for (const Value& element : list->items()) AddUnseen(out, TupleOf(element, keys));
  }
  return out;
}

std::vector<Tuple> CollectTexts(Pair pair) {
  std::vector<Tuple> out;
  for (const Value* list : {static_cast<const Value*>(pair.patch), static_cast<const Value*>(pair.dest)}) {
    if (list == nullptr) continue;
    for (const Value& element : list->items()) AddUnseen(out, {std::string(NodeText(element))});
  }
  return out;
}

/// The union of two tuples that differ only where one of them is empty, and agree somewhere.
bool Unite(const Tuple& left, const Tuple& right, Tuple& united) {
  bool common = false;
  united.clear();
  for (std::size_t i = 0; i < left.size(); ++i) {
    const bool equal = left[i] == right[i];
    if (!equal && !left[i].empty() && !right[i].empty()) return false;
    common = common || equal;
    united.push_back(left[i].empty() ? right[i] : left[i]);
  }
  return common;
}

void CompleteTuples(std::vector<Tuple>& tuples) {
  Tuple united;
  for (std::size_t i = 0; i < tuples.size(); ++i) {
    const Tuple mine = tuples[i];  // as it was when its turn came
    for (std::size_t j = 0; j < tuples.size(); ++j) {
      if (Unite(mine, tuples[j], united)) tuples[i] = tuples[j] = united;
    }
  }
}

/// Keys and the values that go with them.
struct Match {
  std::vector<std::string> keys;
  Tuple values;
};

/// Leaves out the keys that no tuple has; all keys if that leaves none.
Match Restrict(const std::vector<Tuple>& tuples, const Tuple& values, const std::vector<std::string>& keys) {
  std::vector<bool> used(keys.size());
  for (const Tuple& tuple : tuples) {
    for (std::size_t i = 0; i < tuple.size(); ++i) used[i] = used[i] || !tuple[i].empty();
  }
  if (std::find(used.begin(), used.end(), true) == used.end()) return {keys, values};
  Match out;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!used[i]) continue;
    out.keys.push_back(keys[i]);
    out.values.push_back(values[i]);
  }
  return out;
}

// --- Elements.

/// The first element whose fields have exactly these texts; key "" is the element itself.
Value* FindElement(const Elements& elements, const Match& match) {
  for (Value* element : elements) {
    if (match.keys.front().empty()) {
      if (NodeText(*element) == match.values.front()) return element;
      continue;
    }
    bool all = element->IsMapping();
    for (std::size_t i = 0; all && i < match.keys.size(); ++i) {
      const Value* field = element->Find(match.keys[i]);
      all = field != nullptr && NodeText(*field) == match.values[i];
    }
    if (all) return element;
  }
  return nullptr;
}

// Lists whose keys are missing, double or several are searched for each element; longer ones than this are refused.
constexpr std::size_t kMaxSearched = 20'000;
constexpr std::string_view kNotAMapping = "an element of a list that is merged by key must be a mapping";
constexpr std::string_view kNotAScalar = "an element of a list that is merged as a set must be a scalar";

/// Whether `element` answers to `match` as kyaml's ElementSetter sees it: an empty value matches any; a key beyond the given values counts as found if
/// the one before it was.
Result<bool> Answers(const Value& element, const Match& match) {
  bool found = false;
  for (std::size_t i = 0; i < match.keys.size(); ++i) {
    if (i < match.values.size()) {
      const std::string& wanted = match.values[i];
      if (match.keys[i].empty()) {
        if (!element.IsScalar()) return base::Invalid(std::string(kNotAScalar));
        found = ScalarText(element) == wanted;
      } else {
        if (!element.IsMapping()) return base::Invalid(std::string(kNotAMapping));
        const Value* field = element.Find(match.keys[i]);
        found = field != nullptr && (wanted.empty() || NodeText(*field) == wanted);
      }
    }
    if (!found) return false;
  }
  return found;
}

/// Puts `element` in the place of every one that answers to `match`, behind the list if none does; nullptr removes them. Empty elements are dropped on
/// the way; with no values at all, everything is.
Result<void> SetElement(Elements& list, const Match& match, Value* element) {
  const bool for_mappings = !match.keys.front().empty() && !match.values.empty() && !match.values.front().empty();
  bool found = false;
  Elements kept;
  for (Value* one : list) {
    if (Vanishes(one)) continue;
    if (!one->IsMapping() && for_mappings) {
      kept.push_back(one);
      continue;
    }
    TRY(const bool answers, Answers(*one, match));
    if (!answers) {
      if (!match.values.empty()) kept.push_back(one);
      continue;
    }
    found = true;
    if (element != nullptr) kept.push_back(element);
  }
  list = std::move(kept);
  if (element != nullptr && !element->IsNull() && !found) list.push_back(element);
  return {};
}

/// Step 3 for one element.
Result<void> AppendElement(Elements& result, Value* element, const std::vector<std::string>& keys) {
  if (keys.front().empty()) return SetElement(result, {{""}, {std::string(NodeText(*element))}}, element);
  Match match{keys, {}};
  for (const std::string& key : keys) {
    if (!element->IsMapping() && !element->IsNull()) return base::Invalid(std::string(kNotAMapping));
    const Value* field = element->Find(key);
    if (field == nullptr) {
      result.push_back(element);
    } else {
      match.values.emplace_back(NodeText(*field));
    }
  }
  if (keys.size() > 1) TRY(SetElement(result, match, nullptr));
  return SetElement(result, match, element);
}

/// The list's items := what `elements` point at; what is in the list already is moved, unless something is wanted twice.
void Store(Value& list, const Elements& elements) {
  Elements sorted = elements;
  std::sort(sorted.begin(), sorted.end());
  const bool twice = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
  std::vector<Value>& items = list.mutable_items();
  const Value* begin = items.data();
  const Value* end = begin + items.size();
  std::vector<Value> out;
  out.reserve(elements.size());
  for (Value* element : elements) {
    const bool mine = !std::less<>()(element, begin) && std::less<>()(element, end);
    if (mine && !twice) {
      out.push_back(std::move(*element));
    } else {
      out.push_back(*element);
    }
  }
  items = std::move(out);
}

/// By a key of their own: the text of a field may move when its element gets another field.
using ElementsByKey = std::unordered_map<std::string, Value*>;

/// The elements by their key; false if one is no mapping, has no key, or shares it.
bool IndexByKey(const Elements& elements, const std::string& key, ElementsByKey& index) {
  for (Value* element : elements) {
    const Value* field = element->Find(key);
    if (field == nullptr || !field->IsScalar() || field->IsNull() || field->text().empty()) return false;
    if (!index.emplace(std::string(field->text()), element).second) return false;
  }
  return true;
}

}  // namespace

/// An error of the list itself, with the path it is at.
Result<void> Walker::Named(Result<void> result) const {
  if (result) return result;
  return Fail(std::move(result).error().message);
}

Result<Outcome> Walker::WalkList(Pair pair, SchemaNode schema) {
  if (!schema.Merges()) return Outcome{.node = pair.patch != nullptr ? pair.patch : pair.dest};
  if (MissingOrNull(pair.dest)) {
    pair.dest = pair.patch;
  } else if (pair.patch != nullptr) {
    if (pair.patch->IsNull()) return Outcome{};
    Result<Directive> directive = TakeDirective(*pair.patch);
    if (!directive) return Fail(directive.error().message);
    if (*directive == Directive::Delete) return Outcome{};
    if (*directive == Directive::Replace) pair.dest = pair.patch;
  }
  const std::vector<std::string> keys(schema.MergeKeys().begin(), schema.MergeKeys().end());
  if (keys.size() == 1) {
    TRY(const bool done, MergeDistinct(pair, keys.front(), schema.Element()));
    if (done) return Outcome{.node = pair.dest};
  }
  const std::size_t elements = pair.dest->size() + (pair.patch == nullptr || pair.patch == pair.dest ? 0 : pair.patch->size());
  if (budget_ != nullptr) {
    TRY(budget_->Compare(elements * elements));
  }
  if (elements > kMaxSearched) {
    base::Error error =
        Fail("a list of more than " + std::to_string(kMaxSearched) + " elements, whose merge keys are not distinct, is not merged");
    error.reason = base::Reason::TooLarge;
    return error;
  }
  Result<void> merged = keys.empty() ? MergeElements(pair, CollectTexts(pair), {""}, schema.Element())
                                     : MergeElements(pair, CollectTuples(pair, keys), keys, schema.Element());
  if (!merged) return std::move(merged).error();
  return Outcome{.node = pair.dest};
}

Result<bool> Walker::MergeDistinct(Pair pair, const std::string& key, SchemaNode element) {
  const Elements mine = PointersTo(pair.dest);
  const Elements theirs = pair.patch == pair.dest ? mine : PointersTo(pair.patch);
  ElementsByKey my_index;
  ElementsByKey their_index;
  if (!IndexByKey(mine, key, my_index) || !IndexByKey(theirs, key, their_index)) return false;

  Elements result;
  const auto merge = [&](Value* my, Value* their) -> Result<void> {
    TRY(const Outcome outcome, Walk({my, their}, element));
    if (!Vanishes(outcome.node))
      result.push_back(my != nullptr ? my : outcome.node);  // the object's element wins over one that replaces it
    return {};
  };
  for (Value* their : theirs) {
    const auto found = my_index.find(std::string(their->Find(key)->text()));
    TRY(merge(found == my_index.end() ? nullptr : found->second, their));
  }
  for (Value* my : mine) {
    if (pair.patch == pair.dest || their_index.contains(std::string(my->Find(key)->text()))) continue;
    TRY(merge(my, nullptr));
  }
  Store(*pair.dest, result);
  return true;
}

Result<void> Walker::MergeElements(Pair pair, std::vector<Tuple> tuples, std::vector<std::string> keys, SchemaNode element) {
  if (tuples.empty()) return {};
  if (keys.size() > 1) CompleteTuples(tuples);
  Elements mine = PointersTo(pair.dest);
  Elements others = pair.patch == pair.dest ? Elements() : PointersTo(pair.patch);
  Elements& theirs = pair.patch == pair.dest ? mine : others;
  Elements result;
  Match match;
  for (const Tuple& tuple : tuples) {
    match = Restrict(tuples, tuple, keys);
    const Match wanted = Restrict({match.values}, match.values, match.keys);
    TRY(const Outcome outcome, Walk({FindElement(mine, wanted), FindElement(theirs, wanted)}, element));
    if (Vanishes(outcome.node)) {
      TRY(Named(SetElement(mine, match, nullptr)));
      continue;
    }
    for (std::size_t i = 0; i < match.keys.size(); ++i) {
      if (match.values[i].empty() || outcome.node->Find(match.keys[i]) != nullptr) continue;
      if (match.keys[i].empty()) {
        OverwriteScalar(*outcome.node, match.values[i]);
      } else {
        SetField(*outcome.node, match.keys[i], NewString(match.values[i]));
      }
    }
    TRY(Named(SetElement(result, match, outcome.node)));
  }
  for (Value* one : mine) TRY(Named(AppendElement(result, one, match.keys)));
  Store(*pair.dest, result);
  return {};
}

}  // namespace sluice::kustomize::merging
