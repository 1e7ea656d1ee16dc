#include "document/merge_patch.h"

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
  Value patch = Value::Mapping();
  for (const Member& member : to.members()) {
    const Value* old = from.Find(member.key);
    if (old == nullptr) {
      if (!member.value.IsNull()) patch.Set(member.key, member.value);
    } else if (old->IsMapping() && member.value.IsMapping()) {
      Value below = CreateMergePatch(*old, member.value);
      if (!below.empty()) patch.Set(member.key, std::move(below));
    } else if (!(*old == member.value)) {
      patch.Set(member.key, member.value);
    }
  }
  for (const Member& member : from.members())
    if (to.Find(member.key) == nullptr) patch.Set(member.key, Value());
  return patch;
}

}  // namespace sluice::document
