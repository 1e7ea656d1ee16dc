// controller/helm_chart/reconciler.h: what a HelmChart asks for becomes an artifact: a chart of a HelmRepository (index or registry) as it is, or packed from it with
// other values; a chart of a Git repository, a bucket, with its dependencies. The rules are flux-contract 5.4. A chart whose version has not changed is not
// fetched again. The status is what consumers read: who installs it is woken by its write (ForeignSources).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "controller/artifact_loader.h"
#include "controller/helm_chart/build.h"
#include "controller/helm_chart/repository.h"
#include "controller/helm_chart/spec.h"
#include "controller/helm_chart/status.h"
#include "controller/services.h"
#include "controller/source_registry.h"
#include "controller/source_stores.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"

namespace sluice::controller::helm_chart {

class Reconciler {
 public:
  struct Parts {
    boost::asio::io_context& io;
    Services& services;
    kube::ObjectStore& store;
    SourceStores sources;  ///< HelmRepository, GitRepository, Bucket
    const sources::ArtifactStore& artifacts;
    SourceRegistry& registry;
    ArtifactLoader& loader;
    helm_repository::IndexCache& indexes;
    kube::EventRecorder& events;
    helm_repository::Limits limits;
  };
  explicit Reconciler(Parts parts);
  /// Before the first run. `queue` outlives it.
  void Connect(WorkQueue& queue) { queue_ = &queue; }

  /// One look. Cancelled, it leaves everything as it was.
  net::Task<Outcome> Reconcile(Key key, Triggers why);
  /// Wakes the charts of a source whose revision is not the one that they have observed.
  void OnSourceChanged(const SourceKey& source);
  /// Wakes the charts of a repository in a registry, which has no revision, when its spec is another one.
  void OnRepositoryChanged(const kube::SharedObject& before, const kube::SharedObject& after);

 private:
  struct Run {
    Key key;
    kube::SharedObject object, source;
    Spec spec;
    std::optional<sources::Artifact> previous;   ///< whose file is in the store, whole
    bool lost = false;                           ///< the status names one whose file is not
    std::shared_ptr<const SourceArtifact> tree;  ///< of a source that is a tree
    std::optional<sources::Artifact> index;      ///< of a HelmRepository with an index
    std::string source_revision;
    std::string new_chart;  ///< summary of a chart that is made and not stored
  };
  struct Trouble {
    Failure failure;
    bool canceled = false;
    bool quiet = false;                   ///< nothing is said of it: it passes by itself
    std::optional<base::Duration> again;  ///< look again then, instead of backing off
  };
  /// A Build or a Trouble.
  struct Verdict {
    std::optional<Build> build;
    std::optional<Trouble> trouble;
  };
  /// A version or a Trouble.
  struct Choice {
    std::optional<ChartVersion> version;
    std::optional<Trouble> trouble;
  };
  /// What a tree says of the chart: `build` is whole, or `draft` is to be packed.
  struct TreeLook {
    Build build;
    std::optional<Draft> draft;
    std::optional<BuildError> error;
  };

  net::Task<Outcome> Look(std::shared_ptr<Run> run);
  net::Task<void> CheckPrevious(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> FindSource(std::shared_ptr<Run> run);
  std::optional<Trouble> FindArtifact(Run& run) const;
  Trouble NoSourceArtifact(const Run& run) const;
  static Trouble TroubleOf(const BuildError& error);

  // reconciler_build.cpp
  net::Task<Verdict> BuildFromRepository(std::shared_ptr<Run> run);
  net::Task<Verdict> BuildFromTree(std::shared_ptr<Run> run);
  net::Task<Choice> Choose(std::shared_ptr<Run> run, std::shared_ptr<ChartRepository> repository);
  net::Task<Verdict> PullAndPack(std::shared_ptr<Run> run, std::shared_ptr<ChartRepository> repository, ChartVersion version);
  base::Result<TreeLook> LookAtTree(const Run& run, const base::Files& files) const;
  net::Task<base::Result<std::vector<std::string>>> ReadKeys(std::shared_ptr<Run> run);
  net::Task<Built<Build>> AddRemoteDependencies(std::shared_ptr<Run> run, std::shared_ptr<Draft> draft);
  std::optional<Build> Unchanged(const Run& run, const std::string& name, const std::string& version, bool packaged) const;
  ChartRepository::Parts RepositoryParts() const;

  // reconciler_end.cpp
  net::Task<Outcome> Store(std::shared_ptr<Run> run, Build build);
  net::Task<Outcome> Succeed(std::shared_ptr<Run> run, Build build, sources::Artifact artifact, bool fresh);
  net::Task<Outcome> Fail(std::shared_ptr<Run> run, Trouble trouble);

  Parts parts_;
  StatusWriter writer_;
  WorkQueue* queue_ = nullptr;
};

}  // namespace sluice::controller::helm_chart
