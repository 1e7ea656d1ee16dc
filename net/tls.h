// net/tls.h: OpenSSL's client side for the HTTP/2 connections: contexts from PEM texts, and its errors in our words. Private to net/.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>

#include <memory>
#include <string>

#include "net/http.h"

namespace sluice::net {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

/// TLS 1.2 and up; asks for HTTP/2, else HTTP/1.1, by ALPN. Invalid: a PEM that is none, or a key that is not the certificate's.
base::Result<std::shared_ptr<boost::asio::ssl::context>> MakeClientContext(const TlsOptions& options, bool with_identity);
/// Before the handshake: SNI, and the name or address that the certificate must be for.
base::Result<void> ExpectPeer(TlsStream& stream, const std::string& name, bool verify);
/// After it: did the peer choose HTTP/2?
bool ChoseHttp2(TlsStream& stream);
/// Unauthorized: either side refused the other's certificate. Unavailable: anything else.
base::Error TlsError(TlsStream& stream, const boost::system::error_code& error);

}  // namespace sluice::net
