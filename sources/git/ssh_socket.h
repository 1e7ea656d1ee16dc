// sources/git/ssh_socket.h: a TCP connection made within a deadline.
#pragma once

#include "sources/git/transport.h"

namespace sluice::sources {

/// A connected, non-blocking socket to the URL's host, through the credentials' socks5 proxy if they name one, which the caller closes. Every address of the name is tried in turn. (Looking the name up is
/// the C library's, and ends by resolv.conf's timeouts.) Errors: Unavailable, Timeout, Canceled, Unsupported (a proxy
/// of another kind), and those of AskSocks5.
base::Result<int> ConnectTcp(const TransportContext& context);

}  // namespace sluice::sources
