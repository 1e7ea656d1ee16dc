#include "helm/template/lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "helm/template/print.h"
#include "helm/template/unicode.h"

namespace sluice::helm::detail {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::size_t kMarkerSize = 2;  // "- " after {{, " -" before }}

constexpr std::pair<std::string_view, TokenType> kKeywords[] = {
    {"block", TokenType::Block},
    {"break", TokenType::Break},
    {"continue", TokenType::Continue},
    {"define", TokenType::Define},
    {"else", TokenType::Else},
    {"end", TokenType::End},
    {"if", TokenType::If},
    {"nil", TokenType::Nil},
    {"range", TokenType::Range},
    {"template", TokenType::Template},
    {"with", TokenType::With},
};

bool IsBlank(int rune) { return rune == ' ' || rune == '\t' || rune == '\r' || rune == '\n'; }

bool IsAlphaNumeric(int rune) {
  if (rune < 0) return false;
  const auto r = static_cast<char32_t>(rune);
  return r == '_' || IsLetter(r) || IsDigit(r);
}

bool HasLeftMarker(std::string_view text) { return text.size() >= 2 && text[0] == '-' && IsBlank(text[1]); }
bool HasRightMarker(std::string_view text) { return text.size() >= 2 && IsBlank(text[0]) && text[1] == '-'; }

int CountLines(std::string_view text) { return static_cast<int>(std::ranges::count(text, '\n')); }

std::size_t LeadingBlanks(std::string_view text) { return std::min(text.find_first_not_of(kBlanks), text.size()); }

std::string_view WithoutTrailingBlanks(std::string_view text) {
  const std::size_t last = text.find_last_not_of(kBlanks);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// fmt's %#U: "U+002D '-'".
std::string ShowRune(int rune) {
  const std::array arguments = {Value::Int32(rune)};
  return Sprintf("%#U", arguments);
}

}  // namespace

std::string Token::Show() const {
  const std::array arguments = {Value::String(std::string(value))};
  if (type == TokenType::EndOfText) return "EOF";
  if (type == TokenType::Error) return std::string(value);
  if (type >= TokenType::Dot) return "<" + std::string(value) + ">";
  return Sprintf(value.size() > 10 ? "%.10q..." : "%q", arguments);
}

int Lexer::Advance() {
  if (position_ >= input_.size()) return kEnd;
  const Rune rune = DecodeRune(Rest());
  position_ += rune.size;
  if (rune.value == '\n') ++line_;
  return static_cast<int>(rune.value);
}

int Lexer::Peek() const { return position_ >= input_.size() ? kEnd : static_cast<int>(DecodeRune(Rest()).value); }

void Lexer::BackTo(std::size_t position) {
  line_ -= CountLines(input_.substr(position, position_ - position));
  position_ = position;
}

bool Lexer::Accept(std::string_view valid) {
  const int rune = Peek();
  if (rune < 0 || rune > 0x7F || valid.find(static_cast<char>(rune)) == std::string_view::npos) return false;
  Advance();
  return true;
}

void Lexer::AcceptRun(std::string_view valid) {
  while (Accept(valid)) {
  }
}

Token Lexer::Take(TokenType type) {
  const Token token{type, start_, input_.substr(start_, position_ - start_), start_line_};
  start_ = position_;
  start_line_ = line_;
  return token;
}

// After an error there is nothing more to read.
Token Lexer::Fail(std::string message) {
  error_ = std::move(message);
  const Token token{TokenType::Error, start_, error_, start_line_};
  start_ = position_ = 0;
  input_ = input_.substr(0, 0);
  return token;
}

// Skips what was passed without Advance.
void Lexer::Ignore() {
  line_ += CountLines(input_.substr(start_, position_ - start_));
  start_ = position_;
  start_line_ = line_;
}

bool Lexer::AtRightDelim(bool& trims) const {
  trims = HasRightMarker(Rest()) && Rest().substr(kMarkerSize).starts_with("}}");
  return trims || Rest().starts_with("}}");
}

bool Lexer::AtTerminator() const {
  const int rune = Peek();
  if (rune == kEnd || IsBlank(rune)) return true;
  return rune == '.' || rune == ',' || rune == '|' || rune == ':' || rune == ')' || rune == '(' || Rest().starts_with("}}");
}

Token Lexer::Next() {
  Token token{TokenType::EndOfText, position_, "EOF", start_line_};
  if (inside_action_) return LexInsideAction();
  while (!LexText(token)) {
  }
  return token;
}

// Everything up to the next {{.
bool Lexer::LexText(Token& token) {
  const std::size_t delim = input_.find("{{", position_);
  if (delim == std::string_view::npos) {
    position_ = input_.size();
    if (position_ > start_) {
      line_ += CountLines(input_.substr(start_, position_ - start_));
      token = Take(TokenType::Text);
    } else {
      token = Take(TokenType::EndOfText);
    }
    return true;
  }
  if (delim > position_) {
    std::string_view text = input_.substr(start_, delim - start_);
    if (HasLeftMarker(input_.substr(delim + 2))) text = WithoutTrailingBlanks(text);
    position_ = start_ + text.size();
    line_ += CountLines(text);
    token = Take(TokenType::Text);
    position_ = delim;
    Ignore();
    if (!token.value.empty()) return true;
  }
  return LexLeftDelim(token);
}

bool Lexer::LexLeftDelim(Token& token) {
  position_ += 2;
  const std::size_t marker = HasLeftMarker(Rest()) ? kMarkerSize : 0;
  if (Rest().substr(marker).starts_with("/*")) {
    position_ += marker;
    Ignore();
    return LexComment(token);
  }
  token = Take(TokenType::LeftDelim);
  inside_action_ = true;
  position_ += marker;
  Ignore();
  paren_depth_ = 0;
  return true;
}

bool Lexer::LexComment(Token& token) {
  const std::size_t close = input_.find("*/", position_ + 2);
  if (close == std::string_view::npos) {
    token = Fail("unclosed comment");
    return true;
  }
  position_ = close + 2;
  bool trims = false;
  if (!AtRightDelim(trims)) {
    token = Fail("comment ends before closing delimiter");
    return true;
  }
  if (trims) position_ += kMarkerSize;
  position_ += 2;
  if (trims) position_ += LeadingBlanks(Rest());
  Ignore();
  return false;
}

Token Lexer::LexRightDelim() {
  bool trims = false;
  AtRightDelim(trims);
  if (trims) {
    position_ += kMarkerSize;
    Ignore();
  }
  position_ += 2;
  const Token token = Take(TokenType::RightDelim);
  if (trims) {
    position_ += LeadingBlanks(Rest());
    Ignore();
  }
  inside_action_ = false;
  return token;
}

Token Lexer::LexInsideAction() {
  bool trims = false;
  if (AtRightDelim(trims)) return paren_depth_ == 0 ? LexRightDelim() : Fail("unclosed left paren");
  const std::size_t before = position_;
  const int rune = Advance();
  switch (rune) {
    case kEnd: return Fail("unclosed action");
    case ' ':
    case '\t':
    case '\r':
    case '\n': BackTo(before); return LexSpace();
    case '=': return Take(TokenType::Assign);
    case ':': return Advance() == '=' ? Take(TokenType::Declare) : Fail("expected :=");
    case '|': return Take(TokenType::Pipe);
    case '"': return LexQuoted('"', TokenType::String, "unterminated quoted string");
    case '`': return LexRawString();
    case '\'': return LexQuoted('\'', TokenType::CharConstant, "unterminated character constant");
    case '$': return LexFieldOrVariable(TokenType::Variable);
    case '(': ++paren_depth_; return Take(TokenType::LeftParen);
    case ')': return --paren_depth_ < 0 ? Fail("unexpected right paren") : Take(TokenType::RightParen);
    default: break;
  }
  const bool digit_next = position_ < input_.size() && input_[position_] >= '0' && input_[position_] <= '9';
  if (rune == '.' && position_ < input_.size() && !digit_next) return LexFieldOrVariable(TokenType::Field);
  BackTo(before);
  if (rune == '.' || rune == '+' || rune == '-' || (rune >= '0' && rune <= '9')) return LexNumber();
  if (IsAlphaNumeric(rune)) return LexIdentifier();
  Advance();
  if (rune <= 0x7F && IsPrint(static_cast<char32_t>(rune))) return Take(TokenType::Char);
  return Fail("unrecognized character in action: " + ShowRune(rune));
}

// A run of blanks; the last one may belong to a right delimiter with a trim marker.
Token Lexer::LexSpace() {
  std::size_t before = position_;
  int blanks = 0;
  for (; IsBlank(Peek()); ++blanks) {
    before = position_;
    Advance();
  }
  if (HasRightMarker(input_.substr(before)) && input_.substr(before + kMarkerSize).starts_with("}}")) {
    BackTo(before);
    if (blanks == 1) return LexRightDelim();
  }
  return Take(TokenType::Space);
}

Token Lexer::LexIdentifier() {
  while (IsAlphaNumeric(Peek())) Advance();
  if (!AtTerminator()) return Fail("bad character " + ShowRune(Peek()));
  const std::string_view word = input_.substr(start_, position_ - start_);
  if (word == "true" || word == "false") return Take(TokenType::Bool);
  for (const auto& [keyword, type] : kKeywords) {
    if (word != keyword) continue;
    const bool is_function = (type == TokenType::Break && !break_is_keyword_) || (type == TokenType::Continue && !continue_is_keyword_);
    return Take(is_function ? TokenType::Identifier : type);
  }
  return Take(TokenType::Identifier);
}

// The '.' or '$' has been read.
Token Lexer::LexFieldOrVariable(TokenType type) {
  if (AtTerminator()) return Take(type == TokenType::Field ? TokenType::Dot : type);
  while (IsAlphaNumeric(Peek())) Advance();
  if (!AtTerminator()) return Fail("bad character " + ShowRune(Peek()));
  return Take(type);
}

Token Lexer::LexQuoted(char quote, TokenType type, std::string_view unterminated) {
  while (true) {
    int rune = Advance();
    if (rune == quote) return Take(type);
    if (rune == '\\') {
      rune = Advance();
      if (rune != kEnd && rune != '\n') continue;
    }
    if (rune == kEnd || rune == '\n') return Fail(std::string(unterminated));
  }
}

Token Lexer::LexRawString() {
  while (true) {
    const int rune = Advance();
    if (rune == kEnd) return Fail("unterminated raw quoted string");
    if (rune == '`') return Take(TokenType::RawString);
  }
}

// Not exact: what passes here and is no number is found by the parser.
Token Lexer::LexNumber() {
  const auto bad = [&] { return Fail("bad number syntax: " + GoQuote(input_.substr(start_, position_ - start_))); };
  if (!ScanNumber()) return bad();
  if (Peek() != '+' && Peek() != '-') return Take(TokenType::Number);
  if (!ScanNumber() || input_[position_ - 1] != 'i') return bad();
  return Take(TokenType::Complex);
}

bool Lexer::ScanNumber() {
  Accept("+-");
  std::string_view digits = "0123456789_";
  bool decimal = true, hexadecimal = false;
  if (Accept("0")) {
    if (Accept("xX")) {
      digits = "0123456789abcdefABCDEF_";
      hexadecimal = true;
    } else if (Accept("oO")) {
      digits = "01234567_";
    } else if (Accept("bB")) {
      digits = "01_";
    }
    decimal = digits.size() == 11;
  }
  AcceptRun(digits);
  if (Accept(".")) AcceptRun(digits);
  if ((decimal && Accept("eE")) || (hexadecimal && Accept("pP"))) {
    Accept("+-");
    AcceptRun("0123456789_");
  }
  Accept("i");
  if (!IsAlphaNumeric(Peek())) return true;
  Advance();
  return false;
}

}  // namespace sluice::helm::detail
