#include "helm/template/escape.h"

#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

void AppendUpperHex(std::string& out, char32_t value, int least_digits) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (int shift = 28; shift >= 0; shift -= 4) {
    if (value >> shift || shift < least_digits * 4) out.push_back(kDigits[(value >> shift) & 0xF]);
  }
}

std::string_view HtmlEscape(char c) {
  switch (c) {
    case '\0': return "\xEF\xBF\xBD";
    case '"': return "&#34;";
    case '\'': return "&#39;";
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    default: return {};
  }
}

void AppendJs(std::string& out, const Rune& rune, std::string_view text) {
  const char32_t r = rune.value;
  if (r == '\\' || r == '\'' || r == '"') {
    out.push_back('\\');
    out.push_back(static_cast<char>(r));
  } else if (r < ' ' || r == '<' || r == '>' || r == '&' || r == '=' || (r >= 0x80 && !IsPrint(r))) {
    out += "\\u";
    AppendUpperHex(out, r, 4);
  } else {
    out.append(text.substr(0, rune.size));
  }
}

bool IsUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const std::string_view escape = HtmlEscape(c);
    if (escape.empty()) {
      out.push_back(c);
    } else {
      out += escape;
    }
  }
  return out;
}

std::string EscapeJs(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    AppendJs(out, rune, text);
    text.remove_prefix(rune.size);
  }
  return out;
}

std::string EscapeQuery(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      out.push_back(c);
    } else if (c == ' ') {
      out.push_back('+');
    } else {
      out.push_back('%');
      AppendUpperHex(out, static_cast<unsigned char>(c), 2);
    }
  }
  return out;
}

}  // namespace sluice::helm
