// controller/artifact_generator/status.h: what is written of an ArtifactGenerator and of the ExternalArtifacts it makes: pure functions in the words of
// source-watcher (conditions Ready, Reconciling, Stalled; the generation is on the conditions, the status has none of its own).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "controller/artifact_generator/spec.h"
#include "document/value.h"
#include "sources/artifact/store.h"

namespace sluice::controller::artifact_generator {

inline constexpr std::string_view kManager = "source-watcher";  ///< field manager, and the label app.kubernetes.io/managed-by

/// One entry of `status.inventory`.
struct Reference {
  std::string name, ns, digest, filename;
  bool operator==(const Reference&) const = default;
};
/// `status.inventory`; entries without a name or of another namespace are none of ours.
std::vector<Reference> InventoryOf(const document::Value& object);

/// What a source was when it was looked at.
struct ObservedSource {
  std::string digest, revision, origin_revision, url;
};
/// `status.observedSourcesDigest`: SHA-256 over what the sources were, by alias.
std::string SourcesDigest(const std::map<std::string, ObservedSource>& sources);

document::Value StatusSucceeded(const document::Value& object, const std::vector<Reference>& inventory, const std::string& sources_digest,
                                base::TimePoint now);
/// Worth another try. `inventory` replaces what is on record if it is given.
document::Value StatusFailed(const document::Value& object, std::string_view reason, std::string_view message, base::TimePoint now);
document::Value StatusStalled(const document::Value& object, std::string_view reason, std::string_view message, base::TimePoint now);
/// Disabled from its beginning.
document::Value StatusDisabled(const document::Value& object, base::TimePoint now);
/// Nothing new but the answer to a request.
document::Value StatusAnswered(const document::Value& object);
/// Whether what is on record was made for this generation and not found wanting since.
bool ShowsSuccess(const document::Value& object);

/// The object that is applied for one artifact (without its status).
document::Value ExternalArtifactFor(const document::Value& generator, const Spec& spec, const OutputArtifact& artifact);
/// The same object with its status; `live` is the one that is there, for its generation and what its condition was.
document::Value ExternalArtifactStatus(const document::Value& live, const sources::Artifact& artifact, base::TimePoint now);
/// Whether `live` has what applying `wanted` would give it, and shows `artifact`.
bool IsUpToDate(const document::Value& live, const document::Value& wanted, const sources::Artifact& artifact);

}  // namespace sluice::controller::artifact_generator
