// sops/age.h: files encrypted with age (age-encryption.org/v1) to X25519 recipients. Pure.
// Not served, and said so: passphrases (scrypt), ssh keys, post-quantum keys, plugins.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sops {

/// An X25519 identity: 32 bytes each. Copies hold the secret too.
struct AgeIdentity {
  std::string secret, recipient;
};

struct AgeLimits {
  std::size_t max_identities = 256;
  std::size_t max_recipients = 1000;        ///< stanzas of one header
  std::size_t max_bytes = 1u << 20;         ///< of an encrypted file, armored or not
  std::size_t max_header_line = 16u << 10;  ///< of one line of the header
};

/// The identities of an age key file: one a line (`AGE-SECRET-KEY-1…`), empty lines and `#` comments left out.
/// Errors: Invalid `line N: …` (never with the line itself), Unsupported for other kinds of keys, TooLarge. No identity at all is Invalid.
base::Result<std::vector<AgeIdentity>> ParseAgeIdentities(std::string_view text, const AgeLimits& limits = {});

/// The text of `file` (armored or binary). Errors: NotFound `no identity matched any of the recipients`, Unsupported (scrypt),
/// Unauthorized (damaged or altered), Invalid (not an age file), TooLarge.
base::Result<std::string> DecryptAge(std::string_view file, std::span<const AgeIdentity> identities, const AgeLimits& limits = {});

/// The data of a bech32 text (BIP 173, of any length) with the human-readable part `prefix` in lower case; Invalid otherwise.
base::Result<std::string> DecodeBech32(std::string_view text, std::string_view prefix);

}  // namespace sluice::sops
