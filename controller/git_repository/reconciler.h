// controller/git_repository/reconciler.h: what a GitRepository asks for becomes an artifact: look at the remote, fetch what moved, pack it, say so.
// Rules: docs/architecture.md, "Sources". One run is one look; nothing that has not moved is fetched, packed or written.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "controller/git_repository/access.h"
#include "controller/git_repository/checkout.h"
#include "controller/git_repository/include_links.h"
#include "controller/git_repository/spec.h"
#include "controller/git_repository/status.h"
#include "controller/services.h"
#include "controller/source_registry.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "net/host_pool.h"
#include "sources/artifact/store.h"
#include "sources/git/repository.h"

namespace sluice::controller::git_repository {

class Reconciler {
 public:
  struct Parts {
    Services& services;
    kube::ObjectStore& store;
    sources::GitCache& cache;
    sources::ArtifactStore& artifacts;
    SourceRegistry& registry;
    kube::EventRecorder& events;
    GithubTokens& github;
    net::HostPool& remotes;  ///< where calls to Git hosts wait for their answers
    AccessPolicy access = {};
  };
  explicit Reconciler(Parts parts);
  /// Before the first run. `queue` outlives it.
  void Connect(WorkQueue& queue) { queue_ = &queue; }

  /// One look. Cancelled, it leaves everything as it was.
  net::Task<Outcome> Reconcile(Key key, Triggers why);
  /// Whatever changed in the store (nullptr: there was, or is, nothing): wakes those that include it when its artifact is another one.
  void OnObjectChanged(const kube::SharedObject& before, const kube::SharedObject& after);

 private:
  struct Memory {
    bool restored = false;  ///< what an earlier process left behind was looked at
    bool gone = false;      ///< the file of the artifact in the status is not there any more
    std::string url;        ///< that the registered artifact came from
    std::vector<std::string> submodule_urls;
  };
  /// A run's object and what it found so far.
  struct Run {
    kube::SharedObject object;
    Key key;
    Spec spec;
    sources::GitUrl url;
    std::shared_ptr<sources::Repository> repository;  ///< shared with others whose URL differs in its login
    sources::Credentials credentials;
    std::optional<GithubApp> github;  ///< whose token the credentials hold
    std::optional<TrustedKeys> keys;
    std::vector<IncludedTree> included;
    sources::Resolution resolution;

    std::vector<sources::Artifact> IncludedArtifacts() const;
  };
  struct Problem {
    Failure failure;
    std::optional<base::Error> error;
  };
  using Verdict = net::Task<std::optional<Problem>>;  ///< nothing: go on

  net::Task<Outcome> Look(std::shared_ptr<Run> run);
  Verdict Restore(std::shared_ptr<Run> run);
  net::Task<Outcome> Suspend(kube::SharedObject object, Spec spec);
  net::Task<void> RestoreSuspended(kube::SharedObject object, Spec spec);
  std::optional<Problem> GatherIncludes(Run& run) const;
  Verdict Resolve(std::shared_ptr<Run> run);
  Verdict ReadKeys(std::shared_ptr<Run> run);
  bool IsUnchanged(const Run& run) const;
  net::Task<Outcome> Make(std::shared_ptr<Run> run);
  net::Task<Outcome> Succeed(std::shared_ptr<Run> run, Success success);
  net::Task<Outcome> Fail(std::shared_ptr<Run> run, Problem problem);
  net::Task<Outcome> Stall(kube::SharedObject object, Failure failure);
  net::Task<Outcome> Finalize(kube::SharedObject object);
  net::Task<void> DropUnusedCaches();
  template <class T>
  net::Task<base::Result<T>> AskHost(std::shared_ptr<Run> run, std::string_view what, std::function<base::Result<T>(std::stop_token)> call);
  net::Task<base::Result<CheckoutOutcome>> FetchAndCheckOut(std::shared_ptr<Run> run, CheckoutJob job);
  void Announce(const Run& run, const CheckedOut& made);
  void Say(const document::Value& object, kube::EventType type, std::string_view reason, std::string_view message);
  void Register(const Run& run, const sources::Artifact& artifact, std::shared_ptr<const base::Files> files, bool restored = false);

  Parts parts_;
  StatusWriter writer_;
  WorkQueue* queue_ = nullptr;
  IncludeLinks links_;
  std::map<Key, Memory> memory_;
};

}  // namespace sluice::controller::git_repository
