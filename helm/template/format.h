// helm/template/format.h: one operand of fmt, once its verb and flags are known. The rules are fmt/format.go's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::helm {

struct FormatFlags {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  bool go_syntax = false;    ///< %#v
  bool field_names = false;  ///< %+v
  bool has_width = false, has_precision = false;
  int width = 0, precision = 0;
};

/// Appends formatted operands to a string.
class Formatter {
 public:
  explicit Formatter(std::string& out) : out_(out) {}

  FormatFlags flags;

  void Pad(std::string_view text);  ///< to the width, in runes
  void String(std::string_view text);
  void Quoted(std::string_view text);
  void HexString(std::string_view bytes, bool upper);
  void Integer(std::uint64_t value, int base, bool is_signed, char32_t verb, bool upper);
  void Character(std::uint64_t value);        ///< %c
  void QuotedCharacter(std::uint64_t value);  ///< %q of an integer
  void CodePoint(std::uint64_t value);        ///< %U
  /// `precision` where the verb gives none; -1 is the shortest.
  void Float(double value, char verb, int precision);
  void Pointer(std::uint64_t address, bool with_prefix);

 private:
  void Fill(int count);
  void PadWithBlanks(std::string_view text);
  std::string_view Truncated(std::string_view text) const;
  std::string& out_;
};

}  // namespace sluice::helm
