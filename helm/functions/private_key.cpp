#include "helm/functions/private_key.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

std::string Contents(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::shared_ptr<EVP_PKEY> Read(int kind, const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  EVP_PKEY* key = kind == EVP_PKEY_NONE ? d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size()))
                                        : d2i_PrivateKey(kind, nullptr, &at, static_cast<long>(der.size()));
  return {key, FreeKey()};
}

}  // namespace

bool FirstPemBlock(std::string_view text, std::string& type, std::string& bytes) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  char *name = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (!bio || PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) return false;
  type = name;
  bytes.assign(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  return true;
}

Result<std::shared_ptr<EVP_PKEY>> ParsePrivateKey(std::string_view pem) {
  std::string type, der;
  if (!FirstPemBlock(pem, type, der)) return Invalid("no PEM data in input");
  if (type == "PRIVATE KEY") {
    if (auto key = Read(EVP_PKEY_NONE, der)) return key;
    return Invalid("decoding PEM as PKCS#8: asn1: structure error");
  }
  constexpr std::string_view kSuffix = " PRIVATE KEY";
  if (!std::string_view(type).ends_with(kSuffix)) return Invalid("no private key data in PEM block of type " + type);
  const std::string kind = type.substr(0, type.size() - kSuffix.size());
  const int id = kind == "RSA" ? EVP_PKEY_RSA : kind == "EC" ? EVP_PKEY_EC : kind == "DSA" ? EVP_PKEY_DSA : EVP_PKEY_NONE;
  if (id == EVP_PKEY_NONE) return Invalid("invalid private key type " + type);
  if (auto key = Read(id, der)) return key;
  return Invalid("parsing " + kind + " private key from PEM: asn1: structure error");
}

std::string WritePrivateKey(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  const int id = EVP_PKEY_get_base_id(key);
  if (id == EVP_PKEY_RSA || id == EVP_PKEY_EC || id == EVP_PKEY_DSA) {
    PEM_write_bio_PrivateKey_traditional(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  } else {
    PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  }
  return Contents(bio.get());
}

PrivateKey NewRsaKey(int bits) { return PrivateKey(EVP_RSA_gen(static_cast<unsigned int>(bits))); }

}  // namespace sluice::helm
