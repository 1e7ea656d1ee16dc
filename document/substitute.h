// document/substitute.h: `${variables}` in text, as Flux's postBuild expands them (flux-contract 6.5; fluxcd/pkg/envsubst, a fork of drone/envsubst).
// Only `${...}` is expanded; `$name` and `$(name)` stay, `$${name}` becomes `${name}`.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::document {

/// The value of a variable, nullopt if it is not set.
using VariableLookup = std::function<std::optional<std::string>(std::string_view name)>;

struct SubstituteOptions {
  bool strict = true;                 ///< a variable that is not set and has no default is an error; else it is empty
  std::size_t max_bytes = 64u << 20;  ///< of the result
  std::size_t max_depth = 64;         ///< of variables inside of defaults
};

/// `text` with its variables replaced. What is replaced is not looked at again.
/// Errors, in the library's words: Invalid `variable not set (strict mode): "x"`, `missing closing brace`, `unable to parse variable name`,
/// `unable to parse substitution within function`, `unable to parse default function`, `bad substitution`; TooLarge.
base::Result<std::string> Substitute(std::string_view text, const VariableLookup& lookup, const SubstituteOptions& options = {});

/// Whether `name` may name a variable: `^[_[:alpha:]][_[:alpha:][:digit:]]*$`.
bool IsVariableName(std::string_view name);

}  // namespace sluice::document
