// sources/git/object_store.h: one bare repository folder of the cache: objects in, objects out. libgit2 keeps the packs.
// Thread-safe. A folder that was retired is removed when its last holder lets go, so that trees being read stay readable.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "sources/git/objects.h"
#include "sources/git/shared_resources.h"
#include "sources/git/waiter.h"

struct git_odb;
struct git_indexer;
struct git_indexer_progress;

namespace sluice::sources {

enum class ObjectKind { Commit, Tree, Blob, Tag };

class ObjectStore {
 public:
  /// Opens the repository at `folder`, made if absent. Unavailable: the disk.
  static base::Result<std::shared_ptr<ObjectStore>> Open(std::string folder, std::uint64_t max_object_bytes,
                                                         std::shared_ptr<SharedResources> shared);
  ~ObjectStore();
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  /// An object's bytes, their hash checked. Unavailable: not there or damaged (the store is then marked so). Invalid: of another kind. TooLarge.
  base::Result<std::string> Read(const ObjectId& id, ObjectKind kind) const;
  base::Result<std::uint64_t> SizeOf(const ObjectId& id) const;
  /// Errors as Read, and of Tree::Parse.
  base::Result<std::shared_ptr<const Tree>> ReadTree(const ObjectId& id) const;

  bool damaged() const { return damaged_; }
  const std::string& folder() const { return folder_; }
  std::size_t PackCount() const;
  std::uint64_t DiskBytes() const;
  /// Whether the folder goes with the last holder.
  void Retire(bool retired) { retired_ = retired; }

 private:
  friend class PackIngest;
  ObjectStore(std::string folder, std::uint64_t max_object_bytes, std::shared_ptr<SharedResources> shared);
  /// libgit2's handles belong to one thread at a time: each reader takes one, and gives it back.
  base::Result<std::shared_ptr<git_odb>> TakeOdb() const;
  void GiveOdb(std::shared_ptr<git_odb> odb) const;
  base::Result<std::pair<std::uint64_t, int>> ReadHeader(git_odb& odb, const ObjectId& id) const;
  base::Result<std::string> ReadFrom(git_odb& odb, const ObjectId& id, ObjectKind kind) const;
  base::Error Damaged(const ObjectId& id) const;

  const std::string folder_;
  const std::uint64_t max_object_bytes_;
  const std::shared_ptr<SharedResources> shared_;
  mutable std::atomic<bool> damaged_{false};
  std::atomic<bool> retired_{false};
};

struct PackLimits {
  std::uint64_t max_bytes = 1u << 30;
  std::size_t max_delta_links = 4'095;
};

/// A pack on its way in. It is part of the store once Finish has succeeded; without that nothing is left of it.
class PackIngest {
 public:
  /// The store and the waiter outlive it.
  static base::Result<std::unique_ptr<PackIngest>> Begin(const ObjectStore& store, const PackLimits& limits, const Waiter& waiter);
  ~PackIngest();
  PackIngest(const PackIngest&) = delete;
  PackIngest& operator=(const PackIngest&) = delete;

  /// Errors: TooLarge (bytes, objects, one object, a chain of deltas), Invalid (no pack), Unavailable (the disk), Timeout, Canceled.
  base::Result<void> Append(std::string_view bytes);
  base::Result<void> Finish();

 private:
  PackIngest(const ObjectStore& store, const PackLimits& limits, const Waiter& waiter);
  base::Error Failed() const;

  const ObjectStore& store_;
  const PackLimits limits_;
  const Waiter& waiter_;
  std::uint64_t bytes_ = 0;
  std::shared_ptr<git_odb> odb_;
  git_indexer* indexer_ = nullptr;
  std::unique_ptr<git_indexer_progress> progress_;  // the indexer's own count, kept from call to call
};

}  // namespace sluice::sources
