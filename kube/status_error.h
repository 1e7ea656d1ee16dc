// kube/status_error.h: what the API server says when it refuses, as our Error. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "document/value.h"
#include "net/http.h"

namespace sluice::kube {

/// The Error of a response that is not 2xx. A metav1.Status gives its message and, by `reason` and else by HTTP status, the reason; the
/// causes of an Invalid are joined by "; ": `Service "web" is invalid: spec.ports[0].port: Invalid value: 0: must be ...; spec.type: ...`.
/// Any other body is quoted up to 200 bytes, without control characters: `HTTP 502: <html>...`. Retry-After (seconds, or the Status'
/// details.retryAfterSeconds) becomes `retry_after`.
base::Error ErrorOf(const net::Response& response);
/// The same for a metav1.Status alone, as a watch's ERROR event carries it.
base::Error ErrorOfStatus(const document::Value& status);

/// `message` without the values of the Secret in `body` (its data, decoded or not, and stringData) and without the excerpt of the input that decoders
/// append: each becomes "***". A body that is no Secret only loses the excerpt.
std::string Redact(std::string message, std::string_view body);

}  // namespace sluice::kube
