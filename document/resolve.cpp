#include "document/resolve.h"

#include <algorithm>
#include <array>
#include <optional>

#include "document/scalar.h"

namespace sluice::document {

namespace {

using base::Invalid;
using base::Result;

template <std::size_t N>
constexpr bool OneOf(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

constexpr std::array<std::string_view, 5> kNulls = {"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 6> kBools = {"true", "True", "TRUE", "false", "False", "FALSE"};
constexpr std::array<std::string_view, 16> kBools11 = {"y", "Y", "yes", "Yes", "YES", "on",  "On",  "ON",
                                                       "n", "N", "no",  "No",  "NO",  "off", "Off", "OFF"};

/// Go's own rule for `_` in numbers, which go-yaml leaves to it for a float that begins with a point; elsewhere `_` is simply dropped.
bool UnderscoresSeparateDigits(std::string_view text) {
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '_' && !(i > 0 && digit(i - 1) && digit(i + 1))) return false;
  return true;
}

/// What begins with a digit or a sign: first a time, then an integer, then a float.
Kind ResolveNumber(std::string_view text, Resolver resolver) {
  if (CanonicalTimestamp(text)) return resolver == Resolver::GoYaml3 ? Kind::Timestamp : Kind::String;
  const bool v3_only = text.starts_with("0o-") || text.starts_with("0o+");
  if (ParseInteger(text)) return v3_only && resolver == Resolver::Yaml11 ? Kind::String : Kind::Int;
  return ParseFloat(text) ? Kind::Float : Kind::String;
}

}  // namespace

Kind ResolvePlain(std::string_view text, Resolver resolver) {
  if (text.empty()) return Kind::Null;
  switch (text[0]) {
    case '~':
    case 'n':
    case 'N':
    case 't':
    case 'T':
    case 'f':
    case 'F':
    case 'y':
    case 'Y':
    case 'o':
    case 'O':
      if (text.size() > 5) return Kind::String;
      if (OneOf(text, kNulls)) return Kind::Null;
      if (OneOf(text, kBools)) return Kind::Bool;
      return resolver == Resolver::Yaml11 && OneOf(text, kBools11) ? Kind::Bool : Kind::String;
    case '.': return UnderscoresSeparateDigits(text) && ParseFloat(text) ? Kind::Float : Kind::String;
    case '+':
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return ResolveNumber(text, resolver);
    default: return Kind::String;
  }
}

std::string ShortTag(std::string_view tag) {
  constexpr std::string_view kLong = "tag:yaml.org,2002:";
  if (tag.starts_with(kLong)) return "!!" + std::string(tag.substr(kLong.size()));
  return std::string(tag);
}

namespace {

int Base64Digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/// Standard base64 with padding; line breaks anywhere are skipped.
std::optional<std::string> DecodeBase64(std::string_view text) {
  std::string digits(text);
  std::erase_if(digits, [](char c) { return c == '\n' || c == '\r'; });
  if (digits.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && digits.ends_with('=')) {
    digits.pop_back();
    ++padding;
  }
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : digits) {
    const int digit = Base64Digit(c);
    if (digit < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> held) & 0xFF);
  }
  return out;
}

std::optional<Kind> KindOfTag(std::string_view tag) {
  if (tag == "!!null") return Kind::Null;
  if (tag == "!!bool") return Kind::Bool;
  if (tag == "!!int") return Kind::Int;
  if (tag == "!!float") return Kind::Float;
  if (tag == "!!timestamp") return Kind::Timestamp;
  if (tag == "!!str") return Kind::String;
  return std::nullopt;
}

std::string_view TagOfKind(Kind kind) {
  switch (kind) {
    case Kind::Null: return "!!null";
    case Kind::Bool: return "!!bool";
    case Kind::Int: return "!!int";
    case Kind::Float: return "!!float";
    case Kind::Timestamp: return "!!timestamp";
    default: return "!!str";
  }
}

/// A scalar whose tag names one of YAML's own kinds: the text has to be of that kind (an integer will do for a float).
Result<Value> ResolveTagged(const RawScalar& scalar, std::string tag, Kind wanted, Resolver resolver) {
  Kind kind = wanted == Kind::String ? Kind::String : ResolvePlain(scalar.text, resolver);
  if (wanted == Kind::Timestamp && CanonicalTimestamp(scalar.text)) kind = Kind::Timestamp;
  if (wanted == Kind::Float && kind == Kind::Int) kind = Kind::Float;
  if (kind != wanted) {
    return Invalid("cannot decode " + std::string(TagOfKind(kind)) + " `" + std::string(scalar.text) + "` as a " + tag);
  }
  Value out = Value::Scalar(kind, scalar.text, scalar.style);
  out.set_tag(std::move(tag));
  return out;
}

}  // namespace

Result<Value> ResolveScalar(const RawScalar& scalar, Resolver resolver) {
  const bool plain = scalar.style == Style::Plain;
  if (scalar.tag.empty()) return Value::Scalar(plain ? ResolvePlain(scalar.text, resolver) : Kind::String, scalar.text, scalar.style);
  if (scalar.tag == "!") {
    const bool resolved = plain && resolver == Resolver::GoYaml3;
    return Value::Scalar(resolved ? ResolvePlain(scalar.text, resolver) : Kind::String, scalar.text, scalar.style);
  }
  std::string tag = ShortTag(scalar.tag);
  if (const auto wanted = KindOfTag(tag)) return ResolveTagged(scalar, std::move(tag), *wanted, resolver);
  Value out = Value::Scalar(Kind::String, scalar.text, scalar.style);
  if (tag == "!!binary") {
    const auto bytes = DecodeBase64(scalar.text);
    if (!bytes) return Invalid("!!binary value contains invalid base64 data");
    out = Value::Scalar(Kind::String, *bytes, scalar.style);
  }
  out.set_tag(std::move(tag));
  return out;
}

}  // namespace sluice::document
