// helm/template/print.h: Go's fmt over template values: what {{ v }}, print, printf and toString write.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "helm/template/quote.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// Beyond this many bytes of output, or this deep inside a value, the text simply ends: a cyclic map (`set $d "self" $d`) would have no end.
inline constexpr std::size_t kMaxPrintBytes = std::size_t{64} << 20;
inline constexpr int kMaxPrintDepth = 1000;

/// fmt.Sprint of one value, which is %v: strings raw, floats as FormatFloat 'g' (1000000.0 is "1e+06"), "<nil>" for either nothing,
/// "map[a:1 b:<nil>]" in byte order, "[a b]", objects by their Text() or else as "{a b}".
std::string Sprint(const Value& value);
/// Appends the same to `out`.
void AppendSprint(std::string& out, const Value& value);
/// fmt.Sprint: a blank between operands of which neither is a string.
std::string Sprint(std::span<const Value> arguments);
/// fmt.Sprintln: blanks everywhere, and a newline.
std::string Sprintln(std::span<const Value> arguments);
/// fmt.Sprintf, with its "%!d(string=x)" for what does not fit. `values_name`: as in TypeName.
std::string Sprintf(std::string_view format, std::span<const Value> arguments, std::string_view values_name = "chartutil.Values");

}  // namespace sluice::helm
