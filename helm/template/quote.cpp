#include "helm/template/quote.h"

#include "helm/template/number.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

void AppendHex(std::string& out, char32_t value, int digits) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out.push_back(kDigits[(value >> shift) & 0xF]);
}

// The letter of the escape for a control character, or '\0'.
char ShortEscape(char32_t rune) {
  switch (rune) {
    case '\a': return 'a';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    default: return '\0';
  }
}

void AppendEscaped(std::string& out, char32_t rune, char quote, bool ascii_only) {
  if (rune == static_cast<char32_t>(quote) || rune == '\\') {
    out.push_back('\\');
    out.push_back(static_cast<char>(rune));
    return;
  }
  if (IsPrint(rune) && (rune < 0x80 || !ascii_only)) return AppendRune(out, rune);
  out.push_back('\\');
  if (const char letter = ShortEscape(rune)) {
    out.push_back(letter);
  } else if (rune < ' ' || rune == 0x7F) {
    out.push_back('x');
    AppendHex(out, rune, 2);
  } else if (rune < 0x10000 || !IsValidRune(rune)) {
    out.push_back('u');
    AppendHex(out, IsValidRune(rune) ? rune : kRuneError, 4);
  } else {
    out.push_back('U');
    AppendHex(out, rune, 8);
  }
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (c < ' ' || c > '~' || c == '"' || c == '\\') return false;
  }
  return true;
}

std::optional<char32_t> TakeHex(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  const auto value = ParseUint(text.substr(0, digits), 16);
  if (!value) return std::nullopt;
  text.remove_prefix(digits);
  return static_cast<char32_t>(*value);
}

std::optional<UnquotedRune> TakeOctal(std::string_view& text, char first) {
  if (text.size() < 2) return std::nullopt;
  char32_t value = static_cast<char32_t>(first - '0');
  for (const char c : text.substr(0, 2)) {
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<char32_t>(c - '0');
  }
  text.remove_prefix(2);
  if (value > 255) return std::nullopt;
  return UnquotedRune{value, true};
}

// What follows a backslash.
std::optional<UnquotedRune> TakeEscape(std::string_view& text, char quote) {
  if (text.empty()) return std::nullopt;
  const char c = text[0];
  text.remove_prefix(1);
  switch (c) {
    case 'a': return UnquotedRune{'\a'};
    case 'b': return UnquotedRune{'\b'};
    case 'f': return UnquotedRune{'\f'};
    case 'n': return UnquotedRune{'\n'};
    case 'r': return UnquotedRune{'\r'};
    case 't': return UnquotedRune{'\t'};
    case 'v': return UnquotedRune{'\v'};
    case '\\': return UnquotedRune{'\\'};
    case '\'':
    case '"':
      if (c != quote) return std::nullopt;
      return UnquotedRune{static_cast<char32_t>(c)};
    case 'x': {
      const auto value = TakeHex(text, 2);
      if (!value) return std::nullopt;
      return UnquotedRune{*value, true};
    }
    case 'u':
    case 'U': {
      const auto value = TakeHex(text, c == 'u' ? 4 : 8);
      if (!value || !IsValidRune(*value)) return std::nullopt;
      return UnquotedRune{*value};
    }
    default:
      if (c >= '0' && c <= '7') return TakeOctal(text, c);
      return std::nullopt;
  }
}

std::optional<std::string> UnquoteRaw(std::string_view body) {
  if (body.find('`') != std::string_view::npos) return std::nullopt;
  std::string out;
  for (const char c : body) {
    if (c != '\r') out.push_back(c);
  }
  return out;
}

}  // namespace

std::string GoQuote(std::string_view text, bool ascii_only) {
  std::string out;
  out.reserve(text.size() + 2);
  out.push_back('"');
  if (IsPlain(text)) {
    out.append(text);
    text = {};
  }
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    if (rune.Invalid()) {
      out += "\\x";
      AppendHex(out, static_cast<unsigned char>(text[0]), 2);
    } else {
      AppendEscaped(out, rune.value, '"', ascii_only);
    }
    text.remove_prefix(rune.size);
  }
  out.push_back('"');
  return out;
}

std::string GoQuoteRune(char32_t rune, bool ascii_only) {
  std::string out = "'";
  AppendEscaped(out, IsValidRune(rune) ? rune : kRuneError, '\'', ascii_only);
  out.push_back('\'');
  return out;
}

bool CanBackquote(std::string_view text) {
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    if (rune.Invalid() || rune.value == 0xFEFF || rune.value == '`' || rune.value == 0x7F) return false;
    if (rune.value < ' ' && rune.value != '\t') return false;
    text.remove_prefix(rune.size);
  }
  return true;
}

std::optional<UnquotedRune> TakeUnquoted(std::string_view& text, char quote) {
  if (text.empty() || text[0] == '\n') return std::nullopt;
  if (text[0] == quote && (quote == '\'' || quote == '"')) return std::nullopt;
  if (text[0] != '\\') {
    const Rune rune = DecodeRune(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    text.remove_prefix(rune.size);
    if (rune.Invalid()) return UnquotedRune{byte, true};
    return UnquotedRune{rune.value};
  }
  text.remove_prefix(1);
  return TakeEscape(text, quote);
}

std::optional<std::string> GoUnquote(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != literal.back()) return std::nullopt;
  const char quote = literal.front();
  std::string_view body = literal.substr(1, literal.size() - 2);
  if (quote == '`') return UnquoteRaw(body);
  if (quote != '"' && quote != '\'') return std::nullopt;
  std::string out;
  std::size_t count = 0;
  for (; !body.empty(); ++count) {
    const auto rune = TakeUnquoted(body, quote);
    if (!rune) return std::nullopt;
    if (rune->is_byte) {
      out.push_back(static_cast<char>(static_cast<unsigned char>(rune->value)));
    } else {
      AppendRune(out, rune->value);
    }
  }
  if (quote == '\'' && count != 1) return std::nullopt;
  return out;
}

}  // namespace sluice::helm
