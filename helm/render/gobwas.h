// helm/render/gobwas.h: the patterns of .Files.Glob, as gobwas/glob 0.2 with separator '/' has them: `*` and `?` stop at '/', `**` does not,
// `[abc]`, `[!a-z]`, `{a,b}`, `\` quotes; a leading dot is nothing special.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace sluice::helm {

class GobwasGlob {
 public:
  /// A pattern that cannot be read matches everything, as Helm has it.
  explicit GobwasGlob(std::string_view pattern);
  ~GobwasGlob();
  bool Matches(std::string_view path) const;

 private:
  std::unique_ptr<re2::RE2> expression_;  // null: everything matches
};

}  // namespace sluice::helm
