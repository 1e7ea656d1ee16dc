#include "kustomize/decode.h"

#include <algorithm>
#include <tuple>

#include "document/letter_case.h"
#include "kustomize/nearest.h"

namespace sluice::kustomize {

using document::Kind;
using document::Mark;
using document::Member;
using document::Value;

namespace {

const Decoder::Field* FindField(std::span<const Decoder::Field> fields, std::string_view name) {
  for (const auto& field : fields)
    if (field.name == name) return &field;
  for (const auto& field : fields)
    if (document::EqualWithoutCase(field.name, name)) return &field;
  return nullptr;
}

std::string_view KindWord(const Value& value) {
  switch (value.kind()) {
    case Kind::Null: return "null";
    case Kind::Bool: return "a boolean";
    case Kind::Int:
    case Kind::Float: return "a number";
    case Kind::Timestamp:
    case Kind::String: return "a string";
    case Kind::Sequence: return "a list";
    case Kind::Mapping: return "a map";
  }
  return "";
}

/// Members in the order in which Go marshals a map: by key, so that of `Resources` and `resources` the latter is read last.
std::vector<const Member*> ByKey(const Value& map) {
  std::vector<const Member*> sorted;
  for (const Member& member : map.members()) sorted.push_back(&member);
  std::sort(sorted.begin(), sorted.end(), [](const Member* a, const Member* b) { return a->key != b->key ? a->key < b->key : a < b; });
  return sorted;
}

std::string Below(std::string_view what, std::string_view field) {
  return what.empty() ? std::string(field) : std::string(what) + "." + std::string(field);
}

std::string ScalarAsText(const Value& value) {
  if (value.IsBool()) return value.AsBool().value_or(false) ? "true" : "false";
  if (auto number = value.AsInt(); value.IsInt() && number) return std::to_string(*number);
  return std::string(value.text());
}

}  // namespace

std::string PlaceOf(std::string_view file, Mark mark) {
  std::string place(file);
  if (mark.line != 0) place += ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
  return place;
}

std::string KeyText(const Member& member) {
  if (member.key_kind == Kind::String) return member.key;
  return ScalarAsText(Value::Scalar(member.key_kind, member.key));
}

Mark Decoder::ContentMark(const Value& value) const {
  if (value.style() != document::Style::Literal || text_.empty()) return {};
  std::size_t at = 0;
  for (std::uint32_t line = 0; line < value.mark().line; ++line) {
    at = text_.find('\n', at);
    if (at++ == text_.npos) return {};
  }
  const std::size_t indent = text_.find_first_not_of(' ', at);
  if (indent == text_.npos || text_[indent] == '\n' || text_[indent] == '\r') return {};  // blank lines first: the indent is further down
  return {value.mark().line + 1, static_cast<std::uint32_t>(indent - at + 1)};
}

void Decoder::Fail(Mark mark, std::string message) { errors_.emplace_back(mark, std::move(message)); }

base::Result<void> Decoder::Finish() const {
  if (errors_.empty()) return {};
  auto sorted = errors_;
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.line, a.first.column, a.second) < std::tie(b.first.line, b.first.column, b.second);
  });
  std::string all;
  for (const auto& [mark, message] : sorted) all += (all.empty() ? "" : "\n") + PlaceOf(file_, mark) + ": " + message;
  return base::Invalid(std::move(all));
}

void Decoder::WrongType(const Value& value, std::string_view what, std::string_view wanted) {
  if (what.starts_with('.')) what.remove_prefix(1);  // of a file that is one such object as a whole
  std::string message = "field \"" + std::string(what) + "\" wants " + std::string(wanted) + ", not " + std::string(KindWord(value));
  if (value.IsScalar() && !value.IsNull() && wanted == "a string") message += "; quote it: \"" + std::string(value.text()) + "\"";
  Fail(value.mark(), std::move(message));
}

void Decoder::Mapping(const Value& map, std::string_view what, std::initializer_list<Field> fields) {
  Mapping(map, what, std::span<const Field>(fields.begin(), fields.size()));
}

void Decoder::Mapping(const Value& map, std::string_view what, std::span<const Field> fields) {
  if (map.IsNull()) return;
  if (!map.IsMapping()) {
    if (what.empty()) return Fail(map.mark(), "the file wants a map, not " + std::string(KindWord(map)));
    return WrongType(map, what, "a map");
  }
  for (const Member* member : ByKey(map)) {
    const std::string key = KeyText(*member);
    const Field* field = FindField(fields, key);
    if (field == nullptr) {
      if (!strict_) continue;
      std::vector<std::string> known;
      for (const Field& one : fields) known.emplace_back(one.name);
      const std::string near = Nearest(key, known);
      Fail(member->key_mark, "unknown field \"" + Below(what, key) + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
      continue;
    }
    if (!member->value.IsNull()) Dispatch(*field, member->value, Below(what, field->name));
  }
}

void Decoder::Dispatch(const Field& field, const Value& value, const std::string& what) {
  if (field.text != nullptr) return Text(value, what, *field.text);
  if (field.flag != nullptr) return Flag(value, what, *field.flag);
  if (field.number != nullptr) return Number(value, what, *field.number);
  if (field.texts != nullptr) return Texts(value, what, *field.texts);
  if (field.pairs != nullptr) return Pairs(value, what, *field.pairs);
  field.read(value);
}

void Decoder::Text(const Value& value, std::string_view what, std::string& to) {
  if (value.IsString() || value.kind() == Kind::Timestamp) {
    to = value.text();
  } else if (!strict_ && value.IsScalar() && !value.IsNull()) {
    to = ScalarAsText(value);
  } else if (!value.IsNull()) {
    WrongType(value, what, "a string");
  }
}

void Decoder::Flag(const Value& value, std::string_view what, bool& to) {
  if (auto flag = value.AsBool()) {
    to = *flag;
  } else if (!value.IsNull()) {
    WrongType(value, what, "a boolean");
  }
}

void Decoder::Number(const Value& value, std::string_view what, std::int64_t& to) {
  if (auto number = value.AsInt()) {
    to = *number;
  } else if (!value.IsNull()) {
    WrongType(value, what, "a whole number");
  }
}

void Decoder::List(const Value& value, std::string_view what, const std::function<void(const Value&, const std::string&)>& each) {
  if (value.IsNull()) return;
  if (!value.IsSequence()) return WrongType(value, what, "a list");
  std::size_t index = 0;
  for (const Value& item : value.items()) each(item, std::string(what) + "[" + std::to_string(index++) + "]");
}

void Decoder::Texts(const Value& value, std::string_view what, std::vector<std::string>& to) {
  to.clear();
  List(value, what, [&](const Value& item, const std::string& name) { Text(item, name, to.emplace_back()); });
}

void Decoder::Pairs(const Value& value, std::string_view what, std::map<std::string, std::string>& to) {
  if (value.IsNull()) return;
  if (!value.IsMapping()) return WrongType(value, what, "a map");
  for (const Member* member : ByKey(value)) {
    const std::string key = KeyText(*member);
    std::string text;
    Text(member->value, Below(what, key), text);
    to[key] = std::move(text);
  }
}

Decoder::Read Decoder::StrictText(std::string what, std::string& to) {
  return [this, what = std::move(what), &to](const Value& value) {
    if (!value.IsString() && value.kind() != Kind::Timestamp) return WrongType(value, what, "a string");
    to = value.text();
  };
}

void Decoder::FieldSpecs(const Value& value, std::string_view what, std::vector<FieldSpec>& to) {
  to.clear();
  List(value, what, [&](const Value& item, const std::string& name) {
    FieldSpec& spec = to.emplace_back();
    Mapping(item, name,
            {{"group", StrictText(Below(name, "group"), spec.gvk.group)},
             {"version", StrictText(Below(name, "version"), spec.gvk.version)},
             {"kind", StrictText(Below(name, "kind"), spec.gvk.kind)},
             {"path", &spec.path},
             {"create", &spec.create}});
  });
}

void Decoder::SelectorFields(const Value& value, std::string_view what, Selector& to) {
  Mapping(value, what,
          {{"group", StrictText(Below(what, "group"), to.group)},
           {"version", StrictText(Below(what, "version"), to.version)},
           {"kind", StrictText(Below(what, "kind"), to.kind)},
           {"name", StrictText(Below(what, "name"), to.name)},
           {"namespace", StrictText(Below(what, "namespace"), to.ns)},
           {"labelSelector", &to.label_selector},
           {"annotationSelector", &to.annotation_selector}});
}

}  // namespace sluice::kustomize
