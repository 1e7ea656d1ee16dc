// controller/kustomization/claims.h: which objects other Kustomizations are about to apply, so that an object which moves from one to another (or a Kustomization
// that is renamed) is handed over and never deleted. A Kustomization claims what its newest intent builds, until it has applied that; then the labels
// of the objects say whose they are. Rule of ours; Flux deletes and creates anew.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "controller/kustomization/builder.h"
#include "controller/kustomization/remote_bases.h"
#include "controller/kustomization/spec.h"
#include "controller/services.h"
#include "controller/source_registry.h"
#include "controller/work_queue.h"
#include "document/object.h"

namespace sluice::controller::kustomization {

/// One that may have something to claim.
struct Claimer {
  Key key;
  std::int64_t generation = 0;
  Spec spec;
  std::shared_ptr<const SourceArtifact> source;
  bool waits_for_us = false;               ///< by its dependsOn
  std::optional<base::ReadSet> reads;      ///< of its last build, if its spec is still the same and it read nothing else
  std::set<document::ObjectId> on_record;  ///< what it claims if these files are unchanged: what it has applied already
};

/// Whose an object is about to be.
struct Claim {
  Key by;
  bool up_to_date = false;    ///< it has applied its newest intent, and left the object to whom it belongs
  bool waits_for_us = false;  ///< it will not apply anything before we are there, so never if we leave
};
using Claims = std::map<document::ObjectId, Claim>;

/// Puts a claim on `id` into `claims`: the one that is most likely to be followed by deeds stays.
void AddClaim(Claims& claims, const document::ObjectId& id, const Claim& claim);
std::set<document::ObjectId> IdsOf(const Claims& claims);

/// What a claimer built when it was asked last.
struct BuiltIds {
  std::int64_t generation = 0;
  std::string variables;               ///< their digest
  std::optional<base::ReadSet> reads;  ///< holds as long as these files are the same; none: as long as `artifact` is
  std::string artifact;                ///< digest of what could not be built, or not from its files alone
  std::vector<document::ObjectId> ids;
};
/// So that thousands that wait are not built again for everything that leaves. Belongs to the I/O thread.
using ClaimMemory = std::map<Key, std::shared_ptr<const BuiltIds>>;

/// Whom ClaimsOf needs.
struct ClaimParts {
  Services& services;
  Builder& builder;
  const RemoteFetcher* fetcher;             ///< nullptr: remote bases are refused
  std::function<void(bool waits)> on_wait;  ///< hears before and after a host is waited for
};

/// The ids of what the `claimers` build. One that cannot be built claims nothing, also if that costs it a process; one whose remote bases are among the reasons
/// claims what it has on record.
net::Task<Claims> ClaimsOf(ClaimParts parts, ClaimMemory& memory, std::vector<Claimer> claimers);

}  // namespace sluice::controller::kustomization
