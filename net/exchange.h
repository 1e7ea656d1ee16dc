// net/exchange.h: what both carriers (HTTP/2, and HTTP/1.1 over curl) are given. Private to net/.
#pragma once

#include "net/executor.h"
#include "net/http.h"
#include "net/url.h"

namespace sluice::net {

struct Exchange {
  const Request& request;
  const Url& url;
  bool with_identity;    ///< send the client certificate, and expect `tls.server_name`
  const BodySink* sink;  ///< or null
  SteadyTime deadline;

  bool endless() const { return deadline == SteadyTime::max(); }
};

}  // namespace sluice::net
