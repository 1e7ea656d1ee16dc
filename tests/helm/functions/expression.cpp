#include "expression.h"

#include <optional>
#include <string>
#include <vector>

#include "helm/template/number.h"
#include "helm/template/quote.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

class Evaluator {
 public:
  Evaluator(std::string_view text, const FunctionMap& functions) : rest_(text), functions_(functions) {}

  Result<Value> Pipeline() {
    std::optional<Value> previous;
    while (true) {
      TRY(Value value, Command(previous));
      SkipBlanks();
      if (!Take('|')) return value;
      previous = std::move(value);
    }
  }

 private:
  void SkipBlanks() {
    while (rest_.starts_with(' ')) rest_.remove_prefix(1);
  }
  bool Take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string_view Word() {
    const std::size_t end = std::min(rest_.find_first_of(" ()|."), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }

  Result<Value> Command(const std::optional<Value>& piped) {
    SkipBlanks();
    if (rest_.starts_with('(')) return Operand(true);
    const std::string_view name = Word();
    const auto function = functions_.find(name);
    if (function == functions_.end()) return Invalid("function " + std::string(name) + " not defined");
    TRY(auto arguments, Arguments());
    if (piped) arguments.push_back(*piped);
    const Function& f = function->second;
    Adapt(arguments, f.parameters);
    return f.call(arguments);
  }

  Result<std::vector<Value>> Arguments() {
    std::vector<Value> arguments;
    while (true) {
      SkipBlanks();
      if (rest_.empty() || rest_[0] == ')' || rest_[0] == '|') return arguments;
      TRY(Value value, Operand(false));
      arguments.push_back(std::move(value));
    }
  }

  /// A constant takes the type that is asked for; nothing becomes an empty list or dict.
  static void Adapt(std::vector<Value>& arguments, const std::vector<Parameter>& parameters) {
    for (std::size_t i = 0; i < arguments.size() && !parameters.empty(); ++i) {
      const ParameterType type = parameters[std::min(i, parameters.size() - 1)].type;
      Value& value = arguments[i];
      if (type == ParameterType::Float64 && value.type() == Type::Int) value = Value::Float64(static_cast<double>(value.AsSigned()));
      if (type == ParameterType::Uint32 && value.type() == Type::Int) value = Value::Uint32(static_cast<std::uint32_t>(value.AsSigned()));
      if (type == ParameterType::List && value.IsNil()) value = Value::NilList();
    }
  }

  Result<Value> Operand(bool in_command) {
    if (Take('(')) {
      TRY(Value value, Pipeline());
      SkipBlanks();
      Take(')');
      while (Take('.')) {
        const std::string name(Word());
        std::vector<Value> arguments;
        if (in_command && !rest_.starts_with('.')) {
          TRY(arguments, Arguments());
        }
        if (value.object()->Method(name) == nullptr) {
          value = *value.object()->Field(name);
          continue;
        }
        const Value receiver = value;
        TRY(value, receiver.object()->Call(name, arguments));
      }
      return value;
    }
    if (rest_.starts_with('"')) return Text();
    std::string word(rest_.substr(0, std::min(rest_.find_first_of(" ()|"), rest_.size())));
    rest_.remove_prefix(word.size());
    if (word == "nil") return Value::Nil();
    if (word == "true" || word == "false") return Value::Bool(word == "true");
    if (word == "1i") return Value::Complex(0, 1);
    if (const auto number = ParseInt(word, 0)) return Value::Int(*number);
    if (const auto number = ParseFloat(word)) return Value::Float64(*number);
    const auto function = functions_.find(word);
    if (function == functions_.end()) return Invalid("what is " + word);
    return function->second.call({});
  }

  Result<Value> Text() {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    const auto text = GoUnquote(rest_.substr(0, end + 1));
    rest_.remove_prefix(end + 1);
    if (!text) return Invalid("bad literal");
    return Value::String(*text);
  }

  std::string_view rest_;
  const FunctionMap& functions_;
};

}  // namespace

Result<Value> Evaluate(std::string_view expression, const FunctionMap& functions) { return Evaluator(expression, functions).Pipeline(); }

}  // namespace sluice::helm
