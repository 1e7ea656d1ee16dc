// controller/source_steps.h: what the reconcilers of sources do alike with their artifacts, whatever these are made from. Belongs to the I/O thread; the store is asked
// on a worker.
#pragma once

#include <cstddef>
#include <optional>

#include "base/result.h"
#include "controller/services.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "sources/artifact/store.h"

namespace sluice::controller {

/// Whether somebody asked for this look (reconcile.fluxcd.io/requestedAt) and no status has answered yet.
bool IsRequested(const document::Value& object);

/// The artifact that the status of a source names.
struct Recorded {
  std::optional<sources::Artifact> artifact;  ///< its file is in the store, with its digest
  std::optional<base::Error> lost;            ///< one is named, and why it does not count: NotFound, Invalid (other bytes), Canceled
};
/// All arguments outlive the call.
net::Task<Recorded> FindRecorded(const Services& services, const sources::ArtifactStore& store, kube::SharedObject object);

/// The same, and an artifact whose bytes are others is told.
net::Task<Recorded> CheckRecorded(const Services& services, const sources::ArtifactStore& store, kube::EventRecorder& events,
                                  kube::SharedObject object);

bool IsSuspended(const document::Value& object);
/// `object` with our finalizer, which is written if it is not there; nullptr if that failed.
net::Task<kube::SharedObject> Mark(StatusWriter& writer, kube::SharedObject object);

/// `artifact up-to-date with remote revision`
void TellUpToDate(kube::EventRecorder& events, const document::Value& object, const sources::Artifact& artifact);
/// Writes the status of a look that went well; the next one is after `interval`.
net::Task<Outcome> EndWell(const Services& services, StatusWriter& writer, kube::SharedObject object, document::Value status,
                           base::Duration interval);
/// Writes the status of one that failed. `stalled`: there is none until something changes; `again`: when the server asked for it.
net::Task<Outcome> EndBadly(StatusWriter& writer, kube::SharedObject object, document::Value status, bool stalled,
                            std::optional<base::Duration> again);

/// Everything the store holds of `object`, by its kind, namespace and name; how many artifacts that were.
net::Task<base::Result<std::size_t>> RemoveArtifacts(const Services& services, const sources::ArtifactStore& store,
                                                     kube::SharedObject object);
/// Takes our finalizer away, the last step of a deletion.
net::Task<Outcome> ReleaseSource(StatusWriter& writer, kube::SharedObject object);
/// The end of a source: its artifacts go, which is told, then the finalizer. Nothing is done without one.
net::Task<Outcome> FinalizeSource(const Services& services, const sources::ArtifactStore& store, kube::EventRecorder& events,
                                  StatusWriter& writer, kube::SharedObject object);
/// `garbage collected artifacts for deleted resource`
void TellCollected(kube::EventRecorder& events, const document::Value& object);

}  // namespace sluice::controller
