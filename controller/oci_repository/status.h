// controller/oci_repository/status.h: the statuses of an OCIRepository, in Flux's words. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "controller/oci_repository/spec.h"
#include "document/value.h"
#include "sources/artifact/store.h"

namespace sluice::controller::oci_repository {

struct Failure {
  std::string type, reason, message;  ///< type: FetchFailed, StorageOperationFailed, SourceVerified
};

/// `url`: the stable link, `status.url`. `verified`: a signature was checked in this run, or stays checked.
document::Value StatusAfterSuccess(const document::Value& object, const Spec& spec, const sources::Artifact& artifact,
                                   const std::string& url, base::TimePoint now);
/// Worth another try; what is stored stays.
document::Value StatusAfterFailure(const document::Value& object, const Failure& failure, base::TimePoint now);
/// Only another spec helps.
document::Value StatusStalled(const document::Value& object, const Failure& failure, base::TimePoint now);

/// Whether the signature of `revision` must be checked: the contract's rule (another revision, another generation, or the last check failed).
bool MustVerify(const document::Value& object, std::string_view revision);
/// Whether `spec` asks for other content of the same revision than what is stored.
bool ContentChanged(const document::Value& object, const Spec& spec);

}  // namespace sluice::controller::oci_repository
