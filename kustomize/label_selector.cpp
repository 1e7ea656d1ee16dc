// Kubernetes' label selectors (apimachinery, pkg/labels): a list of requirements, all of which must hold.
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "kustomize/selector.h"

namespace sluice::kustomize {

using base::Result;
using document::Value;

namespace {

constexpr std::size_t kMaxNameLength = 63;
constexpr std::size_t kMaxPrefixLength = 253;

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool IsLowerAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// The name part of a key, and a value that is not empty.
bool IsName(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameLength || !IsAlphanumeric(text.front()) || !IsAlphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

bool IsDnsLabel(std::string_view text) {
  if (text.empty() || !IsLowerAlphanumeric(text.front()) || !IsLowerAlphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return IsLowerAlphanumeric(c) || c == '-'; });
}

bool IsSubdomain(std::string_view text) {
  if (text.size() > kMaxPrefixLength) return false;
  while (true) {
    const std::size_t dot = text.find('.');
    if (!IsDnsLabel(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsKey(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return IsName(text);
  return IsSubdomain(text.substr(0, slash)) && IsName(text.substr(slash + 1));
}

std::optional<std::int64_t> ParseInteger(std::string_view text) {
  if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

enum class Token { End, Word, Symbol };

}  // namespace

/// Reads a selector from left to right, one token ahead.
class LabelSelectorParser {
 public:
  explicit LabelSelectorParser(std::string_view text) : text_(text) { Next(); }

  Result<LabelSelector> Parse() {
    LabelSelector out;
    while (token_ != Token::End) {
      TRY(LabelSelector::Requirement requirement, ParseRequirement());
      out.requirements_.push_back(std::move(requirement));
      if (token_ == Token::End) break;
      if (!Is(",")) return Unexpected("',' or the end");
      Next();
      if (token_ != Token::Word && !Is("!")) return Unexpected("a key after ','");
    }
    return out;
  }

 private:
  using Operator = LabelSelector::Operator;
  using Requirement = LabelSelector::Requirement;

  static bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  static bool IsSpecial(char c) { return std::string_view("=!(),><").find(c) != std::string_view::npos; }

  /// Symbols are `)` `,` `!` `==` `=` `>` `<` `!=` `(`.
  void Next() {
    while (!text_.empty() && IsBlank(text_.front())) text_.remove_prefix(1);
    std::size_t size = 0;
    if (text_.empty()) {
      token_ = Token::End;
    } else if (IsSpecial(text_.front())) {
      token_ = Token::Symbol;
      size = text_.starts_with("==") || text_.starts_with("!=") ? 2 : 1;
    } else {
      token_ = Token::Word;
      while (size < text_.size() && !IsBlank(text_[size]) && !IsSpecial(text_[size])) ++size;
    }
    literal_ = text_.substr(0, size);
    text_.remove_prefix(size);
  }

  bool Is(std::string_view symbol) const { return token_ == Token::Symbol && literal_ == symbol; }

  base::Error Unexpected(std::string_view expected) const {
    return base::Invalid("found '" + std::string(literal_) + "', expected " + std::string(expected));
  }

  Result<Requirement> ParseRequirement() {
    Requirement out;
    const bool negated = Is("!");
    if (negated) Next();
    if (token_ != Token::Word) return Unexpected("a key");
    if (!IsKey(literal_)) return base::Invalid("'" + std::string(literal_) + "' is no label key");
    out.key = std::string(literal_);
    Next();
    if (negated || token_ == Token::End || Is(",")) {
      out.op = negated ? Operator::DoesNotExist : Operator::Exists;
      return out;
    }
    TRY(ParseOperatorAndValues(out));
    for (const std::string& value : out.values) {
      if (!value.empty() && !IsName(value)) return base::Invalid("'" + value + "' is no label value");
    }
    return out;
  }

  Result<void> ParseOperatorAndValues(Requirement& out) {
    const std::string op(literal_);
    if (token_ == Token::Word && op != "in" && op != "notin") return Unexpected("'=', '==', '!=', '<', '>', 'in' or 'notin'");
    if (token_ == Token::Symbol && (op == "(" || op == ")" || op == "!")) return Unexpected("'=', '==', '!=', '<', '>', 'in' or 'notin'");
    out.op = op == "in" || op == "=" || op == "==" ? Operator::In
             : op == ">"                           ? Operator::GreaterThan
             : op == "<"                           ? Operator::LessThan
                                                   : Operator::NotIn;
    Next();
    if (op == "in" || op == "notin") return ParseSet(out);
    if (token_ == Token::Symbol && !Is(",")) return Unexpected("a value");
    const bool empty = token_ == Token::End || Is(",");
    out.values.emplace_back(empty ? std::string_view() : literal_);
    if (!empty) Next();
    const bool ordered = out.op == Operator::GreaterThan || out.op == Operator::LessThan;
    if (ordered && !ParseInteger(out.values[0])) return base::Invalid("'" + out.values[0] + "' is no integer, as '" + op + "' needs one");
    return {};
  }

  /// `(a,,b)`: a value may be empty.
  Result<void> ParseSet(Requirement& out) {
    if (!Is("(")) return Unexpected("'('");
    do {
      Next();
      const bool word = token_ == Token::Word;
      out.values.emplace_back(word ? literal_ : std::string_view());
      if (word) Next();
    } while (Is(","));
    if (!Is(")")) return Unexpected("',' or ')'");
    Next();
    return {};
  }

  std::string_view text_;
  Token token_ = Token::End;
  std::string_view literal_;
};

Result<LabelSelector> LabelSelector::Parse(std::string_view text) { return LabelSelectorParser(text).Parse(); }

bool LabelSelector::Matches(const Value* labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& requirement) {
    const Value* label = labels == nullptr ? nullptr : labels->Find(requirement.key);
    const auto listed = [&] {
      return std::find(requirement.values.begin(), requirement.values.end(), label->text()) != requirement.values.end();
    };
    switch (requirement.op) {
      case Operator::Exists: return label != nullptr;
      case Operator::DoesNotExist: return label == nullptr;
      case Operator::In: return label != nullptr && listed();
      case Operator::NotIn: return label == nullptr || !listed();
      case Operator::GreaterThan:
      case Operator::LessThan: break;
    }
    const std::optional<std::int64_t> value = label == nullptr ? std::nullopt : ParseInteger(label->text());
    const std::int64_t bound = *ParseInteger(requirement.values.front());
    return value && (requirement.op == Operator::GreaterThan ? *value > bound : *value < bound);
  });
}

}  // namespace sluice::kustomize
