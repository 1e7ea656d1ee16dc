// rollout/cel/pattern.h: the regular expressions of `matches`: RE2's, which are Go's, bounded in size.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::rollout::cel {

class Pattern {
 public:
  /// Invalid, in Go's words: "error parsing regexp: missing closing ): `(`"; also for one that is longer than `max_bytes` or compiles to too much.
  static base::Result<std::shared_ptr<const Pattern>> Compile(std::string_view text, std::size_t max_bytes);
  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  bool IsIn(std::string_view text) const;  ///< anywhere; takes time linear in `text`

 private:
  struct Impl;
  explicit Pattern(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::rollout::cel
