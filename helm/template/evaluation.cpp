// The half of Execution that computes values: pipelines, fields and calls.
#include <array>
#include <optional>

#include "helm/template/arguments.h"
#include "helm/template/execution.h"
#include "helm/template/print.h"

namespace sluice::helm::detail {
namespace {

// Arguments of one call; few of them, mostly.
class ArgumentList {
 public:
  Value& Add() {
    if (size_ < few_.size()) return few_[size_++];
    if (many_.empty()) many_.assign(few_.begin(), few_.end());
    ++size_;
    return many_.emplace_back();
  }
  std::span<const Value> All() const {
    if (many_.empty()) return {few_.data(), size_};
    return many_;
  }

 private:
  std::array<Value, 4> few_;
  std::vector<Value> many_;
  std::size_t size_ = 0;
};

const Parameter& ParameterAt(std::span<const Parameter> parameters, std::size_t index) {
  return parameters[std::min(index, parameters.size() - 1)];
}

}  // namespace

bool Execution::Pipeline(const Value& dot, const PipeNode& pipe, Value& result) {
  node_ = &pipe;
  if (!Spend()) return false;
  Value value;
  for (std::size_t i = 0; i < pipe.commands.size(); ++i) {
    Value next;
    if (!Command(dot, *pipe.commands[i], i > 0 ? &value : nullptr, next)) return false;
    if (next.type() == Type::Nil) next = Value();  // an interface that holds nil becomes no value
    next.set_from_interface(false);
    value = std::move(next);
  }
  for (const VariableNode* variable : pipe.declarations()) {
    if (!pipe.is_assign) {
      variables_.push_back({variable->id, value});
    } else if (!SetVariable(*variable, value)) {
      return false;
    }
  }
  result = std::move(value);
  return true;
}

bool Execution::CheckNoOperands(const CommandNode& command, const Value* piped) {
  if (command.arguments.size() <= 1 && !piped) return true;
  return Fail("can't give argument to non-function " + Show(*command.arguments[0]));
}

bool Execution::Command(const Value& dot, const CommandNode& command, const Value* piped, Value& result) {
  const Node& first = *command.arguments[0];
  const Operands operands{.nodes = std::span(command.arguments).subspan(1), .piped = piped};
  switch (first.kind) {
    case NodeKind::Field:
      node_ = &first;
      result = dot;
      return Fields(dot, first, static_cast<const FieldNode&>(first).path, operands, result);
    case NodeKind::Chain: return ChainValue(dot, static_cast<const ChainNode&>(first), operands, result);
    case NodeKind::Identifier: return CallFunction(dot, static_cast<const IdentifierNode&>(first), command, operands, result);
    case NodeKind::Pipe: return CheckNoOperands(command, piped) && Pipeline(dot, static_cast<const PipeNode&>(first), result);
    case NodeKind::Variable: return VariableValue(dot, static_cast<const VariableNode&>(first), operands, result);
    default: break;
  }
  node_ = &first;
  return CheckNoOperands(command, piped) && Constant(dot, first, result);
}

bool Execution::Constant(const Value& dot, const Node& node, Value& result) {
  if (node.kind == NodeKind::Nil) return Fail("nil is not a command");
  if (node.kind == NodeKind::Dot) {
    result = dot;
    return true;
  }
  auto value = LiteralValue(node);
  if (!value) return Fail(value.error().message);
  result = *std::move(value);
  return true;
}

bool Execution::VariableValue(const Value& dot, const VariableNode& variable, const Operands& operands, Value& result) {
  node_ = &variable;
  const Value* known = FindVariable(variable.id);
  if (!known) return Fail("undefined variable: " + std::string(variable.name()));
  result = *known;
  if (!variable.path().empty()) return Fields(dot, variable, variable.path(), operands, result);
  return operands.Count() == 0 || Fail("can't give argument to non-function " + Show(variable));
}

bool Execution::ChainValue(const Value& dot, const ChainNode& chain, const Operands& operands, Value& result) {
  node_ = &chain;
  if (chain.base->kind == NodeKind::Nil) return Fail("indirection through explicit nil in " + Show(chain));
  bool literal = false;
  node_ = chain.base;
  if (!Operand(dot, *chain.base, result, literal)) return false;
  return Fields(dot, chain, chain.path, operands, result);
}

// `value` is the receiver, then what was found.
bool Execution::Fields(const Value& dot, const Node& node, Path path, const Operands& operands, Value& value) {
  while (true) {
    const std::string_view name = TakeName(path);
    if (path.empty()) return Field(dot, name, node, operands, value);
    if (!Field(dot, name, node, {}, value)) return false;
  }
}

bool Execution::Field(const Value& dot, std::string_view name, const Node& node, const Operands& operands, Value& value) {
  if (value.IsNoValue()) return true;
  if (value.IsNil()) return Fail("nil pointer evaluating interface {}." + std::string(name));
  if (value.IsObject() || (value.IsMap() && value.map_type() == MapType::Values)) {
    bool found = false;
    if (!Method(dot, name, node, operands, value, found)) return false;
    if (found) return true;
  }
  if (value.IsMap()) return MapEntry(name, operands.Count() > 0, value);
  if (value.IsObject()) return ObjectField(name, operands.Count() > 0, value);
  const std::string type = value.from_interface() ? "interface {}" : TypeName(value, shared_.ValuesName());
  return Fail("can't evaluate field " + std::string(name) + " in type " + type);
}

bool Execution::MapEntry(std::string_view name, bool has_operands, Value& value) {
  if (has_operands) return Fail(std::string(name) + " is not a method but has arguments");
  const bool of_strings = value.map_type() == MapType::String;
  const auto& entries = value.map()->entries;
  const auto found = entries.find(name);
  Value entry = found != entries.end() ? found->second : of_strings ? Value::String("") : Value::Nil();
  if (entry.IsNoValue()) entry = Value::Nil();
  entry.set_from_interface(!of_strings);
  value = std::move(entry);
  return true;
}

bool Execution::ObjectField(std::string_view name, bool has_operands, Value& value) {
  const bool is_map = value.object()->KindName() == "map";
  std::optional<Value> field = value.object()->Field(name);
  if (!field && !is_map) {
    const std::string type = value.from_interface() ? "interface {}" : value.object()->TypeName();
    return Fail("can't evaluate field " + std::string(name) + " in type " + type);
  }
  if (has_operands)
    return Fail(std::string(name) + (is_map ? " is not a method but has arguments" : " has arguments but cannot be invoked as function"));
  value = field ? *std::move(field) : Value();
  return true;
}

bool Execution::Method(const Value& dot, std::string_view name, const Node& node, const Operands& operands, Value& value, bool& found) {
  const Value receiver = value;
  if (receiver.IsMap()) {
    const auto method = shared_.values_methods.find(name);
    if (method == shared_.values_methods.end()) return true;
    found = true;
    const std::span<const Parameter> all = method->second.parameters;
    const Callee callee{.name = name,
                        .parameters = all.subspan(1),
                        .variadic = method->second.variadic,
                        .function = &method->second,
                        .receiver = &receiver};
    return Call(dot, callee, node, operands, value);
  }
  const Signature* method = receiver.object()->Method(name);
  if (!method) return true;
  found = true;
  const Callee callee{.name = name, .parameters = method->parameters, .variadic = method->variadic, .receiver = &receiver};
  return Call(dot, callee, node, operands, value);
}

bool Execution::CallFunction(const Value& dot, const IdentifierNode& identifier, const Node& node, const Operands& operands,
                             Value& result) {
  node_ = &identifier;
  const Callee callee{.name = identifier.name,
                      .parameters = identifier.function->parameters,
                      .variadic = identifier.function->variadic,
                      .builtin = identifier.builtin,
                      .function = identifier.function};
  return Call(dot, callee, node, operands, result);
}

bool Execution::CheckCount(const Callee& callee, const Operands& operands) {
  const std::size_t wanted = callee.parameters.size();
  const auto fail = [&](std::string_view want, std::size_t number, std::size_t got) {
    return Fail("wrong number of args for " + std::string(callee.name) + ": want " + std::string(want) + std::to_string(number) + " got " +
                std::to_string(got));
  };
  if (callee.variadic) return operands.Count() + 1 >= wanted || fail("at least ", wanted - 1, operands.nodes.size());
  return operands.Count() == wanted || fail("", wanted, operands.Count());
}

bool Execution::Call(const Value& dot, const Callee& callee, const Node& node, const Operands& operands, Value& result) {
  if (!CheckCount(callee, operands)) return false;
  if (callee.builtin == Builtin::And || callee.builtin == Builtin::Or) return AndOr(dot, callee, operands, result);
  ArgumentList arguments;
  if (callee.receiver && callee.function) arguments.Add() = *callee.receiver;
  for (std::size_t i = 0; i < operands.nodes.size(); ++i) {
    if (!Argument(dot, ParameterAt(callee.parameters, i), *operands.nodes[i], arguments.Add())) return false;
  }
  if (operands.piped) {
    Value& last = arguments.Add();
    last = *operands.piped;
    if (!Accept(last, ParameterAt(callee.parameters, operands.nodes.size()))) return false;
  }
  if (callee.builtin == Builtin::Call) return CallValue(operands, arguments.All(), node);
  return Invoke(callee, arguments.All(), node, result);
}

// They evaluate no more operands than they need, and return the one that decides.
bool Execution::AndOr(const Value& dot, const Callee& callee, const Operands& operands, Value& result) {
  constexpr Parameter kReflect{ParameterType::Reflect};
  for (const Node* node : operands.nodes) {
    if (!Argument(dot, kReflect, *node, result)) return false;
    if (IsTrue(result) == (callee.builtin == Builtin::Or)) return true;
  }
  if (operands.piped) result = *operands.piped;
  return true;
}

// No value in Helm's data is a function.
bool Execution::CallValue(const Operands& operands, std::span<const Value> arguments, const Node& node) {
  node_ = &node;
  const Value& callee = arguments[0];
  if (callee.IsNil()) return Fail("error calling call: call of nil");
  const std::string type = TypeName(callee, shared_.ValuesName());
  const std::string piped = callee.IsString() ? callee.AsString() : "<" + type + " Value>";
  return Fail("error calling call: non-function " + (operands.nodes.empty() ? piped : Show(*operands.nodes[0])) + " of type " + type);
}

bool Execution::Invoke(const Callee& callee, std::span<const Value> arguments, const Node& node, Value& result) {
  auto called = callee.function ? callee.function->call(arguments) : callee.receiver->object()->Call(callee.name, arguments);
  if (!called) {
    node_ = &node;
    return Fail("error calling " + std::string(callee.name) + ": " + called.error().message);
  }
  result = *std::move(called);
  return !result.IsString() || SpendOutput(result.AsString().size());
}

bool Execution::Accept(Value& value, const Parameter& parameter) {
  if (parameter.type == ParameterType::Any || parameter.type == ParameterType::Reflect) {
    if (parameter.type == ParameterType::Any && value.IsNoValue()) value = Value::Nil();
    return true;
  }
  auto converted = ConvertArgument(value, parameter, shared_.ValuesName());
  return converted || Fail(converted.error().message);
}

// What is no literal, without regard to what is wanted.
bool Execution::Operand(const Value& dot, const Node& node, Value& result, bool& literal) {
  switch (node.kind) {
    case NodeKind::Dot: result = dot; return true;
    case NodeKind::Field: result = dot; return Fields(dot, node, static_cast<const FieldNode&>(node).path, {}, result);
    case NodeKind::Variable: return VariableValue(dot, static_cast<const VariableNode&>(node), {}, result);
    case NodeKind::Pipe: return Pipeline(dot, static_cast<const PipeNode&>(node), result);
    case NodeKind::Identifier: return CallFunction(dot, static_cast<const IdentifierNode&>(node), node, {}, result);
    case NodeKind::Chain: return ChainValue(dot, static_cast<const ChainNode&>(node), {}, result);
    default: literal = true; return true;
  }
}

bool Execution::Argument(const Value& dot, const Parameter& parameter, const Node& node, Value& result) {
  node_ = &node;
  if (node.kind == NodeKind::Nil) {
    auto nil = NilArgument(parameter);
    if (!nil) return Fail(nil.error().message);
    result = *std::move(nil);
    return true;
  }
  bool literal = false;
  if (!Operand(dot, node, result, literal)) return false;
  if (!literal) return Accept(result, parameter);
  auto constant = LiteralArgument(node, parameter);
  if (!constant) return Fail(constant.error().message);
  result = *std::move(constant);
  return true;
}

}  // namespace sluice::helm::detail
