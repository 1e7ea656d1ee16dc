// sources/git/socks5.h: asking a SOCKS 5 proxy (RFC 1928, RFC 1929) for a connection to somebody else. Pure: the bytes come and go through functions.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::sources {

struct Socks5Request {
  std::string_view host;  ///< a name is looked up by the proxy; an IPv6 address stands without brackets
  std::uint16_t port = 0;
  std::string_view username, password;  ///< "" for none; at most 255 bytes each
};

struct Socks5Stream {
  std::function<base::Result<void>(std::string_view bytes)> send;     ///< all of it
  std::function<base::Result<void>(std::span<char> buffer)> receive;  ///< fills it
};

/// After it, what is sent goes to the host. Invalid (no SOCKS 5 answer; a name or login that is too long), Unauthorized (the login is refused, or needed),
/// Unavailable (the proxy cannot connect: the message says why), and the stream's errors.
base::Result<void> AskSocks5(const Socks5Stream& stream, const Socks5Request& request);

}  // namespace sluice::sources
