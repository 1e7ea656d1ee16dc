#include "rollout/cel/literal.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "document/utf8.h"

namespace sluice::rollout::cel {
namespace {

using base::Invalid;
using base::Result;

std::optional<std::uint64_t> Natural(std::string_view text) {
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// All line breaks of a literal are `\n`.
std::string OneKindOfBreak(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      out += text[i];
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      out += '\n';
    }
  }
  return out;
}

char Plain(char escaped) {
  switch (escaped) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return escaped;
  }
}

struct Escape {
  std::size_t digits = 0;  ///< 0: a single character
  int base = 16;
  std::size_t skip = 2;  ///< what stands before the digits
};

Escape EscapeOf(char kind) {
  if (kind == 'x' || kind == 'X') return {.digits = 2};
  if (kind == 'u') return {.digits = 4};
  if (kind == 'U') return {.digits = 8};
  if (kind >= '0' && kind <= '3') return {.digits = 3, .base = 8, .skip = 1};
  return {};
}

Result<void> AppendEscape(std::string_view& text, bool bytes, std::string& out) {
  if (text.size() < 2) return Invalid("unable to unescape string, found '\\' as last character");
  const char kind = text[1];
  const Escape escape = EscapeOf(kind);
  if (escape.digits == 0) {
    out += Plain(kind);
    text.remove_prefix(2);
    return {};
  }
  if (bytes && (kind == 'u' || kind == 'U')) return Invalid("unable to unescape string");
  std::uint32_t code = 0;
  const char* begin = text.data() + escape.skip;
  const char* end = begin + escape.digits;
  const auto [read, error] = std::from_chars(begin, std::min(end, text.data() + text.size()), code, escape.base);
  if (error != std::errc() || read != end) return Invalid("unable to unescape string");
  text.remove_prefix(escape.skip + escape.digits);
  if (bytes) {
    out += static_cast<char>(code);
    return {};
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return Invalid("invalid unicode code point");
  document::AppendUtf8(code, out);
  return {};
}

}  // namespace

std::optional<std::int64_t> IntLiteral(std::string_view text, bool negative) {
  const auto magnitude = Natural(text);
  const std::uint64_t limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) + (negative ? 1 : 0);
  if (!magnitude || *magnitude > limit) return std::nullopt;
  return static_cast<std::int64_t>(negative ? ~*magnitude + 1 : *magnitude);
}

std::optional<std::uint64_t> UintLiteral(std::string_view text) { return Natural(text.substr(0, text.size() - 1)); }

std::optional<double> DoubleLiteral(std::string_view text, bool negative) {
  const double value = std::strtod(std::string(text).c_str(), nullptr);
  if (std::isinf(value)) return std::nullopt;
  return negative ? -value : value;
}

Result<std::string> Unquote(std::string_view text, bool bytes) {
  const std::string whole = OneKindOfBreak(text.substr(bytes ? 1 : 0));
  std::string_view rest = whole;
  const bool raw = rest.starts_with("r") || rest.starts_with("R");
  if (raw) rest.remove_prefix(1);
  const bool triple = rest.size() >= 6 && (rest.starts_with("'''") || rest.starts_with("\"\"\""));
  const std::size_t quotes = triple ? 3 : 1;
  rest = rest.substr(quotes, rest.size() - 2 * quotes);
  if (raw) return std::string(rest);
  std::string out;
  while (!rest.empty()) {
    if (rest[0] == '\\') {
      TRY(AppendEscape(rest, bytes, out));
      continue;
    }
    rest.remove_prefix(document::AppendCleanUtf8(rest, out));
  }
  return out;
}

}  // namespace sluice::rollout::cel
