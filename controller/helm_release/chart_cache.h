// controller/helm_release/chart_cache.h: charts by the artifact they are in, fetched and looked into once for all the releases that use them. What is cached is only
// ever read. Belongs to the I/O thread.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "controller/artifact_loader.h"
#include "controller/helm_release/renderer.h"
#include "controller/source_registry.h"
#include "net/executor.h"

namespace sluice::controller::helm_release {

class ChartCache {
 public:
  /// All outlive it. `max_bytes`: of the archives of all that is kept.
  ChartCache(ArtifactLoader& loader, net::WorkerPool& workers, Renderer& renderer, std::uint64_t max_bytes = 64u << 20)
      : loader_(loader), workers_(workers), renderer_(renderer), max_bytes_(max_bytes) {}

  struct Answer {
    std::shared_ptr<const OpenedChart> chart;  ///< nullptr: `error` says why
    base::Error error;                         ///< NotFound: there is no such file (any more)
    std::optional<base::Duration> again;       ///< tries are left: ask again then
    bool quiet = false;                        ///< and it is too early to complain
  };
  /// Those who ask for the same artifact while it is under way wait for it. Throws where the renderer met a bug (ThrowBugs).
  net::Task<Answer> Get(std::shared_ptr<const SourceArtifact> artifact);
  std::size_t loads() const { return loads_; }  ///< charts opened so far

 private:
  struct Cached {
    std::shared_ptr<const OpenedChart> chart;
    std::uint64_t bytes = 0;
    std::list<std::string>::iterator place;
  };
  std::shared_ptr<const OpenedChart> Find(const std::string& key);
  void Put(const std::string& key, std::shared_ptr<const OpenedChart> chart, std::uint64_t bytes);
  net::Task<Answer> Load(std::string key, std::shared_ptr<const SourceArtifact> artifact);

  ArtifactLoader& loader_;
  net::WorkerPool& workers_;
  Renderer& renderer_;
  const std::uint64_t max_bytes_;
  std::map<std::string, Cached> cache_;
  std::list<std::string> order_;  // most recently used first
  std::uint64_t bytes_ = 0;
  std::size_t loads_ = 0;
  std::map<std::string, std::shared_ptr<net::Event>> under_way_;
};

}  // namespace sluice::controller::helm_release
