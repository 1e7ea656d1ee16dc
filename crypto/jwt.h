// crypto/jwt.h: JSON Web Tokens (RFC 7519) that we sign ourselves. Pure. OpenSSL behind it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::crypto {

/// base64url without padding (RFC 4648, section 5).
std::string Base64Url(std::string_view bytes);

/// `header.claims.signature` with RS256 (RSASSA-PKCS1-v1_5 over SHA-256). `claims` is a JSON object; `private_key` an RSA key in PEM, PKCS #1 or #8, without
/// a passphrase. Invalid: it is none; nothing of it is in the message.
base::Result<std::string> SignRs256(std::string_view private_key, std::string_view claims);

}  // namespace sluice::crypto
