#include "crypto/ciphers.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

namespace sluice::crypto {
namespace {

constexpr std::size_t kHash = 32, kTag = 16, kCurve = 32;

const unsigned char* In(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* Out(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

template <auto kFree>
struct Free {
  template <class T>
  void operator()(T* it) const {
    kFree(it);
  }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Agreement = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;

std::optional<std::string> Open(const EVP_CIPHER* cipher, std::string_view key, std::string_view nonce, std::string_view sealed,
                                std::string_view tag, std::string_view extra) {
  const Context context(EVP_CIPHER_CTX_new());
  std::string tag_copy(tag), plain(sealed.size(), '\0');
  int size = 0;
  // An empty input has no address; OpenSSL takes a null for "end of the extra data", so it gets one.
  const unsigned char* input = sealed.empty() ? Out(tag_copy) : In(sealed);
  const bool good = context && EVP_DecryptInit_ex(context.get(), cipher, nullptr, nullptr, nullptr) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(nonce.size()), nullptr) == 1 &&
                    EVP_DecryptInit_ex(context.get(), nullptr, nullptr, In(key), In(nonce)) == 1 &&
                    (extra.empty() || EVP_DecryptUpdate(context.get(), nullptr, &size, In(extra), static_cast<int>(extra.size())) == 1) &&
                    EVP_DecryptUpdate(context.get(), Out(plain), &size, input, static_cast<int>(sealed.size())) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_copy.size()), tag_copy.data()) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), Out(plain) + plain.size(), &size) == 1;
  if (good) return plain;
  Wipe(plain);
  return std::nullopt;
}

}  // namespace

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  std::string out(kHash, '\0');
  unsigned size = 0;
  static const std::string kEmpty(1, '\0');
  const unsigned char* at = key.empty() ? In(kEmpty) : In(key);
  HMAC(EVP_sha256(), at, static_cast<int>(key.size()), In(bytes), bytes.size(), Out(out), &size);
  return out;
}

std::string HkdfSha256(std::string_view secret, std::string_view salt, std::string_view info, std::size_t size) {
  std::string pseudo_random = HmacSha256(salt.empty() ? std::string(kHash, '\0') : std::string(salt), secret);
  std::string out, block;
  for (unsigned char i = 1; out.size() < size && i != 0; ++i) {
    block = HmacSha256(pseudo_random, block + std::string(info) + static_cast<char>(i));
    out += block;
  }
  out.resize(size);
  Wipe(pseudo_random);
  return out;
}

bool SameBytes(std::string_view left, std::string_view right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::optional<std::string> OpenChaCha20Poly1305(std::string_view key, std::string_view nonce, std::string_view sealed) {
  if (key.size() != 32 || nonce.size() != 12 || sealed.size() < kTag) return std::nullopt;
  const std::size_t body = sealed.size() - kTag;
  return Open(EVP_chacha20_poly1305(), key, nonce, sealed.substr(0, body), sealed.substr(body), "");
}

std::optional<std::string> OpenAesGcm(std::string_view key, std::string_view nonce, std::string_view sealed, std::string_view tag,
                                      std::string_view extra) {
  const EVP_CIPHER* cipher = key.size() == 32   ? EVP_aes_256_gcm()
                             : key.size() == 24 ? EVP_aes_192_gcm()
                             : key.size() == 16 ? EVP_aes_128_gcm()
                                                : nullptr;
  if (cipher == nullptr || nonce.empty() || nonce.size() > 64 || tag.size() != kTag) return std::nullopt;
  return Open(cipher, key, nonce, sealed, tag, extra);
}

std::optional<std::string> X25519(std::string_view private_key, std::string_view public_key) {
  if (private_key.size() != kCurve || public_key.size() != kCurve) return std::nullopt;
  const Key mine(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, In(private_key), kCurve));
  const Key theirs(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, In(public_key), kCurve));
  if (!mine || !theirs) return std::nullopt;
  const Agreement context(EVP_PKEY_CTX_new(mine.get(), nullptr));
  std::string shared(kCurve, '\0');
  std::size_t size = shared.size();
  const bool good = context && EVP_PKEY_derive_init(context.get()) == 1 && EVP_PKEY_derive_set_peer(context.get(), theirs.get()) == 1 &&
                    EVP_PKEY_derive(context.get(), Out(shared), &size) == 1 && size == kCurve;
  if (!good || SameBytes(shared, std::string(kCurve, '\0'))) return std::nullopt;
  return shared;
}

std::optional<std::string> X25519PublicKey(std::string_view private_key) {
  if (private_key.size() != kCurve) return std::nullopt;
  const Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, In(private_key), kCurve));
  std::string out(kCurve, '\0');
  std::size_t size = out.size();
  if (!key || EVP_PKEY_get_raw_public_key(key.get(), Out(out), &size) != 1) return std::nullopt;
  return out;
}

void Wipe(std::string& bytes) {
  OPENSSL_cleanse(bytes.data(), bytes.size());
  bytes.clear();
}

}  // namespace sluice::crypto
