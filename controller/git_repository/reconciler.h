// controller/git_repository/reconciler.h: what a GitRepository asks for becomes an artifact: look at the remote, fetch what moved, pack it, say so.
// Rules: docs/architecture.md, "Sources". One run is one look; nothing that has not moved is fetched, packed or written.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controller/git_repository/spec.h"
#include "controller/services.h"
#include "controller/source_registry.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "sources/artifact/store.h"
#include "sources/git/repository.h"

namespace sluice::controller::git_repository {

/// What a finished look found; the pure part of the status is made from it.
struct Stored {
  sources::Artifact artifact;
  std::string commit_title;   ///< first line of the commit message, at most 50 characters
  std::size_t collected = 0;  ///< older artifacts that were removed
};

/// The status after success. Pure.
document::Value StatusAfterSuccess(const document::Value& object, const Spec& spec, const sources::Artifact& artifact, base::TimePoint now);
/// The status after a failure that is worth another try; `type` is the condition that tells of it (FetchFailed, StorageOperationFailed). Pure.
document::Value StatusAfterFailure(const document::Value& object, std::string_view type, std::string_view reason, std::string_view message,
                                   base::TimePoint now);
/// The status of an object that only another spec can help. Pure.
document::Value StatusStalled(const document::Value& object, std::string_view reason, std::string_view message, base::TimePoint now);
/// `status.artifact`, if there is one.
std::optional<sources::Artifact> ArtifactOf(const document::Value& object);

class Reconciler {
 public:
  struct Parts {
    Services& services;
    kube::ObjectStore& store;
    sources::GitCache& cache;
    sources::ArtifactStore& artifacts;
    SourceRegistry& registry;
    kube::EventRecorder& events;
  };
  explicit Reconciler(Parts parts);

  /// One look. Cancelled, it leaves everything as it was.
  net::Task<Outcome> Reconcile(Key key, Triggers why);

 private:
  struct Memory {
    bool restored = false;    ///< what an earlier process left behind was looked at
    std::string url, ignore;  ///< that the registered artifact was made with
  };
  struct Failure {
    std::string type, reason;
    base::Error error;
  };

  net::Task<Outcome> Look(kube::SharedObject object, Spec spec);
  net::Task<base::Result<sources::Credentials>> ReadCredentials(const std::string& ns, const Spec& spec, const sources::GitUrl& url);
  net::Task<void> Restore(kube::SharedObject object, Spec spec, std::shared_ptr<sources::Repository> repository);
  net::Task<Outcome> Succeed(kube::SharedObject object, Spec spec, sources::Artifact artifact);
  net::Task<Outcome> Fail(kube::SharedObject object, Spec spec, Failure failure);
  net::Task<Outcome> Stall(kube::SharedObject object, std::string reason, std::string message);
  net::Task<Outcome> Finalize(kube::SharedObject object);
  void Announce(const document::Value& object, const Stored& stored);
  void Register(const document::Value& object, const Spec& spec, const sources::Artifact& artifact,
                std::shared_ptr<const base::Files> files);
  base::Duration NextLook(const Spec& spec);

  Parts parts_;
  StatusWriter writer_;
  std::map<Key, Memory> memory_;
};

}  // namespace sluice::controller::git_repository
