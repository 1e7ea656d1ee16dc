#include "helm/template/node.h"

#include <algorithm>

#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm::detail {
namespace {

void Write(std::string& out, const Node& node);

void WriteOperand(std::string& out, const Node& node) {
  const bool parenthesized = node.kind == NodeKind::Pipe;
  if (parenthesized) out.push_back('(');
  Write(out, node);
  if (parenthesized) out.push_back(')');
}

void WriteVariable(std::string& out, const VariableNode& node) { out += node.text; }

void WriteCommand(std::string& out, const CommandNode& node) {
  for (std::size_t i = 0; i < node.arguments.size(); ++i) {
    if (i > 0) out.push_back(' ');
    WriteOperand(out, *node.arguments[i]);
  }
}

void WritePipe(std::string& out, const PipeNode& node) {
  for (std::size_t i = 0; i < node.declarations().size(); ++i) {
    if (i > 0) out += ", ";
    WriteVariable(out, *node.declarations()[i]);
  }
  if (node.declaration_count > 0) out += node.is_assign ? " = " : " := ";
  for (std::size_t i = 0; i < node.commands.size(); ++i) {
    if (i > 0) out += " | ";
    WriteCommand(out, *node.commands[i]);
  }
}

void WriteBranch(std::string& out, const BranchNode& node) {
  out += node.kind == NodeKind::If ? "{{if " : node.kind == NodeKind::Range ? "{{range " : "{{with ";
  WritePipe(out, *node.pipe);
  out += "}}";
}

void WriteTemplate(std::string& out, const TemplateNode& node) {
  out += "{{template " + GoQuote(node.name);
  if (node.pipe) {
    out.push_back(' ');
    WritePipe(out, *node.pipe);
  }
  out += "}}";
}

void Write(std::string& out, const Node& node) {
  switch (node.kind) {
    case NodeKind::Text: out += static_cast<const TextNode&>(node).text; break;
    case NodeKind::Action:
      out += "{{";
      WritePipe(out, *static_cast<const ActionNode&>(node).pipe);
      out += "}}";
      break;
    case NodeKind::If:
    case NodeKind::Range:
    case NodeKind::With: WriteBranch(out, static_cast<const BranchNode&>(node)); break;
    case NodeKind::Template: WriteTemplate(out, static_cast<const TemplateNode&>(node)); break;
    case NodeKind::Break: out += "{{break}}"; break;
    case NodeKind::Continue: out += "{{continue}}"; break;
    case NodeKind::End: out += "{{end}}"; break;
    case NodeKind::Else: out += "{{else}}"; break;
    case NodeKind::List:
      for (const Node* child : static_cast<const ListNode&>(node).nodes) Write(out, *child);
      break;
    case NodeKind::Pipe: WritePipe(out, static_cast<const PipeNode&>(node)); break;
    case NodeKind::Command: WriteCommand(out, static_cast<const CommandNode&>(node)); break;
    case NodeKind::Identifier: out += static_cast<const IdentifierNode&>(node).name; break;
    case NodeKind::Field: out += static_cast<const FieldNode&>(node).path; break;
    case NodeKind::Variable: WriteVariable(out, static_cast<const VariableNode&>(node)); break;
    case NodeKind::Chain:
      WriteOperand(out, *static_cast<const ChainNode&>(node).base);
      out += static_cast<const ChainNode&>(node).path;
      break;
    case NodeKind::Dot: out.push_back('.'); break;
    case NodeKind::Nil: out += "nil"; break;
    case NodeKind::Bool:
    case NodeKind::Number:
    case NodeKind::String: out += static_cast<const ConstantNode&>(node).text; break;
  }
}

}  // namespace

std::string_view TakeName(Path& path) {
  path.remove_prefix(1);
  const std::string_view name = path.substr(0, path.find('.'));
  path.remove_prefix(name.size());
  return name;
}

bool IsEmpty(const Node& node) {
  if (node.kind == NodeKind::Text) return TrimSpaceLeft(static_cast<const TextNode&>(node).text).empty();
  if (node.kind != NodeKind::List) return false;
  return std::ranges::all_of(static_cast<const ListNode&>(node).nodes, [](const Node* child) { return IsEmpty(*child); });
}

std::string Show(const Node& node) {
  std::string out;
  Write(out, node);
  return out;
}

}  // namespace sluice::helm::detail
