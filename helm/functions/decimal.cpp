// addf, subf, mulf, divf, add1f: the arguments as the decimals their shortest text says (0.1 is a tenth), exact sums and products, quotients
// to 16 places, and the nearest float64 of the end. Whose rules: shopspring/decimal.
#include <openssl/bn.h>
#include <openssl/crypto.h>

#include <charconv>
#include <cmath>
#include <memory>
#include <optional>

#include "helm/functions/registry.h"
#include "helm/template/number.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
  void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

constexpr int kDivisionPlaces = 16;

/// value * 10^exponent
struct Decimal {
  Number value;
  int exponent = 0;
};

class Calculator {
 public:
  Calculator() : context_(BN_CTX_new()) {}

  Decimal FromFloat(double number) const {
    const std::string text = FormatFloat(number, 'e');
    const std::size_t e = text.find('e');
    std::string digits = text.substr(0, e);
    int exponent = 0;
    const char* from = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
    std::from_chars(from, text.data() + text.size(), exponent);
    if (const std::size_t point = digits.find('.'); point != std::string::npos) {
      exponent -= static_cast<int>(digits.size() - point - 1);
      digits.erase(point, 1);
    }
    BIGNUM* value = nullptr;
    BN_dec2bn(&value, digits.c_str());
    return {Number(value), exponent};
  }

  Decimal Add(const Decimal& left, const Decimal& right, bool subtract) const {
    const int exponent = std::min(left.exponent, right.exponent);
    const Number a = Scaled(left, exponent), b = Scaled(right, exponent);
    Decimal out{Number(BN_new()), exponent};
    subtract ? BN_sub(out.value.get(), a.get(), b.get()) : BN_add(out.value.get(), a.get(), b.get());
    return out;
  }

  Decimal Multiply(const Decimal& left, const Decimal& right) const {
    Decimal out{Number(BN_new()), left.exponent + right.exponent};
    BN_mul(out.value.get(), left.value.get(), right.value.get(), context_.get());
    return out;
  }

  /// To kDivisionPlaces, half away from zero. `right` is not zero.
  Decimal Divide(const Decimal& left, const Decimal& right) const {
    const int shift = left.exponent - right.exponent + kDivisionPlaces;
    const Number numerator = Scaled({Copy(left.value), 0}, std::min(0, -shift)),
                 denominator = Scaled({Copy(right.value), 0}, std::min(0, shift));
    Decimal out{Number(BN_new()), -kDivisionPlaces};
    const Number rest(BN_new());
    BN_div(out.value.get(), rest.get(), numerator.get(), denominator.get(), context_.get());
    const bool negative = BN_is_negative(left.value.get()) != BN_is_negative(right.value.get());
    BN_lshift1(rest.get(), rest.get());
    if (BN_ucmp(rest.get(), denominator.get()) < 0) return out;
    negative ? BN_sub_word(out.value.get(), 1) : BN_add_word(out.value.get(), 1);
    return out;
  }

  static double ToFloat(const Decimal& decimal) {
    char* digits = BN_bn2dec(decimal.value.get());
    const std::string text = std::string(digits) + "e" + std::to_string(decimal.exponent);
    OPENSSL_free(digits);
    if (const auto number = ParseFloat(text)) return *number;
    return text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
  }

 private:
  static Number Copy(const Number& number) { return Number(BN_dup(number.get())); }

  /// The value with the exponent lowered to `exponent`.
  Number Scaled(const Decimal& decimal, int exponent) const {
    const Number ten(BN_new()), count(BN_new()), power(BN_new());
    BN_set_word(ten.get(), 10);
    BN_set_word(count.get(), static_cast<BN_ULONG>(decimal.exponent - exponent));
    BN_exp(power.get(), ten.get(), count.get(), context_.get());
    Number out(BN_new());
    BN_mul(out.get(), decimal.value.get(), power.get(), context_.get());
    return out;
  }

  std::unique_ptr<BN_CTX, FreeNumber> context_;
};

enum class Operation { Add, Subtract, Multiply, Divide };

/// "NaN", "+Inf", "-Inf": no decimals.
std::optional<base::Error> NoDecimal(double number) {
  if (std::isfinite(number)) return std::nullopt;
  return Invalid("Cannot create a Decimal from " + FormatFloat(number, 'g'));
}

Result<Value> Calculate(double first, Arguments rest, Operation operation) {
  const Calculator calculator;
  if (auto error = NoDecimal(first)) return *error;
  Decimal total = calculator.FromFloat(first);
  for (const Value& value : rest) {
    const double number = ToFloat64(value);
    if (auto error = NoDecimal(number)) return *error;
    const Decimal operand = calculator.FromFloat(number);
    switch (operation) {
      case Operation::Add: total = calculator.Add(total, operand, false); break;
      case Operation::Subtract: total = calculator.Add(total, operand, true); break;
      case Operation::Multiply: total = calculator.Multiply(total, operand); break;
      case Operation::Divide:
        if (BN_is_zero(operand.value.get())) return Invalid("decimal division by 0");
        total = calculator.Divide(total, operand);
        break;
    }
  }
  return Value::Float64(Calculator::ToFloat(total));
}

}  // namespace

void AddDecimal(FunctionMap& map) {
  AddVariadic(map, {"addf"}, {kAny}, [](Arguments a) { return Calculate(0, a, Operation::Add); });
  AddVariadic(map, {"subf"}, {kAny, kAny}, [](Arguments a) { return Calculate(ToFloat64(a[0]), a.subspan(1), Operation::Subtract); });
  AddVariadic(map, {"mulf"}, {kAny, kAny}, [](Arguments a) { return Calculate(ToFloat64(a[0]), a.subspan(1), Operation::Multiply); });
  AddVariadic(map, {"divf"}, {kAny, kAny}, [](Arguments a) { return Calculate(ToFloat64(a[0]), a.subspan(1), Operation::Divide); });
  Add(map, {"add1f"}, {kAny}, [](Arguments a) {
    const Value one = Value::Int(1);
    return Calculate(ToFloat64(a[0]), Arguments(&one, 1), Operation::Add);
  });
}

}  // namespace sluice::helm
