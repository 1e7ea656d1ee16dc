// crypto/ciphers.h: the primitives that age and SOPS are made of, on bytes. Pure; OpenSSL behind it.
// Keys, nonces, tags and plain texts are strings of bytes; a function says how long they have to be.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::crypto {

/// HMAC-SHA-256 of `bytes`: 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view bytes);
/// HKDF-SHA-256 (RFC 5869): `size` bytes, at most 255 * 32.
std::string HkdfSha256(std::string_view secret, std::string_view salt, std::string_view info, std::size_t size);
/// Whether they are equal, in a time that tells nothing of where they differ.
bool SameBytes(std::string_view left, std::string_view right);

/// The plain text of ChaCha20-Poly1305 (RFC 8439): `sealed` ends in its 16 bytes of tag. 32 bytes of key, 12 of nonce. nullopt: it is not
/// what was sealed with this key and nonce, or a length is wrong.
std::optional<std::string> OpenChaCha20Poly1305(std::string_view key, std::string_view nonce, std::string_view sealed);
/// The plain text of AES-GCM with a key of 16, 24 or 32 bytes, a nonce of 1 to 64 bytes and a tag of 16; `extra` is what was authenticated beside it.
std::optional<std::string> OpenAesGcm(std::string_view key, std::string_view nonce, std::string_view sealed, std::string_view tag,
                                      std::string_view extra);

/// X25519 (RFC 7748) of a 32-byte private and a 32-byte public key; nullopt where the result would be all zero or a length is wrong.
std::optional<std::string> X25519(std::string_view private_key, std::string_view public_key);
/// The public key of a private one.
std::optional<std::string> X25519PublicKey(std::string_view private_key);

/// Overwrites `bytes` so that no compiler leaves it out.
void Wipe(std::string& bytes);

}  // namespace sluice::crypto
