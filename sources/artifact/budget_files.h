// sources/artifact/budget_files.h: a tree for one walk over all of it, that ends the walk when it sees more than it may. A Git tree of a few bytes can name
// itself again and again and so hold more files than there is memory; nobody finds out but by counting.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "sources/artifact/unpack.h"

namespace sluice::sources {

struct WalkBudget {
  std::size_t max_entries = 200'000;
  std::uint64_t max_bytes = 1u << 30;  ///< read
  std::size_t max_path_bytes = 4096;
  std::size_t max_depth = 64;  ///< names in a path
};

inline WalkBudget BudgetOf(const UnpackLimits& limits) {
  return {.max_entries = limits.max_entries,
          .max_bytes = limits.max_unpacked_bytes,
          .max_path_bytes = limits.max_path_bytes,
          .max_depth = limits.max_depth};
}

/// Passes everything to `inner`, which outlives it; TooLarge once over the budget, naming the path.
class BudgetFiles final : public base::Files {
 public:
  BudgetFiles(const base::Files& inner, WalkBudget budget) : inner_(inner), budget_(budget) {}
  base::Result<base::FileInfo> Stat(std::string_view path) const override { return inner_.Stat(path); }
  base::Result<std::string> Read(std::string_view path) const override;
  base::Result<std::vector<base::FileInfo>> List(std::string_view path) const override;
  base::Result<std::string> Resolve(std::string_view path) const override { return inner_.Resolve(path); }
  std::string Describe(std::string_view path) const override { return inner_.Describe(path); }

 private:
  const base::Files& inner_;
  const WalkBudget budget_;
  mutable std::atomic<std::size_t> entries_{0};
  mutable std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace sluice::sources
