#include "helm/template/execution.h"

#include <algorithm>

#include "helm/template/print.h"

#ifdef __clang__
#if __has_feature(thread_sanitizer)
#define SLUICE_THREAD_SANITIZER 1
#endif
#endif

#ifdef SLUICE_THREAD_SANITIZER
// The thread sanitizer keeps 65,536 calls of a thread; templates call each other deeper than that.
#pragma clang attribute push(__attribute__((disable_sanitizer_instrumentation)), apply_to = function)
#endif

namespace sluice::helm::detail {

namespace {

/// One step may be the call of a slow function, and most take less time than looking at a clock.
constexpr std::uint64_t kStepsBetweenLooks = 16;

}  // namespace

base::Result<void> Execution::Run(const Tree& tree, const Value& data) {
  tree_ = &tree;
  Value dot = data.IsNil() ? Value() : data;  // Go's reflect.ValueOf: a nil is no value, whose fields are no values
  dot.set_from_interface(false);
  variables_.push_back({0, dot});
  if (Walk(dot, *tree.root) == Flow::Failed) return base::Invalid(std::move(error_));
  return {};
}

// The first reason counts: what is above it only passes it on.
bool Execution::Fail(std::string_view reason) {
  const Source& source = *tree_->source;
  error_ = "template: " + source.name;
  if (node_) {
    const std::string_view before = source.text.substr(0, node_->position);
    const std::size_t newline = before.rfind('\n');
    const std::size_t column = newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
    error_ += ":" + std::to_string(1 + std::ranges::count(before, '\n')) + ":" + std::to_string(column);
    error_ += ": executing " + GoQuote(tree_->name) + " at <" + Show(*node_) + ">";
  }
  error_ += ": ";
  error_ += reason;
  return false;
}

bool Execution::Spend() {
  if (++shared_.steps > shared_.options.limits.max_steps)
    return Fail("exceeded the limit of " + std::to_string(shared_.options.limits.max_steps) + " steps");
  if (shared_.options.interrupt && shared_.steps % kStepsBetweenLooks == 0) {
    if (const base::Result<void> go_on = shared_.options.interrupt(); !go_on) return Fail(go_on.error().message);
  }
  if (shared_.stack.NearlyUsedUp()) return Fail("exceeded maximum nesting: the stack is used up");
  return true;
}

bool Execution::SpendOutput(std::size_t bytes) {
  shared_.output_bytes += bytes;
  const std::size_t limit = shared_.options.limits.max_output_bytes;
  if (shared_.output_bytes > limit) return Fail("exceeded the limit of " + std::to_string(limit) + " bytes of text");
  return true;
}

bool Execution::Write(std::string_view text) {
  out_.append(text);
  return SpendOutput(text.size());
}

bool Execution::WriteValue(const Value& value) {
  if (value.IsNoValue()) return Write("<no value>");
  if (value.IsString()) return Write(value.AsString());
  if (value.IsObject()) {
    if (const auto text = value.object()->ActionText()) return Write(*text);
  }
  const std::size_t before = out_.size();
  AppendSprint(out_, value);
  return SpendOutput(out_.size() - before);
}

Value* Execution::FindVariable(std::uint32_t id) {
  for (std::size_t i = variables_.size(); i > frame_; --i) {
    if (variables_[i - 1].id == id) return &variables_[i - 1].value;
  }
  return nullptr;
}

bool Execution::SetVariable(const VariableNode& variable, Value value) {
  Value* known = FindVariable(variable.id);
  if (!known) return Fail("undefined variable: " + std::string(variable.name()));
  *known = std::move(value);
  return true;
}

Execution::Flow Execution::Walk(const Value& dot, const Node& node) {
  node_ = &node;
  switch (node.kind) {
    case NodeKind::Text: return Write(static_cast<const TextNode&>(node).text) ? Flow::Next : Flow::Failed;
    case NodeKind::Action: {
      const PipeNode& pipe = *static_cast<const ActionNode&>(node).pipe;
      Value value;
      if (!Pipeline(dot, pipe, value)) return Flow::Failed;
      if (!pipe.declarations().empty()) return Flow::Next;
      node_ = &node;
      return WriteValue(value) ? Flow::Next : Flow::Failed;
    }
    case NodeKind::Break: return Flow::Break;
    case NodeKind::Continue: return Flow::Continue;
    case NodeKind::List: return WalkList(dot, static_cast<const ListNode&>(node));
    case NodeKind::If:
    case NodeKind::With: return WalkIfOrWith(dot, static_cast<const BranchNode&>(node));
    case NodeKind::Range: return WalkRange(dot, static_cast<const BranchNode&>(node));
    case NodeKind::Template: return WalkTemplate(dot, static_cast<const TemplateNode&>(node));
    default: break;
  }
  Fail("unknown node: " + Show(node));
  return Flow::Failed;
}

Execution::Flow Execution::WalkList(const Value& dot, const ListNode& list) {
  if (!Spend()) return Flow::Failed;
  for (const Node* node : list.nodes) {
    const Flow flow = Walk(dot, *node);
    if (flow != Flow::Next) return flow;
  }
  return Flow::Next;
}

Execution::Flow Execution::WalkIfOrWith(const Value& dot, const BranchNode& branch) {
  const std::size_t mark = variables_.size();
  Value value;
  if (!Pipeline(dot, *branch.pipe, value)) return Flow::Failed;
  Flow flow = Flow::Next;
  if (IsTrue(value)) {
    flow = Walk(branch.kind == NodeKind::With ? value : dot, *branch.list);
  } else if (branch.else_list) {
    flow = Walk(dot, *branch.else_list);
  }
  variables_.resize(mark);
  return flow;
}

Execution::Flow Execution::WalkRange(const Value& dot, const BranchNode& range) {
  const std::size_t mark = variables_.size();
  Value value;
  if (!Pipeline(dot, *range.pipe, value)) return Flow::Failed;
  Flow flow = Flow::Next;
  if (value.IsInteger() || (value.IsObject() && value.object()->AsInt())) {
    flow = RangeOverNumbers(dot, range, value);
  } else if (value.IsList() || value.type() == Type::Bytes) {
    flow = RangeOverItems(dot, range, value);
  } else if (value.IsMap()) {
    flow = RangeOverEntries(dot, range, value);
  } else if (value.IsObject()) {
    flow = RangeOverObject(dot, range, value);
  } else if (value.IsNoValue()) {
    flow = WalkElse(dot, range);
  } else {
    Fail("range can't iterate over " + Sprint(value));
    flow = Flow::Failed;
  }
  variables_.resize(std::min(mark, variables_.size()));
  return flow == Flow::Break ? Flow::Next : flow;  // a break in the else part ends this range, too
}

Execution::Flow Execution::WalkElse(const Value& dot, const BranchNode& range) {
  return range.else_list ? Walk(dot, *range.else_list) : Flow::Next;
}

// One turn. The top variables are the range's own; with one variable it is the element.
Execution::Flow Execution::Iterate(const BranchNode& range, Value index, Value element) {
  const std::span<VariableNode* const> declared = range.pipe->declarations();
  if (range.pipe->is_assign && !declared.empty()) {
    if (declared.size() > 1 && !SetVariable(*declared[0], std::move(index))) return Flow::Failed;
    if (!SetVariable(*declared.back(), element)) return Flow::Failed;
  } else if (!declared.empty()) {
    variables_[variables_.size() - 1].value = element;
    if (declared.size() > 1) variables_[variables_.size() - 2].value = std::move(index);
  }
  const std::size_t mark = variables_.size();
  const Flow flow = Walk(element, *range.list);
  if (flow != Flow::Failed) variables_.resize(mark);
  return flow == Flow::Continue ? Flow::Next : flow;
}

Execution::Flow Execution::RangeOverNumbers(const Value& dot, const BranchNode& range, const Value& count) {
  if (range.pipe->declarations().size() > 1) {
    Fail("can't use " + Sprint(count) + " to iterate over more than one variable");
    return Flow::Failed;
  }
  const std::int64_t end = count.IsObject() ? *count.object()->AsInt() : count.AsSigned();
  const auto number = [&](std::int64_t i) {
    switch (count.type()) {
      case Type::Int32: return Value::Int32(static_cast<std::int32_t>(i));
      case Type::Int64: return Value::Int64(i);
      case Type::Uint8: return Value::Uint8(static_cast<std::uint8_t>(i));
      case Type::Uint32: return Value::Uint32(static_cast<std::uint32_t>(i));
      case Type::Uint64: return Value::Uint64(static_cast<std::uint64_t>(i));
      default: return Value::Int(i);
    }
  };
  for (std::int64_t i = 0; i < end; ++i) {
    const Flow flow = Iterate(range, {}, number(i));
    if (flow != Flow::Next) return flow;
  }
  return end > 0 ? Flow::Next : WalkElse(dot, range);
}

Execution::Flow Execution::RangeOverItems(const Value& dot, const BranchNode& range, const Value& items) {
  const bool bytes = items.type() == Type::Bytes;
  const std::size_t size = bytes ? items.AsString().size() : items.list()->items.size();
  const bool of_interfaces = !bytes && items.list()->type == ListType::Any;
  for (std::size_t i = 0; i < size; ++i) {
    if (!bytes && i >= items.list()->items.size()) break;
    Value element = bytes ? Value::Uint8(static_cast<std::uint8_t>(items.AsString()[i])) : items.list()->items[i];
    if (element.IsNoValue()) element = Value::Nil();
    element.set_from_interface(of_interfaces);
    const Flow flow = Iterate(range, Value::Int(static_cast<std::int64_t>(i)), std::move(element));
    if (flow != Flow::Next) return flow;
  }
  return size > 0 ? Flow::Next : WalkElse(dot, range);
}

// Over a copy of the entries: the body may change the map.
Execution::Flow Execution::RangeOverEntries(const Value& dot, const BranchNode& range, const Value& map) {
  const auto& known = map.map()->entries;
  std::vector<std::pair<Value, Value>> entries;
  entries.reserve(known.size());
  const bool wants_key = range.pipe->declarations().size() > 1;
  for (const auto& [key, value] : known) entries.emplace_back(wants_key ? Value::String(key) : Value(), value);
  for (auto& [key, value] : entries) {
    if (value.IsNoValue()) value = Value::Nil();
    value.set_from_interface(map.map_type() != MapType::String);
    const Flow flow = Iterate(range, std::move(key), std::move(value));
    if (flow != Flow::Next) return flow;
  }
  return entries.empty() ? WalkElse(dot, range) : Flow::Next;
}

Execution::Flow Execution::RangeOverObject(const Value& dot, const BranchNode& range, const Value& object) {
  const std::string kind = object.object()->KindName();
  if (kind != "map" && kind != "slice") {
    Fail("range can't iterate over " + Sprint(object));
    return Flow::Failed;
  }
  if (const Value items = kind == "slice" ? object.object()->ToJson() : Value(); items.IsList()) return RangeOverItems(dot, range, items);
  std::vector<std::pair<std::string, Value>> fields = object.object()->Fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    Value index = kind == "map" ? Value::String(std::move(fields[i].first)) : Value::Int(static_cast<std::int64_t>(i));
    const Flow flow = Iterate(range, std::move(index), std::move(fields[i].second));
    if (flow != Flow::Next) return flow;
  }
  return fields.empty() ? WalkElse(dot, range) : Flow::Next;
}

Execution::Flow Execution::WalkTemplate(const Value& dot, const TemplateNode& call) {
  const Tree* tree = set_.Find(call.name);
  const int limit = shared_.options.limits.max_template_depth;
  if (!tree) {
    Fail("template " + GoQuote(call.name) + " not defined");
    return Flow::Failed;
  }
  if (depth_ == limit) {
    Fail("exceeded maximum template depth (" + std::to_string(limit) + ")");
    return Flow::Failed;
  }
  Value data;
  if (call.pipe && !Pipeline(dot, *call.pipe, data)) return Flow::Failed;
  const Tree* outer_tree = std::exchange(tree_, tree);
  const Node* outer_node = node_;
  const std::size_t outer_frame = std::exchange(frame_, variables_.size());
  variables_.push_back({0, data});
  ++depth_;
  const Flow flow = Walk(data, *tree->root);
  --depth_;
  variables_.resize(frame_);
  frame_ = outer_frame;
  tree_ = outer_tree;
  node_ = outer_node;
  return flow;
}

}  // namespace sluice::helm::detail

#ifdef SLUICE_THREAD_SANITIZER
#pragma clang attribute pop
#endif
