// tests/net/raw_peer.h: a client that sends bytes as they are, and returns what comes until the peer closes.
#pragma once

#include <cstdint>
#include <string>

#include "net/executor.h"

namespace sluice::net {

/// Connects to 127.0.0.1:`port`, sends `bytes`, reads to the end. `connect: <why>` if there is no connection. At most ten seconds.
Task<std::string> AskRaw(std::uint16_t port, std::string bytes);

}  // namespace sluice::net
