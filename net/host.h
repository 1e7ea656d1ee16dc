// net/host.h: names of hosts, as the resolver of the system knows them. Blocks, so it is for worker threads.
#pragma once

#include <string>

#include "base/result.h"

namespace sluice::net {

/// The lowest of the addresses of `host`, IPv4 before IPv6, so that the answer changes only with them; an address is its own. NotFound: `lookup db: Name or service not known`.
base::Result<std::string> LowestAddressOf(const std::string& host);

}  // namespace sluice::net
