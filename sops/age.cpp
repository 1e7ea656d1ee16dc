// The format is C2SP's age.md: a header of stanzas, each of which holds the file key sealed for one recipient, a MAC over the header by that
// key, and the text in chunks of 64 KiB sealed one by one, the last of them marked as such.
#include "sops/age.h"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "crypto/ciphers.h"

namespace sluice::sops {
namespace {

using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::string_view kVersion = "age-encryption.org/v1";
constexpr std::string_view kArmorBegin = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kArmorEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr std::size_t kFileKey = 16, kTag = 16, kNonce = 16, kChunk = 64u << 10, kColumns = 64;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// Takes the next line off `rest`, without its end; nullopt where nothing is left.
std::optional<std::string_view> TakeLine(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

/// Base64 without padding, in its one canonical spelling.
std::optional<std::string> DecodeUnpadded(std::string_view text) {
  std::string padded(text);
  padded.append((4 - padded.size() % 4) % 4, '=');
  if (text.find_first_of("=\r\n") != std::string_view::npos) return std::nullopt;
  auto bytes = base::Base64Decode(padded);
  if (!bytes || base::Base64Encode(*bytes) != padded) return std::nullopt;
  return std::move(*bytes);
}

Result<std::string> Unarmor(std::string_view file) {
  std::string_view rest = Trim(file);
  if (!rest.starts_with(kArmorBegin)) return std::string(file);
  TakeLine(rest);
  std::string text;
  bool ended = false;
  while (const auto line = TakeLine(rest)) {
    std::string_view body = *line;
    if (body.ends_with('\r')) body.remove_suffix(1);
    if (body == kArmorEnd) {
      ended = true;
      break;
    }
    if (body.empty() || body.size() > kColumns) return Invalid("age: malformed armor");
    text += body;
  }
  if (!ended || !rest.empty()) return Invalid("age: malformed armor");
  auto bytes = base::Base64Decode(text);
  if (!bytes) return Invalid("age: malformed armor");
  return std::move(*bytes);
}

struct Stanza {
  std::vector<std::string_view> arguments;  ///< the first is its type
  std::string body;
};

struct Header {
  std::vector<Stanza> stanzas;
  std::string_view authenticated;  ///< what the MAC is over
  std::string mac;
  std::string_view payload;
};

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t end = line.find(' ');
    words.push_back(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return words;
}

/// Lines of 64 columns, ended by a shorter one.
Result<std::string> ReadBody(std::string_view& rest, const AgeLimits& limits) {
  std::string text;
  while (true) {
    const auto line = TakeLine(rest);
    if (!line || line->size() > kColumns || text.size() > limits.max_header_line) return Invalid("age: malformed header");
    text += *line;
    if (line->size() < kColumns) break;
  }
  auto bytes = DecodeUnpadded(text);
  if (!bytes) return Invalid("age: malformed header");
  return std::move(*bytes);
}

Result<Header> ReadHeader(std::string_view file, const AgeLimits& limits) {
  Header header;
  std::string_view rest = file;
  if (TakeLine(rest) != kVersion) return Invalid("age: not an age file");
  while (true) {
    const auto line = TakeLine(rest);
    if (!line || line->size() > limits.max_header_line) return Invalid("age: malformed header");
    if (line->starts_with("--- ")) {
      header.authenticated = file.substr(0, static_cast<std::size_t>(line->data() - file.data()) + 3);
      auto mac = DecodeUnpadded(line->substr(4));
      if (!mac || mac->size() != 32) return Invalid("age: malformed header");
      header.mac = std::move(*mac);
      header.payload = rest;
      return header;
    }
    if (!line->starts_with("-> ")) return Invalid("age: malformed header");
    if (header.stanzas.size() == limits.max_recipients) {
      return MakeError(Reason::TooLarge, "age: more than " + std::to_string(limits.max_recipients) + " recipients");
    }
    Stanza stanza{.arguments = Words(line->substr(3))};
    if (stanza.arguments.empty()) return Invalid("age: malformed header");
    TRY(stanza.body, ReadBody(rest, limits));
    header.stanzas.push_back(std::move(stanza));
  }
}

/// The file key, if this stanza seals it for `identity`.
std::optional<std::string> Unwrap(const Stanza& stanza, const AgeIdentity& identity) {
  if (stanza.arguments.size() != 2 || stanza.body.size() != kFileKey + kTag) return std::nullopt;
  const auto share = DecodeUnpadded(stanza.arguments[1]);
  if (!share) return std::nullopt;
  auto secret = crypto::X25519(identity.secret, *share);
  if (!secret) return std::nullopt;
  std::string key = crypto::HkdfSha256(*secret, *share + identity.recipient, "age-encryption.org/v1/X25519", 32);
  auto file_key = crypto::OpenChaCha20Poly1305(key, std::string(12, '\0'), stanza.body);
  crypto::Wipe(*secret);
  crypto::Wipe(key);
  return file_key;
}

Result<std::string> FindFileKey(const Header& header, std::span<const AgeIdentity> identities) {
  for (const Stanza& stanza : header.stanzas) {
    if (stanza.arguments[0] == "scrypt") return MakeError(Reason::Unsupported, "age: encrypted with a passphrase, which is not served");
    if (stanza.arguments[0] != "X25519") continue;
    for (const AgeIdentity& identity : identities) {
      if (auto key = Unwrap(stanza, identity)) return std::move(*key);
    }
  }
  return base::NotFound("no identity matched any of the recipients");
}

/// The nonce of a chunk: its number in 11 bytes, big-endian, and whether it is the last.
std::string ChunkNonce(std::uint64_t number, bool last) {
  std::string nonce(12, '\0');
  for (std::size_t i = 0; i < 8; ++i) nonce[10 - i] = static_cast<char>((number >> (8 * i)) & 0xFF);
  nonce[11] = last ? '\1' : '\0';
  return nonce;
}

Result<std::string> OpenPayload(std::string_view payload, std::string_view file_key) {
  const base::Error broken = MakeError(Reason::Unauthorized, "age: damaged or altered");
  if (payload.size() < kNonce) return broken;
  std::string key = crypto::HkdfSha256(file_key, payload.substr(0, kNonce), "payload", 32);
  payload.remove_prefix(kNonce);
  std::string out;
  for (std::uint64_t number = 0;; ++number) {
    const bool last = payload.size() <= kChunk + kTag;
    const std::string_view chunk = payload.substr(0, kChunk + kTag);
    auto plain = crypto::OpenChaCha20Poly1305(key, ChunkNonce(number, last), chunk);
    if (!plain || (last && plain->empty() && number > 0)) {
      crypto::Wipe(key);
      crypto::Wipe(out);
      return broken;
    }
    out += *plain;
    if (last) break;
    payload.remove_prefix(chunk.size());
  }
  crypto::Wipe(key);
  return out;
}

constexpr std::string_view kBech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

std::uint32_t Bech32Step(std::uint32_t checksum, std::uint32_t value) {
  constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
  const std::uint32_t top = checksum >> 25;
  checksum = ((checksum & 0x1ffffff) << 5) ^ value;
  for (std::size_t i = 0; i < kGenerator.size(); ++i) {
    if (((top >> i) & 1) != 0) checksum ^= kGenerator[i];
  }
  return checksum;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Groups of 5 bits to bytes; nullopt where what is left over is not zero.
std::optional<std::string> Regroup(std::span<const std::uint32_t> values) {
  std::string out;
  std::uint32_t bits = 0, held = 0;
  for (const std::uint32_t value : values) {
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out += static_cast<char>((held >> bits) & 0xFF);
    }
  }
  if (bits >= 5 || (held & ((1u << bits) - 1)) != 0) return std::nullopt;
  return out;
}

Result<AgeIdentity> ParseIdentity(std::string_view line) {
  if (line.starts_with("AGE-SECRET-KEY-PQ-")) return MakeError(Reason::Unsupported, "post-quantum keys are not served");
  if (line.starts_with("AGE-PLUGIN-")) return MakeError(Reason::Unsupported, "plugins are not served");
  if (line.starts_with("-----BEGIN")) return MakeError(Reason::Unsupported, "ssh keys are not served");
  if (!line.starts_with("AGE-SECRET-KEY-1")) return Invalid("unknown identity type");
  auto secret = DecodeBech32(line, "age-secret-key-");
  if (!secret || secret->size() != 32) return Invalid("malformed secret key");
  AgeIdentity identity{.secret = std::move(*secret)};
  auto recipient = crypto::X25519PublicKey(identity.secret);
  if (!recipient) return Invalid("malformed secret key");
  identity.recipient = std::move(*recipient);
  return identity;
}

}  // namespace

Result<std::string> DecodeBech32(std::string_view text, std::string_view prefix) {
  bool upper = false, lower = false;
  for (const char c : text) {
    upper |= c >= 'A' && c <= 'Z';
    lower |= c >= 'a' && c <= 'z';
  }
  const std::size_t split = text.rfind('1');
  if (upper && lower) return Invalid("bech32: mixed case");
  if (split == std::string_view::npos || split == 0 || text.size() - split < 7) return Invalid("bech32: malformed");
  std::string found;
  for (const char c : text.substr(0, split)) found += Lower(c);
  if (found != prefix) return Invalid("bech32: another kind of key");
  std::uint32_t checksum = 1;
  for (const char c : found) checksum = Bech32Step(checksum, static_cast<unsigned char>(c) >> 5);
  checksum = Bech32Step(checksum, 0);
  for (const char c : found) checksum = Bech32Step(checksum, static_cast<unsigned char>(c) & 31);
  std::vector<std::uint32_t> values;
  for (const char c : text.substr(split + 1)) {
    const std::size_t value = kBech32.find(Lower(c));
    if (value == std::string_view::npos) return Invalid("bech32: malformed");
    values.push_back(static_cast<std::uint32_t>(value));
    checksum = Bech32Step(checksum, values.back());
  }
  if (checksum != 1) return Invalid("bech32: wrong checksum");
  auto bytes = Regroup(std::span(values).first(values.size() - 6));
  if (!bytes) return Invalid("bech32: malformed");
  return std::move(*bytes);
}

Result<std::vector<AgeIdentity>> ParseAgeIdentities(std::string_view text, const AgeLimits& limits) {
  if (text.size() > limits.max_bytes) return MakeError(Reason::TooLarge, "over " + std::to_string(limits.max_bytes) + " bytes");
  std::vector<AgeIdentity> identities;
  std::size_t number = 0;
  while (const auto line = TakeLine(text)) {
    ++number;
    const std::string_view trimmed = Trim(*line);
    if (trimmed.empty() || trimmed.starts_with("#")) continue;
    if (identities.size() == limits.max_identities) {
      return MakeError(Reason::TooLarge, "more than " + std::to_string(limits.max_identities) + " identities");
    }
    auto identity = ParseIdentity(trimmed);
    if (!identity) return std::move(identity).error().Wrap("line " + std::to_string(number));
    identities.push_back(std::move(*identity));
  }
  if (identities.empty()) return Invalid("no age identity");
  return identities;
}

Result<std::string> DecryptAge(std::string_view file, std::span<const AgeIdentity> identities, const AgeLimits& limits) {
  if (file.size() > limits.max_bytes) return MakeError(Reason::TooLarge, "age: over " + std::to_string(limits.max_bytes) + " bytes");
  TRY(const std::string bytes, Unarmor(file));
  TRY(const Header header, ReadHeader(bytes, limits));
  TRY(std::string key, FindFileKey(header, identities));
  std::string mac_key = crypto::HkdfSha256(key, "", "header", 32);
  const bool whole = crypto::SameBytes(crypto::HmacSha256(mac_key, header.authenticated), header.mac);
  Result<std::string> out = MakeError(Reason::Unauthorized, "age: damaged or altered");
  if (whole) out = OpenPayload(header.payload, key);
  crypto::Wipe(mac_key);
  crypto::Wipe(key);
  return out;
}

}  // namespace sluice::sops
