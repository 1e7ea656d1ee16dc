// helm/template/lexer.h: the tokens of a template's text. The rules and the error texts are text/template/parse/lex.go's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::helm::detail {

enum class TokenType : std::uint8_t {
  Error,  ///< `value` is the text of the error
  Bool,
  Char,  ///< other printable ASCII, such as a comma
  CharConstant,
  Complex,
  Assign,
  Declare,
  EndOfText,
  Field,
  Identifier,
  LeftDelim,
  LeftParen,
  Number,
  Pipe,
  RawString,
  RightDelim,
  RightParen,
  Space,
  String,
  Text,
  Variable,
  // Keywords come last: they print as <if>.
  Dot,
  Block,
  Break,
  Continue,
  Define,
  Else,
  End,
  If,
  Nil,
  Range,
  Template,
  With,
};

struct Token {
  TokenType type = TokenType::EndOfText;
  std::size_t position = 0;  ///< in bytes
  std::string_view value;    ///< of the text; lives as long as it (an error's, as long as the lexer)
  int line = 1;              ///< where it starts

  /// As error messages show it: `"x"`, `<end>`, `EOF`.
  std::string Show() const;
};

class Lexer {
 public:
  /// `text` outlives the lexer. Where `break` or `continue` are functions they are no keywords.
  Lexer(std::string_view text, bool break_is_keyword, bool continue_is_keyword)
      : input_(text), break_is_keyword_(break_is_keyword), continue_is_keyword_(continue_is_keyword) {}

  Token Next();

 private:
  static constexpr int kEnd = -1;
  int Advance();
  int Peek() const;
  void BackTo(std::size_t position);
  bool Accept(std::string_view valid);
  void AcceptRun(std::string_view valid);
  std::string_view Rest() const { return input_.substr(position_); }
  Token Take(TokenType type);
  Token Fail(std::string message);
  void Ignore();
  bool AtRightDelim(bool& trims) const;
  bool AtTerminator() const;

  bool LexText(Token& token);  ///< false: go on in another state
  bool LexLeftDelim(Token& token);
  bool LexComment(Token& token);
  Token LexRightDelim();
  Token LexInsideAction();
  Token LexSpace();
  Token LexIdentifier();
  Token LexFieldOrVariable(TokenType type);
  Token LexQuoted(char quote, TokenType type, std::string_view unterminated);
  Token LexRawString();
  Token LexNumber();
  bool ScanNumber();

  std::string_view input_;
  std::string error_;
  std::size_t position_ = 0;
  std::size_t start_ = 0;
  int line_ = 1;
  int start_line_ = 1;
  int paren_depth_ = 0;
  bool inside_action_ = false;
  bool break_is_keyword_, continue_is_keyword_;
};

}  // namespace sluice::helm::detail
