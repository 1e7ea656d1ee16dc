#include "document/merge_patch.h"

#include "document/member_index.h"

namespace sluice::document {

void ApplyMergePatch(Value& target, const Value& patch) {
  if (!patch.IsMapping()) {
    target = patch;
    return;
  }
  if (!target.IsMapping()) target = Value::Mapping();
  for (const Member& change : patch.members()) {
    if (change.value.IsNull()) {
      target.Erase(change.key);
    } else if (change.value.IsMapping()) {
      ApplyMergePatch(target[change.key], change.value);
    } else {
      target.Set(change.key, change.value);
    }
  }
}

Value CreateMergePatch(const Value& from, const Value& to) {
  if (!from.IsMapping() || !to.IsMapping()) return from == to ? Value::Mapping() : to;
  const MemberIndex before(from.members()), after(to.members());
  std::vector<Member> patch;
  const auto set = [&](const std::string& key, Value value) { patch.push_back(Member{.key = key, .value = std::move(value)}); };
  for (const Member& member : to.members()) {
    const Value* old = before.Find(member.key);
    if (old == nullptr) {
      if (!member.value.IsNull()) set(member.key, member.value);
    } else if (old->IsMapping() && member.value.IsMapping()) {
      Value below = CreateMergePatch(*old, member.value);
      if (!below.empty()) set(member.key, std::move(below));
    } else if (!(*old == member.value)) {
      set(member.key, member.value);
    }
  }
  for (const Member& member : from.members())
    if (after.Find(member.key) == nullptr) set(member.key, Value());
  return Value::Mapping(std::move(patch));
}

}  // namespace sluice::document
