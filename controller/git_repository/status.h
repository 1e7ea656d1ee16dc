// controller/git_repository/status.h: from what was and what happened to the status that is written. Pure. Rules: contract sections 2.2, 5 and 5.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "controller/git_repository/spec.h"
#include "document/value.h"
#include "sources/artifact/store.h"

namespace sluice::controller::git_repository {

/// How far a run came; what the steps before found is good.
enum class Step { Credentials, Include, Fetch, Verify, Storage };

/// Why a run ended before its artifact was stored.
struct Failure {
  Step step = Step::Fetch;
  std::string
      type;  ///< the condition that tells of it: FetchFailed, IncludeUnavailable, SourceVerified (then False), StorageOperationFailed
  std::string reason, message;
  bool stalled = false;         ///< only another spec can help
  std::string revision;         ///< a new one that was found and could not be stored; "" if none
  bool artifact_gone = false;   ///< the file of `status.artifact` is not there any more
  bool include_change = false;  ///< what was to be stored differs in an included artifact
};

/// What a run ended with.
struct Success {
  sources::Artifact artifact;
  std::vector<sources::Artifact> included;  ///< one for each of spec.include, in its order
  std::optional<std::string> verified;      ///< the message of SourceVerified, where signatures were checked in this run
};

document::Value StatusAfterSuccess(const document::Value& object, const Spec& spec, const Success& success, base::TimePoint now);
/// Also of a stalled one.
document::Value StatusAfterFailure(const document::Value& object, const Failure& failure, base::TimePoint now);

/// `status.artifact`, if there is one.
std::optional<sources::Artifact> ArtifactOf(const document::Value& object);
std::vector<sources::Artifact> IncludedArtifactsOf(const document::Value& object);

/// Whether the artifact of `object` was made as `spec` and the included artifacts have it now.
bool ShowsInputs(const document::Value& object, const Spec& spec, const std::vector<sources::Artifact>& included);
/// Whether two sets of included artifacts hold the same bytes under the same revisions.
bool SameArtifacts(const std::vector<sources::Artifact>& a, const std::vector<sources::Artifact>& b);
/// Whether signatures must be checked though the revision is the same: another spec, another mode, or no good result yet.
bool NeedsVerification(const document::Value& object, const Spec& spec);
/// Whether one of the conditions of failure stands in the status.
bool ShowsFailure(const document::Value& object);

}  // namespace sluice::controller::git_repository
