// Regular expressions. RE2 is what Go's regexp descends from; what differs is the wording of errors, the syntax of replacements ($1, ${name})
// and where empty matches are found.
#include <re2/re2.h>

#include <map>
#include <memory>
#include <optional>

#include "base/parser_limits.h"
#include "helm/functions/json.h"
#include "helm/functions/regex_problem.h"
#include "helm/functions/registry.h"
#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm {

namespace {

using base::Error;
using base::Invalid;
using base::Result;

constexpr std::size_t kMaxPatternBytes = 64 << 10;
constexpr std::size_t kMaxCached = 256;

/// Go's words for RE2's kinds of errors.
std::string_view Words(RE2::ErrorCode code) {
  switch (code) {
    case RE2::ErrorBadEscape: return "invalid escape sequence";
    case RE2::ErrorBadCharClass: return "invalid character class";
    case RE2::ErrorBadCharRange: return "invalid character class range";
    case RE2::ErrorMissingBracket: return "missing closing ]";
    case RE2::ErrorMissingParen: return "missing closing )";
    case RE2::ErrorUnexpectedParen: return "unexpected )";
    case RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize: return "invalid repeat count";
    case RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8: return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture: return "invalid named capture";
    case RE2::ErrorPatternTooLarge: return "expression too large";
    default: return "regexp/syntax: internal error";
  }
}

/// `error parsing regexp: missing closing ): `a(``
std::string ParseMessage(const RE2& re) {
  std::string argument = re.error_arg();
  const RE2::ErrorCode code = re.error_code();
  // Go quotes what is left of the expression, or all of it, where RE2 quotes one piece.
  if (code == RE2::ErrorMissingParen || code == RE2::ErrorUnexpectedParen) argument = re.pattern();
  std::string message = "error parsing regexp: " + std::string(Words(code));
  if (code == RE2::ErrorTrailingBackslash) argument.clear();
  return message + ": `" + argument + "`";
}

}  // namespace

std::string RegexProblem(const re2::RE2& re) { return re.ok() ? "" : ParseMessage(re); }

namespace {

/// An expression as a panic quotes it: between backquotes where Go could write it so.
std::string QuoteExpression(std::string_view text) { return CanBackquote(text) ? "`" + std::string(text) + "`" : GoQuote(text); }

/// Go also writes (?<name>...) for (?P<name>...), which this RE2 does not know.
std::string WithPythonNames(std::string_view pattern) {
  std::string out;
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::string_view rest = pattern.substr(i);
    if (rest[0] == '\\' && rest.size() > 1) {
      out.append(rest.substr(0, 2));
      ++i;
      continue;
    }
    if (rest[0] == '[') in_class = true;
    if (rest[0] == ']') in_class = false;
    const bool named = !in_class && rest.starts_with("(?<") && rest.size() > 3 && rest[3] != '=' && rest[3] != '!';
    if (named) {
      out += "(?P<";
      i += 2;
    } else {
      out += rest[0];
    }
  }
  return out;
}

/// Compiled expressions: a chart asks the same ones again and again. Belongs to one FunctionMap, hence to one thread at a time.
class Expressions {
 public:
  Result<const RE2*> Get(const std::string& pattern) {
    if (const auto found = cache_.find(pattern); found != cache_.end()) return found->second.get();
    if (pattern.size() > kMaxPatternBytes) return Invalid("error parsing regexp: expression too large");
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(base::Parsers().max_program_bytes);
    auto re = std::make_unique<RE2>(WithPythonNames(pattern), options);
    if (!re->ok()) return Invalid(ParseMessage(*re));
    if (cache_.size() >= kMaxCached) cache_.clear();
    return cache_.emplace(pattern, std::move(re)).first->second.get();
  }

 private:
  std::map<std::string, std::unique_ptr<RE2>, std::less<>> cache_;
};

using Groups = std::vector<re2::StringPiece>;

/// Calls `use` for the matches of `re` in `text`, as Go's allMatches finds them: an empty match right behind another match is none.
void ForEachMatch(const RE2& re, std::string_view text, std::int64_t limit, const auto& use) {
  Groups groups(static_cast<std::size_t>(re.NumberOfCapturingGroups()) + 1);
  const re2::StringPiece subject(text.data(), text.size());
  std::int64_t previous_end = -1;
  for (std::size_t at = 0, count = 0; at <= text.size() && (limit < 0 || static_cast<std::int64_t>(count) < limit);) {
    if (!re.Match(subject, at, text.size(), RE2::UNANCHORED, groups.data(), static_cast<int>(groups.size()))) return;
    const auto start = static_cast<std::size_t>(groups[0].data() - text.data());
    const std::size_t end = start + groups[0].size();
    const bool accepted = start != end || static_cast<std::int64_t>(start) != previous_end;
    if (end > at) {
      at = end;
    } else {
      at += at < text.size() ? DecodeRune(text.substr(at)).size : 1;
    }
    previous_end = static_cast<std::int64_t>(end);
    if (!accepted) continue;
    ++count;
    if (!use(start, end, groups)) return;
  }
}

/// One piece of a replacement: text, or a group's number.
struct Piece {
  std::string text;
  int group = -1;
};

bool IsWord(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

/// The name behind a `$` and what it takes: `1`, `{1}`, `name`. nullopt if it is none.
std::optional<std::string_view> TakeName(std::string_view& rest) {
  std::string_view from = rest;
  const bool brace = from.starts_with('{');
  if (brace) from.remove_prefix(1);
  std::size_t size = 0;
  while (size < from.size() && (IsWord(from[size]) || static_cast<unsigned char>(from[size]) >= 0x80)) ++size;
  if (size == 0 || (brace && !from.substr(size).starts_with('}'))) return std::nullopt;
  rest = from.substr(size + (brace ? 1 : 0));
  return from.substr(0, size);
}

/// A group's number; -1 if there is no such group.
int GroupOf(std::string_view name, const RE2& re) {
  const bool number = name.find_first_not_of("0123456789") == std::string_view::npos && (name.size() == 1 || name[0] != '0');
  if (number) {
    if (name.size() > 4) return -1;
    const int group = std::stoi(std::string(name));
    return group <= re.NumberOfCapturingGroups() ? group : -1;
  }
  const auto& named = re.NamedCapturingGroups();
  const auto found = named.find(std::string(name));
  return found == named.end() ? -1 : found->second;
}

std::vector<Piece> ParseReplacement(std::string_view rest, const RE2& re) {
  std::vector<Piece> pieces(1);
  while (!rest.empty()) {
    const std::size_t dollar = rest.find('$');
    pieces.back().text.append(rest.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    rest.remove_prefix(dollar + 1);
    if (rest.starts_with('$')) {
      rest.remove_prefix(1);
      pieces.back().text += '$';
    } else if (const auto name = TakeName(rest)) {
      pieces.back().group = GroupOf(*name, re);
      pieces.emplace_back();
    } else {
      pieces.back().text += '$';
    }
  }
  return pieces;
}

Result<Value> Replace(const RE2& re, std::string_view text, const std::vector<Piece>& pieces) {
  std::string out;
  std::size_t last = 0;
  ForEachMatch(re, text, -1, [&](std::size_t start, std::size_t end, const Groups& groups) {
    out.append(text.substr(last, start - last));
    for (const Piece& piece : pieces) {
      out += piece.text;
      if (piece.group >= 0)
        out.append(groups[static_cast<std::size_t>(piece.group)].data(), groups[static_cast<std::size_t>(piece.group)].size());
    }
    last = end;
    return out.size() <= kMaxValueBytes;
  });
  if (out.size() > kMaxValueBytes) return ValueTooLarge();
  return TextResult(std::move(out.append(text.substr(last))));
}

Result<Value> FindAll(const RE2& re, std::string_view text, std::int64_t limit) {
  std::vector<std::string> found;
  ForEachMatch(re, text, limit, [&](std::size_t start, std::size_t end, const Groups&) {
    found.emplace_back(text.substr(start, end - start));
    return found.size() <= kMaxValueNodes;
  });
  if (found.size() > kMaxValueNodes) return ValueTooLarge();
  if (found.empty()) return Value::NilList(ListType::String);
  return Value::Strings(std::move(found));
}

/// regexp.Split: at most `limit` pieces, the last the rest.
Result<Value> Split(const RE2& re, std::string_view text, std::int64_t limit) {
  if (limit == 0) return Value::NilList(ListType::String);
  if (!re.pattern().empty() && text.empty()) return Value::Strings({""});
  std::vector<std::string> parts;
  std::size_t begin = 0, last = 0;
  ForEachMatch(re, text, limit, [&](std::size_t start, std::size_t end, const Groups&) {
    if (limit > 0 && static_cast<std::int64_t>(parts.size()) >= limit - 1) return false;
    last = start;
    if (end != 0) parts.emplace_back(text.substr(begin, start - begin));
    begin = end;
    return parts.size() <= kMaxValueNodes;
  });
  if (parts.size() > kMaxValueNodes) return ValueTooLarge();
  if (last != text.size()) parts.emplace_back(text.substr(begin));
  return Value::Strings(std::move(parts));
}

std::string QuoteMeta(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

using Body = Result<Value> (*)(const RE2&, Arguments);

/// Both variants of a function: `mustX` returns the error, `X` panics with regexp.MustCompile's text.
void AddBoth(FunctionMap& map, const std::shared_ptr<Expressions>& expressions, std::string name, std::vector<Parameter> parameters,
             Body body) {
  const auto with = [expressions, body](Arguments a, bool must) -> Result<Value> {
    auto re = expressions->Get(a[0].AsString());
    if (re) return body(**re, a);
    if (must) return std::move(re).error();
    return Invalid("regexp: Compile(" + QuoteExpression(a[0].AsString()) + "): " + re.error().message);
  };
  Add(map, {name}, parameters, [with](Arguments a) { return with(a, false); });
  name[0] = static_cast<char>(name[0] - 32);
  Add(map, {"must" + name}, parameters, [with](Arguments a) { return with(a, true); });
}

}  // namespace

void AddRegex(FunctionMap& map) {
  const auto expressions = std::make_shared<Expressions>();
  AddBoth(map, expressions, "regexFind", {kString, kString}, [](const RE2& re, Arguments a) -> Result<Value> {
    re2::StringPiece found;
    const re2::StringPiece text(a[1].AsString());
    if (!re.Match(text, 0, text.size(), RE2::UNANCHORED, &found, 1)) return Value::String("");
    return Value::String(std::string(found.data(), found.size()));
  });
  AddBoth(map, expressions, "regexFindAll", {kString, kString, kInt},
          [](const RE2& re, Arguments a) { return FindAll(re, a[1].AsString(), a[2].AsSigned()); });
  AddBoth(map, expressions, "regexReplaceAll", {kString, kString, kString},
          [](const RE2& re, Arguments a) { return Replace(re, a[1].AsString(), ParseReplacement(a[2].AsString(), re)); });
  AddBoth(map, expressions, "regexReplaceAllLiteral", {kString, kString, kString},
          [](const RE2& re, Arguments a) { return Replace(re, a[1].AsString(), {Piece{.text = a[2].AsString()}}); });
  AddBoth(map, expressions, "regexSplit", {kString, kString, kInt},
          [](const RE2& re, Arguments a) { return Split(re, a[1].AsString(), a[2].AsSigned()); });
  AddBoth(map, expressions, "regexMatch", {kString, kString},
          [](const RE2& re, Arguments a) -> Result<Value> { return Value::Bool(RE2::PartialMatch(a[1].AsString(), re)); });
  Add(map, {"regexMatch"}, {kString, kString}, [expressions](Arguments a) {
    const auto re = expressions->Get(a[0].AsString());
    return Value::Bool(re && RE2::PartialMatch(a[1].AsString(), **re));
  });
  Add(map, {"regexQuoteMeta"}, {kString}, [](Arguments a) { return TextResult(QuoteMeta(a[0].AsString())); });
}

}  // namespace sluice::helm
