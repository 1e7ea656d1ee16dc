// sources/bucket/signature.h: who asks, shown with AWS Signature Version 4 for the service s3. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "net/http.h"

namespace sluice::sources::bucket {

struct Credentials {
  std::string access_key, secret_key;
  bool empty() const { return access_key.empty() && secret_key.empty(); }
};

/// Adds X-Amz-Date, X-Amz-Content-Sha256 and Authorization to a request without a body, whose path and query are escaped as the service sees
/// them. Invalid: a URL that is none.
base::Result<void> Sign(net::Request& request, const Credentials& credentials, std::string_view region, base::TimePoint now);

/// Percent-escaped by the rule of the signature: all but letters, digits and `-._~` (and `/`, where `slashes` stay).
std::string EscapeKey(std::string_view text, bool slashes);

}  // namespace sluice::sources::bucket
