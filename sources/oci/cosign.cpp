#include "sources/oci/cosign.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/digest.h"
#include "document/json.h"
#include "document/value.h"

namespace sluice::sources::oci {
namespace {

using base::Invalid;
using base::Result;
using document::Value;

constexpr std::size_t kMaxKey = 64u << 10, kMaxDocument = 4u << 20;
constexpr int kMinRsaBits = 2048;
constexpr std::string_view kAlgorithm = "sha256:";

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Result<Value> ReadDocument(std::string_view json, std::string_view what) {
  auto parsed = document::ParseJson(json, {.max_bytes = kMaxDocument, .max_depth = 64});
  if (!parsed) return std::move(parsed).error().Wrap(what);
  if (!parsed->IsMapping()) return Invalid(std::string(what) + ": not a JSON object");
  return parsed;
}

/// What a DSSE signature is over.
std::string PreAuthentication(std::string_view type, std::string_view payload) {
  return "DSSEv1 " + std::to_string(type.size()) + " " + std::string(type) + " " + std::to_string(payload.size()) + " " +
         std::string(payload);
}

bool NamesDigest(const Value& statement, std::string_view digest) {
  if (!digest.starts_with(kAlgorithm)) return false;
  const Value* subjects = statement.Find("subject");
  if (subjects == nullptr) return false;
  for (const Value& subject : subjects->items()) {
    if (subject.StringAt({"digest", "sha256"}) == digest.substr(kAlgorithm.size())) return true;
  }
  return false;
}

}  // namespace

struct PublicKey::Impl {
  Key key{nullptr, &EVP_PKEY_free};
};

Result<PublicKey> PublicKey::Parse(std::string_view pem) {
  if (pem.size() > kMaxKey) return base::MakeError(base::Reason::TooLarge, "public key: more than 64 KiB");
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  auto impl = std::make_shared<Impl>();
  impl->key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!impl->key) return Invalid("not a public key in PEM format");
  const int kind = EVP_PKEY_get_base_id(impl->key.get());
  if (kind == EVP_PKEY_RSA && EVP_PKEY_get_bits(impl->key.get()) < kMinRsaBits)
    return Invalid("RSA keys of less than 2048 bits are refused");
  if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC && kind != EVP_PKEY_ED25519)
    return Invalid("a public key that is neither ECDSA, RSA nor Ed25519");
  PublicKey out;
  out.impl_ = std::move(impl);
  return out;
}

bool PublicKey::Verifies(std::string_view bytes, std::string_view signature) const {
  const Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY* key = impl_->key.get();
  const EVP_MD* digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  const bool good = context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
                    EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(bytes), bytes.size()) == 1;
  ERR_clear_error();
  return good;
}

std::string SignatureTag(std::string_view digest) {
  std::string tag(digest);
  if (const std::size_t colon = tag.find(':'); colon != std::string::npos) tag[colon] = '-';
  return tag + ".sig";
}

Result<void> CheckSimpleSigning(const PublicKey& key, std::string_view payload, std::string_view signature, std::string_view digest) {
  TRY(const std::string raw, base::Base64Decode(signature));
  if (raw.empty() || !key.Verifies(payload, raw)) return Invalid("the signature is not of this key");
  TRY(const Value document, ReadDocument(payload, "signature payload"));
  const std::string_view named = document.StringAt({"critical", "image", "docker-manifest-digest"});
  if (digest.empty() || named != digest) return Invalid("the signature is of another artifact, " + std::string(named.substr(0, 100)));
  return {};
}

Result<void> CheckBundle(const PublicKey& key, std::string_view bundle, std::string_view digest) {
  TRY(const Value document, ReadDocument(bundle, "signature bundle"));
  if (document.StringAt({"mediaType"}) != kBundleType) return Invalid("signature bundle: not of version 0.3");
  const std::string_view type = document.StringAt({"dsseEnvelope", "payloadType"});
  if (type != "application/vnd.in-toto+json") return Invalid("signature bundle: its envelope holds no in-toto statement");
  TRY(const std::string payload, base::Base64Decode(document.StringAt({"dsseEnvelope", "payload"})));
  const Value* signatures = document.At({"dsseEnvelope", "signatures"});
  if (signatures == nullptr || signatures->size() != 1) return Invalid("signature bundle: want one signature");
  TRY(const std::string raw, base::Base64Decode(signatures->items()[0].StringAt({"sig"})));
  if (raw.empty() || !key.Verifies(PreAuthentication(type, payload), raw)) return Invalid("the signature is not of this key");
  TRY(const Value statement, ReadDocument(payload, "signature statement"));
  if (!NamesDigest(statement, digest)) return Invalid("the signature is of another artifact");
  return {};
}

}  // namespace sluice::sources::oci
