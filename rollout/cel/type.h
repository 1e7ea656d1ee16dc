// rollout/cel/type.h: static types, as the checker infers them, and when one may stand for another (cel-go, checker/types.go). Pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::rollout::cel {

class Type;
using TypePtr = std::shared_ptr<const Type>;

/// Immutable. `params` of a list, a map (key, value), an optional_type, a type(T).
class Type {
 public:
  enum class Is : std::uint8_t {
    Dyn,
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    List,
    Map,
    Type,
    Optional,
    Param
  };
  static constexpr int kFirstFresh = 1000;  ///< ids of parameters below are letters of tables
  explicit Type(Is is, std::vector<TypePtr> params = {}, int id = 0) : is_(is), id_(id), params_(std::move(params)) {}
  Is is() const { return is_; }
  int id() const { return id_; }  ///< of a Param
  const std::vector<TypePtr>& params() const { return params_; }
  bool IsDynOrError() const { return is_ == Is::Dyn || is_ == Is::Error; }

 private:
  Is is_;
  int id_;
  std::vector<TypePtr> params_;
};

TypePtr TypeOf(Type::Is is, std::vector<TypePtr> params = {});
/// The type that `text` writes: "int", "list(A)", "map(A, B)", "optional_type(V)", "type(A)". One capital letter is a parameter, whose id is
/// the letter. For the tables of this folder: the text is well-formed.
TypePtr ParseType(std::string_view text);
/// As cel-go's messages show it: "map(string, dyn)", "timestamp"; `declared`: as it is declared, "google.protobuf.Timestamp".
std::string Shown(const Type& type, bool declared = false);
bool SameType(const Type& left, const Type& right);

/// What type parameters stand for so far. Asking whether types agree may bind parameters; only a yes does.
class Bindings {
 public:
  bool Assignable(const TypePtr& from, const TypePtr& to);
  bool AssignableAll(const std::vector<TypePtr>& from, const std::vector<TypePtr>& to);
  /// `type` with its parameters replaced; free ones stay, or become dyn.
  TypePtr Substitute(const TypePtr& type, bool free_to_dyn) const;
  TypePtr Fresh() { return std::make_shared<Type>(Type::Is::Param, std::vector<TypePtr>{}, next_++); }
  /// `type` with fresh parameters for those that a table wrote, the same for the same in all of one call's types (`fresh`).
  TypePtr Instantiate(const TypePtr& type, std::map<int, TypePtr>& fresh);
  static TypePtr MostGeneral(const TypePtr& left, const TypePtr& right);

 private:
  bool Agree(const TypePtr& left, const TypePtr& right);
  bool AgreeAll(const std::vector<TypePtr>& left, const std::vector<TypePtr>& right);
  bool CanStandFor(const TypePtr& type, const TypePtr& param, bool& bound);
  bool OccursIn(const Type& param, const TypePtr& type) const;
  const TypePtr* Find(const Type& type) const;
  void Bind(int id, TypePtr type);
  template <class Ask>
  bool Try(Ask ask);

  std::map<int, TypePtr> bound_;
  std::vector<std::pair<int, TypePtr>> undo_;  // what a binding was before; null: none
  int next_ = Type::kFirstFresh;
};

}  // namespace sluice::rollout::cel
