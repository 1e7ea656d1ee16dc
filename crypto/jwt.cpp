#include "crypto/jwt.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "base/digest.h"

namespace sluice::crypto {
namespace {

using base::Invalid;
using base::Result;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

constexpr std::size_t kMaxKeyBytes = 64u << 10;

int NoPassphrase(char*, int, int, void*) { return -1; }  // nobody is asked at a terminal

Key ReadKey(std::string_view pem) {
  if (pem.size() > kMaxKeyBytes) return {nullptr, &EVP_PKEY_free};
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  return {bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr) : nullptr, &EVP_PKEY_free};
}

Result<std::string> Sign(EVP_PKEY* key, std::string_view text) {
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) != 1)
    return Invalid("the private key cannot sign");
  std::string out(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes, text.size()) != 1)
    return Invalid("the private key cannot sign");
  out.resize(size);
  return out;
}

}  // namespace

std::string Base64Url(std::string_view bytes) {
  std::string out = base::Base64Encode(bytes);
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return out;
}

Result<std::string> SignRs256(std::string_view private_key, std::string_view claims) {
  const Key key = ReadKey(private_key);
  const bool rsa = key && EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_RSA;
  ERR_clear_error();
  if (!rsa) return Invalid("could not parse private key: it is no RSA key in PEM form without a passphrase");
  const std::string text = Base64Url(R"({"alg":"RS256","typ":"JWT"})") + "." + Base64Url(claims);
  TRY(const std::string signature, Sign(key.get(), text));
  return text + "." + Base64Url(signature);
}

}  // namespace sluice::crypto
