#include "helm/template/parser.h"

#include <algorithm>
#include <map>
#include <utility>

#include "helm/template/lexer.h"
#include "helm/template/number_node.h"
#include "helm/template/quote.h"

namespace sluice::helm::detail {
namespace {

using base::Error;
using base::Result;

constexpr int kMaxParentheses = 10'000;  // Go's number
constexpr int kMaxBranches = 10'000;     // ours: branches in branches

// What all trees of one text share.
struct Context {
  std::shared_ptr<Source> source;
  const FunctionLookup& functions;
  Lexer lexer;
  std::map<std::string, std::unique_ptr<Tree>, std::less<>> trees;
  std::map<std::string, std::uint32_t, std::less<>> variable_ids;
  int branches = 0;

  std::uint32_t VariableId(std::string_view name) {
    const auto [entry, fresh] = variable_ids.try_emplace(std::string(name), static_cast<std::uint32_t>(variable_ids.size()));
    return entry->second;
  }
};

// Where a list of nodes ended.
struct Ending {
  NodeKind kind = NodeKind::End;
  std::size_t position = 0;
};

// Parses one tree: a text, a define or a block, each with its own variables and lookahead.
class TreeParser {
 public:
  TreeParser(Context& context, std::string name) : context_(context), tree_(std::make_unique<Tree>()) {
    tree_->name = std::move(name);
    tree_->source = context.source;
  }

  Result<void> ParseText();

 private:
  // Tokens. `tokens_[0]` is the one read last: its line is the line of an error.
  Token Next();
  Token Peek();
  Token NextNonSpace();
  Token PeekNonSpace();
  void Backup() { ++peeked_; }
  void Backup(const Token& first);
  void Backup(const Token& first, const Token& second);

  Error Fail(std::string_view message) const;
  Error Unexpected(const Token& token, std::string_view context) const;
  Result<Token> Expect(TokenType type, std::string_view context);
  Result<std::string> Unquote(const Token& token) const;

  Result<void> Define();
  Result<void> Add();
  Result<Ending> Items(ListNode& list);
  Result<Node*> TextOrAction();
  Result<Node*> Action();
  Result<Node*> JumpOutOfRange(NodeKind kind, std::size_t position, std::string_view shown);
  Result<Node*> Branch(NodeKind kind, std::string_view context);
  Result<void> BranchBody(BranchNode& branch, std::string_view context);
  Result<void> ElseBody(BranchNode& branch, std::string_view context, const Ending& ending);
  Result<Node*> EndMark();
  Result<Node*> ElseMark();
  Result<Node*> Block();
  Result<Node*> TemplateCall();
  Result<std::string> TemplateName(const Token& token, std::string_view context);

  Result<PipeNode*> Pipeline(std::string_view context, TokenType end);
  Result<void> Declarations(PipeNode& pipe, std::vector<VariableNode*>& declarations, std::string_view context);
  Result<void> CheckPipeline(const PipeNode& pipe, std::string_view context) const;
  Result<CommandNode*> Command();
  Result<Node*> Operand();
  Result<Node*> Term();
  Result<Node*> Identifier(const Token& token);
  Result<Node*> Variable(const Token& token);
  Result<Node*> Parenthesized();
  Result<Node*> AddFields(Node* node);
  VariableNode* NewVariable(const Token& token);

  Source& source() { return *context_.source; }

  Context& context_;
  std::unique_ptr<Tree> tree_;
  Token tokens_[3];
  int peeked_ = 0;
  std::vector<std::string_view> variables_ = {"$"};
  int range_depth_ = 0;
  int action_line_ = 0;
  int parentheses_ = 0;
};

Token TreeParser::Next() {
  if (peeked_ > 0) {
    --peeked_;
  } else {
    tokens_[0] = context_.lexer.Next();
  }
  return tokens_[peeked_];
}

Token TreeParser::Peek() {
  if (peeked_ > 0) return tokens_[peeked_ - 1];
  peeked_ = 1;
  tokens_[0] = context_.lexer.Next();
  return tokens_[0];
}

Token TreeParser::NextNonSpace() {
  Token token = Next();
  while (token.type == TokenType::Space) token = Next();
  return token;
}

Token TreeParser::PeekNonSpace() {
  const Token token = NextNonSpace();
  Backup();
  return token;
}

// Two or three tokens come again; the last of them is tokens_[0] already.
void TreeParser::Backup(const Token& first) {
  tokens_[1] = first;
  peeked_ = 2;
}

void TreeParser::Backup(const Token& first, const Token& second) {
  tokens_[1] = second;
  tokens_[2] = first;
  peeked_ = 3;
}

Error TreeParser::Fail(std::string_view message) const {
  return base::Invalid("template: " + context_.source->name + ":" + std::to_string(tokens_[0].line) + ": " + std::string(message));
}

Error TreeParser::Unexpected(const Token& token, std::string_view context) const {
  if (token.type != TokenType::Error) return Fail("unexpected " + token.Show() + " in " + std::string(context));
  std::string extra;
  if (action_line_ != 0 && action_line_ != token.line) {
    extra = token.value.ends_with(" action") ? "" : " in action";
    extra += " started at " + context_.source->name + ":" + std::to_string(action_line_);
  }
  return Fail(token.Show() + extra);
}

Result<Token> TreeParser::Expect(TokenType type, std::string_view context) {
  const Token token = NextNonSpace();
  if (token.type != type) return Unexpected(token, context);
  return token;
}

Result<std::string> TreeParser::Unquote(const Token& token) const {
  std::optional<std::string> text = GoUnquote(token.value);
  if (!text) return Fail("invalid syntax");
  return *std::move(text);
}

Result<void> TreeParser::ParseText() {
  auto* root = source().New<ListNode>(Peek().position);
  tree_->root = root;
  std::vector<Node*> nodes;
  while (Peek().type != TokenType::EndOfText) {
    if (Peek().type == TokenType::LeftDelim) {
      const Token delim = Next();
      if (NextNonSpace().type == TokenType::Define) {
        TreeParser definition(context_, "definition");
        TRY(definition.Define());
        continue;
      }
      Backup(delim);
    }
    TRY(Node * node, TextOrAction());
    if (node->kind == NodeKind::End || node->kind == NodeKind::Else) return Fail("unexpected " + Show(*node));
    nodes.push_back(node);
  }
  root->nodes = source().Keep(nodes);
  return Add();
}

Result<void> TreeParser::Define() {
  constexpr std::string_view kContext = "define clause";
  const Token name = NextNonSpace();
  if (name.type != TokenType::String && name.type != TokenType::RawString) return Unexpected(name, kContext);
  TRY(tree_->name, Unquote(name));
  TRY(Expect(TokenType::RightDelim, kContext));
  auto* root = source().New<ListNode>(PeekNonSpace().position);
  tree_->root = root;
  TRY(const Ending ending, Items(*root));
  if (ending.kind != NodeKind::End) return Fail("unexpected {{else}} in define clause");
  return Add();
}

Result<void> TreeParser::Add() {
  std::unique_ptr<Tree>& known = context_.trees[tree_->name];
  if (!known || IsEmpty(*known->root)) {
    known = std::move(tree_);
  } else if (!IsEmpty(*tree_->root)) {
    return Fail("template: multiple definition of template " + GoQuote(tree_->name));
  }
  return {};
}

Result<Ending> TreeParser::Items(ListNode& list) {
  std::vector<Node*> nodes;
  while (PeekNonSpace().type != TokenType::EndOfText) {
    TRY(Node * node, TextOrAction());
    if (node->kind == NodeKind::End || node->kind == NodeKind::Else) {
      list.nodes = source().Keep(nodes);
      return Ending{node->kind, node->position};
    }
    nodes.push_back(node);
  }
  return Fail("unexpected EOF");
}

Result<Node*> TreeParser::TextOrAction() {
  const Token token = NextNonSpace();
  if (token.type == TokenType::Text) return source().New<TextNode>(token.position, token.value);
  if (token.type != TokenType::LeftDelim) return Unexpected(token, "input");
  action_line_ = token.line;
  Result<Node*> node = Action();
  action_line_ = 0;
  return node;
}

Result<Node*> TreeParser::Action() {
  const Token token = NextNonSpace();
  switch (token.type) {
    case TokenType::Block: return Block();
    case TokenType::Break: return JumpOutOfRange(NodeKind::Break, token.position, "{{break}}");
    case TokenType::Continue: return JumpOutOfRange(NodeKind::Continue, token.position, "{{continue}}");
    case TokenType::Else: return ElseMark();
    case TokenType::End: return EndMark();
    case TokenType::If: return Branch(NodeKind::If, "if");
    case TokenType::Range: return Branch(NodeKind::Range, "range");
    case TokenType::Template: return TemplateCall();
    case TokenType::With: return Branch(NodeKind::With, "with");
    default: break;
  }
  Backup();
  const std::size_t position = Peek().position;
  TRY(PipeNode * pipe, Pipeline("command", TokenType::RightDelim));
  return source().New<ActionNode>(position, pipe);
}

Result<Node*> TreeParser::JumpOutOfRange(NodeKind kind, std::size_t position, std::string_view shown) {
  TRY(Expect(TokenType::RightDelim, shown));
  if (range_depth_ == 0) return Fail(std::string(shown) + " outside {{range}}");
  return source().New<PlainNode>(kind, position);
}

Result<Node*> TreeParser::Branch(NodeKind kind, std::string_view context) {
  if (++context_.branches > kMaxBranches) return Fail("max nesting depth exceeded");
  const std::size_t visible = variables_.size();
  auto* branch = source().New<BranchNode>(kind, 0);
  TRY(BranchBody(*branch, context));
  variables_.resize(visible);
  --context_.branches;
  return branch;
}

Result<void> TreeParser::BranchBody(BranchNode& branch, std::string_view context) {
  TRY(branch.pipe, Pipeline(context, TokenType::RightDelim));
  branch.position = branch.pipe->position;
  const int is_range = branch.kind == NodeKind::Range ? 1 : 0;
  range_depth_ += is_range;
  branch.list = source().New<ListNode>(PeekNonSpace().position);
  TRY(const Ending ending, Items(*branch.list));
  range_depth_ -= is_range;
  return ending.kind == NodeKind::Else ? ElseBody(branch, context, ending) : Result<void>();
}

// `{{else if}}` is `{{else}}{{if}}` whose {{end}} ends both; so is `{{else with}}` in a with.
Result<void> TreeParser::ElseBody(BranchNode& branch, std::string_view context, const Ending& ending) {
  const TokenType next = Peek().type;
  const bool chained = (branch.kind == NodeKind::If && next == TokenType::If) || (branch.kind == NodeKind::With && next == TokenType::With);
  if (chained) {
    Next();
    branch.else_list = source().New<ListNode>(ending.position);
    TRY(Node * inner, Branch(branch.kind, context));
    branch.else_list->nodes = source().Keep(std::vector{inner});
    return {};
  }
  branch.else_list = source().New<ListNode>(PeekNonSpace().position);
  TRY(const Ending last, Items(*branch.else_list));
  if (last.kind != NodeKind::End) return Fail("expected end; found {{else}}");
  return {};
}

Result<Node*> TreeParser::EndMark() {
  TRY(const Token token, Expect(TokenType::RightDelim, "end"));
  return source().New<PlainNode>(NodeKind::End, token.position);
}

Result<Node*> TreeParser::ElseMark() {
  const Token next = PeekNonSpace();
  if (next.type == TokenType::If || next.type == TokenType::With) return source().New<PlainNode>(NodeKind::Else, next.position);
  TRY(const Token token, Expect(TokenType::RightDelim, "else"));
  return source().New<PlainNode>(NodeKind::Else, token.position);
}

Result<std::string> TreeParser::TemplateName(const Token& token, std::string_view context) {
  if (token.type != TokenType::String && token.type != TokenType::RawString) return Unexpected(token, context);
  return Unquote(token);
}

Result<Node*> TreeParser::Block() {
  constexpr std::string_view kContext = "block clause";
  const Token token = NextNonSpace();
  TRY(const std::string name, TemplateName(token, kContext));
  TRY(PipeNode * pipe, Pipeline(kContext, TokenType::RightDelim));
  if (++context_.branches > kMaxBranches) return Fail("max nesting depth exceeded");
  TreeParser block(context_, name);
  auto* root = source().New<ListNode>(block.PeekNonSpace().position);
  block.tree_->root = root;
  TRY(const Ending ending, block.Items(*root));
  if (ending.kind != NodeKind::End) return Fail("unexpected {{else}} in block clause");
  TRY(block.Add());
  --context_.branches;
  return source().New<TemplateNode>(token.position, source().Keep(std::string_view(name)), pipe);
}

Result<Node*> TreeParser::TemplateCall() {
  constexpr std::string_view kContext = "template clause";
  const Token token = NextNonSpace();
  TRY(const std::string name, TemplateName(token, kContext));
  PipeNode* pipe = nullptr;
  if (NextNonSpace().type != TokenType::RightDelim) {
    Backup();
    TRY(pipe, Pipeline(kContext, TokenType::RightDelim));
  }
  return source().New<TemplateNode>(token.position, source().Keep(std::string_view(name)), pipe);
}

Result<PipeNode*> TreeParser::Pipeline(std::string_view context, TokenType end) {
  auto* pipe = source().New<PipeNode>(PeekNonSpace().position);
  std::vector<VariableNode*> declarations;
  TRY(Declarations(*pipe, declarations, context));
  pipe->first_declaration = source().Keep(declarations).data();
  pipe->declaration_count = static_cast<std::uint8_t>(declarations.size());
  std::vector<CommandNode*> commands;
  while (true) {
    const Token token = NextNonSpace();
    if (token.type == end) {
      pipe->commands = source().Keep(commands);
      TRY(CheckPipeline(*pipe, context));
      return pipe;
    }
    switch (token.type) {
      case TokenType::Bool:
      case TokenType::CharConstant:
      case TokenType::Complex:
      case TokenType::Dot:
      case TokenType::Field:
      case TokenType::Identifier:
      case TokenType::Number:
      case TokenType::Nil:
      case TokenType::RawString:
      case TokenType::String:
      case TokenType::Variable:
      case TokenType::LeftParen: {
        Backup();
        TRY(CommandNode * command, Command());
        commands.push_back(command);
        break;
      }
      default: return Unexpected(token, context);
    }
  }
}

// `$x :=`, `$x =`, and in a range `$i, $x :=`. What turns out to be no declaration is put back, with the blank behind the variable.
Result<void> TreeParser::Declarations(PipeNode& pipe, std::vector<VariableNode*>& declarations, std::string_view context) {
  while (PeekNonSpace().type == TokenType::Variable) {
    const Token variable = NextNonSpace();
    const Token after = Peek();
    const Token next = PeekNonSpace();
    const bool comma = next.type == TokenType::Char && next.value == ",";
    if (next.type != TokenType::Assign && next.type != TokenType::Declare && !comma) {
      if (after.type == TokenType::Space) {
        Backup(variable, after);
      } else {
        Backup(variable);
      }
      return {};
    }
    NextNonSpace();
    declarations.push_back(NewVariable(variable));
    variables_.push_back(variable.value);
    if (!comma) {
      pipe.is_assign = next.type == TokenType::Assign;
      return {};
    }
    if (context != "range" || declarations.size() >= 2) return Fail("too many declarations in " + std::string(context));
    const TokenType following = PeekNonSpace().type;
    if (following != TokenType::Variable && following != TokenType::RightDelim && following != TokenType::RightParen) {
      return Fail("range can only initialize variables");
    }
  }
  return {};
}

Result<void> TreeParser::CheckPipeline(const PipeNode& pipe, std::string_view context) const {
  if (pipe.commands.empty()) return Fail("missing value for " + std::string(context));
  for (std::size_t i = 1; i < pipe.commands.size(); ++i) {
    switch (pipe.commands[i]->arguments[0]->kind) {
      case NodeKind::Bool:
      case NodeKind::Dot:
      case NodeKind::Nil:
      case NodeKind::Number:
      case NodeKind::String: return Fail("non executable command in pipeline stage " + std::to_string(i + 1));
      default: break;
    }
  }
  return {};
}

Result<CommandNode*> TreeParser::Command() {
  auto* command = source().New<CommandNode>(PeekNonSpace().position);
  std::vector<Node*> arguments;
  while (true) {
    PeekNonSpace();
    TRY(Node * operand, Operand());
    if (operand) arguments.push_back(operand);
    const Token token = Next();
    if (token.type == TokenType::Space) continue;
    if (token.type == TokenType::RightDelim || token.type == TokenType::RightParen) {
      Backup();
    } else if (token.type != TokenType::Pipe) {
      return Unexpected(token, "operand");
    }
    break;
  }
  if (arguments.empty()) return Fail("empty command");
  command->arguments = source().Keep(arguments);
  return command;
}

Result<Node*> TreeParser::Operand() {
  TRY(Node * node, Term());
  if (!node || Peek().type != TokenType::Field) return node;
  return AddFields(node);
}

// The fields behind a term. An error message shows the position of the first of them, for `.a.b` as for `(f).b`.
Result<Node*> TreeParser::AddFields(Node* node) {
  const std::size_t position = Peek().position;
  const auto append = [this](std::string_view& text) {
    if (text.empty()) text = Next().value;
    while (Peek().type == TokenType::Field) text = {text.data(), text.size() + Next().value.size()};  // nothing lies between them
  };
  switch (node->kind) {
    case NodeKind::Field:
      append(static_cast<FieldNode*>(node)->path);
      node->position = static_cast<std::uint32_t>(position);
      return node;
    case NodeKind::Variable:
      append(static_cast<VariableNode*>(node)->text);
      node->position = static_cast<std::uint32_t>(position);
      return node;
    case NodeKind::Bool:
    case NodeKind::String:
    case NodeKind::Number:
    case NodeKind::Nil:
    case NodeKind::Dot: return Fail("unexpected . after term " + GoQuote(Show(*node)));
    default: {
      auto* chain = source().New<ChainNode>(position, node);
      append(chain->path);
      return chain;
    }
  }
}

Result<Node*> TreeParser::Term() {
  const Token token = NextNonSpace();
  switch (token.type) {
    case TokenType::Identifier: return Identifier(token);
    case TokenType::Dot: return source().New<PlainNode>(NodeKind::Dot, token.position);
    case TokenType::Nil: return source().New<PlainNode>(NodeKind::Nil, token.position);
    case TokenType::Variable: return Variable(token);
    case TokenType::Field: {
      auto* field = source().New<FieldNode>(token.position);
      field->path = token.value;
      return field;
    }
    case TokenType::Bool:
      return source().New<ConstantNode>(NodeKind::Bool, token.position, token.value, Value::Bool(token.value == "true"));
    case TokenType::CharConstant:
    case TokenType::Complex:
    case TokenType::Number: {
      auto* number = source().New<NumberNode>(token.position, token.value);
      if (auto read = ReadNumberNode(*number, token.type); !read) return Fail(read.error().message);
      return number;
    }
    case TokenType::LeftParen: return Parenthesized();
    case TokenType::String:
    case TokenType::RawString: {
      TRY(std::string text, Unquote(token));
      return source().New<ConstantNode>(NodeKind::String, token.position, token.value, Value::String(std::move(text)));
    }
    default: break;
  }
  Backup();
  return nullptr;
}

Result<Node*> TreeParser::Identifier(const Token& token) {
  const FoundFunction found = context_.functions(token.value);
  if (!found.function) return Fail("function " + GoQuote(token.value) + " not defined");
  auto* identifier = source().New<IdentifierNode>(token.position, token.value);
  identifier->function = found.function;
  identifier->builtin = found.builtin;
  return identifier;
}

VariableNode* TreeParser::NewVariable(const Token& token) {
  auto* variable = source().New<VariableNode>(token.position);
  variable->text = token.value;
  variable->name_size = static_cast<std::uint32_t>(token.value.size());
  variable->id = context_.VariableId(token.value);
  return variable;
}

Result<Node*> TreeParser::Variable(const Token& token) {
  if (std::ranges::find(variables_, token.value) == variables_.end()) return Fail("undefined variable " + GoQuote(token.value));
  return NewVariable(token);
}

Result<Node*> TreeParser::Parenthesized() {
  if (parentheses_ >= kMaxParentheses) return Fail("max expression depth exceeded");
  ++parentheses_;
  TRY(PipeNode * pipe, Pipeline("parenthesized pipeline", TokenType::RightParen));
  --parentheses_;
  return pipe;
}

}  // namespace

Result<std::vector<std::unique_ptr<Tree>>> ParseTemplate(std::shared_ptr<Source> source, const FunctionLookup& functions) {
  const bool break_is_keyword = !functions("break").function, continue_is_keyword = !functions("continue").function;
  Context context{.source = source, .functions = functions, .lexer = Lexer(source->text, break_is_keyword, continue_is_keyword)};
  context.VariableId("$");
  TreeParser parser(context, source->name);
  TRY(parser.ParseText());
  std::vector<std::unique_ptr<Tree>> trees;
  for (auto& [name, tree] : context.trees) trees.push_back(std::move(tree));
  return trees;
}

}  // namespace sluice::helm::detail
