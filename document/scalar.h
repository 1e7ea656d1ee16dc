// document/scalar.h: numbers and times as text, by Go's rules (strconv, time, go-yaml): what a scalar's text is worth, and how a number is
// printed. Pure; nothing here knows of trees.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::document {

/// An integer of up to 64 bits and a sign, as YAML and JSON can hold it.
struct Integer {
  std::uint64_t magnitude = 0;
  bool negative = false;  ///< never set for 0
  bool operator==(const Integer&) const = default;
  std::optional<std::int64_t> AsInt64() const;
  std::optional<std::uint64_t> AsUint64() const;
};

/// The integer that go-yaml reads from `text`: decimal, 0x, 0o, 0b, a leading 0 for octal, a sign, `_` anywhere. nullopt if it is none, or
/// does not fit int64 (with a minus) or uint64 (without).
std::optional<Integer> ParseInteger(std::string_view text);

/// The number that go-yaml reads from `text`: decimal floats, `_` anywhere, .inf and .nan in their spellings. nullopt if it is none, or is
/// out of the range of a double.
std::optional<double> ParseFloat(std::string_view text);

/// Whether `text`, a boolean in YAML 1.1 or 1.2 or JSON, is one of the words for true.
bool IsTrueWord(std::string_view text);

/// `value` as Go's strconv.FormatFloat(value, 'g', -1, 64) writes it, which go-yaml prints: "123456.5", "1e+06"; ".inf", "-.inf", ".nan".
std::string GoYamlFloat(double value);
/// `value` as sigs.k8s.io/yaml prints a number: one without fraction below 2^64 as an integer, others as GoYamlFloat.
std::string GoYamlNumber(double value);
/// GoYamlFloat with the digits of a 32-bit float, as sigs.k8s.io/yaml writes a key that is a float.
std::string GoYamlFloat32(double value);
/// `value` as Go's encoding/json writes a float64: "1000000", "1e+21", "1e-7". NaN and infinities, which JSON lacks, give "null".
std::string GoJsonFloat(double value);

/// RFC 3339 text (with nanoseconds where there are any) of a plain scalar in one of go-yaml's four layouts: 2001-1-2,
/// 2001-12-14t21:59:43.10-05:00, 2001-12-14 21:59:43.10. nullopt if it is none of them or no such day or hour exists.
std::optional<std::string> CanonicalTimestamp(std::string_view text);

/// Decimal text of an integer without an allocation.
class NumberText {
 public:
  explicit NumberText(std::int64_t value);
  explicit NumberText(std::uint64_t value);
  explicit NumberText(const Integer& value);
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 24> text_;
  std::size_t size_ = 0;
};

}  // namespace sluice::document
