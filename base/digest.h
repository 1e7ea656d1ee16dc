// base/digest.h: SHA-1, SHA-2 and BLAKE3 digests, hex and base64. OpenSSL behind most of it, libmd behind SHA-256 of short texts.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::base {

std::string Sha256Hex(std::string_view bytes);  ///< 64 lower-case hex digits
std::string Sha1Hex(std::string_view bytes);

/// By the name that OCI and Flux write before the colon: "sha1", "sha256", "sha384", "sha512", "blake3"; nullopt for another.
std::optional<std::string> NamedDigestHex(std::string_view algorithm, std::string_view bytes);

/// Incremental SHA-256.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Update(std::string_view bytes);
  std::string Hex();  ///< ends it; call once

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Incremental, by the same names.
class Hasher {
 public:
  static std::unique_ptr<Hasher> Make(std::string_view algorithm);  ///< nullptr for another
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  void Update(std::string_view bytes);
  std::string Hex();  ///< ends it; call once

 private:
  struct Impl;
  explicit Hasher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

std::string HexEncode(std::string_view bytes);
std::string Base64Encode(std::string_view bytes);         ///< standard alphabet, padded, one line
Result<std::string> Base64Decode(std::string_view text);  ///< standard alphabet; line breaks are skipped; Invalid

}  // namespace sluice::base
