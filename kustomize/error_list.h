// kustomize/error_list.h: the mistakes of one build that have nothing to do with each other, gathered so that one look shows all. What follows from a
// mistake is none of its own: whoever gathers goes on only where the data is still whole (accumulate.cpp).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::kustomize {

class ErrorList {
 public:
  static constexpr std::size_t kMost = 50;  ///< what is kept and shown

  /// An error of several lines that all begin with one file's name is several errors. One that is there already, word for word, is dropped.
  void Add(base::Error error);
  /// The same seen from one step further out, unless its message begins with `place` already.
  void Add(std::string_view place, base::Error error);
  void Add(std::string_view place, ErrorList below);
  /// The error of `result`, if there is one; whether there was none.
  bool Check(std::string_view place, base::Result<void> result);

  bool empty() const { return errors_.empty(); }
  /// No use in looking for more: there are kMost already, or a limit was reached.
  bool full() const;
  /// Nothing, or all errors as one: a line each, the reason of the first.
  base::Result<void> Finish() &&;

 private:
  std::vector<base::Error> errors_;
};

}  // namespace sluice::kustomize
