// Unification as cel-go does it: a parameter is bound to the first type it meets and widened to a more general one later; dyn agrees with all.
// A question that is answered with no leaves no binding behind: every binding notes what it replaced.
#include "rollout/cel/type.h"

#include <array>
#include <utility>

namespace sluice::rollout::cel {
namespace {

using Is = Type::Is;

struct Name {
  Is is;
  std::string_view text;
};
constexpr std::array<Name, 15> kNames = {{{Is::Dyn, "dyn"},
                                          {Is::Error, "!error!"},
                                          {Is::Null, "null"},
                                          {Is::Bool, "bool"},
                                          {Is::Int, "int"},
                                          {Is::Uint, "uint"},
                                          {Is::Double, "double"},
                                          {Is::String, "string"},
                                          {Is::Bytes, "bytes"},
                                          {Is::Timestamp, "timestamp"},
                                          {Is::Duration, "duration"},
                                          {Is::List, "list"},
                                          {Is::Map, "map"},
                                          {Is::Type, "type"},
                                          {Is::Optional, "optional_type"}}};

/// Null may stand for these (the nullness of the legacy checker).
bool IsNullable(const Type& type) {
  return type.is() == Is::Null || type.is() == Is::Optional || type.is() == Is::Timestamp || type.is() == Is::Duration;
}

bool IsLessSpecific(const Type& left, const Type& right) {
  if (left.is() == Is::Dyn || left.is() == Is::Param) return true;
  if (right.is() == Is::Dyn || right.is() == Is::Param || left.is() != right.is()) return false;
  if (left.is() == Is::Type) return true;
  for (std::size_t i = 0; i < left.params().size(); ++i) {
    if (i >= right.params().size() || !IsLessSpecific(*left.params()[i], *right.params()[i])) return false;
  }
  return true;
}

/// Splits at the commas that no parenthesis encloses.
std::vector<TypePtr> ParseList(std::string_view text) {
  std::vector<TypePtr> out;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ',';
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c != ',' || depth != 0) continue;
    std::string_view part = text.substr(begin, i - begin);
    while (part.starts_with(" ")) part.remove_prefix(1);
    if (!part.empty()) out.push_back(ParseType(part));
    begin = i + 1;
  }
  return out;
}

}  // namespace

TypePtr TypeOf(Is is, std::vector<TypePtr> params) { return std::make_shared<Type>(is, std::move(params)); }

TypePtr ParseType(std::string_view text) {
  if (text.size() == 1) return std::make_shared<Type>(Is::Param, std::vector<TypePtr>{}, text[0]);
  const std::size_t paren = text.find('(');
  std::vector<TypePtr> params;
  if (paren != std::string_view::npos) params = ParseList(text.substr(paren + 1, text.size() - paren - 2));
  for (const Name& name : kNames) {
    if (name.text == text.substr(0, paren)) return TypeOf(name.is, std::move(params));
  }
  return TypeOf(Is::Error);
}

std::string Shown(const Type& type, bool declared) {
  if (type.is() == Is::Param) return "_var" + std::to_string(type.id() % Type::kFirstFresh);
  if (declared && type.is() == Is::Timestamp) return "google.protobuf.Timestamp";
  if (declared && type.is() == Is::Duration) return "google.protobuf.Duration";
  if (declared && type.is() == Is::Null) return "null_type";
  std::string out;
  for (const Name& name : kNames) {
    if (name.is == type.is()) out = name.text;
  }
  if (type.params().empty()) return out;
  out += "(";
  for (std::size_t i = 0; i < type.params().size(); ++i) out += (i == 0 ? "" : ", ") + Shown(*type.params()[i], declared);
  return out + ")";
}

bool SameType(const Type& left, const Type& right) {
  if (left.is() != right.is() || left.id() != right.id() || left.params().size() != right.params().size()) return false;
  for (std::size_t i = 0; i < left.params().size(); ++i) {
    if (!SameType(*left.params()[i], *right.params()[i])) return false;
  }
  return true;
}

const TypePtr* Bindings::Find(const Type& type) const {
  if (type.is() != Is::Param) return nullptr;
  const auto at = bound_.find(type.id());
  return at == bound_.end() ? nullptr : &at->second;
}

void Bindings::Bind(int id, TypePtr type) {
  TypePtr& slot = bound_[id];
  undo_.emplace_back(id, slot);
  slot = std::move(type);
}

template <class Ask>
bool Bindings::Try(Ask ask) {
  const std::size_t mark = undo_.size();
  if (ask()) return true;
  while (undo_.size() > mark) {
    auto [id, before] = std::move(undo_.back());
    undo_.pop_back();
    if (before == nullptr) {
      bound_.erase(id);
    } else {
      bound_[id] = std::move(before);
    }
  }
  return false;
}

bool Bindings::Assignable(const TypePtr& from, const TypePtr& to) {
  return Try([&] { return Agree(from, to); });
}
bool Bindings::AssignableAll(const std::vector<TypePtr>& from, const std::vector<TypePtr>& to) {
  return Try([&] { return AgreeAll(from, to); });
}

bool Bindings::AgreeAll(const std::vector<TypePtr>& left, const std::vector<TypePtr>& right) {
  if (left.size() != right.size()) return false;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!Agree(left[i], right[i])) return false;
  }
  return true;
}

bool Bindings::Agree(const TypePtr& left, const TypePtr& right) {
  bool bound = false;
  if (right->is() == Is::Param) {
    if (CanStandFor(left, right, bound)) return true;
    if (bound) return false;
  }
  if (left->is() == Is::Param) return CanStandFor(right, left, bound);
  if (left->IsDynOrError() || right->IsDynOrError()) return true;
  if (left->is() == Is::Null) return IsNullable(*right);
  if (right->is() == Is::Null) return IsNullable(*left);
  if (left->is() != right->is()) return false;
  return left->is() == Is::Type || AgreeAll(left->params(), right->params());
}

/// Whether `param` may be `type`; `bound` says that it already was something.
bool Bindings::CanStandFor(const TypePtr& type, const TypePtr& param, bool& bound) {
  if (SameType(*type, *param)) {
    bound = true;
    return true;
  }
  const TypePtr* found = Find(*param);
  if (found == nullptr) {
    if (OccursIn(*param, type)) return false;
    Bind(param->id(), type);
    return true;
  }
  bound = true;
  const TypePtr before = *found;
  if (SameType(*type, *before)) return true;
  if (!Agree(type, before)) return false;
  TypePtr general = MostGeneral(type, before);
  if (!OccursIn(*param, general)) Bind(param->id(), std::move(general));
  return true;
}

bool Bindings::OccursIn(const Type& param, const TypePtr& type) const {
  if (SameType(param, *type)) return true;
  if (type->is() == Is::Param) {
    const TypePtr* found = Find(*type);
    return found != nullptr && OccursIn(param, *found);
  }
  for (const TypePtr& inner : type->params()) {
    if (OccursIn(param, inner)) return true;
  }
  return false;
}

TypePtr Bindings::MostGeneral(const TypePtr& left, const TypePtr& right) { return IsLessSpecific(*left, *right) ? left : right; }

TypePtr Bindings::Substitute(const TypePtr& type, bool free_to_dyn) const {
  if (type->is() == Is::Param) {
    if (const TypePtr* found = Find(*type)) return Substitute(*found, free_to_dyn);
    return free_to_dyn ? TypeOf(Is::Dyn) : type;
  }
  if (type->params().empty()) return type;
  std::vector<TypePtr> params;
  for (const TypePtr& param : type->params()) params.push_back(Substitute(param, free_to_dyn));
  return TypeOf(type->is(), std::move(params));
}

TypePtr Bindings::Instantiate(const TypePtr& type, std::map<int, TypePtr>& fresh) {
  if (type->is() == Is::Param) {
    TypePtr& slot = fresh[type->id()];
    if (slot == nullptr) slot = Fresh();
    return slot;
  }
  if (type->params().empty()) return type;
  std::vector<TypePtr> params;
  for (const TypePtr& param : type->params()) params.push_back(Instantiate(param, fresh));
  return TypeOf(type->is(), std::move(params));
}

}  // namespace sluice::rollout::cel
