#include "sources/artifact/raw_artifact.h"

#include <filesystem>
#include <system_error>

#include "base/digest.h"
#include "sources/artifact/atomic_file.h"
#include "sources/artifact/store_names.h"

namespace sluice::sources {

base::Result<Artifact> StoreRaw(const ArtifactStore& store, const std::string& directory, const ArtifactOwner& owner,
                                std::string_view file_stem, std::string_view revision, std::string_view bytes, base::TimePoint now) {
  TRY(const std::string folder, OwnerPath(owner));
  const std::string name = std::string(file_stem) + ".tar.gz";
  if (!IsStoreName(name) || file_stem == "latest") return base::Invalid("artifact name '" + name + "' is not allowed");
  const std::string full = directory + "/" + folder;
  std::error_code error;
  std::filesystem::create_directories(full, error);
  if (error) return base::MakeError(base::Reason::Unavailable, full + ": cannot create the directory: " + error.message());
  AtomicFile file(full + "/" + name);
  TRY(file.Open());
  TRY(file.Append(bytes));
  TRY(file.Commit(now));
  TRY(ReplaceLink(full + "/latest.tar.gz", name));
  Artifact artifact{.path = folder + "/" + name, .url = store.UrlOf(folder + "/" + name), .revision = std::string(revision)};
  artifact.digest = "sha256:" + base::Sha256Hex(bytes);
  artifact.size = bytes.size();
  artifact.last_update_time = std::chrono::floor<std::chrono::seconds>(now);
  return artifact;
}

}  // namespace sluice::sources
