// rollout/cel/lexer.h: the words of an expression, by the lexical rules of CEL's grammar (cel-go, parser/gen/CEL.g4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "rollout/cel/issue.h"

namespace sluice::rollout::cel {

enum class Word : std::uint8_t { End, Symbol, In, True, False, Null, Identifier, Escaped, Int, Uint, Float, String, Bytes };

struct Token {
  Word word = Word::End;
  std::string_view text;  ///< as written; "" at the end
  std::size_t offset = 0;
  bool Is(std::string_view symbol) const { return word == Word::Symbol && text == symbol; }
};

/// All words of `source`, then End. What is none becomes an issue and is passed over.
std::vector<Token> Lex(std::string_view source, std::vector<Issue>& issues);

}  // namespace sluice::rollout::cel
