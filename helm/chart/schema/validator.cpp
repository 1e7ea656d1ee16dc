// A schema is run keyword by keyword in the order of santhosh-tekuri/jsonschema: type, const, enum and format end the run when they fail, the
// others are collected. `quiet` runs only want to know whether there is a failure, and build no texts.
#include "helm/chart/schema/validator.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "base/parser_limits.h"
#include "base/utf8.h"
#include "document/pointer.h"
#include "helm/chart/schema/formats.h"
#include "helm/template/number.h"
#include "helm/template/print.h"
#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

constexpr std::size_t kMaxDepth = 1000;

bool IsNumber(const Value& value) { return value.IsInteger() || value.type() == Type::Float64; }

double NumberOf(const Value& value) {
  if (value.type() == Type::Float64) return value.AsFloat();
  return value.IsUnsigned() ? static_cast<double>(value.AsUnsigned()) : static_cast<double>(value.AsSigned());
}

bool IsWhole(const Value& value) { return IsNumber(value) && std::floor(NumberOf(value)) == NumberOf(value); }

std::string_view TypeOf(const Value& value) {
  if (value.IsNil()) return "null";
  if (value.type() == Type::Bool) return "boolean";
  if (value.IsString()) return "string";
  if (value.IsList()) return "array";
  if (value.IsMap()) return "object";
  return "number";
}

bool Equals(const Value& left, const Value& right) {
  if (IsNumber(left) && IsNumber(right)) return NumberOf(left) == NumberOf(right);
  if (TypeOf(left) != TypeOf(right)) return false;
  if (left.IsNil()) return true;
  if (left.type() == Type::Bool) return left.AsBool() == right.AsBool();
  if (left.IsString()) return left.AsString() == right.AsString();
  if (left.IsList()) {
    const auto &a = left.list()->items, &b = right.list()->items;
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), Equals);
  }
  const auto &a = left.map()->entries, &b = right.map()->entries;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && Equals(x.second, y.second); });
}

template <class Range>
std::string QuoteAll(const Range& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + QuoteSingle(text);
  return out;
}

/// 70000 as the English have it: 70,000.
std::string Grouped(double value) {
  std::string text = FormatFloat(value, 'f');
  const std::size_t first = text.starts_with('-') ? 1 : 0;
  std::size_t at = std::min(text.find('.'), text.size());
  while (at > first + 3) {
    at -= 3;
    text.insert(at, ",");
  }
  return text;
}
std::string Grouped(std::size_t value) { return Grouped(static_cast<double>(value)); }

std::string Display(const Value& value) {
  if (value.IsString()) return QuoteSingle(value.AsString());
  if (value.IsList() || value.IsMap()) return "value";
  if (IsNumber(value)) return FormatFloat(NumberOf(value), std::abs(NumberOf(value)) < 1e21 ? 'f' : 'g');
  return value.IsNil() ? "<nil>" : Sprint(value);
}

std::vector<std::string> Texts(const Value& list) {
  std::vector<std::string> texts;
  if (list.IsList())
    for (const Value& item : list.list()->items)
      if (item.IsString()) texts.push_back(item.AsString());
  return texts;
}

std::vector<std::string> Missing(const Map& object, const std::vector<std::string>& wanted) {
  std::vector<std::string> missing;
  for (const std::string& name : wanted)
    if (!object.entries.contains(name)) missing.push_back(name);
  return missing;
}

/// The non-negative integer of keyword `key`.
std::optional<std::size_t> CountOf(const Value& schema, std::string_view key) {
  const Value* value = Keyword(schema, key);
  if (value == nullptr || !IsNumber(*value) || NumberOf(*value) < 0) return std::nullopt;
  return static_cast<std::size_t>(NumberOf(*value));
}

std::optional<double> BoundOf(const Value& schema, std::string_view key) {
  const Value* value = Keyword(schema, key);
  return value != nullptr && IsNumber(*value) ? std::optional(NumberOf(*value)) : std::nullopt;
}

bool FlagOf(const Value& schema, std::string_view key) {
  const Value* value = Keyword(schema, key);
  return value != nullptr && value->type() == Type::Bool && value->AsBool();
}

bool IsMultiple(double value, double of) {
  const double quotient = value / of;
  return std::abs(quotient - std::round(quotient)) <= 1e-9 * std::max(1.0, std::abs(quotient));
}

std::string Join(const std::vector<std::size_t>& indices) {
  std::string out;
  for (const std::size_t index : indices) out += (out.empty() ? "" : " ") + std::to_string(index);
  return out;
}

}  // namespace

struct SchemaValidator::Visit {
  const SchemaNode& node;
  const Value& value;
  Unevaluated& unevaluated;
  bool quiet = false;
  std::vector<SchemaFailure> failures = {};

  const Value* operator[](std::string_view key) const { return Keyword(node.schema, key); }
  const Value& schema() const { return node.schema; }
  bool Done() const { return quiet && !failures.empty(); }
};

SchemaValidator::SchemaValidator(SchemaSet& schemas) : schemas_(schemas) {}
SchemaValidator::~SchemaValidator() = default;

std::string SchemaValidator::Location() const {
  std::string location;
  for (const std::string& token : path_) location += "/" + document::EscapePointerToken(token);
  return location;
}

void SchemaValidator::Add(Visit& visit, Outcome outcome) const {
  if (outcome) visit.failures.push_back(*std::move(outcome));
}

void SchemaValidator::Fail(Visit& visit, const std::string& text, std::vector<SchemaFailure> causes) const {
  if (visit.quiet) {
    visit.failures.emplace_back();
  } else {
    visit.failures.push_back({.at = Location(), .text = text, .causes = std::move(causes)});
  }
}

SchemaValidator::Unevaluated SchemaValidator::Everything(const SchemaNode& node, const Value& value, bool caller_needs) {
  Unevaluated all;
  if (value.IsMap() && (caller_needs || Keyword(node.schema, "unevaluatedProperties") != nullptr))
    for (const auto& [key, item] : value.map()->entries) all.names.insert(key);
  if (value.IsList() && (caller_needs || Keyword(node.schema, "unevaluatedItems") != nullptr))
    for (std::size_t i = 0; i < value.list()->items.size(); ++i) all.indices.insert(i);
  return all;
}

std::optional<SchemaFailure> SchemaValidator::Validate(const SchemaNode& node, const Value& value) {
  Unevaluated unevaluated = Everything(node, value, false);
  return Run(node, value, unevaluated, false);
}

SchemaValidator::Outcome SchemaValidator::Run(const SchemaNode& node, const Value& value, Unevaluated& unevaluated, bool quiet) {
  Visit visit{.node = node, .value = value, .unevaluated = unevaluated, .quiet = quiet};
  if (!node.schema.IsMap()) {
    if (node.schema.type() != Type::Bool || node.schema.AsBool()) return std::nullopt;
    return SchemaFailure{.at = Location(), .text = "false schema"};
  }
  const std::pair<const void*, std::size_t> frame(node.schema.map(), path_.size());
  if (stack_.size() > kMaxDepth || std::find(stack_.begin(), stack_.end(), frame) != stack_.end())
    return SchemaFailure{.at = Location(), .text = "references of the schema form a cycle"};
  stack_.push_back(frame);
  const bool enters = scopes_.empty() || scopes_.back() != node.base;
  if (enters) scopes_.push_back(node.base);
  Outcome outcome = RunChecks(visit);
  if (enters) scopes_.pop_back();
  stack_.pop_back();
  return outcome;
}

/// Type, const, enum, format: whether the run goes on.
bool SchemaValidator::Scalars(Visit& visit, Outcome& outcome) {
  const auto end = [&](const std::string& text) {
    outcome = SchemaFailure{.at = visit.quiet ? "" : Location(), .text = text};
    return false;
  };
  const Value& value = visit.value;
  if (const Value* type = visit["type"]) {
    const std::vector<std::string> wanted = type->IsString() ? std::vector<std::string>{type->AsString()} : Texts(*type);
    const auto wants = [&](std::string_view name) { return std::find(wanted.begin(), wanted.end(), name) != wanted.end(); };
    if (!wanted.empty() && !wants(TypeOf(value)) && !(IsWhole(value) && wants("integer"))) {
      std::string names;
      for (const std::string_view name : {"null", "boolean", "number", "integer", "string", "array", "object"})
        if (wants(name)) names.append(names.empty() ? "" : " or ").append(name);
      return end(std::string("got ").append(TypeOf(value)).append(", want ").append(names));
    }
  }
  if (const Value* constant = visit["const"]; constant != nullptr && visit.node.draft >= 6 && !Equals(value, *constant))
    return end(constant->IsList() || constant->IsMap() ? "'const' failed" : "value must be " + Display(*constant));
  if (const Value* list = visit["enum"]; list != nullptr && list->IsList()) {
    const auto& items = list->list()->items;
    if (std::none_of(items.begin(), items.end(), [&](const Value& item) { return Equals(value, item); })) {
      if (std::any_of(items.begin(), items.end(), [](const Value& item) { return item.IsList() || item.IsMap(); }))
        return end("'enum' failed");
      std::string names;
      for (const Value& item : items) names += (names.empty() ? "" : ", ") + Display(item);
      return end(items.size() == 1 ? "value must be " + names : "value must be one of " + names);
    }
  }
  if (const Value* format = visit["format"]; format != nullptr && format->IsString() && visit.node.draft <= 7 && value.IsString()) {
    if (const auto objection = FormatObjection(format->AsString(), value.AsString()))
      return end(QuoteSingle(value.AsString()) + " is not valid " + format->AsString() + ": " + *objection);
  }
  return true;
}

SchemaValidator::Outcome SchemaValidator::RunChecks(Visit& visit) {
  Outcome outcome;
  const Value* reference = visit["$ref"];
  const bool old = visit.node.draft < 2019;
  if ((!old || reference == nullptr) && !Scalars(visit, outcome)) return outcome;
  if (reference != nullptr && reference->IsString()) {
    auto target = schemas_.Resolve(reference->AsString(), visit.node);
    if (!target) {
      schema_error_ = target.error().message;
      return SchemaFailure{.at = Location(), .text = target.error().message};
    }
    if (old) return Reference(visit, *target);
    Add(visit, Reference(visit, *target));
  }
  if (visit.value.IsMap()) Object(visit);
  if (visit.value.IsList()) Array(visit);
  if (visit.value.IsString()) Text(visit);
  if (IsNumber(visit.value)) Number(visit);
  if (!visit.Done()) {
    if (!old) DynamicReferences(visit);
    Conditions(visit);
    if (!old) LeftOver(visit);
  }
  if (visit.failures.empty()) return std::nullopt;
  if (visit.failures.size() == 1) return std::move(visit.failures[0]);
  return SchemaFailure{.kind = SchemaFailure::Kind::Group,
                       .at = visit.quiet ? "" : Location(),
                       .text = "validation failed",
                       .causes = std::move(visit.failures)};
}

SchemaValidator::Outcome SchemaValidator::Self(Visit& visit, const SchemaNode& node, bool quiet) {
  Unevaluated unevaluated = Everything(node, visit.value, !visit.unevaluated.empty());
  Outcome outcome = Run(node, visit.value, unevaluated, visit.quiet || quiet);
  if (!outcome) {
    std::erase_if(visit.unevaluated.names, [&](const std::string& name) { return !unevaluated.names.contains(name); });
    std::erase_if(visit.unevaluated.indices, [&](std::size_t index) { return !unevaluated.indices.contains(index); });
  }
  return outcome;
}

SchemaValidator::Outcome SchemaValidator::At(Visit& visit, const SchemaNode& node, const Value& value, const std::string& token) {
  path_.push_back(token);
  Unevaluated unevaluated = Everything(node, value, false);
  Outcome outcome = Run(node, value, unevaluated, visit.quiet);
  path_.pop_back();
  return outcome;
}

SchemaValidator::Outcome SchemaValidator::Reference(Visit& visit, const SchemaNode& target) {
  Outcome outcome = Self(visit, target);
  if (!outcome) return outcome;
  SchemaFailure failure{.kind = SchemaFailure::Kind::Reference, .at = visit.quiet ? "" : Location(), .text = "validation failed"};
  if (outcome->kind == SchemaFailure::Kind::Group) {
    failure.causes = std::move(outcome->causes);
  } else {
    failure.causes.push_back(*std::move(outcome));
  }
  return failure;
}

void SchemaValidator::Object(Visit& visit) {
  const Map& object = *visit.value.map();
  const std::size_t size = object.entries.size();
  if (const auto least = CountOf(visit.schema(), "minProperties"); least && size < *least)
    Fail(visit, "minProperties: got " + Grouped(size) + ", want " + Grouped(*least));
  if (const auto most = CountOf(visit.schema(), "maxProperties"); most && size > *most)
    Fail(visit, "maxProperties: got " + Grouped(size) + ", want " + Grouped(*most));
  if (const Value* required = visit["required"]) {
    const auto missing = Missing(object, Texts(*required));
    if (missing.size() == 1) Fail(visit, "missing property " + QuoteSingle(missing[0]));
    if (missing.size() > 1) Fail(visit, "missing properties " + QuoteAll(missing));
  }
  if (visit.Done()) return;
  Dependencies(visit);
  Properties(visit);
  const Value* names = visit["propertyNames"];
  if (names == nullptr || visit.node.draft < 6) return;
  const SchemaNode node = SchemaSet::Below(visit.node, *names);
  for (const auto& [key, item] : object.entries) {
    const Value name = Value::String(key);
    Unevaluated unevaluated;
    std::vector<std::string> path;
    path.swap(path_);
    Outcome outcome = Run(node, name, unevaluated, visit.quiet);
    path.swap(path_);
    if (!outcome) continue;
    std::vector<SchemaFailure> causes;
    if (outcome->kind == SchemaFailure::Kind::Group) {
      causes = std::move(outcome->causes);
    } else {
      causes.push_back(*std::move(outcome));
    }
    visit.failures.push_back({.text = "invalid propertyName " + QuoteSingle(key), .causes = std::move(causes)});
  }
}

void SchemaValidator::Dependencies(Visit& visit) {
  const Map& object = *visit.value.map();
  const auto require = [&](const std::string& name, const Value& wanted) {
    const auto missing = Missing(object, Texts(wanted));
    if (!missing.empty()) Fail(visit, "properties " + QuoteAll(missing) + " required, if " + QuoteSingle(name) + " exists");
  };
  for (const std::string_view keyword : {"dependencies", "dependentSchemas", "dependentRequired"}) {
    if (keyword != "dependencies" && visit.node.draft < 2019) break;
    const Value* map = visit[keyword];
    if (map == nullptr || !map->IsMap()) continue;
    for (const auto& [name, dependency] : map->map()->entries) {
      if (!object.entries.contains(name)) continue;
      if (dependency.IsList()) {
        require(name, dependency);
      } else {
        Add(visit, Self(visit, SchemaSet::Below(visit.node, dependency)));
      }
    }
  }
}

void SchemaValidator::Properties(Visit& visit) {
  const Value* properties = visit["properties"];
  const Value* patterns = visit["patternProperties"];
  const Value* additional = visit["additionalProperties"];
  std::vector<std::string> not_allowed;
  for (const auto& [key, value] : visit.value.map()->entries) {
    if (visit.Done()) return;
    bool evaluated = false;
    if (const Value* schema = properties == nullptr ? nullptr : Keyword(*properties, key)) {
      evaluated = true;
      Add(visit, At(visit, SchemaSet::Below(visit.node, *schema), value, key));
    }
    if (patterns != nullptr && patterns->IsMap())
      for (const auto& [pattern, schema] : patterns->map()->entries) {
        if (!Matches(pattern, key)) continue;
        evaluated = true;
        Add(visit, At(visit, SchemaSet::Below(visit.node, schema), value, key));
      }
    if (!evaluated && additional != nullptr) {
      evaluated = true;
      if (additional->type() == Type::Bool) {
        if (!additional->AsBool()) not_allowed.push_back(key);
      } else {
        Add(visit, At(visit, SchemaSet::Below(visit.node, *additional), value, key));
      }
    }
    if (evaluated) visit.unevaluated.names.erase(key);
  }
  if (!not_allowed.empty()) Fail(visit, "additional properties " + QuoteAll(not_allowed) + " not allowed");
}

void SchemaValidator::Array(Visit& visit) {
  const auto& items = visit.value.list()->items;
  if (const auto least = CountOf(visit.schema(), "minItems"); least && items.size() < *least)
    Fail(visit, "minItems: got " + Grouped(items.size()) + ", want " + Grouped(*least));
  if (const auto most = CountOf(visit.schema(), "maxItems"); most && items.size() > *most)
    Fail(visit, "maxItems: got " + Grouped(items.size()) + ", want " + Grouped(*most));
  if (FlagOf(visit.schema(), "uniqueItems")) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto again =
          std::find_if(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(i), [&](const Value& v) { return Equals(v, items[i]); });
      if (again == items.begin() + static_cast<std::ptrdiff_t>(i)) continue;
      Fail(visit, "items at " + Grouped(static_cast<std::size_t>(again - items.begin())) + " and " + Grouped(i) + " are equal");
      break;
    }
  }
  const std::size_t evaluated = Items(visit);
  for (std::size_t i = 0; i < evaluated; ++i) visit.unevaluated.indices.erase(i);
  Contains(visit);
}

/// How many items, from the first on, some schema has looked at.
std::size_t SchemaValidator::Items(Visit& visit) {
  const auto& items = visit.value.list()->items;
  const bool old = visit.node.draft < 2020;
  const Value* all = visit["items"];
  const Value* prefix = old ? (all != nullptr && all->IsList() ? all : nullptr) : visit["prefixItems"];
  const Value* rest = old ? (all != nullptr && !all->IsList() ? all : prefix != nullptr ? visit["additionalItems"] : nullptr) : all;
  std::size_t at = 0;
  if (prefix != nullptr && prefix->IsList())
    for (; at < items.size() && at < prefix->list()->items.size(); ++at)
      Add(visit, At(visit, SchemaSet::Below(visit.node, prefix->list()->items[at]), items[at], std::to_string(at)));
  if (rest == nullptr) return at;
  if (old && prefix != nullptr && rest->type() == Type::Bool) {
    if (!rest->AsBool() && at < items.size()) Fail(visit, "last " + Grouped(items.size() - at) + " additionalItem(s) not allowed");
    return items.size();
  }
  const SchemaNode node = SchemaSet::Below(visit.node, *rest);
  for (; at < items.size(); ++at) Add(visit, At(visit, node, items[at], std::to_string(at)));
  return items.size();
}

void SchemaValidator::Contains(Visit& visit) {
  const Value* contains = visit["contains"];
  if (contains == nullptr || visit.node.draft < 6) return;
  const SchemaNode node = SchemaSet::Below(visit.node, *contains);
  const auto& items = visit.value.list()->items;
  std::vector<SchemaFailure> failures;
  std::vector<std::size_t> matched;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (Outcome outcome = At(visit, node, items[i], std::to_string(i))) {
      failures.push_back(*std::move(outcome));
    } else {
      matched.push_back(i);
      if (visit.node.draft >= 2020) visit.unevaluated.indices.erase(i);
    }
  }
  const bool counted = visit.node.draft >= 2019;
  const auto least = counted ? CountOf(visit.schema(), "minContains") : std::nullopt;
  const auto most = counted ? CountOf(visit.schema(), "maxContains") : std::nullopt;
  if (least && matched.size() < *least) {
    const std::string found =
        matched.empty() ? ", but none matched" : ", but matched " + Grouped(matched.size()) + " items at " + Join(matched);
    Fail(visit, "min " + Grouped(*least) + " items required to match contains schema" + found, std::move(failures));
  } else if (!least && matched.empty()) {
    Fail(visit, "no items match contains schema", std::move(failures));
  }
  if (most && matched.size() > *most)
    Fail(visit, "max " + Grouped(*most) + " items required to match contains schema, but matched " + Grouped(matched.size()) +
                    " items at " + Join(matched));
}

void SchemaValidator::Text(Visit& visit) {
  const std::string& text = visit.value.AsString();
  const auto least = CountOf(visit.schema(), "minLength"), most = CountOf(visit.schema(), "maxLength");
  if (least || most) {
    std::size_t length = 0;
    for (std::size_t at = 0; at < text.size(); ++length)
      at += std::max<std::size_t>(base::Utf8Length(std::string_view(text).substr(at)), 1);
    if (least && length < *least) Fail(visit, "minLength: got " + Grouped(length) + ", want " + Grouped(*least));
    if (most && length > *most) Fail(visit, "maxLength: got " + Grouped(length) + ", want " + Grouped(*most));
  }
  if (const Value* pattern = visit["pattern"]; pattern != nullptr && pattern->IsString() && !Matches(pattern->AsString(), text))
    Fail(visit, QuoteSingle(text) + " does not match pattern " + QuoteSingle(pattern->AsString()));
}

void SchemaValidator::Number(Visit& visit) {
  const double value = NumberOf(visit.value);
  auto minimum = BoundOf(visit.schema(), "minimum"), maximum = BoundOf(visit.schema(), "maximum");
  auto above = BoundOf(visit.schema(), "exclusiveMinimum"), below = BoundOf(visit.schema(), "exclusiveMaximum");
  if (FlagOf(visit.schema(), "exclusiveMinimum")) above = std::exchange(minimum, std::nullopt);
  if (FlagOf(visit.schema(), "exclusiveMaximum")) below = std::exchange(maximum, std::nullopt);
  const auto fail = [&](std::string_view what, double bound) {
    Fail(visit, std::string(what) + ": got " + Grouped(value) + ", want " + Grouped(bound));
  };
  if (minimum && value < *minimum) fail("minimum", *minimum);
  if (maximum && value > *maximum) fail("maximum", *maximum);
  if (above && value <= *above) fail("exclusiveMinimum", *above);
  if (below && value >= *below) fail("exclusiveMaximum", *below);
  if (const auto of = BoundOf(visit.schema(), "multipleOf"); of && *of != 0 && !IsMultiple(value, *of)) fail("multipleOf", *of);
}

void SchemaValidator::DynamicReferences(Visit& visit) {
  const Value* reference = visit[visit.node.draft == 2019 ? "$recursiveRef" : "$dynamicRef"];
  if (reference == nullptr || !reference->IsString()) return;
  auto target = schemas_.Resolve(reference->AsString(), visit.node);
  if (!target) {
    schema_error_ = target.error().message;
    return;
  }
  const std::string& text = reference->AsString();
  const std::string anchor = text.find('#') == std::string::npos ? "" : text.substr(text.find('#') + 1);
  const Value* own = Keyword(target->schema, "$dynamicAnchor");
  const bool dynamic = visit.node.draft == 2019 ? FlagOf(target->schema, "$recursiveAnchor")
                                                : own != nullptr && own->IsString() && own->AsString() == anchor;
  SchemaNode chosen = *target;
  if (dynamic)
    for (const std::string& scope : scopes_) {  // the outermost that knows it
      const SchemaNode* found = visit.node.draft == 2019 ? schemas_.Resource(scope) : schemas_.DynamicAnchor(scope, anchor);
      if (found == nullptr || (visit.node.draft == 2019 && !FlagOf(found->schema, "$recursiveAnchor"))) continue;
      chosen = *found;
      break;
    }
  Add(visit, Reference(visit, chosen));
}

void SchemaValidator::Conditions(Visit& visit) {
  if (const Value* schema = visit["not"]; schema != nullptr && !Self(visit, SchemaSet::Below(visit.node, *schema), true))
    Fail(visit, "'not' failed");
  if (const Value* all = visit["allOf"]; all != nullptr && all->IsList()) {
    std::vector<SchemaFailure> failures;
    for (const Value& schema : all->list()->items)
      if (Outcome outcome = Self(visit, SchemaSet::Below(visit.node, schema))) failures.push_back(*std::move(outcome));
    if (!failures.empty()) Fail(visit, "'allOf' failed", std::move(failures));
  }
  if (const Value* any = visit["anyOf"]; any != nullptr && any->IsList() && !any->list()->items.empty()) AnyOf(visit, *any);
  if (const Value* one = visit["oneOf"]; one != nullptr && one->IsList() && !one->list()->items.empty()) OneOf(visit, *one);
  const Value* condition = visit["if"];
  if (condition == nullptr || visit.node.draft < 7) return;
  const bool holds = !Self(visit, SchemaSet::Below(visit.node, *condition), true);
  if (const Value* next = visit[holds ? "then" : "else"]) Add(visit, Self(visit, SchemaSet::Below(visit.node, *next)));
}

void SchemaValidator::AnyOf(Visit& visit, const Value& schemas) {
  std::vector<SchemaFailure> failures;
  bool matched = false;
  for (const Value& schema : schemas.list()->items) {
    Outcome outcome = Self(visit, SchemaSet::Below(visit.node, schema));
    if (outcome) {
      failures.push_back(*std::move(outcome));
      continue;
    }
    matched = true;
    if (visit.unevaluated.empty()) break;
  }
  if (!matched) Fail(visit, "'anyOf' failed", std::move(failures));
}

void SchemaValidator::OneOf(Visit& visit, const Value& schemas) {
  std::vector<SchemaFailure> failures;
  std::optional<std::size_t> matched;
  const auto& items = schemas.list()->items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    Outcome outcome = Self(visit, SchemaSet::Below(visit.node, items[i]), matched.has_value());
    if (outcome) {
      if (!matched) failures.push_back(*std::move(outcome));
    } else if (!matched) {
      matched = i;
    } else {
      Fail(visit, "'oneOf' failed, subschemas " + std::to_string(*matched) + ", " + std::to_string(i) + " matched");
      break;
    }
  }
  if (!matched) Fail(visit, "'oneOf' failed, none matched", std::move(failures));
}

void SchemaValidator::LeftOver(Visit& visit) {
  if (const Value* schema = visit["unevaluatedProperties"]; schema != nullptr && visit.value.IsMap()) {
    const SchemaNode node = SchemaSet::Below(visit.node, *schema);
    for (const std::string& name : visit.unevaluated.names)
      if (const Value* value = Keyword(visit.value, name)) Add(visit, At(visit, node, *value, name));
    visit.unevaluated.names.clear();
  }
  if (const Value* schema = visit["unevaluatedItems"]; schema != nullptr && visit.value.IsList()) {
    const SchemaNode node = SchemaSet::Below(visit.node, *schema);
    for (const std::size_t index : visit.unevaluated.indices)
      Add(visit, At(visit, node, visit.value.list()->items[index], std::to_string(index)));
    visit.unevaluated.indices.clear();
  }
}

bool SchemaValidator::Matches(const std::string& pattern, std::string_view text) {
  auto& compiled = patterns_[pattern];
  if (!compiled) {
    re2::RE2::Options options(re2::RE2::Quiet);
    options.set_max_mem(base::Parsers().max_program_bytes);
    compiled = std::make_unique<re2::RE2>(pattern, options);
  }
  if (!compiled->ok()) {
    schema_error_ = "invalid regex " + GoQuote(pattern) + ": " + compiled->error();
    return true;
  }
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *compiled);
}

}  // namespace sluice::helm
