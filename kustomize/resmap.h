// kustomize/resmap.h: the ordered list of objects of a build, with indexes by id so that finding one among thousands is not a walk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "kustomize/error_list.h"
#include "kustomize/resource.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

/// Objects in order, no two with one current id when appended. Not thread-safe. Whoever changes an object's identity (apiVersion, kind,
/// name, namespace, previous ids) calls Touch afterwards.
class ResMap {
 public:
  using List = std::vector<std::unique_ptr<Resource>>;

  const List& list() const { return list_; }
  std::size_t size() const { return list_.size(); }
  bool empty() const { return list_.empty(); }
  Resource& operator[](std::size_t index) { return *list_[index]; }

  /// Errors: Invalid when an object with this current id is there already; the message names both places.
  base::Result<void> Append(std::unique_ptr<Resource> resource);
  base::Result<void> AppendAll(ResMap&& other);
  /// The same, with every conflict a line of `errors`; what is there already stays.
  void AppendAll(ResMap&& other, ErrorList& errors);
  /// How a generated object joins (contract §11): create, merge or replace.
  base::Result<void> Absorb(std::unique_ptr<Resource> generated);

  /// Objects whose current id is `id`, in order.
  std::vector<Resource*> ByCurrentId(const ResourceId& id) const;
  /// Objects that have or had the name `name`, in order.
  std::vector<Resource*> ByAnyName(std::string_view name) const;
  /// Objects of which `id` is the current or a previous id, in order.
  std::vector<Resource*> ByAnyId(const ResourceId& id) const;

  void Touch(const Resource& resource);
  /// Removes deleted objects.
  void DropEmpty();
  void RemoveIf(const std::function<bool(const Resource&)>& gone);
  /// Replaces the whole order; `list` holds the same objects.
  void Reorder(List list);
  List Release();

 private:
  /// What an object is indexed under.
  struct Slot {
    std::size_t id = 0;
    std::vector<std::size_t> names;
    bool operator==(const Slot&) const = default;
  };
  void Index() const;
  static Slot SlotOf(const Resource& resource);
  void Enter(std::uint32_t position, Slot slot) const;
  void Leave(std::uint32_t position) const;
  std::vector<Resource*> Pick(const std::unordered_multimap<std::size_t, std::uint32_t>& index, std::size_t hash,
                              const std::function<bool(const Resource&)>& fits) const;

  List list_;
  mutable bool indexed_ = false;
  mutable std::vector<Slot> slots_;                                      ///< by position
  mutable std::unordered_multimap<std::size_t, std::uint32_t> by_id_;    ///< hash of the current id -> position
  mutable std::unordered_multimap<std::size_t, std::uint32_t> by_name_;  ///< hash of any name -> position
  mutable std::unordered_map<const Resource*, std::uint32_t> position_;
};

}  // namespace sluice::kustomize
