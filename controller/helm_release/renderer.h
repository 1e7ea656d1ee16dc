// controller/helm_release/renderer.h: where charts are read and rendered: each in a process that has nothing but the chart and its values (threats T78, T84), or in
// this one. For HelmReleases of both kinds.
#pragma once

#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "controller/helm_release/spec.h"
#include "controller/limits.h"
#include "controller/work_queue.h"
#include "helm/release/draft.h"
#include "isolation/pool.h"

namespace sluice::controller::helm_release {

/// A chart of which nothing is shared with `chart` that is not safe to share: its values are built anew. Reads `chart` without touching the counts in it, so
/// any number of threads may do so at once, as long as none changes it.
helm::Chart Isolated(const helm::Chart& chart);

/// What statuses and decisions need to know of a chart.
struct ChartFacts {
  std::string name, version, app_version;
  bool has_crds = false;  ///< of its own or of a dependency, whether that takes part or not
};

/// A chart as a Renderer takes it: read once, rendered often. Immutable.
struct OpenedChart {
  ChartFacts facts;
  helm::Dialect dialect = helm::Dialect::Helm4;
  std::string id;                              ///< of its archive: equal ones are the same chart
  std::shared_ptr<const std::string> archive;  ///< null: there is `chart`
  std::shared_ptr<const helm::Chart> chart;    ///< as it was read, where that was done in this process
};

struct RenderInput {
  const OpenedChart& chart;
  std::string version;  ///< in the place of the chart's own; "" leaves that
  const helm::Value& values;
  /// For this process, or told to the other: all but `schema_file`, `rewrite`, and of the engine `lint`, `interrupt` and the functions' `random` and `local_zone`. What it asks
  /// (`lookup`, `host_by_name`, `zone`) is asked of these functions in either case.
  helm::RenderOptions render;
  const helm::Release* reuse = nullptr;  ///< DraftOptions'
  /// Whose postRenderers and commonMetadata change the objects, which then carry the labels of `owner`. May be null: nothing does.
  const Spec* post_render = nullptr;
  Key owner;
  Limits limits = {};
  std::string shared_by;  ///< SharedBy()
};

class Renderer {
 public:
  /// Renders in this process.
  Renderer() = default;
  /// Renders in processes of `workers.command`, whose main() calls ServeJobs (controller/worker.h).
  Renderer(isolation::PoolOptions workers, base::Logger log);

  bool confined() const { return pool_ != nullptr; }

  // Errors of all: those of what is called in the other process, with what only processes can do to one: Internal (it crashed, hung, or ran out of memory: a bug of ours that
  // its input has met), Unavailable (no process could be started), Canceled. From any thread.

  /// helm::LoadArchive, in a process that has seen no other chart. Errors: also TooLarge, of more than 64 MiB.
  base::Result<OpenedChart> Open(std::shared_ptr<const std::string> archive, helm::Dialect dialect, std::stop_token stop = {});
  /// A chart that was put together in this process. Errors: those of helm::Package.
  base::Result<OpenedChart> Open(helm::Chart chart, helm::Dialect dialect) const;
  /// helm::Crds of what takes part with these values (ProcessDependencies), of all of it where they are NoValue. Of the input it needs chart, values, limits and shared_by.
  base::Result<std::vector<helm::CrdFile>> Crds(const RenderInput& input, std::stop_token stop = {});
  /// helm::MakeDraft. `pool` keeps the chart.
  base::Result<helm::Draft> Draft(const RenderInput& input, helm::ChartPool& pool, std::stop_token stop = {});

 private:
  std::unique_ptr<isolation::Pool> pool_;
};

/// Whose renders may follow each other in one process.
struct Sharing {
  std::string ns;        ///< of the HelmRelease
  std::string chart;     ///< the source that it names
  std::string account;   ///< that `lookup` asks as
  std::string cluster;   ///< that is asked; "" for our own
  bool secrets = false;  ///< values from Secrets, or from a release's record
};
/// Those that agree in all of it, since each of them could have asked for what the others did. "" for one with secrets: it shares with nobody.
std::string SharedBy(const Sharing& sharing);

/// `result`, unless it tells of a bug: that is thrown, so that the queue counts the tries.
template <class T>
base::Result<T> ThrowBugs(base::Result<T> result) {
  if (!result && result.error().reason == base::Reason::Internal) throw std::runtime_error(result.error().message);
  return result;
}

/// Makes what a render makes once and keeps, and loads the libraries of template functions, which cannot be loaded any more in a process that renders.
void WarmRenders();

}  // namespace sluice::controller::helm_release
