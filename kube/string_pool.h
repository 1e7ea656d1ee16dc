// kube/string_pool.h: each text once, under a number, for as long as somebody holds it; internal to kube/. A thousand applications name their
// four objects alike, and ten thousand objects lie in few namespaces, so that names cost the index four bytes most of the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::kube {

class StringPool {
 public:
  using Id = std::uint32_t;
  static constexpr Id kEmpty = 0;  ///< "", which is never counted

  StringPool();
  /// Holds `text` once more.
  Id Acquire(std::string_view text);
  void AddRef(Id id);
  void Release(Id id);
  std::optional<Id> Find(std::string_view text) const;
  std::string_view Text(Id id) const { return {items_[id].data.get(), items_[id].size}; }  ///< until the last Release
  std::size_t size() const { return used_; }
  std::size_t bytes() const;  ///< of heap

 private:
  struct Item {
    std::unique_ptr<char[]> data;
    std::uint32_t size = 0, refs = 0;
  };
  std::vector<Item> items_;  // [0] is ""
  std::vector<Id> free_;
  std::vector<Id> slots_;  // open addressing, linear probing; 0 is empty
  std::size_t used_ = 0, text_bytes_ = 0;

  std::size_t Home(std::string_view text) const;
  std::size_t SlotOf(std::string_view text) const;
  void EraseSlot(std::size_t slot);
  void Grow();
};

}  // namespace sluice::kube
