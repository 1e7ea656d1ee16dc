// controller/helm_repository/status.h: the statuses of a HelmRepository, in Flux's words. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "document/value.h"
#include "sources/artifact/store.h"

namespace sluice::controller::helm_repository {

struct Failure {
  std::string type, reason, message;  ///< type: FetchFailed, StorageOperationFailed
  bool stalled = false;               ///< only another spec helps
  bool artifact_gone = false;         ///< what the status names is not in the store any more
};

/// `url`: the stable link, `status.url`.
document::Value StatusAfterSuccess(const document::Value& object, const sources::Artifact& artifact, const std::string& url,
                                   base::TimePoint now);
document::Value StatusAfterFailure(const document::Value& object, const Failure& failure, base::TimePoint now);
/// Whether a failure is shown that a success ends.
bool ShowsFailure(const document::Value& object);
/// Whether a static object (type oci) carries what it must not: a finalizer, or a status.
bool NeedsMigration(const document::Value& object);
/// As docker/go-units prints sizes: `1.234kB`.
std::string HumanSize(std::uint64_t bytes);

}  // namespace sluice::controller::helm_repository
