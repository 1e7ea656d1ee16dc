#include "document/yaml_merge.h"

#include <functional>
#include <map>
#include <utility>

#include "document/scalar.h"

namespace sluice::document {

namespace {

using base::Invalid;
using base::Result;

bool IsMerge(const Member& member) { return member.key == "<<" && member.key_kind == Kind::Null; }

/// Members with the place of each key at hand.
class Merged {
 public:
  /// Adds a member unless its key is there.
  void Add(Member member) {
    if (places_.emplace(member.key, members_.size()).second) members_.push_back(std::move(member));
  }
  /// Adds a member, or puts it in the place of the one with its key.
  void Set(Member member) {
    const auto [place, is_new] = places_.emplace(member.key, members_.size());
    if (is_new) {
      members_.push_back(std::move(member));
    } else {
      members_[place->second] = std::move(member);
    }
  }
  std::vector<Member> Take() { return std::move(members_); }

 private:
  std::vector<Member> members_;
  std::map<std::string, std::size_t, std::less<>> places_;
};

/// Calls `use` with each mapping that a merge key names, in order.
template <class Function>
Result<void> ForEachSource(const Value& value, const Function& use) {
  const auto wrong = [] { return Invalid("map merge requires map or sequence of maps as the value"); };
  if (value.IsMapping()) {
    use(value);
    return {};
  }
  if (!value.IsSequence()) return wrong();
  for (const Value& item : value.items())
    if (!item.IsMapping()) return wrong();
  for (const Value& item : value.items()) use(item);
  return {};
}

Result<void> MergeAfter(std::vector<Member>& members) {
  Merged out;
  std::vector<Member> merges;
  for (Member& member : members) {
    if (IsMerge(member)) {
      merges.push_back(std::move(member));
    } else {
      out.Add(std::move(member));
    }
  }
  for (const Member& merge : merges) {
    TRY(ForEachSource(merge.value, [&](const Value& source) {
      for (const Member& member : source.members()) out.Add(member);
    }));
  }
  members = out.Take();
  return {};
}

Result<void> MergeInPlace(std::vector<Member>& members) {
  Merged out;
  for (Member& member : members) {
    if (!IsMerge(member)) {
      out.Set(std::move(member));
      continue;
    }
    std::vector<const Value*> sources;
    TRY(ForEachSource(member.value, [&](const Value& source) { sources.push_back(&source); }));
    for (auto source = sources.rbegin(); source != sources.rend(); ++source)
      for (const Member& merged : (*source)->members()) out.Set(merged);
  }
  members = out.Take();
  return {};
}

}  // namespace

Result<void> ResolveMergeKeys(std::vector<Member>& members, Resolver resolver) {
  return resolver == Resolver::GoYaml3 ? MergeAfter(members) : MergeInPlace(members);
}

Result<std::string> JsonKeyText(const Value& key) {
  switch (key.kind()) {
    case Kind::Bool: return std::string(*key.AsBool() ? "true" : "false");
    case Kind::Int:
      if (const auto number = key.AsInt()) return std::string(NumberText(*number).view());
      break;
    case Kind::Float:
      if (const auto number = key.AsDouble()) return GoYamlFloat32(*number);
      break;
    default: break;
  }
  const std::string_view text = key.text();
  return Invalid("unsupported map key " + (text.empty() ? std::string("null") : "`" + std::string(text) + "`"));
}

}  // namespace sluice::document
