#include "rollout/cel/qualified.h"

#include "rollout/cel/declarations.h"

namespace sluice::rollout::cel {

std::optional<std::string> QualifiedName(const Expr& expr) {
  if (expr.is == Expr::Is::Ident) return expr.name;
  if (expr.is != Expr::Is::Select || expr.test_only) return std::nullopt;
  auto name = QualifiedName(*expr.args[0]);
  if (name) *name += "." + expr.name;
  return name;
}

bool NameFunction(Expr& call) {
  const auto receiver = QualifiedName(*call.args[0]);
  if (!receiver) return false;
  std::string whole = *receiver + "." + call.name;
  if (whole.starts_with(".")) whole.erase(0, 1);
  if (FindFunction(whole) == nullptr) return false;
  call.name = std::move(whole);
  call.member = false;
  call.args.erase(call.args.begin());
  return true;
}

}  // namespace sluice::rollout::cel
