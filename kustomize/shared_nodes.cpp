#include "kustomize/shared_nodes.h"

#include "kustomize/node.h"
#include "kustomize/resource.h"

namespace sluice::kustomize {

using document::Value;

namespace {

FieldSpec AnyKind(FieldSpec spec) {
  spec.gvk = {};
  return spec;
}

/// The node in the `ordinal`-th map that the path leads to; nullptr if it is gone.
Value* Find(Value& object, const SharedNode& node, const SharedNode::Member& member) {
  Value* found = nullptr;
  std::uint32_t ordinal = 0;
  const auto visit = [&](Value& map) -> base::Result<void> {
    if (ordinal++ == member.ordinal) found = map.Find(node.key);
    return {};
  };
  const auto walked = (*node.places)[member.place].any_kind.Apply(object, Creates::Nothing, visit);
  return walked ? found : nullptr;
}

bool SameText(const Value& a, const Value& b) { return a.kind() == b.kind() && a.text() == b.text(); }

/// What the node is after its holders, in walking order, were written to or only looked at: whoever writes keeps the style that the node has by then,
/// and a merge puts quotes around what it meets if that needs them (QuoteIfOdd).
Value Written(const std::vector<Value*>& holders, const Value& before) {
  Value now = before;
  for (const Value* holder : holders) {
    if (!SameText(*holder, before)) {
      now = WithStyle(*holder, IsQuoted(now.style()) ? now.style() : holder->style());
    } else if (holder->style() != before.style()) {
      QuoteIfOdd(now);
    }
  }
  return now;
}

void Sync(Value& object, SharedNode& node) {
  std::vector<Value*> holders;
  std::vector<SharedNode::Member> members;
  for (const SharedNode::Member& member : node.members) {
    Value* holder = Find(object, node, member);
    if (holder == nullptr) continue;
    holders.push_back(holder);
    members.push_back(member);
  }
  node.members = std::move(members);
  const Value now = Written(holders, node.value);
  if (SameText(now, node.value) && now.style() == node.value.style()) return;
  for (Value* holder : holders) *holder = now;
  node.value = now;
}

}  // namespace

PairPlace::PairPlace(const FieldSpec& field_spec) : spec(field_spec), filter({field_spec}), any_kind({AnyKind(field_spec)}) {}

void SyncShared(Resource& resource) {
  for (SharedNode& node : resource.shared) Sync(resource.value, node);
  std::erase_if(resource.shared, [](const SharedNode& node) { return node.members.size() < 2; });
}

void UnshareAnnotations(Resource& resource) {
  for (SharedNode& node : resource.shared)
    std::erase_if(node.members,
                  [&](const SharedNode::Member& member) { return (*node.places)[member.place].spec.path == "metadata/annotations"; });
  std::erase_if(resource.shared, [](const SharedNode& node) { return node.members.size() < 2; });
}

}  // namespace sluice::kustomize
