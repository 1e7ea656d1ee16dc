// controller/artifact_generator/reconciler.h: archives composed of parts of other sources, each told of by an ExternalArtifact object: Flux's
// source-watcher (2.2). The rules of its spec are in spec.h, of copying in compose.h, of path patterns in path_pattern.h. A run:
//   1. what the sources are now (their digests, revisions, URLs); one that is missing or has no artifact: Ready=False, SourceFetchFailed, and again
//      after --requeue-dependency, or as soon as it has one;
//   2. nothing to do if all is as it was: same generation, same sources, every file in the store with its digest, every ExternalArtifact as it was left;
//   3. the sources' trees, the artifacts (`<id>.tar.gz`, revision `latest@<digest>` or that of the source that `revision` names), and an
//      ExternalArtifact each, by server-side apply as `source-watcher`, where it is not so already. BuildFailed, ReconciliationFailed; a path
//      pattern that cannot be is stalled;
//   4. what was made before and is no longer asked for goes: the ExternalArtifact (if it is still ours) and its files.
// Beyond source-watcher: whoever changes or deletes one of our ExternalArtifacts is answered at once instead of within the hour; an ExternalArtifact
// that another generator makes is not fought over; a deletion is confirmed by a live read and bound to the UID.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/artifact_generator/path_pattern.h"
#include "controller/artifact_generator/status.h"
#include "controller/artifact_loader.h"
#include "controller/services.h"
#include "controller/source_registry.h"
#include "controller/source_stores.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "sources/artifact/store.h"

namespace sluice::controller::artifact_generator {

struct ReconcilerOptions {
  bool no_cross_namespace_refs = false;
  base::Duration interval = std::chrono::hours(1);  ///< between two looks at what should not have changed
};

class Reconciler final : public kube::StoreListener {
 public:
  struct Parts {
    Services& services;
    kube::ObjectStore& store;               ///< of ArtifactGenerators
    kube::ObjectStore& external_artifacts;  ///< this listens to it
    SourceStores sources;                   ///< of every kind
    const sources::ArtifactStore& artifacts;
    SourceRegistry& registry;
    ArtifactLoader& loader;
    kube::EventRecorder& events;
  };
  Reconciler(Parts parts, ReconcilerOptions options);
  ~Reconciler() override;
  /// Before the first run.
  void Connect(WorkQueue& queue) { queue_ = &queue; }

  net::Task<Outcome> Reconcile(Key key, Triggers why);

  /// A source has another revision, or none.
  void OnSourceChanged(const SourceKey& source);
  /// An ArtifactGenerator changed.
  void OnGeneratorChanged(const kube::SharedObject& before, const kube::SharedObject& after);
  /// An ExternalArtifact changed: one of ours is put right.
  void OnAdded(const kube::SharedObject& object) override;
  void OnUpdated(const kube::SharedObject& before, const kube::SharedObject& after) override;
  void OnDeleted(const kube::SharedObject& last) override;

 private:
  struct Run;
  struct Built;
  struct Made {
    document::Value wanted;
    sources::Artifact artifact;
  };
  struct Memory {
    std::set<SourceKey> sources;
    std::map<std::string, Made> made;  ///< by name, as the last good run left them
    std::string refused;               ///< the name that another generator has; "" if the last run met none
  };
  struct Failure {
    std::string reason, message;
    std::optional<base::Duration> again;  ///< none: with growing waits
    bool terminal = false;                ///< the spec has to change
  };
  /// All artifacts or a Failure.
  struct BuildOutcome;

  net::Task<Outcome> Make(std::shared_ptr<Run> run);
  net::Task<std::optional<Failure>> Observe(std::shared_ptr<Run> run, bool& not_yet);
  net::Task<bool> IsAsItWas(std::shared_ptr<Run> run);
  net::Task<std::optional<Failure>> LoadTrees(std::shared_ptr<Run> run, std::optional<base::Duration>& not_yet);
  /// Canceled.
  net::Task<base::Result<BuildOutcome>> Build(std::shared_ptr<Run> run);
  static base::Result<Built> BuildOne(const Run& run, OutputArtifact output, const sources::ArtifactStore& store, base::TimePoint now,
                                      const std::stop_token& stop);
  static void Collect(const Run& run, const std::string& name, const std::string& current, const sources::ArtifactStore& store,
                      base::TimePoint now, const std::stop_token& stop);
  net::Task<base::Result<void>> Publish(std::shared_ptr<Run> run, std::size_t index, std::shared_ptr<std::vector<Built>> built);
  net::Task<base::Result<void>> WriteArtifact(document::Value wanted, sources::Artifact artifact);
  /// Deletes what `references` name if it is this generator's, with its files; returns what could not be.
  net::Task<std::vector<Reference>> Remove(kube::SharedObject generator, std::vector<Reference> references);
  net::Task<base::Result<void>> RemoveOne(kube::SharedObject generator, Reference reference);
  net::Task<Outcome> Succeed(std::shared_ptr<Run> run, std::vector<Built> built);
  net::Task<Outcome> Fail(std::shared_ptr<Run> run, Failure failure);
  net::Task<Outcome> Stall(kube::SharedObject object, std::string reason, std::string message);
  net::Task<Outcome> Disable(kube::SharedObject object);
  net::Task<Outcome> Finalize(kube::SharedObject object);
  net::Task<Outcome> WriteAndGo(kube::SharedObject object, document::Value status, Outcome outcome);

  /// All that carry our label, whatever is on record.
  std::vector<Reference> LabelledWith(const document::Value& generator) const;
  std::optional<std::string> OtherOwner(const document::Value& generator, std::string_view name) const;
  void Wake(const document::Value& external_artifact, bool deleted);
  void Log(const document::Value& object, std::string_view message, std::string_view detail);

  Parts parts_;
  const ReconcilerOptions options_;
  StatusWriter writer_;
  WorkQueue* queue_ = nullptr;
  std::map<Key, Memory> memory_;
  std::map<SourceKey, std::set<Key>> by_source_;
};

}  // namespace sluice::controller::artifact_generator
