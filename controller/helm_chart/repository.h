// controller/helm_chart/repository.h: where a chart or a dependency of one is pulled from: a repository with an index, or a registry, with the access that a
// HelmRepository has or none. Belongs to the I/O thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "controller/helm_chart/build.h"
#include "controller/helm_repository/access.h"
#include "controller/helm_repository/index_cache.h"
#include "controller/services.h"
#include "sources/artifact/store.h"
#include "sources/helm/index.h"
#include "sources/oci/client.h"

namespace sluice::controller::helm_chart {

using sources::helm_repository::ChartVersion;

class ChartRepository {
 public:
  /// All outlive it.
  struct Parts {
    boost::asio::io_context& io;
    Services& services;
    const sources::ArtifactStore& artifacts;
    helm_repository::IndexCache& indexes;
    helm_repository::Limits limits;
  };
  /// The index that a HelmRepository has stored.
  struct StoredIndex {
    document::NamespacedName repository;
    sources::Artifact artifact;
  };
  /// `index`: that of the HelmRepository, if it has one; else the index is downloaded when it is first needed.
  ChartRepository(Parts parts, helm_repository::Spec spec, helm_repository::Access access, std::optional<StoredIndex> index);
  ~ChartRepository();
  ChartRepository(const ChartRepository&) = delete;
  ChartRepository& operator=(const ChartRepository&) = delete;

  /// The version of `name` that `wanted` means. Errors of step InvalidReference (there is none) or Pull (nobody answers). Each call of a
  /// coroutine here ends before the next begins.
  net::Task<Built<ChartVersion>> Find(std::string name, std::string wanted);
  /// Its archive, checked against its digest if it has one (of the archive as the index tells it, of the manifest if it was verified), no larger than charts may be.
  net::Task<base::Result<std::string>> Download(ChartVersion version);
  /// Checks that one of cosign's signatures of it is one of `keys`' (PEM); the digest of the manifest that is signed, which is what may be downloaded. Only of
  /// charts in a registry. Invalid: it is not, in Flux's words.
  net::Task<base::Result<std::string>> Verify(ChartVersion version, std::vector<std::string> keys);

 private:
  net::Task<base::Result<void>> LoadIndex();
  net::Task<Built<ChartVersion>> FindTag(std::string name, std::string wanted);
  base::Result<sources::oci::Client*> ClientFor(const std::string& name);
  std::string OciUrl(const std::string& name) const;

  Parts parts_;
  const helm_repository::Spec spec_;
  const helm_repository::Access access_;
  const std::optional<StoredIndex> stored_;
  helm_repository::IndexCache::SharedIndex index_;
  std::unique_ptr<sources::helm_repository::HttpRepository> http_;
  std::map<std::string, std::unique_ptr<sources::oci::Client>> clients_;  ///< by chart
};

}  // namespace sluice::controller::helm_chart
