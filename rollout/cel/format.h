// rollout/cel/format.h: `'...'.format([...])` of the extension library Strings (cel-go, ext/formatting_v2.go). Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "rollout/cel/val.h"

namespace sluice::rollout::cel {

/// A String, or an Error: an argument of the wrong type, too few of them, a malformed clause, a result of more than `max_bytes`.
Val Format(std::string_view format, const Val& arguments, std::size_t max_bytes);

/// What can be told from the types alone (Kind::Error: not known). `error` is "" if nothing is wrong.
struct FormatCheck {
  std::string error;
  std::size_t argument = 0;  ///< whose fault it is
  std::size_t used = 0;      ///< arguments that the text asks for
};
FormatCheck CheckFormat(std::string_view format, std::span<const Kind> arguments);

}  // namespace sluice::rollout::cel
