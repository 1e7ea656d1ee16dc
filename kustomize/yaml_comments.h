// kustomize/yaml_comments.h: the comments of a YAML text, by line. The tree does not hold them; where kustomize writes YAML back into the
// scalar it came from, they are to survive. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "document/value.h"

namespace sluice::kustomize {

/// A comment on a line of its own.
struct OwnLineComment {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string text;           ///< with its '#'
  bool blank_before = false;  ///< blank lines between it and what stands above
  bool blank_after = false;
};

struct YamlComments {
  std::vector<OwnLineComment> own;                  ///< in the order of lines
  std::map<std::uint32_t, std::string> trailing;    ///< by line: behind something
  std::map<std::uint32_t, std::string> after_dash;  ///< by line: behind nothing but `-`
  bool empty() const { return own.empty() && trailing.empty() && after_dash.empty(); }
};

/// `tree` is `text` as parsed, with its marks.
YamlComments FindComments(std::string_view text, const document::Value& tree);

}  // namespace sluice::kustomize
