#include "document/yaml_merge.h"

#include <algorithm>
#include <utility>

#include "document/scalar.h"

namespace sluice::document {

namespace {

using base::Invalid;
using base::Result;

bool IsMerge(const Member& member) { return member.key == "<<" && member.key_kind == Kind::Null; }

Member* FindMember(std::vector<Member>& members, std::string_view key) {
  const auto found = std::ranges::find(members, key, &Member::key);
  return found == members.end() ? nullptr : &*found;
}

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
  std::vector<Member> own, merges;
  for (Member& member : members) (IsMerge(member) ? merges : own).push_back(std::move(member));
  for (const Member& merge : merges) {
    TRY(ForEachSource(merge.value, [&](const Value& source) {
      for (const Member& member : source.members())
        if (FindMember(own, member.key) == nullptr) own.push_back(member);
    }));
  }
  members = std::move(own);
  return {};
}

void SetMember(std::vector<Member>& members, Member member) {
  if (Member* found = FindMember(members, member.key)) {
    *found = std::move(member);
  } else {
    members.push_back(std::move(member));
  }
}

Result<void> MergeInPlace(std::vector<Member>& members) {
  std::vector<Member> out;
  for (Member& member : members) {
    if (!IsMerge(member)) {
      SetMember(out, std::move(member));
      continue;
    }
    std::vector<const Value*> sources;
    TRY(ForEachSource(member.value, [&](const Value& source) { sources.push_back(&source); }));
    for (auto source = sources.rbegin(); source != sources.rend(); ++source)
      for (const Member& merged : (*source)->members()) SetMember(out, merged);
  }
  members = std::move(out);
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
