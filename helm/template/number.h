// helm/template/number.h: numbers as Go's strconv writes and reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::helm {

/// strconv.FormatFloat(value, format, precision, bits): format one of e E f F g G b x X; precision -1 is the shortest text that reads back as
/// `value` (as a float32 if bits is 32). "+Inf", "-Inf", "NaN" otherwise. 'g' -1 takes the exponent form
/// for exponents below -4 and from 6 on: "100000", "1e+06".
std::string FormatFloat(double value, char format, int precision = -1, int bits = 64);

/// strconv.FormatInt and FormatUint; base 2 to 36, digits a to z.
std::string FormatInt(std::int64_t value, int base = 10);
std::string FormatUint(std::uint64_t value, int base = 10);

/// strconv.ParseInt(text, base, 64): base 0 reads the prefixes 0x 0o 0b 0 and allows '_' between digits. nullopt: a syntax error or out of range.
std::optional<std::int64_t> ParseInt(std::string_view text, int base = 10);
std::optional<std::uint64_t> ParseUint(std::string_view text, int base = 10);
/// strconv.ParseFloat(text, 64): decimal and hexadecimal forms, "inf", "infinity", "nan" in any case, '_' only with a base prefix.
/// nullopt: a syntax error, or beyond the range of a double.
std::optional<double> ParseFloat(std::string_view text);

}  // namespace sluice::helm
