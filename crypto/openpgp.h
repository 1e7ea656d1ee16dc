// crypto/openpgp.h: OpenPGP (RFC 4880 and the curves of RFC 6637) on bytes: is this signature good, and what does this message say.
// Pure and in-process: no gpg, no agent, no home directory, no trust database, no password prompt; `now` is an argument. Thread-safe. RNP behind it,
// which in Debian's build writes a line to stderr about what it dislikes of an input (never secret bytes).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::crypto {

/// What outside bytes may cost; beyond it a call fails with TooLarge.
struct OpenPgpLimits {
  std::size_t max_key_bytes = 1u << 20;         ///< one key ring, armored or binary
  std::size_t max_key_rings = 64;               ///< key rings of one call
  std::size_t max_signature_bytes = 64u << 10;  ///< one detached signature
  std::size_t max_message_bytes = 16u << 20;    ///< what was signed, and an encrypted message
  std::size_t max_plain_bytes = 16u << 20;      ///< what an encrypted message may become (it may be compressed)
};

/// Who made a signature. Ids are 16, fingerprints 40 upper-case hexadecimal digits, as gpg prints them.
struct OpenPgpSigner {
  std::string key_id;               ///< of the key that signed, which may be a subkey
  std::string fingerprint;          ///< likewise
  std::string primary_key_id;       ///< of the certificate that it belongs to; what Flux writes into `SourceVerified`
  std::string primary_fingerprint;  ///< likewise
  std::string user_id;              ///< the certificate's first, e.g. "A <a@example.com>"; "" if it has none
};

/// Checks the detached `signature` (armored or binary) over the bytes of `message` with the public keys of `key_rings` (each armored or
/// binary; a ring may hold several certificates). Every certificate given is trusted. If the signature holds several, one that is good suffices.
/// The rules are those of Flux's library (ProtonMail/go-crypto): good means made by a key that may sign, with a hash no weaker than SHA-224, and
/// at `now` neither signature, key nor certificate is expired or revoked. Beyond it: a certificate may not rest on SHA-1 signatures made since 2024.
/// Errors: NotFound `no key for signature by <KEY ID>`; Unauthorized (a bad, expired or weak signature, or one by an expired or revoked key: the
/// message says which and names the key); Invalid (`signature: …`, `key ring N: …`, N from 1: not OpenPGP); TooLarge.
base::Result<OpenPgpSigner> VerifyDetached(std::span<const std::string_view> key_rings, std::string_view message,
                                           std::string_view signature, base::TimePoint now, const OpenPgpLimits& limits = {});

/// What `message` (armored or binary, encrypted to a public key) says. `key_rings` hold the private keys without passphrase; keys that
/// are expired or revoked still decrypt. Signatures inside are not looked at; a message without integrity protection is refused, as by gpg.
/// Errors: NotFound `no private key for recipient <KEY ID>[, …]`; Unauthorized (the key has a passphrase, or the message was damaged or
/// altered); Invalid (`message: …`, `key ring N: …`); TooLarge. No error contains any of the secret bytes.
base::Result<std::string> Decrypt(std::string_view message, std::span<const std::string_view> key_rings, base::TimePoint now,
                                  const OpenPgpLimits& limits = {});

/// Whether `ring` holds OpenPGP keys at all. Invalid: `no OpenPGP key`; TooLarge.
base::Result<void> CheckKeyRing(std::string_view ring, base::TimePoint now, const OpenPgpLimits& limits = {});

}  // namespace sluice::crypto
