// rollout/cel/issue.h: what is wrong with an expression's text, and where; shown as cel-go shows it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::rollout::cel {

struct Issue {
  std::size_t offset = 0;  ///< of the byte it is about; the size of the text for its end
  std::string message;
  bool placeless = false;  ///< about the whole, shown at -1:0
};

/// All of them, in the order of their places:
///     ERROR: <input>:1:5: Syntax error: ...
///      | foo.
///      | ....^
std::string Display(std::string_view source, std::vector<Issue> issues);

}  // namespace sluice::rollout::cel
