// Digests, in hexadecimal; adler32sum in decimal.
#include <openssl/evp.h>

#include "base/digest.h"
#include "helm/functions/registry.h"

namespace sluice::helm {

namespace {

Value HexDigest(std::string_view bytes, const EVP_MD* algorithm) {
  static constexpr char kHex[] = "0123456789abcdef";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, algorithm, nullptr);
  std::string out;
  for (unsigned int i = 0; i < size; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return Value::String(std::move(out));
}

std::uint32_t Adler32(std::string_view bytes) {
  constexpr std::uint32_t kPrime = 65521;
  std::uint32_t a = 1, b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % kPrime;
    b = (b + a) % kPrime;
  }
  return b << 16 | a;
}

}  // namespace

void AddHashes(FunctionMap& map) {
  Add(map, {"sha1sum"}, {kString}, [](Arguments a) { return HexDigest(a[0].AsString(), EVP_sha1()); });
  Add(map, {"sha256sum"}, {kString}, [](Arguments a) { return Value::String(base::Sha256Hex(a[0].AsString())); });
  Add(map, {"sha512sum"}, {kString}, [](Arguments a) { return HexDigest(a[0].AsString(), EVP_sha512()); });
  Add(map, {"adler32sum"}, {kString}, [](Arguments a) { return Value::String(std::to_string(Adler32(a[0].AsString()))); });
}

}  // namespace sluice::helm
