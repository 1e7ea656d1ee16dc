#include "controller/ignore.h"

#include <algorithm>
#include <functional>

#include "document/json.h"
#include "document/pointer.h"

namespace sluice::controller {
namespace {

using base::Result;
using document::Member;
using document::Value;
using Tokens = std::vector<std::string>;

const Value* Step(const Value* at, std::string_view token) {
  if (at == nullptr) return nullptr;
  if (!at->IsSequence()) return at->Find(token);
  const auto index = document::ListIndex(token);
  return index && *index < at->size() ? &at->items()[*index] : nullptr;
}

Value* Step(Value* at, std::string_view token) {
  if (at == nullptr) return nullptr;
  if (!at->IsSequence()) return at->Find(token);
  const auto index = document::ListIndex(token);
  return index && *index < at->size() ? &at->mutable_items()[*index] : nullptr;
}

template <class Node>
Node* Find(Node* root, std::span<const std::string> tokens) {
  for (const std::string& token : tokens) root = Step(root, token);
  return root;
}

void Remove(Value& root, const Tokens& tokens) {
  if (tokens.empty()) return;
  Value* parent = Find(&root, std::span(tokens).first(tokens.size() - 1));
  if (parent == nullptr) return;
  if (!parent->IsSequence()) {
    parent->Erase(tokens.back());
    return;
  }
  const auto index = document::ListIndex(tokens.back());
  auto& items = parent->mutable_items();
  if (index && *index < items.size()) items.erase(items.begin() + static_cast<std::ptrdiff_t>(*index));
}

/// Puts `value` there if what is around it exists.
void Put(Value& root, const Tokens& tokens, const Value& value) {
  if (tokens.empty()) return;
  if (Value* there = Find(&root, tokens)) {
    *there = value;
    return;
  }
  Value* parent = Find(&root, std::span(tokens).first(tokens.size() - 1));
  if (parent != nullptr && parent->IsMapping()) parent->Set(tokens.back(), value);
}

bool Same(const Value* left, const Value* right) {
  if (left == nullptr || right == nullptr) return left == right;
  return *left == *right;
}

/// The keys (`k:{…}`) that any entry has below `parent`, and which of them means `item`.
std::string KeyOfItem(const std::vector<const Value*>& parents, const Value& item) {
  for (const Value* parent : parents) {
    for (const Member& member : parent == nullptr ? std::span<const Member>() : parent->members()) {
      if (!member.key.starts_with("k:")) continue;
      const auto keys = document::ParseJson(std::string_view(member.key).substr(2));
      if (!keys || !keys->IsMapping()) continue;
      const auto fits = [&](const Member& key) { return Same(item.Find(key.key), &key.value); };
      if (std::all_of(keys->members().begin(), keys->members().end(), fits)) return member.key;
    }
  }
  return {};
}

/// Whether the Apply entry of a manager other than `manager` names the field.
bool OwnedByAnother(const Value& live, const Tokens& tokens, std::string_view manager) {
  const Value* entries = live.At({"metadata", "managedFields"});
  if (entries == nullptr) return false;
  std::vector<const Value*> all, others;
  for (const Value& entry : entries->items()) {
    if (entry.StringAt({"operation"}) != "Apply" || !entry.StringAt({"subresource"}).empty()) continue;
    all.push_back(entry.Find("fieldsV1"));
    if (entry.StringAt({"manager"}) != manager) others.push_back(entry.Find("fieldsV1"));
  }
  const Value* at = &live;
  for (const std::string& token : tokens) {
    std::string key = "f:" + token;
    if (at != nullptr && at->IsSequence()) {
      const Value* item = Step(at, token);
      key = item == nullptr ? std::string() : KeyOfItem(all, *item);
      if (key.empty()) return false;
    }
    at = Step(at, token);
    for (auto* group : {&all, &others}) {
      for (const Value*& node : *group) node = node == nullptr ? nullptr : node->Find(key);
    }
  }
  return std::any_of(others.begin(), others.end(), [](const Value* node) { return node != nullptr; });
}

}  // namespace

Result<IgnoreRules> IgnoreRules::Compile(const std::vector<IgnoreRule>& rules, const Where& place) {
  IgnoreRules out;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string where = place.path + "[" + std::to_string(i) + "]";
    Compiled compiled;
    auto target = kustomize::CompiledSelector::Compile(rules[i].target);
    if (!target) return std::move(target).error().Wrap(where + ".target");
    compiled.target = std::move(*target);
    for (std::size_t j = 0; j < rules[i].paths.size(); ++j) {
      auto tokens = document::ParsePointer(rules[i].paths[j]);
      if (!tokens) return std::move(tokens).error().Wrap(where + ".paths[" + std::to_string(j) + "]");
      if (tokens->empty() && !place.whole_objects)
        return base::Invalid(where + ".paths[" + std::to_string(j) + "]: names the whole object");
      compiled.fields.push_back(std::move(*tokens));
    }
    out.rules_.push_back(std::move(compiled));
  }
  return out;
}

Fields IgnoreRules::FieldsOf(const Value& object) const {
  Fields out;
  for (const Compiled& rule : rules_) {
    const bool fits = rule.target.MatchesGvk(document::GvkOf(object)) && rule.target.MatchesName(document::NameOf(object)) &&
                      rule.target.MatchesNamespace(document::NamespaceOf(object)) && rule.target.MatchesLabelsAndAnnotations(object);
    if (fits) out.insert(out.end(), rule.fields.begin(), rule.fields.end());
  }
  return out;
}

std::uint64_t HashOf(const Fields& fields) {
  std::string text;
  for (const Tokens& field : fields) {
    for (const std::string& token : field) text += std::to_string(token.size()) + ":" + token;
    text += ";";
  }
  return text.empty() ? 0 : std::hash<std::string>()(text) | 1;
}

bool DiffersOnlyIn(const Fields& ignored, const Value& live, const Value& would_be) {
  Value left = live;
  Value right = would_be;
  for (const Tokens& field : ignored) {
    Remove(left, field);
    Remove(right, field);
  }
  for (const std::string_view map : {"labels", "annotations"}) {
    const Value* before = left.At({"metadata", map});
    const Value* after = right.At({"metadata", map});
    const bool none = (before == nullptr || before->empty()) && (after == nullptr || after->empty());
    if (!none && !Same(before, after)) return false;
  }
  for (Value* object : {&left, &right}) {
    object->Erase("metadata");
    object->Erase("status");
  }
  return left == right;
}

Value PayloadFor(Value desired, const Fields& ignored, const Value& live, const Value& would_be, std::string_view manager) {
  std::vector<const Tokens*> removed;
  for (const Tokens& field : ignored) {
    const Value* now = Find(&live, field);
    if (Same(now, Find(&would_be, field))) continue;
    if (now == nullptr || OwnedByAnother(live, field, manager)) {
      removed.push_back(&field);
    } else {
      Put(desired, field, *now);
    }
  }
  for (const Tokens* field : removed) Remove(desired, *field);
  return desired;
}

}  // namespace sluice::controller
