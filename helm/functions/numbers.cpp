// Integers and floats: sprig's numeric.go over spf13/cast.
#include <algorithm>
#include <cmath>
#include <limits>

#include "helm/functions/json.h"
#include "helm/functions/registry.h"
#include "helm/template/number.h"
#include "helm/template/print.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

/// Go's integers wrap.
std::int64_t Wrap(std::uint64_t bits) { return static_cast<std::int64_t>(bits); }
std::uint64_t Bits(const Value& value) { return static_cast<std::uint64_t>(ToInt64(value)); }

Result<Value> Divide(Arguments a, bool remainder) {
  const std::int64_t left = ToInt64(a[0]), right = ToInt64(a[1]);
  if (right == 0) return Invalid("runtime error: integer divide by zero");
  if (right == -1) return Value::Int64(remainder ? 0 : Wrap(0 - Bits(a[0])));  // the smallest int64 has no positive
  return Value::Int64(remainder ? left % right : left / right);
}

Value Extreme(Arguments a, bool largest) {
  std::int64_t out = ToInt64(a[0]);
  for (const Value& value : a.subspan(1)) out = largest ? std::max(out, ToInt64(value)) : std::min(out, ToInt64(value));
  return Value::Int64(out);
}

/// math.Max and math.Min: a NaN wins, -0 is less than 0.
double ExtremeOf(double left, double right, bool largest) {
  if (std::isnan(left) || std::isnan(right)) return std::numeric_limits<double>::quiet_NaN();
  if (left == 0 && right == 0) return std::signbit(left) == largest ? right : left;
  return largest ? std::max(left, right) : std::min(left, right);
}

Value ExtremeFloat(Arguments a, bool largest) {
  double out = ToFloat64(a[0]);
  for (const Value& value : a.subspan(1)) out = ExtremeOf(out, ToFloat64(value), largest);
  return Value::Float64(out);
}

/// math.Pow(10, y), whose last digit is not always that of C's pow: it multiplies squares of the fraction and adds exponents.
double PowerOfTen(std::int64_t y) {
  constexpr int kFarOut = 1 << 12;  // beyond this it is zero or infinity
  int exponent = 0;
  double fraction = std::frexp(10.0, &exponent), out = 1;
  std::int64_t out_exponent = 0;
  for (auto left = y < 0 ? 0 - static_cast<std::uint64_t>(y) : static_cast<std::uint64_t>(y); left != 0; left >>= 1) {
    if (exponent > kFarOut) {
      out_exponent += exponent;
      break;
    }
    if ((left & 1) != 0) {
      out *= fraction;
      out_exponent += exponent;
    }
    fraction *= fraction;
    exponent *= 2;
    if (fraction < .5) {
      fraction += fraction;
      --exponent;
    }
  }
  return y < 0 ? std::ldexp(1 / out, static_cast<int>(-out_exponent)) : std::ldexp(out, static_cast<int>(out_exponent));
}

/// A number of places, half away from zero only upwards: -2.5 is rounded to -3, and so is -2.2.
Value Round(Arguments a) {
  const double on = a.size() > 2 ? a[2].AsFloat() : .5;
  const double power = PowerOfTen(a[1].AsSigned());
  const double digit = power * ToFloat64(a[0]);
  double whole = 0;
  const double fraction = std::modf(digit, &whole);
  return Value::Float64((fraction >= on ? std::ceil(digit) : std::floor(digit)) / power);
}

/// untilStep: from `start` towards `stop`, which is left out; nothing if `step` leads away from it.
Result<std::vector<std::int64_t>> Sequence(std::int64_t start, std::int64_t stop, std::int64_t step) {
  std::vector<std::int64_t> out;
  const bool down = stop < start;
  if (down ? step >= 0 : step <= 0) return out;
  const std::uint64_t distance = down ? static_cast<std::uint64_t>(start) - static_cast<std::uint64_t>(stop)
                                      : static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start);
  if (distance == 0) return out;
  const std::uint64_t size = down ? 0 - static_cast<std::uint64_t>(step) : static_cast<std::uint64_t>(step);
  const std::uint64_t count = (distance - 1) / size + 1;
  if (count > kMaxValueNodes) return ValueTooLarge();
  out.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(Wrap(static_cast<std::uint64_t>(start) + i * static_cast<std::uint64_t>(step)));
  return out;
}

Result<Value> IntList(Result<std::vector<std::int64_t>> numbers) {
  if (!numbers) return std::move(numbers).error();
  std::vector<Value> items;
  items.reserve(numbers->size());
  for (const std::int64_t number : *numbers) items.push_back(Value::Int(number));
  return Value::NewList(std::move(items), ListType::Int);
}

Result<Value> Spaced(std::int64_t start, std::int64_t stop, std::int64_t step) {
  TRY(const auto numbers, Sequence(start, stop, step));
  std::string out;
  for (const std::int64_t number : numbers) {
    if (!out.empty()) out += ' ';
    out += std::to_string(number);
  }
  return Value::String(std::move(out));
}

/// seq: like the shell's, the end included.
Result<Value> Seq(Arguments a) {
  const auto number = [&](std::size_t i) { return a[i].AsSigned(); };
  const auto beyond = [](std::int64_t end, std::int64_t by) {
    return Wrap(static_cast<std::uint64_t>(end) + static_cast<std::uint64_t>(by));
  };
  switch (a.size()) {
    case 1: {
      const std::int64_t step = number(0) < 1 ? -1 : 1;
      return Spaced(1, beyond(number(0), step), step);
    }
    case 2: {
      const std::int64_t step = number(1) < number(0) ? -1 : 1;
      return Spaced(number(0), beyond(number(1), step), step);
    }
    case 3: {
      const bool down = number(2) < number(0);
      if (down && number(1) > 0) return Value::String("");
      return Spaced(number(0), beyond(number(2), down ? -1 : 1), number(1));
    }
    default: return Value::String("");
  }
}

Result<Value> Until(Arguments a) {
  const std::int64_t count = a[0].AsSigned();
  return IntList(Sequence(0, count, count < 0 ? -1 : 1));
}

void AddConversions(FunctionMap& map) {
  Add(map, {"int64"}, {kAny}, [](Arguments a) { return Value::Int64(ToInt64(a[0])); });
  Add(map, {"int"}, {kAny}, [](Arguments a) { return Value::Int(ToInt64(a[0])); });
  Add(map, {"float64"}, {kAny}, [](Arguments a) { return Value::Float64(ToFloat64(a[0])); });
  Add(map, {"atoi"}, {kString}, [](Arguments a) { return Value::Int(ParseClamped(a[0].AsString())); });
  Add(map, {"toDecimal"}, {kAny}, [](Arguments a) { return Value::Int64(ParseInt(Sprint(a[0]), 8).value_or(0)); });
}

void AddArithmetic(FunctionMap& map) {
  AddVariadic(map, {"add"}, {kAny}, [](Arguments a) {
    std::uint64_t sum = 0;
    for (const Value& value : a) sum += Bits(value);
    return Value::Int64(Wrap(sum));
  });
  Add(map, {"add1"}, {kAny}, [](Arguments a) { return Value::Int64(Wrap(Bits(a[0]) + 1)); });
  Add(map, {"sub"}, {kAny, kAny}, [](Arguments a) { return Value::Int64(Wrap(Bits(a[0]) - Bits(a[1]))); });
  AddVariadic(map, {"mul"}, {kAny, kAny}, [](Arguments a) {
    std::uint64_t product = 1;
    for (const Value& value : a) product *= Bits(value);
    return Value::Int64(Wrap(product));
  });
  Add(map, {"div"}, {kAny, kAny}, [](Arguments a) { return Divide(a, false); });
  Add(map, {"mod"}, {kAny, kAny}, [](Arguments a) { return Divide(a, true); });
  AddVariadic(map, {"max", "biggest"}, {kAny, kAny}, [](Arguments a) { return Extreme(a, true); });
  AddVariadic(map, {"min"}, {kAny, kAny}, [](Arguments a) { return Extreme(a, false); });
}

}  // namespace

void AddNumbers(FunctionMap& map) {
  AddConversions(map);
  AddArithmetic(map);
  AddVariadic(map, {"maxf"}, {kAny, kAny}, [](Arguments a) { return ExtremeFloat(a, true); });
  AddVariadic(map, {"minf"}, {kAny, kAny}, [](Arguments a) { return ExtremeFloat(a, false); });
  Add(map, {"floor"}, {kAny}, [](Arguments a) { return Value::Float64(std::floor(ToFloat64(a[0]))); });
  Add(map, {"ceil"}, {kAny}, [](Arguments a) { return Value::Float64(std::ceil(ToFloat64(a[0]))); });
  AddVariadic(map, {"round"}, {kAny, kInt, kFloat}, Round);
  Add(map, {"until"}, {kInt}, Until);
  Add(map, {"untilStep"}, {kInt, kInt, kInt},
      [](Arguments a) { return IntList(Sequence(a[0].AsSigned(), a[1].AsSigned(), a[2].AsSigned())); });
  AddVariadic(map, {"seq"}, {kInt}, Seq);
}

}  // namespace sluice::helm
