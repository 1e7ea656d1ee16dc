// controller/git_repository/verify.h: are a commit and its tag signed by a key that is trusted? Pure; the rules and words are source-controller's
// (contract 5.1 and 3.1).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "controller/git_repository/spec.h"
#include "controller/git_repository/status.h"
#include "sources/git/repository.h"

namespace sluice::controller::git_repository {

/// The keys of a Secret: what ends in `.sshpub` are lists of SSH keys, everything else is OpenPGP, as it always was.
struct TrustedKeys {
  std::vector<std::string> key_rings, authorized_keys;
};
TrustedKeys TrustedKeysOf(const std::map<std::string, std::string>& data);

/// The tag by which a commit was found. `info` is there if it is an annotated one.
struct ReferencingTag {
  std::string name;
  std::optional<sources::TagInfo> info;
};

/// `message` tells of success; or there is a failure of SourceVerified.
struct Verification {
  std::string message;
  std::optional<Failure> failure;
};
Verification VerifySignatures(VerifyMode mode, const TrustedKeys& keys, const sources::CommitInfo& commit,
                              const std::optional<ReferencingTag>& tag, base::TimePoint now);

/// SourceVerified=False with `reason`.
Failure NotVerified(std::string_view reason, std::string message, bool stalled = false);

}  // namespace sluice::controller::git_repository
