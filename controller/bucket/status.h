// controller/bucket/status.h: the statuses of a Bucket, and the revision of what is in it, in Flux's words. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "controller/bucket/spec.h"
#include "document/value.h"
#include "sources/artifact/store.h"

namespace sluice::controller::bucket {

/// Which objects there are, and which version of each: key to ETag.
using EtagIndex = std::map<std::string, std::string>;
/// `sha256:` of the lines `key etag`, sorted by key.
std::string RevisionOf(const EtagIndex& index);

struct Failure {
  std::string type, reason, message;  ///< type: FetchFailed, StorageOperationFailed
};

/// `url`: the stable link, `status.url`.
document::Value StatusAfterSuccess(const document::Value& object, const Spec& spec, const sources::Artifact& artifact,
                                   const std::string& url, base::TimePoint now);
/// Worth another try; what is stored stays.
document::Value StatusAfterFailure(const document::Value& object, const Failure& failure, base::TimePoint now);
/// Only another spec helps.
document::Value StatusStalled(const document::Value& object, const Failure& failure, base::TimePoint now);

}  // namespace sluice::controller::bucket
