// The grammar is the one that the library's scanner accepts, character by character, quirks included:
//   - outside of braces only `$$` is special: it stands for `$`, whatever follows;
//   - the default of `${a:-...}` is text and further `${...}` up to the first `}`; nothing is quoted in it;
//   - the pattern of `${a/pattern/text}` goes up to the next `/`, even past a `}`; `\/`, `\\` and `$$` quote;
//   - the delimiter of `${a:1:2}` and of `${a/b/c}` may be repeated.
// A whole text is parsed before anything is looked up, so an error of grammar comes before a missing variable.
#include "document/substitute.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/utf8.h"
#include "document/letter_case.h"
#include "document/letters.h"
#include "document/prefix_pattern.h"
#include "document/utf8.h"

namespace sluice::document {

namespace {

// A text, or a variable with an operator (":-", "/", "" for none) and its arguments.
struct Node {
  bool variable = false;
  std::string text;  // of a variable: its name
  std::string op;
  std::vector<Node> args;
};

Node TextNode(std::string text) { return {.variable = false, .text = std::move(text), .op = "", .args = {}}; }

base::Error BadSubstitution() { return base::Invalid("bad substitution"); }
base::Error MissingBrace() { return base::Invalid("missing closing brace"); }
base::Error BadName() { return base::Invalid("unable to parse variable name"); }
base::Error BadArgument() { return base::Invalid("unable to parse substitution within function"); }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAsciiLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class Parser {
 public:
  Parser(std::string_view text, std::size_t max_depth) : rest_(text), max_depth_(max_depth) {}

  base::Result<std::vector<Node>> Parse() {
    std::vector<Node> nodes;
    while (!rest_.empty()) {
      if (rest_.starts_with("${")) {
        rest_.remove_prefix(2);
        TRY(Node node, Variable(1));
        nodes.push_back(std::move(node));
      } else {
        nodes.push_back(TextNode(Outside()));
      }
    }
    return nodes;
  }

 private:
  char Peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  char Next() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Text up to the next `${`, of which the first character is taken whatever it is.
  std::string Outside() {
    std::string text;
    while (!rest_.empty() && !rest_.starts_with("${")) {
      if (rest_.starts_with("$$")) Next();
      text += Next();
    }
    return text;
  }

  // Characters that are not in `ends`, up to a `${`.
  std::string Inside(std::string_view ends, bool quoting) {
    std::string text;
    while (!rest_.empty() && !rest_.starts_with("${")) {
      const bool quoted = quoting && (rest_.starts_with("$$") || rest_.starts_with("\\/") || rest_.starts_with("\\\\"));
      if (quoted)
        Next();
      else if (ends.find(rest_.front()) != ends.npos)
        break;
      text += Next();
    }
    return text;
  }

  base::Result<Node> Argument(std::string_view ends, bool quoting, std::size_t depth) {
    if (rest_.starts_with("${")) {
      rest_.remove_prefix(2);
      return Variable(depth + 1);
    }
    std::string text = Inside(ends, quoting);
    if (text.empty()) return BadArgument();
    return TextNode(std::move(text));
  }

  std::string Name() {
    const std::string_view start = rest_;
    while (!rest_.empty()) {
      const std::size_t length = base::Utf8Length(rest_);
      const char c = rest_.front();
      const auto fits = [](std::uint32_t code) { return IsLetter(code) || IsDecimalDigit(code); };
      if (!(length == 1 ? IsAsciiLetter(c) || IsDigit(c) || c == '_' : length > 1 && fits(DecodeUtf8(rest_).value))) break;
      rest_.remove_prefix(length);
    }
    return std::string(start.substr(0, start.size() - rest_.size()));
  }

  base::Result<Node> Close(Node node) {
    if (!Skip('}')) return BadSubstitution();
    return node;
  }

  // What follows `${`.
  base::Result<Node> Variable(std::size_t depth) {
    if (depth > max_depth_) return base::MakeError(base::Reason::TooLarge, "variables are nested too deeply");
    if (Peek() == '#') return Length();
    Node node{.variable = true, .text = Name(), .op = "", .args = {}};
    if (node.text.empty()) return BadName();
    switch (Peek()) {
      case ':': return DefaultOrSubstring(std::move(node), depth);
      case '=': return Default(std::move(node), 1, depth);
      case ',':
      case '^': return Case(std::move(node));
      case '/': return Replace(std::move(node), depth);
      case '#':
      case '%': return Remove(std::move(node), depth);
      default: break;
    }
    if (!Skip('}')) return MissingBrace();
    return node;
  }

  base::Result<Node> Length() {
    Next();
    Node node{.variable = true, .text = Name(), .op = "#", .args = {}};
    if (node.text.empty()) return BadSubstitution();
    return Close(std::move(node));
  }

  base::Result<Node> DefaultOrSubstring(Node node, std::size_t depth) {
    if (rest_.size() == 1 || DecodeUtf8(rest_.substr(1)).size > 1) return BadSubstitution();  // the scanner looks ahead by one byte
    const char second = rest_[1];
    if (second == '=' || second == '-' || second == '?' || second == '+') return Default(std::move(node), 2, depth);
    return Substring(std::move(node), depth);
  }

  base::Result<Node> Default(Node node, std::size_t op_size, std::size_t depth) {
    node.op = rest_.substr(0, op_size);
    rest_.remove_prefix(op_size);
    while (Peek() != '}' || rest_.empty()) {
      TRY(Node arg, Argument("}", false, depth));
      node.args.push_back(std::move(arg));
    }
    return Close(std::move(node));
  }

  base::Result<Node> Substring(Node node, std::size_t depth) {
    node.op = Next();
    TRY(Node position, Argument(":}", false, depth));
    node.args.push_back(std::move(position));
    if (Skip('}')) return node;
    if (Peek() != ':') return BadSubstitution();
    while (Skip(':')) {
    }
    TRY(Node length, Argument("}", false, depth));
    node.args.push_back(std::move(length));
    return Close(std::move(node));
  }

  // One or two of the same.
  base::Result<Node> Remove(Node node, std::size_t depth) {
    const char c = Next();
    node.op = c;
    if (Skip(c)) node.op += c;
    TRY(Node pattern, Argument("}", false, depth));
    node.args.push_back(std::move(pattern));
    return Close(std::move(node));
  }

  // One or two of ',' and '^', mixed ones do nothing.
  base::Result<Node> Case(Node node) {
    node.op = Next();
    if (Peek() == ',' || Peek() == '^') node.op += Next();
    return Close(std::move(node));
  }

  base::Result<Node> Replace(Node node, std::size_t depth) {
    node.op = Next();
    if (Peek() == '/' || Peek() == '#' || Peek() == '%') node.op += Next();
    TRY(Node pattern, Argument("/", true, depth));
    node.args.push_back(std::move(pattern));
    if (Peek() != '/') return BadSubstitution();
    while (Skip('/')) {
    }
    if (Peek() == '}') return Close(std::move(node));
    TRY(Node text, Argument("}", true, depth));
    node.args.push_back(std::move(text));
    return Close(std::move(node));
  }

  std::string_view rest_;
  std::size_t max_depth_;
};

// --- The functions.

std::optional<std::int64_t> ToInteger(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// Offsets and lengths are bytes. What is not a number leaves the value as it is.
std::string Substring(const std::string& value, const std::vector<std::string>& args) {
  const auto size = static_cast<std::int64_t>(value.size());
  const auto position = ToInteger(args[0]);
  if (!position) return value;
  const std::int64_t from = *position < 0 ? std::max<std::int64_t>(size + *position, 0) : *position;
  if (args.size() == 1) return from < size ? value.substr(static_cast<std::size_t>(from)) : "";
  const auto length = ToInteger(args[1]);
  if (!length) return value;
  if (from >= size) return "";
  if (*length >= size - from) return value.substr(static_cast<std::size_t>(from));
  if (*length >= 0) return value.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(*length));
  if (*length < from - size) return "";  // a negative length counts from the end, and that lies before `from`
  return value.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(size + *length - from));
}

// Go's strings.Replace: an empty `from` is found before each character and at the end. Stops when it has more than `max_bytes`.
std::string Replace(std::string_view text, std::string_view from, std::string_view to, bool all, std::size_t max_bytes) {
  std::string out;
  bool more = true;
  while (more && out.size() <= max_bytes) {
    const std::size_t at = text.find(from);
    if (at == text.npos) break;
    out += text.substr(0, at);
    out += to;
    text.remove_prefix(at + from.size());
    more = all;
    if (!from.empty()) continue;
    if (text.empty()) return out;
    const std::size_t length = std::max<std::size_t>(base::Utf8Length(text), 1);
    if (!all) break;
    out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out.append(text);
}

/// The characters in reverse; U+FFFD for each byte that is no UTF-8.
std::string Reverse(std::string_view text) {
  const std::string clean = CleanUtf8(text);
  std::string out(clean.size(), '\0');
  std::size_t end = clean.size();
  for (std::string_view rest = clean; !rest.empty();) {
    const std::string_view character = rest.substr(0, DecodeUtf8(rest).size);
    end -= character.size();
    character.copy(out.data() + end, character.size());
    rest.remove_prefix(character.size());
  }
  return out;
}

/// Takes the shortest or longest beginning that matches off `value`; a malformed pattern takes nothing.
base::Result<std::string> TrimPrefix(std::string value, std::string_view pattern, bool longest) {
  const auto parsed = PrefixPattern::Parse(pattern);
  if (!parsed) return value;
  TRY(const std::optional<std::size_t> length, parsed->Find(value, longest));
  return value.substr(length.value_or(0));
}

/// The same of ends, by the rule of beginnings: so a character that is taken in part leaves U+FFFD for each byte that stays.
base::Result<std::string> TrimSuffix(std::string_view value, std::string_view pattern, bool longest) {
  TRY(const std::string trimmed, TrimPrefix(Reverse(value), Reverse(pattern), longest));
  return Reverse(trimmed);
}

std::string FirstCase(const std::string& value, std::string (*change)(std::string_view)) {
  const std::size_t first = std::max<std::size_t>(base::Utf8Length(value), 1);
  return value.empty() ? value : change(value.substr(0, first)) + value.substr(first);
}

std::string Join(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += text;
  return out;
}

base::Result<std::string> Call(const std::string& op, const std::string& value, const std::vector<std::string>& args,
                               std::size_t max_bytes) {
  if (op == ",") return FirstCase(value, &ToLower);
  if (op == ",,") return ToLower(value);
  if (op == "^") return FirstCase(value, &ToUpper);
  if (op == "^^") return ToUpper(value);
  if (op == "#" && args.empty()) return std::to_string(value.size());
  if (op == "#" || op == "##") return TrimPrefix(value, args[0], op == "##");
  if (op == "%" || op == "%%") return TrimSuffix(value, args[0], op == "%%");
  if (op == ":") return Substring(value, args);
  if (op == "/" || op == "//") return Replace(value, args[0], args.size() > 1 ? args[1] : "", op == "//", max_bytes);
  if (op == "/#") return args.size() == 2 && value.starts_with(args[0]) ? Replace(value, args[0], args[1], false, max_bytes) : value;
  if (op == "/%") return args.size() == 2 && value.ends_with(args[0]) ? value.substr(0, value.size() - args[0].size()) + args[1] : value;
  return value.empty() ? Join(args) : value;  // every kind of default, and none
}

bool HasDefault(const std::string& op) { return op == "=" || op == ":=" || op == ":-" || op == ":?" || op == ":+"; }

class Evaluator {
 public:
  Evaluator(const VariableLookup& lookup, const SubstituteOptions& options) : lookup_(lookup), options_(options) {}

  base::Result<void> Append(const Node& node, std::string& out) const {
    if (!node.variable) {
      out += node.text;
    } else {
      TRY(const std::string value, Value(node));
      out += value;
    }
    if (out.size() > options_.max_bytes)
      return base::MakeError(base::Reason::TooLarge, "substituted text is larger than " + std::to_string(options_.max_bytes) + " bytes");
    return {};
  }

 private:
  base::Result<std::string> Value(const Node& node) const {
    std::vector<std::string> args;
    for (const Node& arg : node.args) TRY(Append(arg, args.emplace_back()));
    const std::optional<std::string> value = lookup_(node.text);
    if (!value && options_.strict && !HasDefault(node.op)) return base::Invalid("variable not set (strict mode): \"" + node.text + "\"");
    return Call(node.op, value.value_or(""), args, options_.max_bytes);
  }

  const VariableLookup& lookup_;
  const SubstituteOptions& options_;
};

}  // namespace

base::Result<std::string> Substitute(std::string_view text, const VariableLookup& lookup, const SubstituteOptions& options) {
  TRY(const std::vector<Node> nodes, Parser(text, options.max_depth).Parse());
  std::string out;
  const Evaluator evaluator(lookup, options);
  for (const Node& node : nodes) TRY(evaluator.Append(node, out));
  return out;
}

bool IsVariableName(std::string_view name) {
  if (name.empty() || IsDigit(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return IsAsciiLetter(c) || IsDigit(c) || c == '_'; });
}

}  // namespace sluice::document
