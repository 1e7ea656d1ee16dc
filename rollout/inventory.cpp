#include "rollout/inventory.h"

#include <algorithm>
#include <set>

namespace sluice::rollout {

namespace {

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  while (true) {
    const std::size_t at = text.find(from);
    out += text.substr(0, at);
    if (at == text.npos) return out;
    out += to;
    text.remove_prefix(at + from.size());
  }
}

base::Error Unreadable(std::string_view text) { return base::Invalid("unable to parse stored object metadata: " + std::string(text)); }

}  // namespace

std::string EncodeInventoryId(const document::ObjectId& id) {
  return id.ns + "_" + ReplaceAll(id.name, ":", "__") + "_" + id.group + "_" + id.kind;
}

base::Result<document::ObjectId> DecodeInventoryId(std::string_view text) {
  const std::size_t first = text.find('_'), last = text.rfind('_');
  if (first == text.npos || last == first || last == 0) return Unreadable(text);
  const std::size_t middle = text.rfind('_', last - 1);
  if (middle == text.npos || middle <= first) return Unreadable(text);
  document::ObjectId id;
  id.ns = text.substr(0, first);
  id.name = ReplaceAll(text.substr(first + 1, middle - first - 1), "__", ":");
  id.group = text.substr(middle + 1, last - middle - 1);
  id.kind = text.substr(last + 1);
  if (id.name.empty() || id.kind.empty()) return Unreadable(text);
  return id;
}

Inventory Inventory::FromValue(const document::Value& value, std::vector<std::string>* unreadable) {
  Inventory inventory;
  const document::Value* entries = value.Find("entries");
  if (entries == nullptr) return inventory;
  for (const document::Value& entry : entries->items()) {
    base::Result<document::ObjectId> id = DecodeInventoryId(entry.StringAt({"id"}));
    if (id) {
      inventory.entries_.push_back({*std::move(id), std::string(entry.StringAt({"v"}))});
    } else if (unreadable != nullptr) {
      unreadable->emplace_back(entry.StringAt({"id"}));
    }
  }
  return inventory;
}

document::Value Inventory::ToValue() const {
  document::Value entries = document::Value::Sequence();
  for (const InventoryEntry& entry : entries_) {
    document::Value item = document::Value::Mapping();
    item.Set("id", EncodeInventoryId(entry.id));
    item.Set("v", entry.version);
    entries.Append(std::move(item));
  }
  document::Value value = document::Value::Mapping();
  value.Set("entries", std::move(entries));
  return value;
}

bool Inventory::Contains(const document::ObjectId& id) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const InventoryEntry& entry) { return entry.id == id; });
}

void Inventory::Add(const InventoryEntry& entry) {
  const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const InventoryEntry& e) { return e.id == entry.id; });
  if (known == entries_.end())
    entries_.push_back(entry);
  else
    known->version = entry.version;
}

std::vector<InventoryEntry> Inventory::Without(const Inventory& other) const {
  std::set<document::ObjectId> ids;
  for (const InventoryEntry& entry : other.entries_) ids.insert(entry.id);
  std::vector<InventoryEntry> left;
  std::copy_if(entries_.begin(), entries_.end(), std::back_inserter(left),
               [&](const InventoryEntry& entry) { return !ids.contains(entry.id); });
  return left;
}

Inventory Inventory::Union(const Inventory& other) const {
  Inventory both = *this;
  for (InventoryEntry& entry : other.Without(*this)) both.entries_.push_back(std::move(entry));
  return both;
}

InventoryEntry EntryOf(const document::Value& object) { return {document::IdOf(object), document::GvkOf(object).version}; }

}  // namespace sluice::rollout
