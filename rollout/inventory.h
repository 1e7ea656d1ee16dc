// rollout/inventory.h: what a Kustomization has applied, as `.status.inventory` holds it (flux-contract 6.8). Shared with Flux: the bytes matter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"

namespace sluice::rollout {

struct InventoryEntry {
  document::ObjectId id;
  std::string version;  ///< of the API, without group: "v1"
  bool operator==(const InventoryEntry&) const = default;
  document::GroupVersionKind Gvk() const { return {id.group, version, id.kind}; }
};

/// `<namespace>_<name>_<group>_<Kind>`; a ':' in the name (RBAC) is written `__`.
std::string EncodeInventoryId(const document::ObjectId& id);
/// Invalid: `unable to parse stored object metadata: x`.
base::Result<document::ObjectId> DecodeInventoryId(std::string_view text);

class Inventory {
 public:
  Inventory() = default;
  explicit Inventory(std::vector<InventoryEntry> entries) : entries_(std::move(entries)) {}  ///< in apply order
  /// From `.status.inventory` (null: empty). Whoever may write a status may write nonsense into it: an entry that cannot be read names no object, so
  /// it is left out, and its id goes into `unreadable`, if given, so that it can be told of.
  static Inventory FromValue(const document::Value& value, std::vector<std::string>* unreadable = nullptr);
  /// `entries: [{id, v}]`, in order.
  document::Value ToValue() const;

  const std::vector<InventoryEntry>& entries() const { return entries_; }
  bool empty() const { return entries_.empty(); }
  bool Contains(const document::ObjectId& id) const;
  /// Appends what is not there yet; a known id takes over the version.
  void Add(const InventoryEntry& entry);
  /// The entries of this one whose ids `other` lacks, in our order. A changed version alone is no difference.
  std::vector<InventoryEntry> Without(const Inventory& other) const;
  /// Ours and then what `other` has beyond it: what to record before the first object of a set is created, so that a crash orphans nothing.
  Inventory Union(const Inventory& other) const;
  bool operator==(const Inventory&) const = default;

 private:
  std::vector<InventoryEntry> entries_;
};

InventoryEntry EntryOf(const document::Value& object);

}  // namespace sluice::rollout
