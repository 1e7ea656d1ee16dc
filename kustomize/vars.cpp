#include "kustomize/vars.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "document/scalar.h"
#include "kustomize/field_path.h"
#include "kustomize/node.h"

namespace sluice::kustomize {

using base::Result;
using document::Kind;
using document::Member;
using document::Style;
using document::Value;

// --- What a var stands for.

namespace {

/// `ports[0]` -> ports, 0.
std::vector<std::string> WithIndexesApart(const std::vector<std::string>& fields) {
  std::vector<std::string> out;
  for (const std::string& field : fields) {
    const std::size_t open = field.rfind('[');
    const bool index = field.ends_with(']') && open != std::string::npos && open + 2 < field.size() &&
                       field.find_first_not_of("0123456789", open + 1) == field.size() - 1;
    if (!index) {
      out.push_back(field);
      continue;
    }
    if (open > 0) out.push_back(field.substr(0, open));
    out.push_back(field.substr(open + 1, field.size() - open - 2));
  }
  return out;
}

std::optional<std::int64_t> DecimalOf(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// Written as base64 in the file, which is then its text; no string to kustomize.
bool IsBinary(const Value& value) { return value.tag() == "!!binary"; }

/// A scalar as Go's types have it. Only decimal integers count, as strconv.Atoi reads them.
Result<Value> Primitive(const Value& value, std::string_view path) {
  if (IsBinary(value)) return Value(base::Base64Encode(value.text()));
  if (value.style() == Style::Any) return Value(value.text());
  if (value.IsInt()) {
    const std::optional<std::int64_t> number = DecimalOf(value.text());
    if (!number)
      return base::NotFound("field '" + std::string(path) + "' holds '" + std::string(value.text()) + "', which is no decimal integer");
    return Value(*number);
  }
  if (value.kind() == Kind::Float) return Value(value.AsDouble().value_or(NAN));
  if (value.IsBool()) return Value(*value.AsBool());
  return Value(value.text());
}

}  // namespace

Result<Value> VarValue(const Value& object, std::string_view field_path) {
  TRY(const Value* const field, GetField(object, WithIndexesApart(SplitDottedPath(field_path))));
  if (field == nullptr) return base::NotFound("there is no field '" + std::string(field_path) + "'");
  if (!field->IsScalar()) return *field;
  return Primitive(*field, field_path);
}

// --- Replacing. The syntax is that of Kubernetes for container commands: `$$` is a dollar sign, `$(NAME)` a reference.

namespace {

/// As Go's %v prints it.
std::string Printed(const Value& value) {
  return value.kind() == Kind::Float ? document::GoYamlFloat(value.AsDouble().value_or(NAN)) : std::string(value.text());
}

/// A byte as Go's string(byte) makes it: a code point below U+0100.
void AppendByteAsRune(char byte, std::string& out) {
  const auto code = static_cast<unsigned char>(byte);
  if (code < 0x80) {
    out += byte;
  } else {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class Expander {
 public:
  Expander(const VarValues& values, std::set<std::string>& used, Budget* budget) : values_(values), used_(used), budget_(budget) {}

  Result<Value> Expand(std::string_view input) {
    std::string out;
    for (std::size_t at = 0; at < input.size(); ++at) {
      if (input[at] != '$' || at + 1 == input.size()) {
        out += input[at];
        continue;
      }
      const char next = input[++at];
      if (next == '$') {
        out += '$';
        continue;
      }
      const std::size_t close = next == '(' ? input.find(')', at + 1) : std::string_view::npos;
      if (close == std::string_view::npos) {
        out += '$';
        AppendByteAsRune(next, out);
        continue;
      }
      const std::string name(input.substr(at + 1, close - at - 1));
      const Value* value = Lookup(name);
      const bool whole = input.size() == name.size() + 3;
      if (value != nullptr && budget_ != nullptr) {
        TRY(budget_->Spend(value->text().size()));
      }
      if (value != nullptr && whole) return Plain(*value);
      out += value == nullptr ? "$(" + name + ")" : Printed(*value);
      at = close;
    }
    return Value::Scalar(Kind::String, out, Style::Plain);
  }

 private:
  /// nullptr for a name nobody knows, and for one that stands for a mapping or a list.
  const Value* Lookup(const std::string& name) {
    const auto found = values_.find(name);
    if (found == values_.end() || !found->second.IsScalar() || found->second.IsNull()) return nullptr;
    used_.insert(name);
    return &found->second;
  }

  static Value Plain(Value value) {
    value.set_style(Style::Plain);
    return value;
  }

  const VarValues& values_;
  std::set<std::string>& used_;
  Budget* budget_;
};

/// A string, or a scalar that nothing has made anything else yet.
bool IsText(const Value& value) { return !IsBinary(value) && (value.IsString() || (value.IsScalar() && value.style() == Style::Any)); }

Result<void> ExpandIn(Value& field, Expander& expander) {
  if (IsText(field)) {
    TRY(field, expander.Expand(field.text()));
  } else if (field.IsMapping()) {
    for (Member& member : field.mutable_members()) {
      if (member.key_kind != Kind::String) return base::Invalid("the key " + member.key + " is no string; quote it");
      if (!IsText(member.value)) continue;
      TRY(member.value, expander.Expand(member.value.text()));
    }
  } else if (field.IsSequence()) {
    for (Value& item : field.mutable_items()) {
      if (!IsText(item)) return base::Invalid("an item of a list in which vars are replaced must be a string");
      TRY(item, expander.Expand(item.text()));
    }
  }
  return {};
}

}  // namespace

Result<void> ExpandVars(Value& object, const VarValues& values, const FieldSpecFilter& filter, std::set<std::string>& used,
                        Budget* budget) {
  Expander expander(values, used, budget);
  return filter.Apply(object, Creates::Nothing, [&](Value& field) { return ExpandIn(field, expander); });
}

}  // namespace sluice::kustomize
