// rollout/cel/evaluate.h: an expression and its variables become a value (cel-go, interpreter/). Pure. Every step costs; who has spent the whole
// budget ends with an error that nothing absorbs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "document/value.h"
#include "rollout/cel/expr.h"

namespace sluice::rollout::cel {

/// The variables of one evaluation: names and views of documents, which outlive it.
class Activation {
 public:
  Activation() = default;
  /// Every member of the mapping `fields` is a variable.
  explicit Activation(const document::Value& fields) : fields_(&fields) {}
  explicit Activation(std::vector<std::pair<std::string_view, const document::Value*>> named) : named_(std::move(named)) {}
  const document::Value* Find(std::string_view name) const;

 private:
  const document::Value* fields_ = nullptr;
  std::vector<std::pair<std::string_view, const document::Value*>> named_;
};

class Budget {
 public:
  Budget(std::uint64_t cost, std::size_t regex_bytes) : left_(cost), regex_bytes_(regex_bytes) {}
  /// False once there is nothing left.
  bool Spend(std::uint64_t cost) {
    spent_ = spent_ || cost > left_;
    left_ -= spent_ ? left_ : cost;
    return !spent_;
  }
  bool SpendBytes(std::size_t bytes) { return Spend(bytes / 10 + 1); }  ///< as Kubernetes counts what walks over a text
  bool spent() const { return spent_; }
  std::size_t BytesLeft() const { return static_cast<std::size_t>(left_) * 10; }
  std::size_t regex_bytes() const { return regex_bytes_; }

 private:
  std::uint64_t left_;
  const std::size_t regex_bytes_;
  bool spent_ = false;
};

/// Views in the result hold as long as the documents of `activation` and `expr` do.
Val Evaluate(const Expr& expr, const Activation& activation, Budget& budget);

/// The functions and operators that take values: all but the logical ones, selections and comprehensions. An Error for what no overload takes.
Val CallFunction(std::string_view name, std::span<Val> args, Budget& budget);

/// Whether `key` can select from a list or map.
bool CanQualify(const Val& key);

/// Go's name of the type behind a value, for messages that show it.
std::string_view GoTypeName(Kind kind);

}  // namespace sluice::rollout::cel
