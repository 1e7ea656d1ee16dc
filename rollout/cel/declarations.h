// rollout/cel/declarations.h: every function of CEL's standard library, the optional types, and the extension libraries Strings, Sets and
// Encoders, with its overloads: what the checker compares a call with, and what tells a namespaced function (`sets.contains`) from a method.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rollout/cel/type.h"

namespace sluice::rollout::cel {

struct Overload {
  bool member = false;  ///< the first argument is the receiver
  std::vector<TypePtr> args;
  TypePtr result;
};

/// How a function takes its arguments when nothing is known of their types: what cel-go's planner checks before anything is evaluated.
enum class Shape { Unary, Binary, Any };

struct Function {
  std::vector<Overload> overloads;
  Shape shape = Shape::Any;
};

/// Null if there is none of this name.
const Function* FindFunction(std::string_view name);

/// The type that is the value of the identifier `name` ("int", "google.protobuf.Timestamp"); null if it names none.
TypePtr FindTypeName(std::string_view name);

}  // namespace sluice::rollout::cel
