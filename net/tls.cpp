#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace sluice::net {
namespace asio = boost::asio;
namespace ssl = asio::ssl;

using base::Reason;
using base::Result;

namespace {

constexpr unsigned char kAlpn[] = "\x02h2\x08http/1.1";

Result<void> UseIdentity(ssl::context& context, const TlsOptions& options) {
  boost::system::error_code error;
  context.use_certificate_chain(asio::buffer(options.client_cert_pem), error);
  if (error) return base::Invalid("client certificate: not a PEM certificate");
  context.use_private_key(asio::buffer(options.client_key_pem), ssl::context::pem, error);
  const bool mismatch = ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH;
  if (error) return base::Invalid(mismatch ? "client key: not the key of the client certificate" : "client key: not a PEM private key");
  return {};
}

Result<void> UseRoots(ssl::context& context, const TlsOptions& options) {
  boost::system::error_code error;
  if (options.ca_pem.empty() || options.system_roots) {
    context.set_default_verify_paths(error);
    if (error) return base::Invalid("the system's CA certificates: " + error.message());
  }
  if (options.ca_pem.empty()) return {};
  context.add_certificate_authority(asio::buffer(options.ca_pem), error);
  if (error) return base::Invalid("CA certificates: not PEM certificates");
  return {};
}

bool IsAddress(const std::string& name) {
  boost::system::error_code error;
  asio::ip::make_address(name, error);
  return !error;
}

// Alerts by which a server says that it does not take our certificate, or wants one.
bool IsRefusal(int reason) {
  switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

}  // namespace

Result<std::shared_ptr<ssl::context>> MakeClientContext(const TlsOptions& options, bool with_identity) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_alpn_protos(native, kAlpn, sizeof kAlpn - 1);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  if (options.insecure_skip_verify) {
    context->set_verify_mode(ssl::verify_none);
  } else {
    context->set_verify_mode(ssl::verify_peer);
    TRY(UseRoots(*context, options));
  }
  if (with_identity && !options.client_cert_pem.empty()) {
    TRY(UseIdentity(*context, options));
  }
  return context;
}

Result<void> ExpectPeer(TlsStream& stream, const std::string& name, bool verify) {
  SSL* native = stream.native_handle();
  X509_VERIFY_PARAM* expected = SSL_get0_param(native);
  const bool address = IsAddress(name);
  bool ok = address || SSL_set_tlsext_host_name(native, name.c_str()) == 1;
  if (ok && verify) {
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    ok = address ? X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str()) == 1
                 : X509_VERIFY_PARAM_set1_host(expected, name.c_str(), name.size()) == 1;
  }
  if (!ok) return base::Invalid("TLS: \"" + name + "\" is no name for a server");
  return {};
}

bool ChoseHttp2(TlsStream& stream) {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(stream.native_handle(), &name, &length);
  return length == 2 && name[0] == 'h' && name[1] == '2';
}

base::Error TlsError(TlsStream& stream, const boost::system::error_code& error) {
  const bool is_ssl = error.category() == asio::error::get_ssl_category();
  const auto code = static_cast<unsigned long>(error.value());
  if (is_ssl && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long why = SSL_get_verify_result(stream.native_handle());
    return base::MakeError(Reason::Unauthorized, std::string("TLS: certificate refused: ") + X509_verify_cert_error_string(why));
  }
  if (is_ssl && IsRefusal(ERR_GET_REASON(code))) {
    return base::MakeError(Reason::Unauthorized, std::string("TLS: the peer refused: ") + ERR_reason_error_string(code));
  }
  return base::MakeError(Reason::Unavailable, (is_ssl ? "TLS: " : "") + error.message());
}

}  // namespace sluice::net
