// net/address.h: may a connection be made to this address? Pure. For net/ itself, and for those who connect by themselves (sources/git).
#pragma once

#include <string>

#include "net/http.h"

struct sockaddr;

namespace sluice::net {

/// Whether `policy` lets a connection go to `address` (AF_INET or AF_INET6; other families never). IPv4 inside IPv6 (mapped,
/// compatible, NAT64, 6to4) is judged as the IPv4 address.
bool IsAllowed(const sockaddr& address, Addresses policy);
/// `1.2.3.4` or `[::1]`.
std::string FormatAddress(const sockaddr& address);

}  // namespace sluice::net
