// helm/functions/private_key.h: private keys in PEM as sprig reads and writes them. OpenSSL behind it.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::helm {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeKey>;

/// PKCS#1, SEC1, DSA or PKCS#8 by the block's type. Errors: "no PEM data in input", "no private key data in PEM block of type CERTIFICATE" ...
base::Result<std::shared_ptr<EVP_PKEY>> ParsePrivateKey(std::string_view pem);
/// "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", or PKCS#8 for the rest.
std::string WritePrivateKey(EVP_PKEY* key);
/// nullptr if OpenSSL fails.
PrivateKey NewRsaKey(int bits);

/// The first PEM block in `text`; false: there is none.
bool FirstPemBlock(std::string_view text, std::string& type, std::string& bytes);

}  // namespace sluice::helm
