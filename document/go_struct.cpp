#include "document/go_struct.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/clock.h"
#include "document/letter_case.h"
#include "document/repeated_keys.h"
#include "document/scalar.h"

namespace sluice::document {
namespace {

using base::Invalid;
using base::Result;
using What = GoType::What;

std::optional<std::string> IntegerText(const Value& value) {
  const auto integer = ParseInteger(value.text());
  if (!integer) return std::nullopt;
  return std::string(NumberText(*integer).view());
}

/// The text that a number or a boolean becomes where a string is wanted.
std::string ScalarText(const Value& value) {
  if (value.IsBool()) return value.AsBool().value_or(false) ? "true" : "false";
  if (!value.IsNumber()) return std::string(value.text());
  if (auto text = value.IsInt() ? IntegerText(value) : std::nullopt) return *std::move(text);
  const double number = value.AsDouble().value_or(0);
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Inf" : "+Inf";
  return GoYamlFloat32(number);
}

std::string_view KindWord(const Value& value) {
  if (value.IsBool()) return "a boolean";
  if (value.IsNumber()) return "a number";
  if (value.IsSequence()) return "a list";
  return value.IsMapping() ? "a map" : "a string";
}

base::Error Wrong(const Value& value, std::string_view path, std::string_view wanted) {
  const std::string place =
      value.mark().line == 0 ? "" : std::to_string(value.mark().line) + ":" + std::to_string(value.mark().column) + ": ";
  return Invalid(place + (path.empty() ? "" : std::string(path) + ": ") + "want " + std::string(wanted) + ", found " +
                 std::string(KindWord(value)));
}

std::string Below(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : std::string(path) + "." + std::string(name);
}

bool IsText(const Value& value) { return value.IsString() || value.kind() == Kind::Timestamp; }

Result<Value> ReadScalar(const Value& value, const GoType& type, std::string_view path, GoInput input) {
  const bool pure = type.what != What::Text || input == GoInput::Object;
  if (!value.IsScalar() || (pure && !IsText(value))) return Wrong(value, path, "a string");
  Value text(ScalarText(value));
  text.set_mark(value.mark());
  if (type.what == What::Duration && !base::ParseGoDuration(text.text())) return Wrong(value, path, "a duration such as 10m or 1h30m");
  if (type.what == What::Time && !base::ParseRfc3339(text.text())) return Wrong(value, path, "a time such as 2006-01-02T15:04:05Z");
  return text;
}

const GoField* FindField(const GoType& type, std::string_view key, GoInput input) {
  const auto exact = std::ranges::find(type.fields, key, &GoField::name);
  if (exact != type.fields.end()) return &*exact;
  if (input == GoInput::Object) return nullptr;
  const auto folded = std::ranges::find_if(type.fields, [&](const GoField& field) { return EqualWithoutCase(field.name, key); });
  return folded == type.fields.end() ? nullptr : &*folded;
}

/// Members in the order in which Go writes a map, so that of `Path` and `path` the latter is read last.
Result<std::vector<std::pair<std::string, const Member*>>> ByKey(const Value& map, std::string_view path) {
  std::vector<std::pair<std::string, const Member*>> sorted;
  for (const Member& member : map.members()) {
    auto key = JsonKey(member);
    if (!key) return Invalid(Below(path, member.key) + ": no key of a JSON object");
    sorted.emplace_back(*std::move(key), &member);
  }
  std::ranges::stable_sort(sorted, {}, &std::pair<std::string, const Member*>::first);
  return sorted;
}

Result<Value> ReadStruct(const Value& value, const GoType& type, std::string_view path, GoInput input) {
  if (!value.IsMapping()) return Wrong(value, path, "a map");
  TRY(const auto members, ByKey(value, path));
  std::vector<Value> read(type.fields.size());
  std::vector<Mark> marks(type.fields.size());
  for (const auto& [key, member] : members) {
    const GoField* field = FindField(type, key, input);
    if (field == nullptr || member->value.IsNull()) continue;
    const auto at = static_cast<std::size_t>(field - type.fields.data());
    TRY(read[at], ReadAsGo(member->value, *field->type, Below(path, field->name), input));
    marks[at] = member->key_mark;
  }
  Value out = Value::Mapping();
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (read[i].IsNull()) continue;
    out.mutable_members().push_back({.key = std::string(type.fields[i].name), .value = std::move(read[i]), .key_mark = marks[i]});
  }
  out.set_mark(value.mark());
  return out;
}

/// What a list or a map holds where it holds null.
Value Zero(const GoType& type) {
  if (type.what == What::Text || type.what == What::PureText) return "";
  return type.what == What::Struct ? Value::Mapping() : Value();
}

Result<Value> ReadMap(const Value& value, const GoType& type, std::string_view path, GoInput input) {
  if (!value.IsMapping()) return Wrong(value, path, "a map");
  TRY(const auto members, ByKey(value, path));
  std::vector<Member> read;
  for (const auto& [key, member] : members) {
    if (read.empty() || read.back().key != key) read.push_back({.key = key, .value = {}, .key_mark = member->key_mark});
    if (member->value.IsNull()) {
      read.back().value = Zero(*type.of);
    } else {
      TRY(read.back().value, ReadAsGo(member->value, *type.of, Below(path, key), input));
    }
  }
  Value out = Value::Mapping(std::move(read));
  out.set_mark(value.mark());
  return out;
}

Result<Value> ReadList(const Value& value, const GoType& type, std::string_view path, GoInput input) {
  if (!value.IsSequence()) return Wrong(value, path, "a list");
  std::vector<Value> items;
  for (const Value& item : value.items()) {
    if (item.IsNull()) {
      items.push_back(Zero(*type.of));
    } else {
      TRY(Value read, ReadAsGo(item, *type.of, std::string(path) + "[" + std::to_string(items.size()) + "]", input));
      items.push_back(std::move(read));
    }
  }
  Value out = Value::Sequence(std::move(items));
  out.set_mark(value.mark());
  return out;
}

}  // namespace

std::optional<std::string> JsonKey(const Member& member) {
  if (member.key_kind == Kind::String || member.key_kind == Kind::Timestamp) return member.key;
  const Value key = Value::Scalar(member.key_kind, member.key);
  if (key.IsBool()) return ScalarText(key);
  if (key.IsInt() && key.AsInt()) return IntegerText(key);
  if (key.kind() == Kind::Float && key.AsDouble()) return GoYamlFloat32(*key.AsDouble());
  return std::nullopt;
}

Result<void> MakeJsonable(Value& value) {
  if (value.kind() == Kind::Float && !std::isfinite(value.AsDouble().value_or(0)))
    return Invalid(std::string(value.text()) + " is no number of JSON");
  if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) TRY(MakeJsonable(item));
  }
  if (!value.IsMapping()) return {};
  bool renamed = false;
  for (Member& member : value.mutable_members()) {
    TRY(MakeJsonable(member.value));
    if (member.key_kind == Kind::String) continue;
    auto key = JsonKey(member);
    if (!key) return Invalid("the key " + (member.key.empty() ? "null" : member.key) + " is no key of a JSON object");
    renamed = true;
    member.key = *std::move(key);
    member.key_kind = Kind::String;
  }
  if (!renamed) return {};
  const std::vector<RepeatedKey> repeated = RepeatedKeys(value.members());
  LetLastWin(value.mutable_members(), 0, repeated);
  return {};
}

Result<Value> ReadAsGo(const Value& value, const GoType& type, std::string_view path, GoInput input) {
  switch (type.what) {
    case What::Any: {
      Value copy = value;
      if (auto done = MakeJsonable(copy); !done) return std::move(done).error().Wrap(std::string(path));
      return copy;
    }
    case What::Text:
    case What::PureText:
    case What::Duration:
    case What::Time: return ReadScalar(value, type, path, input);
    case What::Flag:
      if (!value.IsBool()) return Wrong(value, path, "true or false");
      return value;
    case What::Integer:
      if (!value.AsInt()) return Wrong(value, path, "a whole number");
      return value;
    case What::List: return ReadList(value, type, path, input);
    case What::Map: return ReadMap(value, type, path, input);
    case What::Struct: return ReadStruct(value, type, path, input);
  }
  return value;
}

}  // namespace sluice::document
