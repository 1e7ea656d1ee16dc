#include "crypto/ssh_signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/digest.h"

namespace sluice::crypto {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::string_view kBegin = "-----BEGIN SSH SIGNATURE-----", kEnd = "-----END SSH SIGNATURE-----";
constexpr std::string_view kMagic = "SSHSIG";
constexpr std::size_t kMaxSignatureBytes = 64u << 10, kMaxKeyText = 1u << 20, kMaxLines = 10'000;
constexpr int kMinRsaBits = 2048, kMaxRsaBits = 16384;

struct CurveRow {
  std::string_view name, group;
  const char* digest;
};
constexpr CurveRow kCurves[] = {{"nistp256", "P-256", "SHA256"}, {"nistp384", "P-384", "SHA384"}, {"nistp521", "P-521", "SHA512"}};

constexpr std::string_view kEd25519 = "ssh-ed25519", kRsa = "ssh-rsa", kEcdsa = "ecdsa-sha2-";
constexpr std::string_view kSkEd25519 = "sk-ssh-ed25519@openssh.com", kSkEcdsa = "sk-ecdsa-sha2-nistp256@openssh.com";

const CurveRow* CurveOf(std::string_view type) {
  if (type == kSkEcdsa) return &kCurves[0];
  for (const CurveRow& row : kCurves)
    if (type.starts_with(kEcdsa) && type.substr(kEcdsa.size()) == row.name) return &row;
  return nullptr;
}

bool IsKeyType(std::string_view type) { return type == kEd25519 || type == kRsa || type == kSkEd25519 || CurveOf(type) != nullptr; }

template <class T, auto Free>
struct Freer {
  void operator()(T* thing) const { Free(thing); }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX, EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freer<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freer<OSSL_PARAM, OSSL_PARAM_free>>;
using Number = std::unique_ptr<BIGNUM, Freer<BIGNUM, BN_free>>;
using EcdsaPair = std::unique_ptr<ECDSA_SIG, Freer<ECDSA_SIG, ECDSA_SIG_free>>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// ssh's wire format (RFC 4251, section 5); each call is nullopt once the bytes do not suffice.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}
  std::optional<std::string_view> Take(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    const std::string_view out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return out;
  }
  std::optional<std::uint32_t> Word() {
    const auto bytes = Take(4);
    if (!bytes) return std::nullopt;
    std::uint32_t out = 0;
    for (const char c : *bytes) out = out << 8 | static_cast<unsigned char>(c);
    return out;
  }
  std::optional<std::string_view> String() {
    const auto size = Word();
    return size ? Take(*size) : std::nullopt;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::string WireString(std::string_view text) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(text.size() >> shift & 0xFF);
  return out + std::string(text);
}

std::string Hash(const char* name, std::string_view bytes) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out, &size, EVP_get_digestbyname(name), nullptr) != 1) return {};
  return {reinterpret_cast<char*>(out), size};
}

Error Refused(std::string message) { return MakeError(Reason::Unauthorized, std::move(message)); }

/// The fields of a key after its type.
struct KeyFields {
  std::string_view curve, point;       ///< ecdsa
  std::string_view exponent, modulus;  ///< rsa
  std::string_view raw;                ///< ed25519
  std::string_view application;        ///< of a token's key
};

/// nullopt: damaged, or more follows.
std::optional<KeyFields> FieldsOf(const SshPublicKey& key) {
  WireReader reader(key.wire);
  KeyFields out;
  const auto type = reader.String();
  if (!type || *type != key.type) return std::nullopt;
  const auto take = [&](std::string_view& field) {
    const auto text = reader.String();
    if (text) field = *text;
    return text.has_value();
  };
  bool sound = false;
  if (key.type == kEd25519) sound = take(out.raw);
  if (key.type == kSkEd25519) sound = take(out.raw) && take(out.application);
  if (key.type == kRsa) sound = take(out.exponent) && take(out.modulus);
  if (const CurveRow* curve = CurveOf(key.type)) {
    sound = take(out.curve) && take(out.point) && out.curve == curve->name;
    if (sound && key.type == kSkEcdsa) sound = take(out.application);
  }
  if (!sound || !reader.rest().empty()) return std::nullopt;
  return out;
}

Key FromParams(const char* kind, OSSL_PARAM_BLD* builder) {
  const Params params(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1) return nullptr;
  if (EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) return nullptr;
  return Key(key);
}

Number ToNumber(std::string_view bytes) { return Number(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr)); }

Result<Key> RsaKey(const KeyFields& fields) {
  const Number n = ToNumber(fields.modulus), e = ToNumber(fields.exponent);
  if (!n || !e) return Refused("damaged RSA key");
  const int bits = BN_num_bits(n.get());
  if (bits < kMinRsaBits || bits > kMaxRsaBits || BN_num_bits(e.get()) > 64)
    return Refused("an RSA key of " + std::to_string(bits) + " bits is refused: 2048 or more are needed");
  const Builder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return Refused("damaged RSA key");
  Key key = FromParams("RSA", builder.get());
  if (!key) return Refused("damaged RSA key");
  return key;
}

Result<Key> EcKey(const KeyFields& fields, const CurveRow& curve) {
  const Builder builder(OSSL_PARAM_BLD_new());
  const bool filled =
      builder && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group.data(), curve.group.size()) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, fields.point.data(), fields.point.size()) == 1;
  Key key = filled ? FromParams("EC", builder.get()) : nullptr;
  if (!key) return Refused("damaged ECDSA key");
  return key;
}

/// `digest` is nullptr for ed25519, which hashes for itself.
bool Verifies(EVP_PKEY* key, const char* digest, std::string_view signature, std::string_view message) {
  const DigestContext context(EVP_MD_CTX_new());
  if (!context || EVP_DigestVerifyInit_ex(context.get(), nullptr, digest, nullptr, nullptr, key, nullptr) != 1) return false;
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message), message.size()) == 1;
}

/// ssh's two numbers as the DER that OpenSSL reads; "" if damaged.
std::string ToDer(std::string_view blob) {
  WireReader reader(blob);
  const auto r = reader.String(), s = reader.String();
  if (!r || !s || !reader.rest().empty() || r->size() > 128 || s->size() > 128) return {};
  const EcdsaPair pair(ECDSA_SIG_new());
  Number first = ToNumber(*r), second = ToNumber(*s);
  if (!pair || !first || !second || ECDSA_SIG_set0(pair.get(), first.get(), second.get()) != 1) return {};
  (void)first.release();
  (void)second.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

Result<bool> CheckRsa(const KeyFields& fields, const SshSignature& signature, std::string_view blob, std::string_view message) {
  const char* digest = signature.kind == "rsa-sha2-512" ? "SHA512" : signature.kind == "rsa-sha2-256" ? "SHA256" : nullptr;
  if (!digest)
    return Refused("signature algorithm \"" + signature.kind.substr(0, 64) + "\" is refused: rsa-sha2-256 or rsa-sha2-512 is needed");
  TRY(const Key key, RsaKey(fields));
  return Verifies(key.get(), digest, blob, message);
}

Result<bool> Check(const SshPublicKey& key, const SshSignature& signature, std::string message) {
  const auto fields = FieldsOf(key);
  if (!fields) return Refused("damaged public key");
  WireReader reader(signature.blob);
  const auto blob = reader.String();
  if (!blob) return Refused("damaged signature");
  const bool token = key.type.starts_with("sk-");
  if (token) {  // the token signs over a digest, and what it says of itself follows the signature
    const auto flags = reader.Take(5);
    if (!flags) return Refused("damaged signature");
    message = Hash("SHA256", fields->application) + std::string(*flags) + Hash("SHA256", message);
  }
  if (!reader.rest().empty()) return Refused("damaged signature");
  if (key.type == kRsa) return CheckRsa(*fields, signature, *blob, message);
  if (signature.kind != key.type) return Refused("signature algorithm \"" + signature.kind.substr(0, 64) + "\" does not belong to the key");
  if (const CurveRow* curve = CurveOf(key.type)) {
    TRY(const Key ec, EcKey(*fields, *curve));
    const std::string der = ToDer(*blob);
    return !der.empty() && Verifies(ec.get(), curve->digest, der, message);
  }
  const Key raw(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(fields->raw), fields->raw.size()));
  if (!raw) return Refused("damaged public key");
  return Verifies(raw.get(), nullptr, *blob, message);
}

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

/// Takes one field off `line`; blanks inside of double quotes belong to it.
std::string_view TakeField(std::string_view& line) {
  while (!line.empty() && IsBlank(line.front())) line.remove_prefix(1);
  std::size_t end = 0;
  for (bool quoted = false; end < line.size() && (quoted || !IsBlank(line[end])); ++end) {
    if (line[end] == '"' && (end == 0 || line[end - 1] != '\\')) quoted = !quoted;
  }
  const std::string_view field = line.substr(0, end);
  line.remove_prefix(end);
  return field;
}

Result<SshPublicKey> ParseKeyLine(std::string_view line) {
  for (int skipped = 0; skipped < 2; ++skipped) {  // options, or principals, may stand before the type
    const std::string_view type = TakeField(line);
    if (!IsKeyType(type)) continue;
    const auto wire = base::Base64Decode(TakeField(line));
    if (!wire) return Invalid("the key is not in base64");
    SshPublicKey key{std::string(type), *wire};
    if (!FieldsOf(key)) return Invalid("damaged " + key.type + " key");
    return key;
  }
  return Invalid("no key of a known type");
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string SshFingerprint(const SshPublicKey& key) {
  std::string text = base::Base64Encode(Hash("SHA256", key.wire));
  while (text.ends_with('=')) text.pop_back();
  return "SHA256:" + text;
}

Result<std::vector<SshPublicKey>> ParseAuthorizedKeys(std::string_view text) {
  if (text.size() > kMaxKeyText) return MakeError(Reason::TooLarge, "over " + std::to_string(kMaxKeyText) + " bytes of keys");
  std::vector<SshPublicKey> keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    if (number > kMaxLines) return MakeError(Reason::TooLarge, "over " + std::to_string(kMaxLines) + " lines of keys");
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    auto key = ParseKeyLine(line);
    if (!key) return std::move(key).error().Wrap("line " + std::to_string(number));
    keys.push_back(*std::move(key));
  }
  return keys;
}

Result<SshSignature> ParseSshSignature(std::string_view armored) {
  if (armored.size() > kMaxSignatureBytes) return MakeError(Reason::TooLarge, "over " + std::to_string(kMaxSignatureBytes) + " bytes");
  armored = Trimmed(armored);
  if (!armored.starts_with(kBegin) || !armored.ends_with(kEnd) || armored.size() < kBegin.size() + kEnd.size())
    return Invalid("no armored SSH signature");
  const auto bytes = base::Base64Decode(Trimmed(armored.substr(kBegin.size(), armored.size() - kBegin.size() - kEnd.size())));
  if (!bytes) return Invalid("the armor is not in base64");
  WireReader reader(*bytes);
  const auto magic = reader.Take(kMagic.size());
  const auto version = reader.Word();
  if (!magic || *magic != kMagic || !version) return Invalid("damaged signature");
  if (*version != 1) return Invalid("signature version " + std::to_string(*version) + " is unknown");
  const auto key = reader.String(), name_space = reader.String(), reserved = reader.String(), hash = reader.String(),
             blob = reader.String();
  if (!key || !name_space || !reserved || !hash || !blob || !reader.rest().empty()) return Invalid("damaged signature");
  if (*hash != "sha256" && *hash != "sha512") return Invalid("hash algorithm is neither sha256 nor sha512");
  WireReader key_reader(*key), blob_reader(*blob);
  const auto type = key_reader.String(), kind = blob_reader.String();
  if (!type || !kind) return Invalid("damaged signature");
  return SshSignature{.key = {std::string(*type), std::string(*key)},
                      .name_space = std::string(*name_space),
                      .hash = std::string(*hash),
                      .kind = std::string(*kind),
                      .blob = std::string(blob_reader.rest())};
}

Result<void> VerifySshSignature(const SshSignature& signature, const SshPublicKey& key, std::string_view message,
                                std::string_view name_space) {
  if (signature.key != key) return Refused("public key does not match");
  if (signature.name_space != name_space) return Refused("namespace does not match");
  const std::string digest = Hash(signature.hash == "sha512" ? "SHA512" : "SHA256", message);
  const std::string reserved = WireString("");
  std::string covered = std::string(kMagic) + WireString(signature.name_space) + reserved + WireString(signature.hash) + WireString(digest);
  auto good = Check(key, signature, std::move(covered));
  ERR_clear_error();  // OpenSSL's queue is the thread's; nobody else shall find what failed here
  if (!good) return std::move(good).error();
  if (!*good) return Refused("signature does not match");
  return {};
}

}  // namespace sluice::crypto
