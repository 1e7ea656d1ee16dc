// controller/artifact_generator/staging.h: the tree that copy rules are about to make. Private to compose.cpp and copy_operation.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "controller/artifact_generator/compose.h"

namespace sluice::controller::artifact_generator {

/// Paths are normalised. What cannot be (a file below a file) is Invalid; over the budget: TooLarge.
class Staging {
 public:
  explicit Staging(const ComposeBudget& budget) : budget_(budget) {}

  bool HasFile(std::string_view path) const { return files_.contains(path); }
  bool HasDirectory(std::string_view path) const { return path == "." || directories_.contains(path); }
  const std::string& Content(std::string_view path) const { return files_.find(path)->second; }
  /// With all above it.
  base::Result<void> MakeDirectory(const std::string& path);
  /// Replaces a file that is there.
  base::Result<void> Write(const std::string& path, std::string content, bool executable);
  Composed Finish() &&;

 private:
  base::Result<void> Count(std::uint64_t bytes);
  const ComposeBudget budget_;
  std::map<std::string, std::string, std::less<>> files_;
  std::set<std::string, std::less<>> directories_, executables_;
  std::size_t entries_ = 0;
  std::uint64_t bytes_ = 0;  // written, also what was replaced
};

/// Does what one operation says.
base::Result<void> Apply(const CopyOperation& operation, const SourceTrees& trees, Staging& staging);

}  // namespace sluice::controller::artifact_generator
