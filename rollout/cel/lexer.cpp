#include "rollout/cel/lexer.h"

#include <algorithm>

#include "document/utf8.h"

namespace sluice::rollout::cel {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHex(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }

std::size_t DigitsAt(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && IsDigit(text[end])) ++end;
  return end - from;
}

/// The length of the exponent at `from`; 0 if there is none.
std::size_t ExponentAt(std::string_view text, std::size_t from) {
  if (from >= text.size() || (text[from] != 'e' && text[from] != 'E')) return 0;
  std::size_t at = from + 1;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const std::size_t digits = DigitsAt(text, at);
  return digits == 0 ? 0 : at + digits - from;
}

/// The longest number that `text` starts with.
Token Number(std::string_view text) {
  const auto is_unsigned = [&](std::size_t end) { return end < text.size() && (text[end] == 'u' || text[end] == 'U'); };
  if (text.starts_with("0x") && text.size() > 2 && IsHex(text[2])) {
    std::size_t end = 2;
    while (end < text.size() && IsHex(text[end])) ++end;
    return is_unsigned(end) ? Token{Word::Uint, text.substr(0, end + 1)} : Token{Word::Int, text.substr(0, end)};
  }
  const std::size_t whole = DigitsAt(text, 0);
  std::size_t end = whole;
  const std::size_t fraction = end < text.size() && text[end] == '.' ? DigitsAt(text, end + 1) : 0;
  if (fraction > 0) end += 1 + fraction;
  const std::size_t exponent = ExponentAt(text, end);
  if (fraction > 0 || exponent > 0) return {Word::Float, text.substr(0, end + exponent)};
  return is_unsigned(whole) ? Token{Word::Uint, text.substr(0, whole + 1)} : Token{Word::Int, text.substr(0, whole)};
}

/// The length of the escape sequence at the start of `text` (a backslash); 0 if it is none.
std::size_t EscapeLength(std::string_view text) {
  if (text.size() < 2) return 0;
  const char kind = text[1];
  const auto all = [&](std::size_t count, auto accept) {
    if (text.size() < 2 + count) return std::size_t{0};
    for (const char c : text.substr(2, count)) {
      if (!accept(c)) return std::size_t{0};
    }
    return 2 + count;
  };
  if (std::string_view("abfnrtv\"'\\?`").find(kind) != std::string_view::npos) return 2;
  if (kind == 'x' || kind == 'X') return all(2, IsHex);
  if (kind == 'u') return all(4, IsHex);
  if (kind == 'U') return all(8, IsHex);
  if (kind >= '0' && kind <= '3') return all(2, [](char c) { return c >= '0' && c <= '7'; });
  return 0;
}

/// The length of the quoted text at `from`, quotes included; 0 if it does not end.
std::size_t QuotedLength(std::string_view text, std::size_t from, bool raw) {
  const char quote = text[from];
  const std::string_view triple = text.substr(from, 3);
  const bool is_triple = triple.size() == 3 && triple[1] == quote && triple[2] == quote;
  if (is_triple) {
    std::size_t at = from + 3;
    while (at < text.size()) {
      if (text.substr(at, 3) == triple) return at + 3 - from;
      const std::size_t escape = !raw && text[at] == '\\' ? EscapeLength(text.substr(at)) : 1;
      if (escape == 0) break;
      at += escape;
    }
  }
  for (std::size_t at = from + 1; at < text.size();) {
    const char c = text[at];
    if (c == quote) return at + 1 - from;
    if (c == '\n' || c == '\r') return 0;
    const std::size_t length = !raw && c == '\\' ? EscapeLength(text.substr(at)) : 1;
    if (length == 0) return 0;
    at += length;
  }
  return 0;
}

/// A string or bytes literal; of length 0 if `text` starts with none.
Token Quoted(std::string_view text) {
  std::size_t at = 0;
  const bool bytes = text[0] == 'b' || text[0] == 'B';
  if (bytes) ++at;
  const bool raw = at < text.size() && (text[at] == 'r' || text[at] == 'R');
  if (raw) ++at;
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return {};
  const std::size_t length = QuotedLength(text, at, raw);
  if (length == 0) return {};
  return {bytes ? Word::Bytes : Word::String, text.substr(0, at + length)};
}

Token Name(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && (IsLetter(text[end]) || IsDigit(text[end]))) ++end;
  const std::string_view name = text.substr(0, end);
  const Word word = name == "in"      ? Word::In
                    : name == "true"  ? Word::True
                    : name == "false" ? Word::False
                    : name == "null"  ? Word::Null
                                      : Word::Identifier;
  return {word, name};
}

Token Escaped(std::string_view text) {
  std::size_t end = 1;
  const auto accepted = [](char c) { return IsLetter(c) || IsDigit(c) || c == '.' || c == '-' || c == '/' || c == ' '; };
  while (end < text.size() && accepted(text[end])) ++end;
  if (end == 1 || end == text.size() || text[end] != '`') return {};
  return {Word::Escaped, text.substr(0, end + 1)};
}

Token Symbol(std::string_view text) {
  for (const std::string_view two : {"==", "!=", "<=", ">=", "&&", "||"}) {
    if (text.starts_with(two)) return {Word::Symbol, text.substr(0, 2)};
  }
  if (std::string_view("<>[]{}().,-!?:+*/%").find(text[0]) == std::string_view::npos) return {};
  return {Word::Symbol, text.substr(0, 1)};
}

Token One(std::string_view text) {
  const char c = text[0];
  if (IsDigit(c) || (c == '.' && text.size() > 1 && IsDigit(text[1]))) return Number(text);
  if (Token quoted = Quoted(text); !quoted.text.empty()) return quoted;
  if (IsLetter(c)) return Name(text);
  return c == '`' ? Escaped(text) : Symbol(text);
}

/// How much of `text`, which starts with no word, is wrong together: up to and with the character at which it could no longer become one.
std::size_t WrongLength(std::string_view text) {
  const auto size_at = [&](std::size_t at) { return at < text.size() ? document::DecodeUtf8(text.substr(at)).size : 0; };
  const char c = text[0];
  if (c == '&' || c == '|' || c == '=') return 1 + size_at(1);
  if (c != '"' && c != '\'') return size_at(0);
  for (std::size_t at = 1; at < text.size();) {
    if (text[at] == '\n' || text[at] == '\r') return at + 1;
    const std::size_t length = text[at] == '\\' ? EscapeLength(text.substr(at)) : 1;
    if (length == 0) return at + 1 + size_at(at + 1);
    at += length;
  }
  return text.size();
}

}  // namespace

std::vector<Token> Lex(std::string_view source, std::vector<Issue>& issues) {
  std::vector<Token> out;
  for (std::size_t at = 0; at < source.size();) {
    if (IsSpace(source[at])) {
      ++at;
      continue;
    }
    if (source.substr(at, 2) == "//") {
      at = std::min(source.find('\n', at), source.size());
      continue;
    }
    Token token = One(source.substr(at));
    if (token.text.empty()) {
      const std::size_t size = WrongLength(source.substr(at));
      issues.push_back({at, "Syntax error: token recognition error at: '" + std::string(source.substr(at, size)) + "'"});
      at += size;
      continue;
    }
    token.offset = at;
    at += token.text.size();
    out.push_back(token);
  }
  out.push_back({Word::End, "", source.size()});
  return out;
}

}  // namespace sluice::rollout::cel
