// helm/template/execution.h: one execution of a template. The rules and the error texts are text/template/exec.go's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "helm/template/node.h"
#include "helm/template/shared.h"
#include "helm/template/template.h"

namespace sluice::helm::detail {

/// Walks a tree and writes to a string. Within, `false` (and Flow::Failed) means that error_ is set: a Result a node would cost as much as the node.
class Execution {
 public:
  Execution(const TemplateSet& set, Shared& shared, std::string& out) : set_(set), shared_(shared), out_(out) {}

  base::Result<void> Run(const Tree& tree, const Value& data);

 private:
  enum class Flow : std::uint8_t { Next, Break, Continue, Failed };
  struct Variable {
    std::uint32_t id;
    Value value;
  };
  // A call as it is written: the operands behind the name, and the value that the pipeline adds.
  struct Operands {
    std::span<Node* const> nodes;
    const Value* piped = nullptr;
    std::size_t Count() const { return nodes.size() + (piped ? 1 : 0); }
  };
  struct Callee {
    std::string_view name;
    std::span<const Parameter> parameters;
    bool variadic = false;
    Builtin builtin = Builtin::None;
    const Function* function = nullptr;  ///< or else a method of `receiver`
    const Value* receiver = nullptr;
  };

  Flow Walk(const Value& dot, const Node& node);
  Flow WalkList(const Value& dot, const ListNode& list);
  Flow WalkIfOrWith(const Value& dot, const BranchNode& branch);
  Flow WalkRange(const Value& dot, const BranchNode& range);
  Flow WalkElse(const Value& dot, const BranchNode& range);
  Flow RangeOverNumbers(const Value& dot, const BranchNode& range, const Value& count);
  Flow RangeOverItems(const Value& dot, const BranchNode& range, const Value& items);
  Flow RangeOverEntries(const Value& dot, const BranchNode& range, const Value& map);
  Flow RangeOverObject(const Value& dot, const BranchNode& range, const Value& object);
  Flow Iterate(const BranchNode& range, Value index, Value element);
  Flow WalkTemplate(const Value& dot, const TemplateNode& call);

  bool Pipeline(const Value& dot, const PipeNode& pipe, Value& result);
  bool Command(const Value& dot, const CommandNode& command, const Value* piped, Value& result);
  bool Constant(const Value& dot, const Node& node, Value& result);
  bool CheckNoOperands(const CommandNode& command, const Value* piped);
  bool VariableValue(const Value& dot, const VariableNode& variable, const Operands& operands, Value& result);
  bool ChainValue(const Value& dot, const ChainNode& chain, const Operands& operands, Value& result);
  bool Fields(const Value& dot, const Node& node, Path path, const Operands& operands, Value& value);
  bool Field(const Value& dot, std::string_view name, const Node& node, const Operands& operands, Value& value);
  bool Method(const Value& dot, std::string_view name, const Node& node, const Operands& operands, Value& value, bool& found);
  bool MapEntry(std::string_view name, bool has_operands, Value& value);
  bool ObjectField(std::string_view name, bool has_operands, Value& value);
  bool CallFunction(const Value& dot, const IdentifierNode& identifier, const Node& node, const Operands& operands, Value& result);
  bool Call(const Value& dot, const Callee& callee, const Node& node, const Operands& operands, Value& result);
  bool CheckCount(const Callee& callee, const Operands& operands);
  bool AndOr(const Value& dot, const Callee& callee, const Operands& operands, Value& result);
  bool CallValue(const Operands& operands, std::span<const Value> arguments, const Node& node);
  bool Invoke(const Callee& callee, std::span<const Value> arguments, const Node& node, Value& result);
  bool Argument(const Value& dot, const Parameter& parameter, const Node& node, Value& result);
  bool Operand(const Value& dot, const Node& node, Value& result, bool& literal);
  bool Accept(Value& value, const Parameter& parameter);

  bool Write(std::string_view text);
  bool WriteValue(const Value& value);
  bool SpendOutput(std::size_t bytes);
  bool Spend();
  Value* FindVariable(std::uint32_t id);
  bool SetVariable(const VariableNode& variable, Value value);
  bool Fail(std::string_view reason);

  const TemplateSet& set_;
  Shared& shared_;
  std::string& out_;
  std::string error_;
  const Tree* tree_ = nullptr;
  const Node* node_ = nullptr;  // for error messages: what was looked at last
  std::vector<Variable> variables_;
  std::size_t frame_ = 0;  // where the variables of this template begin
  int depth_ = 0;
};

}  // namespace sluice::helm::detail
