// controller/git_repository/checkout.h: the blocking half of a GitRepository's run, in two steps: fetch (with submodules), which waits for the remote; put together
// (sparse directories, includes), verify, pack, which computes. For other threads than the I/O thread; knows nothing of the cluster.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "controller/git_repository/spec.h"
#include "controller/git_repository/status.h"
#include "controller/git_repository/verify.h"
#include "controller/work_queue.h"
#include "sources/artifact/store.h"
#include "sources/git/repository.h"

namespace sluice::controller::git_repository {

/// An included artifact and what is in it. Without `files` they are read from the store.
struct IncludedTree {
  sources::Artifact artifact;
  std::shared_ptr<const base::Files> files;
};

struct CheckoutJob {
  std::shared_ptr<sources::Repository> repository;
  sources::GitCache* cache = nullptr;
  const sources::ArtifactStore* artifacts = nullptr;
  sources::Resolution resolution;
  sources::Credentials credentials;
  sources::GitCall call;
  Key key;
  Spec spec;
  std::vector<IncludedTree> included;
  std::optional<TrustedKeys> keys;            ///< there where spec.verify is
  std::optional<sources::Artifact> previous;  ///< kept if its revision is the same and its file is sound
  base::TimePoint now;
};

struct CheckedOut {
  std::shared_ptr<const base::Files> files;
  sources::Artifact artifact;
  std::vector<std::string> submodule_urls;
  std::string verified;       ///< the message of SourceVerified, with keys
  std::string commit_title;   ///< first line of the commit message, at most 50 characters and `...`
  std::size_t collected = 0;  ///< older artifacts that were removed
  std::string uncollected;    ///< why older artifacts could not be removed; "" if they were
};

/// What a job came to: one of the two.
struct CheckoutOutcome {
  std::optional<CheckedOut> done;
  std::optional<Failure> failure;
  std::optional<base::Error> error;  ///< behind `failure`: for its reason and `retry_after`
};

/// What a job's resolution names, with its submodules. Errors: the remote's and the network's; what they are in a status says FetchFailureOf.
struct FetchedTree {
  std::shared_ptr<const base::Files> files;
  std::vector<std::string> submodule_urls;
};
base::Result<FetchedTree> FetchTree(const CheckoutJob& job, std::stop_token stop);
Failure FetchFailureOf(const base::Error& error);
CheckoutOutcome CheckOut(const CheckoutJob& job, FetchedTree tree);

/// What `artifact` was made from, without the network: from the Git cache where the tree is all of one commit, else from its file.
/// Errors: NotFound (its file is gone), Invalid (its file was damaged, and is removed).
base::Result<std::shared_ptr<const base::Files>> Restore(const sources::Repository& repository, const sources::ArtifactStore& artifacts,
                                                         const sources::Artifact& artifact, const Spec& spec, bool plain);

sources::ArtifactOwner OwnerOf(const Key& key);
/// The first line, at most 50 characters (then `...` follows): as Flux's events have it.
std::string ShortMessage(const std::string& message);

}  // namespace sluice::controller::git_repository
