// kube/owned_table.h: the rows of the owned-object index, 88 bytes each and shared names beside them; internal to kube/. Found by kind, namespace
// and name, and chained by owner. A row keeps its place until it is erased, and is known by its number.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document/object.h"
#include "kube/string_pool.h"
#include "rollout/annotations.h"
#include "rollout/status.h"

namespace sluice::kube {

using RowId = std::uint32_t;
inline constexpr RowId kNoRow = 0xffffffff;
using KindId = std::uint16_t;

/// A UUID as 16 bytes; of any other text its number in the pool (Row::uid_is_text).
struct PackedUid {
  std::array<std::uint8_t, 16> bytes{};
  bool operator==(const PackedUid&) const = default;
};

struct Row {
  PackedUid uid;
  std::uint64_t version = 0;  ///< resourceVersion
  std::uint64_t fingerprint = 0;
  std::uint64_t settled = 0;  ///< the desired fingerprint that `fingerprint` answers; 0: not known
  StringPool::Id ns = 0, name = 0, reason = 0, message = 0;
  std::uint32_t owner = 0;
  RowId next_owned = kNoRow, previous_owned = kNoRow;
  std::uint32_t list = 0;  ///< which list of its kind, or the watch after it, told of it last; 0: none did
  KindId kind = 0;
  rollout::Phase phase = rollout::Phase::Unknown;
  rollout::Selectors selectors;
  bool deleting = false;
  bool uid_is_text = false;
  bool expected_gone = false;  ///< we deleted it
  bool leftovers = false;      ///< rollout::HasLeftovers
  bool used = false;
};

class OwnedTable {
 public:
  OwnedTable() = default;
  OwnedTable(const OwnedTable&) = delete;
  OwnedTable& operator=(const OwnedTable&) = delete;

  RowId Find(KindId kind, std::string_view ns, std::string_view name) const;  ///< kNoRow
  RowId Insert(KindId kind, std::string_view ns, std::string_view name);      ///< must not be there; without an owner
  void Erase(RowId id);
  Row& At(RowId id) { return chunks_[id / kChunk][id % kChunk]; }
  const Row& At(RowId id) const { return chunks_[id / kChunk][id % kChunk]; }

  void SetOwner(RowId id, std::string_view ns, std::string_view name);
  document::NamespacedName OwnerOf(const Row& row) const;
  bool IsOwnedBy(const Row& row, std::string_view ns, std::string_view name) const;
  void SetStatus(RowId id, const rollout::Status& status);
  rollout::Status StatusOf(const Row& row) const;
  bool HasStatus(const Row& row, const rollout::Status& status) const;
  void SetUid(RowId id, std::string_view uid);
  std::string UidOf(const Row& row) const;
  std::string_view Text(StringPool::Id id) const { return names_.Text(id); }

  template <class F>
  void ForEach(F f) const {  ///< f(RowId, const Row&)
    for (RowId id = 0; id < end_; ++id) {
      if (const Row& row = At(id); row.used) f(id, row);
    }
  }
  template <class F>
  void ForEachOwned(std::string_view ns, std::string_view name, F f) const {
    for (RowId id = FirstOwned(ns, name); id != kNoRow; id = At(id).next_owned) f(id, At(id));
  }
  std::size_t size() const { return size_; }
  std::size_t bytes() const;

 private:
  static constexpr RowId kChunk = 512;
  struct OwnerRecord {
    StringPool::Id ns = 0, name = 0;
    RowId first = kNoRow;
  };
  StringPool names_;
  std::vector<std::unique_ptr<Row[]>> chunks_;
  std::vector<RowId> free_;
  std::vector<RowId> slots_;            // open addressing, linear probing; kNoRow is empty
  std::vector<OwnerRecord> owners_{1};  // [0]: nobody
  std::vector<std::uint32_t> free_owners_;
  std::map<std::pair<StringPool::Id, StringPool::Id>, std::uint32_t> owner_ids_;
  RowId end_ = 0;
  std::size_t size_ = 0;

  std::size_t Home(KindId kind, StringPool::Id ns, StringPool::Id name) const;
  std::size_t SlotOf(KindId kind, StringPool::Id ns, StringPool::Id name) const;
  void EraseSlot(std::size_t slot);
  void Grow();
  RowId TakeRow();
  RowId FirstOwned(std::string_view ns, std::string_view name) const;
  std::uint32_t OwnerId(std::string_view ns, std::string_view name);
  void Unchain(RowId id);
};

static_assert(sizeof(Row) <= 88);

}  // namespace sluice::kube
