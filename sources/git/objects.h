// sources/git/objects.h: Git's three small objects as it stores them (gitformat: tree, commit, tag), read without trusting them. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sources/git/repository.h"

namespace sluice::sources {

using ObjectId = std::array<unsigned char, 20>;

std::string ToHex(const ObjectId& id);
/// Invalid: not 40 hex digits.
base::Result<ObjectId> ParseObjectId(std::string_view hex);

enum class TreeEntryKind { File, Executable, Symlink, Directory, Submodule };

struct TreeEntry {
  std::string_view name;
  TreeEntryKind kind = TreeEntryKind::File;
  ObjectId id{};
};

/// One directory. Entries are sorted by name (byte order), names point into the tree's own bytes.
class Tree {
 public:
  /// Invalid: cut off, an unknown mode, a name that is empty, `.`, `..` or holds a slash, two entries of one name.
  static base::Result<std::shared_ptr<const Tree>> Parse(std::string raw);
  const std::vector<TreeEntry>& entries() const { return entries_; }
  /// nullptr if absent.
  const TreeEntry* Find(std::string_view name) const;
  std::size_t bytes() const { return raw_.size() + entries_.size() * sizeof(TreeEntry); }

 private:
  Tree() = default;
  std::string raw_;
  std::vector<TreeEntry> entries_;
};

/// `raw` of the commit `id` (hex). Invalid: a header is missing or malformed.
base::Result<CommitInfo> ParseCommit(std::string_view id, std::string_view raw);
/// `raw` of the tag object `id`. Invalid: as above.
base::Result<TagInfo> ParseTag(std::string_view id, std::string_view raw);

}  // namespace sluice::sources
