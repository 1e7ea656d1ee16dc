#include "controller/artifact_generator/compose.h"

#include "base/digest.h"
#include "base/ignore.h"
#include "controller/artifact_generator/staging.h"

namespace sluice::controller::artifact_generator {

using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

Result<void> Staging::Count(std::uint64_t bytes) {
  bytes_ += bytes;
  if (++entries_ > budget_.max_entries) return MakeError(Reason::TooLarge, "more than " + std::to_string(budget_.max_entries) + " files");
  if (bytes_ > budget_.max_bytes) return MakeError(Reason::TooLarge, "more than " + std::to_string(budget_.max_bytes) + " bytes");
  return {};
}

Result<void> Staging::MakeDirectory(const std::string& path) {
  for (std::string here = path; here != "."; here = base::DirName(here)) {
    if (files_.contains(here)) return Invalid(here + ": not a directory");
    if (!directories_.insert(here).second) break;
    TRY(Count(0));
  }
  return {};
}

Result<void> Staging::Write(const std::string& path, std::string content, bool executable) {
  if (HasDirectory(path)) return Invalid(path + ": is a directory");
  TRY(MakeDirectory(std::string(base::DirName(path))));
  TRY(Count(content.size()));
  files_.insert_or_assign(path, std::move(content));
  if (executable) {
    executables_.insert(path);
  } else {
    executables_.erase(path);
  }
  return {};
}

Composed Staging::Finish() && {
  const base::IgnoreMatcher ignored = base::IgnoreMatcher::Load(*base::MemoryFiles({}), "").value();
  std::map<std::string, std::string> files;
  std::set<std::string> directories;
  base::Sha256 id;
  Composed out;
  for (const std::string& directory : directories_) {
    if (ignored.Ignored(directory, true)) continue;
    id.Update("directory " + directory + "\n");
    directories.insert(directory);
  }
  for (auto& [path, content] : files_) {
    if (ignored.Ignored(path, false)) continue;
    id.Update((executables_.contains(path) ? "program " : "file ") + base::Sha256Hex(content) + " " + path + "\n");
    out.bytes += content.size();
    files.emplace(path, std::move(content));
  }
  out.id = id.Hex();
  out.files = base::MemoryFiles(std::move(files), directories, std::set<std::string>(executables_.begin(), executables_.end()));
  return out;
}

Result<Composed> Compose(const std::vector<CopyOperation>& operations, const SourceTrees& trees, const ComposeBudget& budget) {
  Staging staging(budget);
  for (const CopyOperation& operation : operations) {
    auto applied = Apply(operation, trees, staging);
    if (applied) continue;
    return std::move(applied).error().Wrap("failed to apply copy operations: failed to apply copy operation from '" + operation.from +
                                           "' to '" + operation.to + "'");
  }
  return std::move(staging).Finish();
}

}  // namespace sluice::controller::artifact_generator
