// helm/chart/schema/validator.h: one value against one schema. For schema.cpp.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "helm/chart/schema/schema_set.h"

namespace re2 {
class RE2;
}

namespace sluice::helm {

/// `text` in single quotes as the validator's messages have it: escaped as Go does, but for the quotes.
std::string QuoteSingle(const std::string& text);

/// A check that failed, and those below it that explain why.
struct SchemaFailure {
  enum class Kind { Check, Group, Reference };
  Kind kind = Kind::Check;
  std::string at;    ///< JSON pointer into the values
  std::string text;  ///< "got string, want integer"
  std::vector<SchemaFailure> causes = {};
};

class SchemaValidator {
 public:
  explicit SchemaValidator(SchemaSet& schemas);
  ~SchemaValidator();
  /// nullopt if `value` is as `node` wants it.
  std::optional<SchemaFailure> Validate(const SchemaNode& node, const Value& value);
  /// What is wrong with the schema itself (a reference that leads nowhere, a bad pattern), once Validate() has run; "" if nothing.
  const std::string& schema_error() const { return schema_error_; }

 private:
  using Outcome = std::optional<SchemaFailure>;
  /// The names and indices that no schema has looked at yet, for unevaluatedProperties and unevaluatedItems.
  struct Unevaluated {
    std::set<std::string> names;
    std::set<std::size_t> indices;
    bool empty() const { return names.empty() && indices.empty(); }
  };
  struct Visit;
  static Unevaluated Everything(const SchemaNode& node, const Value& value, bool caller_needs);
  Outcome Run(const SchemaNode& node, const Value& value, Unevaluated& unevaluated, bool quiet);
  Outcome RunChecks(Visit& visit);
  Outcome Self(Visit& visit, const SchemaNode& node, bool quiet = false);
  Outcome At(Visit& visit, const SchemaNode& node, const Value& value, const std::string& token);
  Outcome Reference(Visit& visit, const SchemaNode& target);
  bool Scalars(Visit& visit, Outcome& outcome);
  void Object(Visit& visit);
  void Properties(Visit& visit);
  void Dependencies(Visit& visit);
  void Array(Visit& visit);
  std::size_t Items(Visit& visit);
  void Contains(Visit& visit);
  void Text(Visit& visit);
  void Number(Visit& visit);
  void DynamicReferences(Visit& visit);
  void Conditions(Visit& visit);
  void AnyOf(Visit& visit, const Value& schemas);
  void OneOf(Visit& visit, const Value& schemas);
  void LeftOver(Visit& visit);
  bool Matches(const std::string& pattern, std::string_view text);
  void Add(Visit& visit, Outcome outcome) const;
  void Fail(Visit& visit, const std::string& text, std::vector<SchemaFailure> causes = {}) const;
  std::string Location() const;

  SchemaSet& schemas_;
  std::string schema_error_;
  std::vector<std::string> path_;
  std::vector<std::string> scopes_;                         // resources entered, outermost first
  std::vector<std::pair<const void*, std::size_t>> stack_;  // schemas being run and how deep in the value
  std::map<std::string, std::unique_ptr<re2::RE2>> patterns_;
};

}  // namespace sluice::helm
