// Operators and functions on values. Arithmetic is checked; what overflows is an error in cel-go's words (common/types/overflow.go).
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/digest.h"
#include "rollout/cel/convert.h"
#include "rollout/cel/declarations.h"
#include "rollout/cel/evaluate.h"
#include "rollout/cel/pattern.h"
#include "rollout/cel/strings.h"

namespace sluice::rollout::cel {
namespace {

using Args = std::span<Val>;

Val OverBudget() { return Val::Error("operation cancelled: actual cost limit exceeded"); }
Val NoOverload() { return Val::Error("no such overload"); }
Val IntOverflow() { return Val::Error("integer overflow"); }
Val UintOverflow() { return Val::Error("unsigned integer overflow"); }
Val TimeOverflow() { return Val::Error("timestamp overflow"); }

/// What cel-go says of a receiver that does not know the function, and of other values.
Val NoFunction(std::string_view name, Args args) {
  const bool receives = !args.empty() && (args[0].Is(Kind::String) || args[0].Is(Kind::Timestamp) || args[0].Is(Kind::Duration));
  return receives ? NoOverload() : Val::Error("no such overload: " + std::string(name));
}

Val NoSignature(std::string_view name, Args args) {
  std::string out = "no such overload: " + std::string(name) + "(";
  for (std::size_t i = 0; i < args.size(); ++i) out += (i == 0 ? "" : ", ") + std::string(TypeName(args[i].kind()));
  return Val::Error(out + ")");
}

// ---- Arithmetic ------------------------------------------------------------------------------------------------------------------------

constexpr std::int64_t kMinInt = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kNanos = 1'000'000'000;

Val IntArithmetic(char op, std::int64_t left, std::int64_t right) {
  std::int64_t out = 0;
  switch (op) {
    case '+': return __builtin_add_overflow(left, right, &out) ? IntOverflow() : Val::Int(out);
    case '-': return __builtin_sub_overflow(left, right, &out) ? IntOverflow() : Val::Int(out);
    case '*': return __builtin_mul_overflow(left, right, &out) ? IntOverflow() : Val::Int(out);
    default: break;
  }
  if (right == 0) return Val::Error(op == '/' ? "division by zero" : "modulus by zero");
  if (left == kMinInt && right == -1) return IntOverflow();
  return Val::Int(op == '/' ? left / right : left % right);
}

Val UintArithmetic(char op, std::uint64_t left, std::uint64_t right) {
  std::uint64_t out = 0;
  switch (op) {
    case '+': return __builtin_add_overflow(left, right, &out) ? UintOverflow() : Val::Uint(out);
    case '-': return __builtin_sub_overflow(left, right, &out) ? UintOverflow() : Val::Uint(out);
    case '*': return __builtin_mul_overflow(left, right, &out) ? UintOverflow() : Val::Uint(out);
    default: break;
  }
  if (right == 0) return Val::Error(op == '/' ? "division by zero" : "modulus by zero");
  return Val::Uint(op == '/' ? left / right : left % right);
}

Val DoubleArithmetic(char op, double left, double right) {
  switch (op) {
    case '+': return Val::Double(left + right);
    case '-': return Val::Double(left - right);
    case '*': return Val::Double(left * right);
    default: return Val::Double(left / right);
  }
}

/// `time` moved by `nanos`.
Val Moved(const Instant& time, std::int64_t nanos) {
  Instant out = time;
  out.seconds += nanos / kNanos;
  out.nanos += static_cast<std::int32_t>(nanos % kNanos);
  if (out.nanos < 0) {
    out.nanos += static_cast<std::int32_t>(kNanos);
    --out.seconds;
  } else if (out.nanos >= kNanos) {
    out.nanos -= static_cast<std::int32_t>(kNanos);
    ++out.seconds;
  }
  return InTimeRange(out.seconds) ? Val::Timestamp(out) : TimeOverflow();
}

Val Between(const Instant& left, const Instant& right) {
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(left.seconds - right.seconds, kNanos, &nanos) ||
      __builtin_add_overflow(nanos, static_cast<std::int64_t>(left.nanos) - right.nanos, &nanos))
    return IntOverflow();
  return Val::Duration(nanos);
}

/// Sums and differences in which a duration or a time takes part; nullopt if these types have none.
std::optional<Val> TimeArithmetic(char op, const Val& left, const Val& right) {
  const bool times = left.Is(Kind::Timestamp), durations = left.Is(Kind::Duration);
  if (op != '+' && op != '-') return std::nullopt;
  if (durations && right.Is(Kind::Duration)) {
    std::int64_t out = 0;
    const bool over =
        op == '+' ? __builtin_add_overflow(left.AsInt(), right.AsInt(), &out) : __builtin_sub_overflow(left.AsInt(), right.AsInt(), &out);
    return over ? IntOverflow() : Val::Duration(out);
  }
  if (times && right.Is(Kind::Duration)) {
    if (op == '-' && right.AsInt() == kMinInt) return IntOverflow();
    return Moved(left.AsTimestamp(), op == '+' ? right.AsInt() : -right.AsInt());
  }
  if (durations && right.Is(Kind::Timestamp) && op == '+') return Moved(right.AsTimestamp(), left.AsInt());
  if (times && right.Is(Kind::Timestamp) && op == '-') return Between(left.AsTimestamp(), right.AsTimestamp());
  return std::nullopt;
}

Val Concatenated(const Val& left, const Val& right, Budget& budget) {
  if (left.Is(Kind::List)) {
    if (!budget.Spend(left.size() + right.size())) return OverBudget();
    Val out = left;
    out.Append(right);
    return out;
  }
  if (!budget.SpendBytes(left.text().size() + right.text().size())) return OverBudget();
  std::string out(left.text());
  out += right.text();
  return left.Is(Kind::String) ? Val::String(std::move(out)) : Val::Bytes(std::move(out));
}

/// Whether a value of `kind` has the operator at all; else the message names it.
bool HasOperator(char op, Kind kind) {
  if (kind == Kind::Int || kind == Kind::Uint) return true;
  if (kind == Kind::Double) return op != '%';
  if (kind == Kind::Timestamp || kind == Kind::Duration) return op == '+' || op == '-';
  return op == '+' && (kind == Kind::String || kind == Kind::Bytes || kind == Kind::List);
}

Val Arithmetic(std::string_view name, Args args, Budget& budget) {
  const char op = name[1];
  const Val &left = args[0], &right = args[1];
  if (!HasOperator(op, left.kind())) return NoFunction(name, args);
  if (std::optional<Val> time = TimeArithmetic(op, left, right)) return *std::move(time);
  if (left.kind() != right.kind()) return NoOverload();
  switch (left.kind()) {
    case Kind::Int: return IntArithmetic(op, left.AsInt(), right.AsInt());
    case Kind::Uint: return UintArithmetic(op, left.AsUint(), right.AsUint());
    case Kind::Double: return DoubleArithmetic(op, left.AsDouble(), right.AsDouble());
    case Kind::String:
    case Kind::Bytes:
    case Kind::List: return Concatenated(left, right, budget);
    default: return NoOverload();
  }
}

Val Negated(std::string_view name, Args args, Budget&) {
  const Val& value = args[0];
  if (value.Is(Kind::Double)) return Val::Double(-value.AsDouble());
  if (value.Is(Kind::Int)) return value.AsInt() == kMinInt ? IntOverflow() : Val::Int(-value.AsInt());
  if (value.Is(Kind::Duration)) return value.AsInt() == kMinInt ? IntOverflow() : Val::Duration(-value.AsInt());
  return value.Is(Kind::Bool) ? NoOverload() : NoFunction(name, args);
}

Val Not(std::string_view, Args args, Budget&) { return args[0].Is(Kind::Bool) ? Val::Bool(!args[0].AsBool()) : NoOverload(); }

// ---- Comparison ------------------------------------------------------------------------------------------------------------------------

/// What walking over a value costs.
std::size_t Weight(const Val& value) {
  switch (value.kind()) {
    case Kind::String:
    case Kind::Bytes: return value.text().size() / 10;
    case Kind::List:
    case Kind::Map: return value.size() * 2;
    default: return 0;
  }
}

Val Compared(std::string_view name, Args args, Budget& budget) {
  const Kind kind = args[0].kind();
  const bool comparable = args[0].IsNumber() || kind == Kind::Bool || kind == Kind::String || kind == Kind::Bytes ||
                          kind == Kind::Timestamp || kind == Kind::Duration;
  if (!comparable) return NoFunction(name, args);
  if (!budget.Spend(std::min(Weight(args[0]), Weight(args[1])))) return OverBudget();
  const Order order = Compare(args[0], args[1]);
  if (order == Order::NotComparable) return NoOverload();
  if (order == Order::NotANumber) return Val::Error("NaN values cannot be ordered");
  if (order == Order::Same) return Val::Bool(name == "_<=_" || name == "_>=_");
  return Val::Bool((order == Order::Less) == (name == "_<_" || name == "_<=_"));
}

Val Equals(std::string_view name, Args args, Budget& budget) {
  if (!budget.Spend(std::min(Weight(args[0]), Weight(args[1])))) return OverBudget();
  return Val::Bool(Equal(args[0], args[1]) == (name == "_==_"));
}

bool Contains(const Val& list, const Val& item) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (Equal(list.At(i), item)) return true;
  }
  return false;
}

Val In(std::string_view, Args args, Budget& budget) {
  if (args[1].Is(Kind::Map)) return Val::Bool(args[1].Find(args[0], nullptr));
  if (!args[1].Is(Kind::List)) return NoOverload();
  if (!budget.Spend(args[1].size() * (1 + Weight(args[0])))) return OverBudget();
  return Val::Bool(Contains(args[1], args[0]));
}

Val Sets(std::string_view name, Args args, Budget& budget) {
  const Val &left = args[0], &right = args[1];
  if (!left.Is(Kind::List) || !right.Is(Kind::List)) return NoSignature(name, args);
  if (!budget.Spend(left.size() * right.size() * (name == "sets.equivalent" ? 2 : 1))) return OverBudget();
  const auto has_all = [](const Val& of, const Val& items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!Contains(of, items.At(i))) return false;
    }
    return true;
  };
  if (name == "sets.contains") return Val::Bool(has_all(left, right));
  if (name == "sets.equivalent") return Val::Bool(has_all(left, right) && has_all(right, left));
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (Contains(right, left.At(i))) return Val::Bool(true);
  }
  return Val::Bool(false);
}

// ---- Texts -----------------------------------------------------------------------------------------------------------------------------

Val Size(std::string_view name, Args args, Budget& budget) {
  const Val& value = args[0];
  switch (value.kind()) {
    case Kind::String:
      if (!budget.SpendBytes(value.text().size())) return OverBudget();
      return Val::Int(static_cast<std::int64_t>(CountCodePoints(value.text())));
    case Kind::Bytes: return Val::Int(static_cast<std::int64_t>(value.text().size()));
    case Kind::List:
    case Kind::Map: return Val::Int(static_cast<std::int64_t>(value.size()));
    default: return NoFunction(name, args);
  }
}

Val Search(std::string_view name, Args args, Budget& budget) {
  if (!args[0].Is(Kind::String) || !args[1].Is(Kind::String)) return NoOverload();
  const std::string_view text = args[0].text(), sought = args[1].text();
  if (!budget.SpendBytes(text.size())) return OverBudget();
  if (name == "contains") return Val::Bool(text.find(sought) != std::string_view::npos);
  return Val::Bool(name == "startsWith" ? text.starts_with(sought) : text.ends_with(sought));
}

Val Matches(std::string_view name, Args args, Budget& budget) {
  if (!args[0].Is(Kind::String)) return NoFunction(name, args);
  if (!args[1].Is(Kind::String)) return NoOverload();
  if (!budget.Spend((args[0].text().size() / 10 + 1) * (args[1].text().size() / 4 + 1))) return OverBudget();
  const auto pattern = Pattern::Compile(args[1].text(), budget.regex_bytes());
  return pattern ? Val::Bool((*pattern)->IsIn(args[0].text())) : Val::Error(pattern.error().message);
}

Val Converted(std::string_view name, Args args, Budget& budget) {
  if (args.size() != 1) return NoSignature(name, args);
  if (!budget.Spend(Weight(args[0]))) return OverBudget();
  return Convert(args[0], name);
}

/// encoding/base64's standard alphabet, with padding or without.
Val Base64(std::string_view name, Args args, Budget& budget) {
  if (!args[0].Is(name == "base64.encode" ? Kind::Bytes : Kind::String)) return NoSignature(name, args);
  const std::string_view text = args[0].text();
  if (!budget.SpendBytes(text.size())) return OverBudget();
  if (name == "base64.encode") return Val::String(base::Base64Encode(text));
  std::string padded(text);
  std::erase_if(padded, [](char c) { return c == '\n' || c == '\r'; });
  const bool bare = padded.find('=') == std::string::npos;
  if (bare) padded.append((4 - padded.size() % 4) % 4, '=');
  base::Result<std::string> bytes = padded.ends_with("===") ? base::Result<std::string>(base::Invalid("")) : base::Base64Decode(padded);
  if (bytes) return Val::Bytes(*std::move(bytes));
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n";
  const std::size_t bad = std::min(text.find_first_not_of(kAlphabet), text.size() / 4 * 4);
  return Val::Error("illegal base64 data at input byte " + std::to_string(bad));
}

// ---- Times -----------------------------------------------------------------------------------------------------------------------------

/// Seconds east of UTC of a zone: "UTC", or hours and minutes such as "-08:00". Names of places need a database that is not here: Go says the
/// same where it has none.
std::optional<std::int64_t> ZoneOffset(std::string_view zone, Val& error) {
  if (zone.empty() || zone == "UTC" || zone == "Local") return 0;
  const std::size_t colon = zone.find(':');
  if (colon == std::string_view::npos) {
    error = Val::Error("unknown time zone " + std::string(zone));
    return std::nullopt;
  }
  const Val hours = Convert(Val::String(std::string(zone.substr(0, colon))), "int");
  const Val minutes = Convert(Val::String(std::string(zone.substr(colon + 1))), "int");
  const Val& bad = hours.IsError() ? hours : minutes;
  if (bad.IsError() || std::abs(hours.AsInt()) > 99 || std::abs(minutes.AsInt()) > 99) {
    const std::string_view part = hours.IsError() ? zone.substr(0, colon) : zone.substr(colon + 1);
    error = Val::Error("strconv.Atoi: parsing \"" + std::string(part) + "\": invalid syntax");
    return std::nullopt;
  }
  return (hours.AsInt() * 60 + (zone[0] == '-' ? -minutes.AsInt() : minutes.AsInt())) * 60;
}

std::int64_t PartOf(std::string_view name, const Calendar& at) {
  if (name == "getFullYear") return at.year;
  if (name == "getMonth") return at.month - 1;
  if (name == "getDayOfYear") return at.day_of_year;
  if (name == "getDayOfMonth") return at.day - 1;
  if (name == "getDate") return at.day;
  if (name == "getDayOfWeek") return at.weekday;
  if (name == "getHours") return at.hour;
  if (name == "getMinutes") return at.minute;
  if (name == "getSeconds") return at.second;
  return at.milli;
}

Val TimePart(std::string_view name, Args args, Budget&) {
  if (args.size() == 1 && args[0].Is(Kind::Duration)) {
    const std::int64_t nanos = args[0].AsInt();
    if (name == "getHours") return Val::Int(nanos / (3600 * kNanos));
    if (name == "getMinutes") return Val::Int(nanos / (60 * kNanos));
    if (name == "getSeconds") return Val::Int(nanos / kNanos);
    if (name == "getMilliseconds") return Val::Int(nanos / 1'000'000);
  }
  const bool zoned = args.size() == 2 && args[1].Is(Kind::String);
  if (args.empty() || !args[0].Is(Kind::Timestamp) || (args.size() != 1 && !zoned)) return NoSignature(name, args);
  Val error;
  const auto offset = ZoneOffset(zoned ? args[1].text() : "UTC", error);
  return offset ? Val::Int(PartOf(name, CalendarAt(args[0].AsTimestamp(), *offset))) : error;
}

// ---- Optionals -------------------------------------------------------------------------------------------------------------------------

bool IsZero(const Val& value) {
  switch (value.kind()) {
    case Kind::Null: return true;
    case Kind::Bool: return !value.AsBool();
    case Kind::Int:
    case Kind::Duration: return value.AsInt() == 0;
    case Kind::Uint: return value.AsUint() == 0;
    case Kind::Double: return std::fpclassify(value.AsDouble()) == FP_ZERO;
    case Kind::String:
    case Kind::Bytes: return value.text().empty();
    case Kind::List:
    case Kind::Map: return value.size() == 0;
    case Kind::Timestamp: return value.AsTimestamp().seconds == -62135596800 && value.AsTimestamp().nanos == 0;  // Go's zero time
    default: return false;
  }
}

Val OptionalMake(std::string_view name, Args args, Budget&) {
  if (name == "optional.none") return args.empty() ? Val::None() : NoSignature(name, args);
  return name == "optional.of" || !IsZero(args[0]) ? Val::Some(args[0]) : Val::None();
}

Val OptionalRead(std::string_view name, Args args, Budget&) {
  if (!args[0].Is(Kind::Optional)) return NoSignature(name, args);
  if (name == "hasValue") return Val::Bool(args[0].has_value());
  return args[0].has_value() ? args[0].value() : Val::Error("optional.none() dereference");
}

Val OptionalList(std::string_view name, Args args, Budget& budget) {
  const Val& list = args[0];
  if (!list.Is(Kind::List)) return NoSignature(name, args);
  if (name == "first" || name == "last") {
    if (list.size() == 0) return Val::None();
    return Val::Some(list.At(name == "first" ? 0 : list.size() - 1));
  }
  if (!budget.Spend(list.size())) return OverBudget();
  if (list.size() > 0 && !list.At(0).Is(Kind::Optional)) return NoSignature(name, args);
  List out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Val item = list.At(i);
    if (!item.Is(Kind::Optional)) return Val::Error("value " + Printed(item) + " is not optional");
    if (item.has_value()) out.push_back(item.value());
  }
  return Val::Of(std::move(out));
}

// ---- By name ---------------------------------------------------------------------------------------------------------------------------

using Call = Val (*)(std::string_view, Args, Budget&);

struct Known {
  Call call;
  std::size_t args;  ///< how many it takes; kAny: it looks itself
};
constexpr std::size_t kAny = 99;

const std::unordered_map<std::string_view, Known>& Functions() {
  static const std::unordered_map<std::string_view, Known> kFunctions = {
      {"_+_", {Arithmetic, 2}},
      {"_-_", {Arithmetic, 2}},
      {"_*_", {Arithmetic, 2}},
      {"_/_", {Arithmetic, 2}},
      {"_%_", {Arithmetic, 2}},
      {"-_", {Negated, 1}},
      {"!_", {Not, 1}},
      {"_<_", {Compared, 2}},
      {"_<=_", {Compared, 2}},
      {"_>_", {Compared, 2}},
      {"_>=_", {Compared, 2}},
      {"_==_", {Equals, 2}},
      {"_!=_", {Equals, 2}},
      {"@in", {In, 2}},
      {"sets.contains", {Sets, 2}},
      {"sets.equivalent", {Sets, 2}},
      {"sets.intersects", {Sets, 2}},
      {"size", {Size, 1}},
      {"contains", {Search, 2}},
      {"startsWith", {Search, 2}},
      {"endsWith", {Search, 2}},
      {"matches", {Matches, 2}},
      {"bool", {Converted, kAny}},
      {"bytes", {Converted, kAny}},
      {"double", {Converted, kAny}},
      {"duration", {Converted, kAny}},
      {"dyn", {Converted, 1}},
      {"int", {Converted, kAny}},
      {"string", {Converted, kAny}},
      {"timestamp", {Converted, kAny}},
      {"type", {Converted, 1}},
      {"uint", {Converted, kAny}},
      {"base64.encode", {Base64, 1}},
      {"base64.decode", {Base64, 1}},
      {"getFullYear", {TimePart, kAny}},
      {"getMonth", {TimePart, kAny}},
      {"getDayOfYear", {TimePart, kAny}},
      {"getDayOfMonth", {TimePart, kAny}},
      {"getDate", {TimePart, kAny}},
      {"getDayOfWeek", {TimePart, kAny}},
      {"getHours", {TimePart, kAny}},
      {"getMinutes", {TimePart, kAny}},
      {"getSeconds", {TimePart, kAny}},
      {"getMilliseconds", {TimePart, kAny}},
      {"optional.of", {OptionalMake, 1}},
      {"optional.ofNonZeroValue", {OptionalMake, 1}},
      {"optional.none", {OptionalMake, kAny}},
      {"value", {OptionalRead, 1}},
      {"hasValue", {OptionalRead, 1}},
      {"first", {OptionalList, 1}},
      {"last", {OptionalList, 1}},
      {"optional.unwrap", {OptionalList, 1}},
      {"unwrapOpt", {OptionalList, 1}},
  };
  return kFunctions;
}

}  // namespace

Val CallFunction(std::string_view name, std::span<Val> args, Budget& budget) {
  const auto known = Functions().find(name);
  if (known != Functions().end() && (known->second.args == kAny || known->second.args == args.size()))
    return known->second.call(name, args, budget);
  Val result;
  if (CallStrings(name, args, budget, result)) return result;
  return FindFunction(name) == nullptr || name == "or" || name == "orValue" ? NoFunction(name, args) : NoSignature(name, args);
}

}  // namespace sluice::rollout::cel
