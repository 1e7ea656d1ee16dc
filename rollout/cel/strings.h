// rollout/cel/strings.h: the extension library Strings but for format (cel-go, ext/strings.go). Positions count code points. Pure.
#pragma once

#include <span>
#include <string_view>

#include "rollout/cel/evaluate.h"
#include "rollout/cel/val.h"

namespace sluice::rollout::cel {

/// Calls `name`; false if the library has no such function or no such overload of it. What a call makes is paid for before it is made.
bool CallStrings(std::string_view name, std::span<const Val> args, Budget& budget, Val& result);

/// Code points of `text`; a byte that is no UTF-8 is one.
std::size_t CountCodePoints(std::string_view text);

}  // namespace sluice::rollout::cel
