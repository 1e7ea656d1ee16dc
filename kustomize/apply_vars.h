// kustomize/apply_vars.h: `vars:` over a list of objects: which object each reads, and the replacement at the very end (contract §17).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kustomize/context.h"
#include "kustomize/kustomization.h"
#include "kustomize/resmap.h"

namespace sluice::kustomize {

/// A var and the file that declares it.
struct DeclaredVar {
  Var var;
  std::string file;
};

/// Notes on the object that each var reads its name, and adds the vars to `known`.
/// Errors: Invalid (a name that is known already, an object that is not unique).
base::Result<void> DeclareVars(const ResMap& map, const std::vector<Var>& vars, const std::string& file, std::vector<DeclaredVar>& known);

/// `more` joins `known`. Errors: Invalid, a name in both.
base::Result<void> JoinVars(std::vector<DeclaredVar>& known, std::vector<DeclaredVar> more);

/// Replaces `$(NAME)` in the fields `references`. A var that was never used adds a line to the warnings.
/// Errors: Invalid (no such object or field, a field that cannot hold a var).
base::Result<void> ResolveVars(ResMap& map, const std::vector<DeclaredVar>& vars, const std::vector<FieldSpec>& references,
                               Context& context);

}  // namespace sluice::kustomize
