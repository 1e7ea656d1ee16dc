// sources/git/reference.h: which commit is meant (GitRepository `spec.ref`), and what it was found to be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sources {

/// `spec.ref`. Of those set the first in this order decides: commit, name, tag, semver, branch; none set means branch `master`
/// (Flux's code; its API comments say otherwise). `branch` beside `commit`: the commit must be in that branch's history.
struct Reference {
  std::string branch, tag, semver, name, commit;

  friend bool operator==(const Reference&, const Reference&) = default;
};

/// For a message: `branch "main"`, `tag "v1.0.0"`, `semver ">=1.0.0"`, `ref "refs/pull/1/head"`, `commit 4f2a…`.
std::string Describe(const Reference& reference);

/// Refuses what Git itself would not take: Invalid for a malformed reference name, commit id or constraint, naming the field (`ref.commit: …`).
base::Result<void> Validate(const Reference& reference);

/// What a reference was found to be.
struct Resolution {
  std::string commit;      ///< 40 hex digits
  std::string ref_name;    ///< full, e.g. "refs/heads/main"; "" for a commit without a branch
  std::string tag_object;  ///< id of the annotated tag on the way to the commit; "" if none
  std::string revision;    ///< contract form: `main@sha1:…`, `v1.0.0@sha1:…`, `refs/pull/1/head@sha1:…` (ref.name), `sha1:…`

  friend bool operator==(const Resolution&, const Resolution&) = default;
};

/// The revision's form by reference kind; pure. `commit` is 40 hex digits, `tag` the tag's name as semver chose it ("" else).
std::string RevisionOf(const Reference& reference, std::string_view tag, std::string_view commit);

/// A revision as it is written today, from one of before Flux 0.36: `main/<hex>` and `<hex>`. Others are returned as they are.
std::string FromLegacyRevision(std::string_view revision);

/// One line of a remote's list of references.
struct RemoteRef {
  std::string name;    ///< full
  std::string object;  ///< what it points at: a commit or a tag object
  std::string peeled;  ///< the commit behind a tag object; "" if `object` is no tag
  std::string_view commit() const { return peeled.empty() ? object : peeled; }
};

/// The tags of `refs` whose version is the highest that `constraint` admits: more than one where versions are equal (`v1.0.0` and `1.0.0`,
/// or other build metadata), which the caller breaks by commit time. NotFound: no tag fits. Invalid: the constraint.
base::Result<std::vector<RemoteRef>> HighestTags(const std::vector<RemoteRef>& refs, std::string_view constraint);

}  // namespace sluice::sources
