// sources/oci/cosign.h: signatures of cosign with a public key, in both of its formats: simple signing (cosign 2: `sha256-<hex>.sig`) and Sigstore bundles
// around a DSSE envelope (cosign 3: a referrer). A signature counts only if it verifies with the key *and* what it signs names the artifact's digest.
// Pure; OpenSSL behind it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::sources::oci {

inline constexpr std::string_view kSignatureAnnotation = "dev.cosignproject.cosign/signature";
inline constexpr std::string_view kBundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

class PublicKey {
 public:
  /// A PEM `PUBLIC KEY`: ECDSA on any curve, RSA of 2,048 bits or more, Ed25519. Invalid: anything else.
  static base::Result<PublicKey> Parse(std::string_view pem);
  /// SHA-256 for ECDSA (DER) and RSA (PKCS #1 v1.5); Ed25519 signs the bytes themselves.
  bool Verifies(std::string_view bytes, std::string_view signature) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// The tag under which cosign 2 keeps the signatures of `digest`.
std::string SignatureTag(std::string_view digest);

/// Whether `payload` (a simple-signing document, SHA-256 checked by whoever read it) is signed by `key` with the base64 text `signature`, and about `digest`.
/// The error says why not.
base::Result<void> CheckSimpleSigning(const PublicKey& key, std::string_view payload, std::string_view signature, std::string_view digest);

/// The same of a Sigstore bundle (version 0.3) whose DSSE envelope holds an in-toto statement.
base::Result<void> CheckBundle(const PublicKey& key, std::string_view bundle, std::string_view digest);

}  // namespace sluice::sources::oci
