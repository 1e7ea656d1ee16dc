// Recursive descent, one function a rule of the grammar. The first syntax error ends it. Every node knows how deep the tree below it is, so that
// neither nesting nor a chain (`a.b.c`, `1 + 2 + 3`) makes the recursions of later steps deeper than twice `max_depth`; `&&` and `||` are kept flat.
#include "rollout/cel/parser.h"

#include <algorithm>
#include <array>
#include <optional>

#include "rollout/cel/lexer.h"
#include "rollout/cel/literal.h"
#include "rollout/cel/macros.h"

namespace sluice::rollout::cel {
namespace {

constexpr std::array<std::string_view, 17> kReserved = {"as",        "break",  "const",  "continue", "else", "for",
                                                        "function",  "if",     "import", "let",      "loop", "package",
                                                        "namespace", "return", "var",    "void",     "while"};

constexpr std::string_view kStarts = "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/// Copies of targets (optMap) may not let a short text become a huge tree.
constexpr std::size_t kMaxNodes = 100'000;

std::size_t CountNodes(const Expr& expr) {
  std::size_t count = 1;
  ForEachPart(expr, [&count](const Expr& part) { count += CountNodes(part); });
  return count;
}

class Parser {
 public:
  Parser(std::string_view source, int max_depth, std::vector<Issue>& issues)
      : max_depth_(max_depth), issues_(issues), tokens_(Lex(source, issues)) {}

  ExprPtr Whole() {
    ExprPtr out = Expression();
    if (!failed_ && Now().word != Word::End) {
      Fail(Now(), (tokens_.size() - at_ == 2 ? "extraneous input '" : "mismatched input '") + Shown(Now()) + "' expecting <EOF>");
    }
    return out;
  }

 private:
  const Token& Now() const { return tokens_[at_]; }
  const Token& Ahead(std::size_t by) const { return tokens_[std::min(at_ + by, tokens_.size() - 1)]; }
  bool Take(std::string_view symbol) {
    if (failed_ || !Now().Is(symbol)) return false;
    ++at_;
    return true;
  }
  static std::string Shown(const Token& token) { return token.word == Word::End ? "<EOF>" : std::string(token.text); }

  void Fail(const Token& token, std::string message) {
    if (!failed_) issues_.push_back({token.offset, "Syntax error: " + std::move(message)});
    failed_ = true;
    at_ = tokens_.size() - 1;
  }
  ExprPtr Nothing() { return MakeLiteral({}, Now().offset); }
  /// Whether `token` may stand behind a closing symbol, or behind a colon: then only the symbol is missing.
  static bool MayFollow(std::string_view symbol, const Token& token) {
    if (symbol == ":") return StartsExpression(token);
    return token.word == Word::End || token.word == Word::In ||
           (token.word == Word::Symbol && !token.Is("(") && !token.Is("{") && !token.Is("!"));
  }
  /// `choices`: what else could have stood here, as ANTLR lists it.
  void Expect(std::string_view symbol, std::string_view choices = "") {
    if (failed_ || Take(symbol)) return;
    const std::string wanted = "'" + std::string(symbol) + "'";
    if (choices.empty() && MayFollow(symbol, Now())) {
      Fail(Now(), "missing " + wanted + " at '" + Shown(Now()) + "'");
      return;
    }
    const bool extraneous = Ahead(1).Is(symbol) && Now().word != Word::End;
    Fail(Now(), std::string(extraneous ? "extraneous" : "mismatched") + " input '" + Shown(Now()) + "' expecting " +
                    (choices.empty() ? wanted : std::string(choices)));
  }
  /// An issue that does not stop the parser: the grammar is kept, the meaning is not.
  ExprPtr Wrong(std::size_t offset, std::string message) {
    issues_.push_back({offset, std::move(message)});
    return MakeLiteral({}, offset);
  }

  /// Bounds what is about to become a node. Macros expand into several levels, so trees may be somewhat deeper than texts.
  ExprPtr Bounded(ExprPtr expr) {
    if (expr->depth > 2 * max_depth_) TooDeep();
    return expr;
  }
  void TooDeep() {
    if (!failed_) issues_.push_back({0, "expression recursion limit exceeded: " + std::to_string(max_depth_), true});
    failed_ = true;
    at_ = tokens_.size() - 1;
  }
  struct Nesting {
    explicit Nesting(Parser& parser) : parser_(parser) {
      if (++parser_.nesting_ > parser_.max_depth_) parser_.TooDeep();
    }
    ~Nesting() { --parser_.nesting_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    Parser& parser_;
  };

  ExprPtr Call(std::string_view function, std::size_t offset, std::vector<ExprPtr> args, bool member) {
    if (ExprPtr expanded = ExpandMacro(function, member, offset, args, issues_)) {
      if (function.starts_with("opt")) CountCopies(*expanded);
      return Bounded(std::move(expanded));
    }
    return Bounded(MakeCall(function, offset, std::move(args), member));
  }
  void CountCopies(const Expr& expanded) {
    if (!failed_ && CountNodes(expanded) > kMaxNodes) {
      issues_.push_back({expanded.offset, "expression too large"});
      failed_ = true;
      at_ = tokens_.size() - 1;
    }
  }

  // expr: conditionalOr ('?' conditionalOr ':' expr)?
  ExprPtr Expression() {
    const Nesting nesting(*this);
    if (failed_) return Nothing();
    ExprPtr condition = Logical(op::kOr);
    const Token question = Now();
    if (!Take("?")) return condition;
    ExprPtr yes = Logical(op::kOr);
    Expect(":");
    if (failed_) return Nothing();
    ExprPtr no = Expression();
    return Bounded(MakeCallOf(op::kConditional, question.offset, std::move(condition), std::move(yes), std::move(no)));
  }

  // conditionalOr: conditionalAnd ('||' conditionalAnd)*, and the same for && over relations
  ExprPtr Logical(std::string_view function) {
    const bool is_or = function == op::kOr;
    ExprPtr first = is_or ? Logical(op::kAnd) : Relation();
    const std::size_t offset = Now().offset;
    std::vector<ExprPtr> terms;
    while (Take(is_or ? "||" : "&&")) {
      if (terms.empty()) terms.push_back(std::move(first));
      terms.push_back(is_or ? Logical(op::kAnd) : Relation());
    }
    return terms.empty() ? std::move(first) : Bounded(MakeCall(function, offset, std::move(terms)));
  }

  std::optional<std::string_view> RelationNow() const {
    if (failed_) return std::nullopt;
    if (Now().word == Word::In) return op::kIn;
    constexpr std::array<std::array<std::string_view, 2>, 6> kRelations = {
        {{"<", "_<_"}, {"<=", "_<=_"}, {">=", "_>=_"}, {">", "_>_"}, {"==", op::kEquals}, {"!=", op::kNotEquals}}};
    for (const auto& [symbol, function] : kRelations) {
      if (Now().Is(symbol)) return function;
    }
    return std::nullopt;
  }

  ExprPtr Relation() {
    ExprPtr left = Sum();
    while (const auto function = RelationNow()) {
      const std::size_t offset = Now().offset;
      ++at_;
      ExprPtr right = Sum();
      left = Bounded(MakeCallOf(*function, offset, std::move(left), std::move(right)));
    }
    return left;
  }

  ExprPtr Sum() {
    ExprPtr left = Product();
    while (!failed_ && (Now().Is("+") || Now().Is("-"))) {
      const Token token = Now();
      ++at_;
      ExprPtr right = Product();
      left = Bounded(MakeCallOf(token.text == "+" ? op::kAdd : "_-_", token.offset, std::move(left), std::move(right)));
    }
    return left;
  }

  ExprPtr Product() {
    ExprPtr left = Unary();
    while (!failed_ && (Now().Is("*") || Now().Is("/") || Now().Is("%"))) {
      const Token token = Now();
      ++at_;
      ExprPtr right = Unary();
      const std::string function = "_" + std::string(token.text) + "_";
      left = Bounded(MakeCallOf(function, token.offset, std::move(left), std::move(right)));
    }
    return left;
  }

  // unary: member | '!'+ member | '-'+ member. One minus before a number is part of the literal.
  ExprPtr Unary() {
    const Token sign = Now();
    const bool is_not = sign.Is("!");
    if (failed_ || (!is_not && !sign.Is("-"))) return Member();
    std::size_t count = 0;
    while (Ahead(count).Is(sign.text)) ++count;
    const Word next = Ahead(count).word;
    const bool of_literal = !is_not && count == 1 && (next == Word::Int || next == Word::Float);
    if (of_literal) return Member();
    at_ += count;
    if (!is_not && Now().Is("!")) Fail(Now(), "no viable alternative at input '" + std::string(count, '-') + "!'");
    ExprPtr operand = Member();
    if (count % 2 == 0) return operand;
    return Bounded(MakeCallOf(is_not ? op::kNot : op::kNegate, sign.offset, std::move(operand)));
  }

  ExprPtr Member() {
    ExprPtr out = Primary();
    while (!failed_) {
      const Token token = Now();
      if (Take(".")) {
        out = Selection(std::move(out), token);
      } else if (Take("[")) {
        const bool optional = Take("?");
        if (!optional && !StartsExpression(Now())) FailPrimary(Now(), "", "'?', ");
        ExprPtr index = Expression();
        Expect("]");
        out = Bounded(MakeCallOf(optional ? op::kOptIndex : op::kIndex, token.offset, std::move(out), std::move(index)));
      } else {
        break;
      }
    }
    return out;
  }

  ExprPtr Selection(ExprPtr operand, const Token& dot) {
    const bool optional = Take("?");
    const Token name = Now();
    if (name.word != Word::Identifier && name.word != Word::Escaped) {
      Fail(name, name.word == Word::End                               ? "no viable alternative at input '.'"
                 : name.word == Word::Symbol || name.word == Word::In ? "no viable alternative at input '." + Shown(name) + "'"
                                                                      : "mismatched input '" + Shown(name) + "' expecting IDENTIFIER");
      return Nothing();
    }
    ++at_;
    if (name.word == Word::Escaped) return Wrong(name.offset, "unsupported syntax: '`'");
    if (optional) {
      ExprPtr field = MakeLiteral(Val::String(std::string(name.text)), name.offset);
      return Bounded(MakeCallOf(op::kOptSelect, dot.offset, std::move(operand), std::move(field)));
    }
    const std::size_t paren = Now().offset;
    if (Take("(")) {
      std::vector<ExprPtr> args;
      args.push_back(std::move(operand));
      Arguments(args);
      return Call(name.text, paren, std::move(args), true);
    }
    auto out = std::make_unique<Expr>();
    out->is = Expr::Is::Select;
    out->offset = dot.offset;
    out->name = name.text;
    out->depth = operand->depth + 1;
    out->args.push_back(std::move(operand));
    return Bounded(std::move(out));
  }

  /// After the opening parenthesis, up to and with the closing one.
  void Arguments(std::vector<ExprPtr>& args) {
    if (Take(")")) return;
    if (!StartsExpression(Now())) FailPrimary(Now(), "')', ", "");
    do {
      args.push_back(Expression());
    } while (Take(","));
    Expect(")");
  }

  ExprPtr Primary() {
    const Token token = Now();
    if (failed_) return Nothing();
    switch (token.word) {
      case Word::Identifier: return Named();
      case Word::Symbol: break;
      case Word::End:
      case Word::In:
      case Word::Escaped: FailPrimary(token); return Nothing();
      default: ++at_; return Literal(token, false);
    }
    if (token.Is("(")) {
      ++at_;
      ExprPtr out = Expression();
      Expect(")");
      return out;
    }
    if (token.Is("[")) return ListLiteral();
    if (token.Is("{")) return MapLiteral();
    if (token.Is("-") && (Ahead(1).word == Word::Int || Ahead(1).word == Word::Float)) {
      at_ += 2;
      Token number = tokens_[at_ - 1];
      number.offset = token.offset;
      return Literal(number, true);
    }
    if (token.Is(".") && Ahead(1).word == Word::Identifier) return Named();
    if (token.Is(".")) {
      Fail(Ahead(1), "no viable alternative at input '." + Shown(Ahead(1)) + "'");
    } else {
      FailPrimary(token);
    }
    return Nothing();
  }

  static bool StartsExpression(const Token& token) {
    if (token.word != Word::Symbol) return token.word != Word::End && token.word != Word::In && token.word != Word::Escaped;
    return token.Is("(") || token.Is("[") || token.Is("{") || token.Is(".") || token.Is("-") || token.Is("!");
  }
  /// As ANTLR: a word that is only too much is called so. `closing` and `question` are what could have stood here besides.
  void FailPrimary(const Token& token, std::string_view closing = "", std::string_view question = "") {
    const bool more = StartsExpression(Ahead(1)) || (!closing.empty() && Ahead(1).Is(")"));
    const std::string choices =
        "{'[', '{', '(', " + std::string(closing) + "'.', '-', '!', " + std::string(question) + std::string(kStarts);
    Fail(token,
         std::string(more && token.word != Word::End ? "extraneous" : "mismatched") + " input '" + Shown(token) + "' expecting " + choices);
  }

  ExprPtr Literal(const Token& token, bool negative) {
    switch (token.word) {
      case Word::True: return MakeLiteral(Val::Bool(true), token.offset);
      case Word::False: return MakeLiteral(Val::Bool(false), token.offset);
      case Word::Int:
        if (const auto value = IntLiteral(token.text, negative)) return MakeLiteral(Val::Int(*value), token.offset);
        return Wrong(token.offset, "invalid int literal");
      case Word::Uint:
        if (const auto value = UintLiteral(token.text)) return MakeLiteral(Val::Uint(*value), token.offset);
        return Wrong(token.offset, "invalid uint literal");
      case Word::Float:
        if (const auto value = DoubleLiteral(token.text, negative)) return MakeLiteral(Val::Double(*value), token.offset);
        return Wrong(token.offset, "invalid double literal");
      case Word::String:
      case Word::Bytes: {
        const bool bytes = token.word == Word::Bytes;
        base::Result<std::string> text = Unquote(token.text, bytes);
        if (!text) return Wrong(token.offset, text.error().message);
        return MakeLiteral(bytes ? Val::Bytes(*std::move(text)) : Val::String(*std::move(text)), token.offset);
      }
      default: return MakeLiteral({}, token.offset);
    }
  }

  /// Whether a message literal starts here: names joined by dots, and a brace.
  bool IsMessage() const {
    std::size_t by = Now().Is(".") ? 1 : 0;
    while (Ahead(by).word == Word::Identifier) {
      if (Ahead(by + 1).Is("{")) return true;
      if (!Ahead(by + 1).Is(".")) return false;
      by += 2;
    }
    return false;
  }

  ExprPtr Named() {
    if (IsMessage()) return MessageLiteral();
    const std::size_t start = Now().offset;
    std::string name = Take(".") ? "." : "";
    const Token token = Now();
    ++at_;
    name += token.text;
    const bool reserved = std::find(kReserved.begin(), kReserved.end(), token.text) != kReserved.end();
    const std::size_t paren = Now().offset;
    const bool is_call = Take("(");
    std::vector<ExprPtr> args;
    if (is_call) Arguments(args);
    if (reserved) return Wrong(start, "reserved identifier: " + std::string(token.text));
    if (is_call) return Call(name.starts_with(".") ? std::string_view(name).substr(1) : name, paren, std::move(args), false);
    return MakeIdent(std::move(name), token.offset);
  }

  ExprPtr MessageLiteral() {
    auto out = std::make_unique<Expr>();
    out->is = Expr::Is::Message;
    while (!Now().Is("{")) out->name += tokens_[at_++].text;
    out->offset = Now().offset;
    if (out->name.starts_with(".")) out->name.erase(0, 1);
    ++at_;
    while (!failed_ && !Now().Is("}")) {
      Take("?");
      const Token field = Now();
      if (field.word != Word::Identifier) {
        Fail(field, "mismatched input '" + Shown(field) + "' expecting IDENTIFIER");
        break;
      }
      ++at_;
      Expect(":");
      Add(*out, Expression(), false);
      if (!Take(",")) break;
    }
    Expect("}");
    return Bounded(std::move(out));
  }

  static void Add(Expr& to, ExprPtr part, bool optional) {
    to.depth = std::max(to.depth, part->depth + 1);
    to.args.push_back(std::move(part));
    to.optional.push_back(optional);
  }

  ExprPtr ListLiteral() {
    auto out = std::make_unique<Expr>();
    out->is = Expr::Is::List;
    out->offset = Now().offset;
    ++at_;
    if (Now().Is(",") && Ahead(1).Is("]")) ++at_;
    while (!failed_ && !Now().Is("]")) {
      const bool optional = Take("?");
      Add(*out, Expression(), optional);
      if (!Take(",")) break;
    }
    Expect("]", "{']', ','}");
    return Bounded(std::move(out));
  }

  ExprPtr MapLiteral() {
    auto out = std::make_unique<Expr>();
    out->is = Expr::Is::Map;
    out->offset = Now().offset;
    ++at_;
    if (Now().Is(",") && Ahead(1).Is("}")) ++at_;
    while (!failed_ && !Now().Is("}")) {
      const bool optional = Take("?");
      ExprPtr key = Expression();
      Expect(":");
      if (failed_) break;
      Add(*out, std::move(key), optional);
      Add(*out, Expression(), optional);
      if (!Take(",")) break;
    }
    Expect("}", "{'}', ','}");
    return Bounded(std::move(out));
  }

  const int max_depth_;
  std::vector<Issue>& issues_;
  const std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  bool failed_ = false;
};

}  // namespace

ExprPtr Parse(std::string_view source, int max_depth, std::vector<Issue>& issues) { return Parser(source, max_depth, issues).Whole(); }

}  // namespace sluice::rollout::cel
