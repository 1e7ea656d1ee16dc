// rollout/cel/literal.h: what literals are worth: numbers, quoted strings and bytes with their escapes (cel-go, parser/unescape.go). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "rollout/cel/val.h"

namespace sluice::rollout::cel {

/// Of an integer literal, with its sign; nullopt if it does not fit.
std::optional<std::int64_t> IntLiteral(std::string_view text, bool negative);
std::optional<std::uint64_t> UintLiteral(std::string_view text);  ///< with its `u`
std::optional<double> DoubleLiteral(std::string_view text, bool negative);
/// `text` with its prefix and quotes, as the lexer accepted it. Invalid: a code point that does not exist, `\u` in bytes.
base::Result<std::string> Unquote(std::string_view text, bool bytes);

}  // namespace sluice::rollout::cel
