// controller/kustomization/substitution.h: postBuild's variables put into the objects of a build (flux-contract 6.5; fluxcd/pkg/kustomize,
// SubstituteVariables). Pure.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "controller/kustomization/spec.h"
#include "document/value.h"

namespace sluice::controller::kustomization {

/// For the objects of one build, one after the other.
class Substitution {
 public:
  /// `variables` in rising precedence. `strict`: a variable without value and default is an error.
  Substitution(const Spec& spec, std::span<const std::pair<std::string, std::string>> variables, bool strict,
               std::span<const document::Value> objects);

  /// Puts variables into the text of `object`, one of `objects`, unless it opted out. The text is then read again, as YAML 1.1: `"${N}"`, which
  /// has lost its quotes, may become a number, and a key `${N}` becomes what JSON calls it. Errors: Invalid, naming the object — the name of a
  /// variable, its grammar, what is no object any more, or has become another of them.
  base::Result<void> Apply(document::Value& object);

 private:
  base::Result<bool> Replace(document::Value& object) const;
  std::map<std::string, std::string, std::less<>> values_;
  std::multiset<std::string> ids_;  ///< of all objects as they are by now
  bool strict_ = true, active_ = false;
};

}  // namespace sluice::controller::kustomization
