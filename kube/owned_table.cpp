#include "kube/owned_table.h"

#include <cstring>
#include <optional>

namespace sluice::kube {

namespace {

constexpr std::size_t kFirstSlots = 64;
constexpr std::size_t kMapNode = 64;  // a node of a std::map with its block's overhead, about

/// "0b6d5f2c-...": 36 characters, hyphens at 8, 13, 18 and 23, else lower-case hex, as the server makes them.
std::optional<PackedUid> PackUuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  PackedUid uid;
  std::size_t at = 0;
  for (std::size_t i = 0; i < 36; ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const char c = text[i];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    uid.bytes[at / 2] = static_cast<std::uint8_t>(uid.bytes[at / 2] << 4 | digit);
    ++at;
  }
  return uid;
}

std::string UnpackUuid(const PackedUid& uid) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kHex[uid.bytes[i] >> 4];
    out += kHex[uid.bytes[i] & 15];
  }
  return out;
}

StringPool::Id TextIdOf(const PackedUid& uid) {
  StringPool::Id id = 0;
  std::memcpy(&id, uid.bytes.data(), sizeof id);
  return id;
}

}  // namespace

std::size_t OwnedTable::Home(KindId kind, StringPool::Id ns, StringPool::Id name) const {
  std::uint64_t mixed = (static_cast<std::uint64_t>(name) << 32 | ns) ^ static_cast<std::uint64_t>(kind) << 20;
  mixed *= 0x9e3779b97f4a7c15;
  mixed ^= mixed >> 32;
  mixed *= 0xd6e8feb86659fd93;
  return static_cast<std::size_t>(mixed >> 32) & (slots_.size() - 1);
}

/// Where the row is, or the free slot where it would go.
std::size_t OwnedTable::SlotOf(KindId kind, StringPool::Id ns, StringPool::Id name) const {
  std::size_t slot = Home(kind, ns, name);
  for (; slots_[slot] != kNoRow; slot = (slot + 1) & (slots_.size() - 1)) {
    const Row& row = At(slots_[slot]);
    if (row.kind == kind && row.ns == ns && row.name == name) break;
  }
  return slot;
}

RowId OwnedTable::Find(KindId kind, std::string_view ns, std::string_view name) const {
  const auto ns_id = names_.Find(ns), name_id = names_.Find(name);
  if (slots_.empty() || !ns_id || !name_id) return kNoRow;
  return slots_[SlotOf(kind, *ns_id, *name_id)];
}

RowId OwnedTable::TakeRow() {
  if (!free_.empty()) {
    const RowId id = free_.back();
    free_.pop_back();
    return id;
  }
  if (end_ % kChunk == 0) chunks_.push_back(std::make_unique<Row[]>(kChunk));
  return end_++;
}

RowId OwnedTable::Insert(KindId kind, std::string_view ns, std::string_view name) {
  if ((size_ + 1) * 3 > slots_.size() * 2) Grow();
  const RowId id = TakeRow();
  Row& row = At(id);
  row = Row();
  row.used = true;
  row.kind = kind;
  row.ns = names_.Acquire(ns);
  row.name = names_.Acquire(name);
  slots_[SlotOf(kind, row.ns, row.name)] = id;
  ++size_;
  return id;
}

void OwnedTable::Erase(RowId id) {
  Row& row = At(id);
  Unchain(id);
  EraseSlot(SlotOf(row.kind, row.ns, row.name));
  if (row.uid_is_text) names_.Release(TextIdOf(row.uid));
  for (StringPool::Id text : {row.ns, row.name, row.reason, row.message}) names_.Release(text);
  row = Row();
  free_.push_back(id);
  --size_;
}

/// Moves up whatever a probe would no longer find behind the hole.
void OwnedTable::EraseSlot(std::size_t slot) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t next = (slot + 1) & mask; slots_[next] != kNoRow; next = (next + 1) & mask) {
    const Row& row = At(slots_[next]);
    const std::size_t home = Home(row.kind, row.ns, row.name);
    if (((next - home) & mask) < ((next - slot) & mask)) continue;
    slots_[slot] = slots_[next];
    slot = next;
  }
  slots_[slot] = kNoRow;
}

void OwnedTable::Grow() {
  std::vector<RowId> old(slots_.empty() ? kFirstSlots : slots_.size() * 2, kNoRow);
  old.swap(slots_);
  for (RowId id : old) {
    if (id != kNoRow) slots_[SlotOf(At(id).kind, At(id).ns, At(id).name)] = id;
  }
}

std::uint32_t OwnedTable::OwnerId(std::string_view ns, std::string_view name) {
  const std::pair key{names_.Acquire(ns), names_.Acquire(name)};
  if (const auto found = owner_ids_.find(key); found != owner_ids_.end()) {
    names_.Release(key.first);
    names_.Release(key.second);
    return found->second;
  }
  auto id = static_cast<std::uint32_t>(owners_.size());
  if (free_owners_.empty()) {
    owners_.emplace_back();
  } else {
    id = free_owners_.back();
    free_owners_.pop_back();
  }
  owners_[id] = {key.first, key.second, kNoRow};
  owner_ids_.emplace(key, id);
  return id;
}

void OwnedTable::SetOwner(RowId id, std::string_view ns, std::string_view name) {
  if (IsOwnedBy(At(id), ns, name)) return;
  Unchain(id);
  const std::uint32_t owner = OwnerId(ns, name);
  Row& row = At(id);
  row.owner = owner;
  row.next_owned = owners_[owner].first;
  if (row.next_owned != kNoRow) At(row.next_owned).previous_owned = id;
  owners_[owner].first = id;
}

/// The last row of an owner takes its record along.
void OwnedTable::Unchain(RowId id) {
  Row& row = At(id);
  if (row.owner == 0) return;
  OwnerRecord& owner = owners_[row.owner];
  if (row.next_owned != kNoRow) At(row.next_owned).previous_owned = row.previous_owned;
  (row.previous_owned == kNoRow ? owner.first : At(row.previous_owned).next_owned) = row.next_owned;
  if (owner.first == kNoRow) {
    owner_ids_.erase({owner.ns, owner.name});
    names_.Release(owner.ns);
    names_.Release(owner.name);
    owner = {};
    free_owners_.push_back(row.owner);
  }
  row.owner = 0;
  row.next_owned = row.previous_owned = kNoRow;
}

document::NamespacedName OwnedTable::OwnerOf(const Row& row) const {
  const OwnerRecord& owner = owners_[row.owner];
  return {std::string(Text(owner.ns)), std::string(Text(owner.name))};
}

bool OwnedTable::IsOwnedBy(const Row& row, std::string_view ns, std::string_view name) const {
  return row.owner != 0 && Text(owners_[row.owner].ns) == ns && Text(owners_[row.owner].name) == name;
}

RowId OwnedTable::FirstOwned(std::string_view ns, std::string_view name) const {
  const auto ns_id = names_.Find(ns), name_id = names_.Find(name);
  if (!ns_id || !name_id) return kNoRow;
  const auto found = owner_ids_.find({*ns_id, *name_id});
  return found == owner_ids_.end() ? kNoRow : owners_[found->second].first;
}

/// What a Current object says of itself is of no use to anybody and would be different for each.
void OwnedTable::SetStatus(RowId id, const rollout::Status& status) {
  const bool silent = status.phase == rollout::Phase::Current;
  const StringPool::Id reason = names_.Acquire(silent ? "" : std::string_view(status.reason));
  const StringPool::Id message = names_.Acquire(silent ? "" : std::string_view(status.message));
  Row& row = At(id);
  names_.Release(row.reason);
  names_.Release(row.message);
  row.phase = status.phase;
  row.reason = reason;
  row.message = message;
}

rollout::Status OwnedTable::StatusOf(const Row& row) const {
  return {.phase = row.phase, .reason = std::string(Text(row.reason)), .message = std::string(Text(row.message))};
}

bool OwnedTable::HasStatus(const Row& row, const rollout::Status& status) const {
  if (row.phase != status.phase) return false;
  return status.phase == rollout::Phase::Current || (Text(row.reason) == status.reason && Text(row.message) == status.message);
}

void OwnedTable::SetUid(RowId id, std::string_view uid) {
  Row& row = At(id);
  PackedUid packed;
  bool is_text = false;
  if (const auto uuid = PackUuid(uid)) {
    packed = *uuid;
  } else {
    is_text = true;
    const StringPool::Id text = names_.Acquire(uid);
    std::memcpy(packed.bytes.data(), &text, sizeof text);
  }
  if (row.uid_is_text) names_.Release(TextIdOf(row.uid));
  row.uid = packed;
  row.uid_is_text = is_text;
}

std::string OwnedTable::UidOf(const Row& row) const { return row.uid_is_text ? std::string(Text(TextIdOf(row.uid))) : UnpackUuid(row.uid); }

std::size_t OwnedTable::bytes() const {
  return names_.bytes() + chunks_.size() * kChunk * sizeof(Row) + chunks_.capacity() * sizeof(chunks_[0]) +
         free_.capacity() * sizeof(RowId) + slots_.capacity() * sizeof(RowId) + owners_.capacity() * sizeof(OwnerRecord) +
         owner_ids_.size() * kMapNode;
}

}  // namespace sluice::kube
