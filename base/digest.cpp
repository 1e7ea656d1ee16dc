#include "base/digest.h"

#include <openssl/evp.h>
#include <sha2.h>

#include <array>
#include <stdexcept>
#include <variant>

#include "base/blake3.h"

namespace sluice::base {

namespace {

using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

// OpenSSL refuses only when it is out of memory or was built without the digest: neither is an answer a caller could handle.
void Require(int ok) {
  if (ok != 1) throw std::runtime_error("OpenSSL refused to compute a digest");
}

std::string FinishHex(EVP_MD_CTX* context) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes;
  unsigned int size = 0;
  Require(EVP_DigestFinal_ex(context, bytes.data(), &size));
  std::string raw(bytes.begin(), bytes.begin() + size);
  return HexEncode(raw);
}

std::string DigestHex(const EVP_MD* kind, std::string_view bytes) {
  Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Require(EVP_DigestInit_ex(context.get(), kind, nullptr));
  Require(EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()));
  return FinishHex(context.get());
}

// Loading OpenSSL for one digest costs more than a small build; beyond this, the processor's own instructions, which it uses, are worth it.
constexpr std::size_t kShortText = 64u << 10;

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

Error IllegalBase64(std::size_t at) { return Invalid("illegal base64 data at input byte " + std::to_string(at)); }

// What follows the first '=' of `text` at `at`, when `digits` (2 or 3) digits of the last group came before it.
Result<void> CheckPadding(std::string_view text, std::size_t at, int digits) {
  int missing = digits == 2 ? 1 : 0;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\n' || text[at] == '\r') continue;
    if (text[at] != '=' || missing == 0) return IllegalBase64(at);
    --missing;
  }
  if (missing != 0) return IllegalBase64(text.size());
  return {};
}

}  // namespace

struct Sha256::Impl {
  Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Sha256::Sha256() : impl_(std::make_unique<Impl>()) { Require(EVP_DigestInit_ex(impl_->context.get(), EVP_sha256(), nullptr)); }
Sha256::~Sha256() = default;
void Sha256::Update(std::string_view bytes) { Require(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size())); }
std::string Sha256::Hex() { return FinishHex(impl_->context.get()); }

std::string Sha256Hex(std::string_view bytes) {
  if (bytes.size() > kShortText) return DigestHex(EVP_sha256(), bytes);
  char hex[SHA256_DIGEST_STRING_LENGTH];
  return SHA256Data(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), hex);
}
std::string Sha1Hex(std::string_view bytes) { return DigestHex(EVP_sha1(), bytes); }

struct Hasher::Impl {
  std::variant<Context, Blake3> state;
};

Hasher::Hasher(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Hasher::~Hasher() = default;

std::unique_ptr<Hasher> Hasher::Make(std::string_view algorithm) {
  if (algorithm == "blake3") return std::unique_ptr<Hasher>(new Hasher(std::make_unique<Impl>(Impl{Blake3()})));
  const EVP_MD* kind = nullptr;
  if (algorithm == "sha1") kind = EVP_sha1();
  if (algorithm == "sha256") kind = EVP_sha256();
  if (algorithm == "sha384") kind = EVP_sha384();
  if (algorithm == "sha512") kind = EVP_sha512();
  if (kind == nullptr) return nullptr;
  Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Require(EVP_DigestInit_ex(context.get(), kind, nullptr));
  return std::unique_ptr<Hasher>(new Hasher(std::make_unique<Impl>(Impl{std::move(context)})));
}

void Hasher::Update(std::string_view bytes) {
  if (Blake3* blake = std::get_if<Blake3>(&impl_->state)) return blake->Update(bytes);
  Require(EVP_DigestUpdate(std::get<Context>(impl_->state).get(), bytes.data(), bytes.size()));
}

std::string Hasher::Hex() {
  if (const Blake3* blake = std::get_if<Blake3>(&impl_->state)) return blake->Hex();
  return FinishHex(std::get<Context>(impl_->state).get());
}

std::optional<std::string> NamedDigestHex(std::string_view algorithm, std::string_view bytes) {
  const std::unique_ptr<Hasher> hasher = Hasher::Make(algorithm);
  if (!hasher) return std::nullopt;
  hasher->Update(bytes);
  return hasher->Hex();
}

std::string HexEncode(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string Base64Encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k) out += k <= count ? kBase64[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

Result<std::string> Base64Decode(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  int digits = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') continue;
    if (c == '=' && digits >= 2) {
      TRY(CheckPadding(text, i, digits));
      out += static_cast<char>(digits == 2 ? group >> 4 : group >> 10);
      if (digits == 3) out += static_cast<char>(group >> 2);
      return out;
    }
    const int digit = Base64Digit(c);
    if (digit < 0) return IllegalBase64(i);
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if (++digits < 4) continue;
    for (const int shift : {16, 8, 0}) out += static_cast<char>(group >> shift);
    group = 0, digits = 0;
  }
  if (digits != 0) return IllegalBase64(text.size());
  return out;
}

}  // namespace sluice::base
