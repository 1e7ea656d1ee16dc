#include "helm/functions/registry.h"

#include <cmath>
#include <limits>

#include "helm/functions/json.h"
#include "helm/template/number.h"
#include "helm/template/print.h"

namespace sluice::helm {

void Add(FunctionMap& map, std::initializer_list<std::string_view> names, std::vector<Parameter> parameters, const Call& call) {
  for (const std::string_view name : names) map[std::string(name)] = Function{.parameters = parameters, .variadic = false, .call = call};
}

void AddVariadic(FunctionMap& map, std::initializer_list<std::string_view> names, std::vector<Parameter> parameters, const Call& call) {
  for (const std::string_view name : names) map[std::string(name)] = Function{.parameters = parameters, .variadic = true, .call = call};
}

std::string TextOf(const Value& value) {
  if (value.type() == Type::String || value.type() == Type::Bytes) return value.AsString();
  return Sprint(value);
}

bool IsEmpty(const Value& value) {
  switch (value.type()) {
    case Type::Bytes: return value.AsString().empty();
    case Type::Object: {
      const std::string kind = value.object()->KindName();
      return kind != "struct" && kind != "ptr" && !value.object()->Truth();
    }
    default: return !IsTrue(value);
  }
}

const std::map<std::string, Value, std::less<>>& EntriesOf(const Value& dict) {
  static const std::map<std::string, Value, std::less<>> kNone;
  return dict.IsMap() ? dict.map()->entries : kNone;
}

std::size_t LengthOf(const Value& list) { return list.IsList() ? list.list()->items.size() : list.AsString().size(); }

Value ElementOf(const Value& list, std::size_t index) {
  if (list.IsList()) return list.list()->items[index];
  return Value::Uint8(static_cast<std::uint8_t>(list.AsString()[index]));
}

Value AsList(const Value& value) {
  if (!value.IsObject() || value.object()->KindName() != "slice") return value;
  return value.object()->ToJson();
}

std::vector<std::string> TextsOf(const Value& given) {
  const Value value = AsList(given);
  if (value.IsNil()) return {};
  if (!IsSlice(value)) return {TextOf(value)};
  std::vector<std::string> texts;
  const std::size_t size = LengthOf(value);
  texts.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    const Value element = ElementOf(value, i);
    if (!element.IsNil()) texts.push_back(TextOf(element));
  }
  return texts;
}

namespace {

/// "5.000" is 5 to spf13/cast: a point with nothing but zeros behind it, at least one.
std::string_view WithoutZeroDecimals(std::string_view text) {
  bool zero = false;
  for (std::size_t i = text.size(); i > 0; --i) {
    if (text[i - 1] == '.') return zero ? text.substr(0, i - 1) : text;
    if (text[i - 1] != '0') return text;
    zero = true;
  }
  return text;
}

/// Go's conversion on amd64: what does not fit is the smallest int64.
std::int64_t Truncate(double number) {
  if (!(number >= -0x1p63 && number < 0x1p63)) return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(number);
}

}  // namespace

std::int64_t ToInt64(const Value& value) {
  switch (value.type()) {
    case Type::Bool: return value.AsBool() ? 1 : 0;
    case Type::Int:
    case Type::Int32:
    case Type::Int64: return value.AsSigned();
    case Type::Uint8:
    case Type::Uint32:
    case Type::Uint64: return static_cast<std::int64_t>(value.AsUnsigned());
    case Type::Float64: return Truncate(value.AsFloat());
    case Type::String: return ParseInt(WithoutZeroDecimals(value.AsString()), 0).value_or(0);
    default: return 0;
  }
}

double ToFloat64(const Value& value) {
  switch (value.type()) {
    case Type::Bool: return value.AsBool() ? 1 : 0;
    case Type::Int:
    case Type::Int32:
    case Type::Int64: return static_cast<double>(value.AsSigned());
    case Type::Uint8:
    case Type::Uint32:
    case Type::Uint64: return static_cast<double>(value.AsUnsigned());
    case Type::Float64: return value.AsFloat();
    case Type::String: return ParseFloat(value.AsString()).value_or(0);
    default: return 0;
  }
}

std::int64_t ParseClamped(std::string_view text) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (const auto number = ParseInt(text, 10)) return *number;
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  // Go gives up at the digit that makes it too large for 64 bits, whatever stands behind it.
  std::uint64_t number = 0;
  bool overflow = false;
  for (const char c : text) {
    if (c < '0' || c > '9') return 0;
    overflow = __builtin_mul_overflow(number, std::uint64_t{10}, &number) ||
               __builtin_add_overflow(number, static_cast<std::uint64_t>(c - '0'), &number);
    if (overflow) break;
  }
  if (text.empty()) return 0;
  return minus ? Limits::min() : Limits::max();
}

base::Result<Value> TextResult(std::string text) {
  if (text.size() > kMaxValueBytes) return ValueTooLarge();
  return Value::String(std::move(text));
}

}  // namespace sluice::helm
