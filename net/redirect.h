// net/redirect.h: what a 3xx answer makes of a request. Pure; the rules are RFC 9110's (15.4), made stricter: credentials stay at home.
#pragma once

#include <string>

#include "net/http.h"
#include "net/url.h"

namespace sluice::net {

/// 301, 302, 303, 307 and 308.
bool IsRedirect(int status);

struct Hop {
  Request request;
  Url url;
  bool same_origin = true;  ///< false: without headers that may hold credentials, and send no client certificate
};

/// The request that follows `response` to `request`, which went to `url`. Forbidden: from https to http, to a scheme that is not HTTP,
/// to a URL with userinfo, or a body to another origin. Invalid: no Location, or a malformed one.
base::Result<Hop> NextHop(const Request& request, const Url& url, const Response& response);

}  // namespace sluice::net
