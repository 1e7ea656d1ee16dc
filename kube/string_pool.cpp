#include "kube/string_pool.h"

#include <algorithm>
#include <functional>

namespace sluice::kube {

namespace {
constexpr std::size_t kFirstSlots = 64;
constexpr std::size_t kHeapOverhead = 16;  // what the allocator adds to a small block, about
}  // namespace

StringPool::StringPool() : slots_(kFirstSlots, 0) { items_.emplace_back(); }

std::size_t StringPool::Home(std::string_view text) const { return std::hash<std::string_view>()(text) & (slots_.size() - 1); }

/// Where `text` is, or the free slot where it would go.
std::size_t StringPool::SlotOf(std::string_view text) const {
  std::size_t slot = Home(text);
  while (slots_[slot] != 0 && Text(slots_[slot]) != text) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

std::optional<StringPool::Id> StringPool::Find(std::string_view text) const {
  if (text.empty()) return kEmpty;
  const Id id = slots_[SlotOf(text)];
  return id == 0 ? std::nullopt : std::optional<Id>(id);
}

StringPool::Id StringPool::Acquire(std::string_view text) {
  if (text.empty()) return kEmpty;
  std::size_t slot = SlotOf(text);
  if (slots_[slot] != 0) {
    ++items_[slots_[slot]].refs;
    return slots_[slot];
  }
  if ((used_ + 1) * 3 > slots_.size() * 2) {
    Grow();
    slot = SlotOf(text);
  }
  Id id = static_cast<Id>(items_.size());
  if (free_.empty()) {
    items_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  Item& item = items_[id];
  item.data = std::make_unique_for_overwrite<char[]>(text.size());
  std::copy(text.begin(), text.end(), item.data.get());
  item.size = static_cast<std::uint32_t>(text.size());
  item.refs = 1;
  slots_[slot] = id;
  ++used_;
  text_bytes_ += text.size() + kHeapOverhead;
  return id;
}

void StringPool::AddRef(Id id) {
  if (id != kEmpty) ++items_[id].refs;
}

void StringPool::Release(Id id) {
  if (id == kEmpty || --items_[id].refs != 0) return;
  EraseSlot(SlotOf(Text(id)));
  text_bytes_ -= items_[id].size + kHeapOverhead;
  items_[id] = Item();
  free_.push_back(id);
  --used_;
}

/// Moves up whatever a probe would no longer find behind the hole.
void StringPool::EraseSlot(std::size_t slot) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t next = (slot + 1) & mask; slots_[next] != 0; next = (next + 1) & mask) {
    const std::size_t home = Home(Text(slots_[next]));
    if (((next - home) & mask) < ((next - slot) & mask)) continue;
    slots_[slot] = slots_[next];
    slot = next;
  }
  slots_[slot] = 0;
}

void StringPool::Grow() {
  std::vector<Id> old(slots_.size() * 2, 0);
  old.swap(slots_);
  for (Id id : old) {
    if (id != 0) slots_[SlotOf(Text(id))] = id;
  }
}

std::size_t StringPool::bytes() const {
  return items_.capacity() * sizeof(Item) + free_.capacity() * sizeof(Id) + slots_.capacity() * sizeof(Id) + text_bytes_;
}

}  // namespace sluice::kube
