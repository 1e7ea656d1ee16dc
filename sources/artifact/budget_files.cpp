#include "sources/artifact/budget_files.h"

#include <algorithm>

namespace sluice::sources {

using base::FileInfo;
using base::MakeError;
using base::Reason;
using base::Result;

Result<std::string> BudgetFiles::Read(std::string_view path) const {
  auto bytes = inner_.Read(path);
  if (bytes && (bytes_ += bytes->size()) > budget_.max_bytes)
    return MakeError(Reason::TooLarge, Describe(path) + ": the tree holds more than " + std::to_string(budget_.max_bytes) +
                                           " bytes: leave files out with .sourceignore, or raise the limit");
  return bytes;
}

Result<std::vector<FileInfo>> BudgetFiles::List(std::string_view path) const {
  const auto depth = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/')) + 1;
  if (depth > budget_.max_depth || path.size() > budget_.max_path_bytes)
    return MakeError(Reason::TooLarge, Describe(path.substr(0, 200)) + ": the tree is deeper than " + std::to_string(budget_.max_depth) +
                                           " directories or " + std::to_string(budget_.max_path_bytes) + " bytes of path");
  auto entries = inner_.List(path);
  if (entries && (entries_ += entries->size()) > budget_.max_entries)
    return MakeError(Reason::TooLarge, Describe(path) + ": the tree holds more than " + std::to_string(budget_.max_entries) +
                                           " files and directories: leave some out, or raise the limit");
  return entries;
}

}  // namespace sluice::sources
