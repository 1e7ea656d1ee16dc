// helm/template/node.h: the parse tree of a template, with functions and variables resolved. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "helm/template/function.h"
#include "helm/template/value.h"

namespace sluice::helm::detail {

enum class NodeKind : std::uint8_t {
  Text,
  Action,
  If,
  Range,
  With,
  Template,
  Break,
  Continue,
  List,
  Pipe,
  Command,
  Identifier,
  Field,
  Variable,
  Chain,
  Dot,
  Nil,
  Bool,
  Number,
  String,
  End,
  Else,  // only while parsing
};

/// A node belongs to its Source, whose text its names are parts of. `position` is the byte offset that error messages show, not always where the node begins.
/// The small members of the derived ones lie behind `kind`.
struct Node {
  Node(NodeKind k, std::size_t p) : position(static_cast<std::uint32_t>(p)), kind(k) {}
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  std::uint32_t position;
  NodeKind kind;
};

struct ListNode : Node {
  explicit ListNode(std::size_t p) : Node(NodeKind::List, p) {}
  std::span<Node* const> nodes;
};

struct TextNode : Node {
  TextNode(std::size_t p, std::string_view t) : Node(NodeKind::Text, p), text(t) {}
  std::string_view text;
};

/// {{break}}, {{continue}}, `.`, `nil`, and the marks {{end}} and {{else}}.
struct PlainNode : Node {
  using Node::Node;
};

struct ConstantNode : Node {
  ConstantNode(NodeKind k, std::size_t p, std::string_view shown_as, Value v) : Node(k, p), text(shown_as), value(std::move(v)) {}
  std::string_view text;  ///< as written
  Value value;            ///< of its own type
  ConstantNode* made_before = nullptr;
};

struct NumberNode : ConstantNode {
  NumberNode(std::size_t p, std::string_view shown_as) : ConstantNode(NodeKind::Number, p, shown_as, {}) {}
  bool is_int = false, is_uint = false, is_float = false, is_complex = false;
  std::int64_t int_value = 0;
  std::uint64_t uint_value = 0;
  double float_value = 0;
  double imaginary = 0;  ///< of a complex one, whose real part is float_value
};

/// Which of Go's builtin functions an identifier means: those that the evaluator treats specially, or looks through for speed.
enum class Builtin : std::uint8_t { None, And, Or, Call, Other };

struct IdentifierNode : Node {
  IdentifierNode(std::size_t p, std::string_view n) : Node(NodeKind::Identifier, p), name(n) {}
  Builtin builtin = Builtin::None;
  std::string_view name;
  const Function* function = nullptr;
};

/// Names one below the other as they are written, each behind its dot: ".a.b".
using Path = std::string_view;

/// The first name of `path`, which keeps the others.
std::string_view TakeName(Path& path);

struct FieldNode : Node {
  explicit FieldNode(std::size_t p) : Node(NodeKind::Field, p) {}
  Path path;
};

struct VariableNode : Node {
  explicit VariableNode(std::size_t p) : Node(NodeKind::Variable, p) {}
  std::string_view name() const { return text.substr(0, name_size); }  ///< with the dollar sign
  Path path() const { return text.substr(name_size); }                 ///< fields behind it
  std::uint32_t id = 0;                                                ///< of its name, within the Source; 0 is $
  std::uint32_t name_size = 0;
  std::string_view text;
};

struct ChainNode : Node {
  ChainNode(std::size_t p, Node* b) : Node(NodeKind::Chain, p), base(b) {}
  Node* base;
  Path path;
};

struct CommandNode : Node {
  explicit CommandNode(std::size_t p) : Node(NodeKind::Command, p) {}
  std::span<Node* const> arguments;  ///< the first is what is called, if it can be
};

struct PipeNode : Node {
  explicit PipeNode(std::size_t p) : Node(NodeKind::Pipe, p) {}
  std::span<VariableNode* const> declarations() const { return {first_declaration, declaration_count}; }
  bool is_assign = false;
  std::uint8_t declaration_count = 0;  ///< at most 2
  VariableNode* const* first_declaration = nullptr;
  std::span<CommandNode* const> commands;
};
static_assert(sizeof(PipeNode) == 32 && sizeof(VariableNode) == 32 && sizeof(IdentifierNode) == 32,
              "a large chart has a hundred thousand of them");

struct ActionNode : Node {
  ActionNode(std::size_t p, PipeNode* pi) : Node(NodeKind::Action, p), pipe(pi) {}
  PipeNode* pipe;
};

struct BranchNode : Node {
  using Node::Node;
  PipeNode* pipe = nullptr;
  ListNode* list = nullptr;
  ListNode* else_list = nullptr;
};

struct TemplateNode : Node {
  TemplateNode(std::size_t p, std::string_view n, PipeNode* pi) : Node(NodeKind::Template, p), name(n), pipe(pi) {}
  std::string_view name;
  PipeNode* pipe;
};

/// One parsed text, and all nodes that came of it. They lie in a few blocks, since a large chart has a hundred thousand of them;
/// only constants have something to destroy.
struct Source {
  /// `shared` is the text.
  Source(std::string_view named, std::shared_ptr<const std::string> shared) : name(named), owner(std::move(shared)), text(*owner) {}
  ~Source() {
    for (ConstantNode* node = last_constant; node != nullptr;) std::exchange(node, node->made_before)->~ConstantNode();
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  template <class T, class... Arguments>
  T* New(Arguments&&... arguments) {
    auto* node = std::pmr::polymorphic_allocator<>(&memory).new_object<T>(std::forward<Arguments>(arguments)...);
    if constexpr (std::is_base_of_v<ConstantNode, T>)
      node->made_before = std::exchange(last_constant, node);
    else
      static_assert(std::is_trivially_destructible_v<T>);
    return node;
  }
  /// A copy of `items` that lives as long as the nodes.
  template <class T>
  std::span<T const> Keep(const std::vector<T>& items) {
    T* copy = std::pmr::polymorphic_allocator<T>(&memory).allocate(items.size());
    std::uninitialized_copy(items.begin(), items.end(), copy);
    return {copy, items.size()};
  }
  std::string_view Keep(std::string_view string) {
    char* copy = std::pmr::polymorphic_allocator<char>(&memory).allocate(string.size());
    return {copy, string.copy(copy, string.size())};
  }

  const std::string name;  ///< in error messages
  const std::shared_ptr<const std::string> owner;
  const std::string_view text;
  std::pmr::monotonic_buffer_resource memory;
  ConstantNode* last_constant = nullptr;
};

/// One template: a text or one of its defines.
struct Tree {
  std::string name;
  std::shared_ptr<const Source> source;
  const ListNode* root = nullptr;
};

/// Nothing but blanks and comments?
bool IsEmpty(const Node& node);

/// As error messages print a node: `{{if .a}}`, `.Values.a | quote`. The bodies of branches are left out.
std::string Show(const Node& node);

}  // namespace sluice::helm::detail
