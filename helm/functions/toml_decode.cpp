// A reader of TOML 1.0 by recursive descent. Tables are built in place; beside each goes what TOML wants to know of it: whether it was
// defined by a header, by a dotted key, or only stands above one.
#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/utf8.h"
#include "document/utf8.h"
#include "helm/functions/json.h"
#include "helm/functions/time_object.h"
#include "helm/functions/toml.h"
#include "helm/template/number.h"
#include "helm/template/quote.h"

namespace sluice::helm {

namespace {

using base::Error;
using base::Invalid;
using base::Result;
using Key = std::vector<std::string>;

constexpr int kMaxTomlDepth = 500;

enum class Origin { Implicit, Header, Dotted, Inline };

bool IsBare(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string KeyPart(const std::string& part) {
  if (!part.empty() && std::ranges::all_of(part, IsBare)) return part;
  return GoQuote(part);
}

std::string Dotted(const Key& key) {
  std::string out;
  for (const std::string& part : key) out.append(out.empty() ? "" : ".").append(KeyPart(part));
  return out;
}

class TomlDecoder {
 public:
  explicit TomlDecoder(std::string_view text) : text_(text), root_(MakeRef<Map>()), table_(root_) {}

  Result<Value> Decode() {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    if (!base::IsUtf8(text_)) Fail("invalid UTF-8 byte");
    while (!failed_) {
      SkipBlankLines();
      if (AtEnd()) break;
      Peek() == '[' ? ReadHeader() : ReadKeyValue();
      if (!failed_) EndLine();
    }
    if (failed_) return std::move(error_);
    return Value::Of(root_);
  }

 private:
  // Text.

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  std::string_view Rest() const { return text_.substr(at_); }
  bool Take(std::string_view word) {
    if (!Rest().starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  bool Fail(const std::string& what) {
    if (failed_) return false;
    failed_ = true;
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size())), '\n');
    const std::string last = last_key_.empty() ? "" : " (last key " + GoQuote(Dotted(last_key_)) + ")";
    error_ = Invalid("toml: line " + std::to_string(line) + last + ": " + what);
    return false;
  }

  /// The next character as Go's %q names it.
  std::string Quoted() const { return GoQuoteRune(document::DecodeUtf8(Rest()).value); }
  std::string QuotedOrEnd() const { return AtEnd() ? "end of file" : Quoted(); }
  std::string QuotedOrZero() const { return AtEnd() ? "'\\x00'" : Quoted(); }

  void SkipBlanks() {
    while (!AtEnd() && (Peek() == ' ' || Peek() == '\t')) ++at_;
  }
  bool SkipComment() {
    if (Peek() != '#' || AtEnd()) return true;
    while (!AtEnd() && Peek() != '\n') {
      const auto c = static_cast<unsigned char>(Peek());
      if ((c < 0x20 && c != '\t' && c != '\r') || c == 0x7F) return FailControl();
      ++at_;
    }
    return true;
  }
  bool FailControl() {
    static constexpr char kHex[] = "0123456789abcdef";
    const auto c = static_cast<unsigned char>(Peek());
    return Fail(std::string("control characters are not allowed inside strings: '0x") + kHex[c >> 4] + kHex[c & 15] + "'");
  }
  void SkipBlankLines() {
    while (!failed_) {
      SkipBlanks();
      if (!SkipComment()) return;
      if (!Take("\n") && !Take("\r\n")) return;
    }
  }
  void EndLine() {
    SkipBlanks();
    if (!SkipComment() || AtEnd() || Rest().starts_with("\n") || Rest().starts_with("\r\n")) return;
    Fail("expected a top-level item to end with a newline, comment, or EOF, but got " + Quoted() + " instead");
  }

  // Keys.

  bool ReadKey(Key& key, bool header) {
    while (true) {
      SkipBlanks();
      std::string part;
      if (!ReadKeyPart(part, header)) return false;
      key.push_back(std::move(part));
      if (key.size() > static_cast<std::size_t>(kMaxTomlDepth)) return Fail("keys nested too deeply");
      SkipBlanks();
      if (!Take(".")) return true;
    }
  }

  bool ReadKeyPart(std::string& part, bool header) {
    if (Take("\"")) return ReadBasic(part);
    if (Take("'")) return ReadLiteral(part);
    while (!AtEnd() && IsBare(Peek())) part += text_[at_++];
    if (!part.empty()) return true;
    if (header && (Peek() == ']' || AtEnd())) return Fail("unexpected end of table name (table names cannot be empty)");
    if (header && Peek() == '.') return Fail("unexpected table separator (table names cannot be empty)");
    if (AtEnd()) return Fail("unexpected EOF; expected key separator '='");
    if (Peek() == '=') return Fail("unexpected '=': key name appears blank");
    if (Peek() == '.') return Fail("unexpected '.': keys cannot start with a '.'");
    return Fail("expected '.' or '=', but got " + Quoted() + " instead");
  }

  // Tables.

  Origin OriginOf(const Ref<Map>& table) const {
    const auto found = origins_.find(table.get());
    return found == origins_.end() ? Origin::Implicit : found->second;
  }

  /// The table under `part` of `table`, made if absent; the last one of an array.
  bool Descend(Ref<Map>& table, const std::string& part, Origin origin) {
    const auto found = table->entries.find(part);
    if (found == table->entries.end()) {
      auto made = MakeRef<Map>();
      origins_[made.get()] = origin;
      table->entries.emplace(part, Value::Of(made));
      table = made;
      return true;
    }
    Value next = found->second;
    if (next.IsList() && arrays_.contains(next.list()) && origin != Origin::Dotted) next = Value(next.list()->items.back());
    const bool closed = origin == Origin::Dotted && next.IsMap() && OriginOf(next.map()) == Origin::Inline;
    if (!next.IsMap() || closed) return Fail("Key '" + Dotted(last_key_) + "' has already been defined.");
    table = Ref<Map>(next.map());
    return true;
  }

  bool ReadHeader() {
    const bool array = Take("[[");
    if (!array) ++at_;
    Key key;
    last_key_ = context_;
    if (!ReadKey(key, true)) return false;
    if (!Take(array ? "]]" : "]")) {
      if (array && Peek() == ']') ++at_;
      if (array) return Fail("expected end of table array name delimiter ']', but got " + QuotedOrZero() + " instead");
      return Fail("expected '.' or ']' to end table name, but got " + QuotedOrZero() + " instead");
    }
    context_ = key;
    last_key_.assign(key.begin(), key.end() - 1);
    Ref<Map> parent = root_;
    for (std::size_t i = 0; i + 1 < key.size(); ++i) {
      if (!Descend(parent, key[i], Origin::Implicit)) return false;
    }
    return array ? OpenArray(parent, key) : OpenTable(parent, key);
  }

  bool OpenTable(const Ref<Map>& parent, const Key& key) {
    const bool there = parent->entries.contains(key.back());
    table_ = parent;
    if (there && !parent->entries.find(key.back())->second.IsMap()) return Fail("Key '" + Dotted(key) + "' has already been defined.");
    if (!Descend(table_, key.back(), Origin::Header)) return false;
    if (there && OriginOf(table_) == Origin::Header) return Fail("Key '" + Dotted(key) + "' has already been defined.");
    origins_[table_.get()] = Origin::Header;
    return true;
  }

  bool OpenArray(const Ref<Map>& parent, const Key& key) {
    const auto found = parent->entries.find(key.back());
    Ref<List> list;
    if (found == parent->entries.end()) {
      list = MakeRef<List>();
      arrays_.insert({list.get(), true});
      parent->entries.emplace(key.back(), Value::Of(list));
    } else if (found->second.IsList() && arrays_.contains(found->second.list())) {
      list = Ref<List>(found->second.list());
    } else {
      return Fail("Key '" + Dotted(key) + "' was already created and cannot be used as an array.");
    }
    table_ = MakeRef<Map>();
    origins_[table_.get()] = Origin::Header;
    list->items.push_back(Value::Of(table_));
    return true;
  }

  bool ReadKeyValue() {
    const Key context = context_;
    last_key_ = context;
    return ReadMember(table_, context, 0);
  }

  bool ReadMember(Ref<Map> table, const Key& context, int depth) {
    Key key;
    if (!ReadKey(key, false)) return false;
    last_key_ = context;
    last_key_.insert(last_key_.end(), key.begin(), key.end());
    const Key full = last_key_;
    if (!Take("=")) {
      last_key_ = context;
      if (AtEnd()) return Fail("unexpected EOF; expected key separator '='");
      return Fail("expected '.' or '=', but got " + Quoted() + " instead");
    }
    for (std::size_t i = 0; i + 1 < key.size(); ++i) {
      if (!Descend(table, key[i], Origin::Dotted)) return false;
      if (OriginOf(table) == Origin::Header) return Fail("Key '" + Dotted(full) + "' has already been defined.");
    }
    Value value;
    if (!ReadValue(value, full, depth)) return false;
    last_key_ = full;
    if (!table->entries.emplace(key.back(), std::move(value)).second) return Fail("Key '" + Dotted(full) + "' has already been defined.");
    if (depth == 0) last_key_ = context;
    return true;
  }

  // Values.

  bool ReadValue(Value& value, const Key& key, int depth) {
    SkipBlanks();
    if (depth > kMaxTomlDepth) return Fail("values nested too deeply");
    if (AtEnd()) return Fail("unexpected EOF; expected value");
    if (Take("[")) return ReadArray(value, key, depth);
    if (Take("{")) return ReadInlineTable(value, key, depth);
    if (Peek() == '"' || Peek() == '\'') return ReadString(value);
    if (IsDigit(Peek()) || Peek() == '+' || Peek() == '-') return ReadNumberOrTime(value);
    for (const auto& [word, meaning] : {std::pair<std::string_view, Value>{"true", Value::Bool(true)}, {"false", Value::Bool(false)}}) {
      if (!Take(word)) continue;
      value = meaning;
      return true;
    }
    if (Rest().starts_with("inf") || Rest().starts_with("nan")) return ReadNumberOrTime(value);
    if (Peek() == '.') return Fail("floats must start with a digit, not '.'");
    std::size_t size = 0;
    while (size < Rest().size() && IsBare(Rest()[size])) ++size;
    if (size > 1) return Fail("expected value but found " + GoQuote(Rest().substr(0, size)) + " instead");
    return Fail("expected value but found " + Quoted() + " instead");
  }

  bool ReadArray(Value& value, const Key& key, int depth) {
    auto list = MakeRef<List>();
    while (true) {
      SkipBlankLines();
      if (failed_) return false;
      if (Take("]")) break;
      if (Peek() == ',' && !AtEnd()) return Fail("unexpected comma");
      Value item;
      if (!ReadValue(item, key, depth + 1)) return false;
      list->items.push_back(std::move(item));
      SkipBlankLines();
      if (failed_) return false;
      if (Take("]")) break;
      if (!Take(",")) return Fail("expected a comma (',') or array terminator (']'), but got " + QuotedOrEnd());
    }
    value = Value::Of(list);
    return true;
  }

  bool ReadInlineTable(Value& value, const Key& key, int depth) {
    auto table = MakeRef<Map>();
    SkipBlanks();
    while (!Take("}")) {
      if (!ReadMember(table, key, depth + 1)) return false;
      SkipBlanks();
      if (Take("}")) break;
      if (!Take(",")) return Fail("expected a comma or an inline table terminator '}', but got " + QuotedOrEnd() + " instead");
      SkipBlanks();
    }
    origins_[table.get()] = Origin::Inline;
    value = Value::Of(table);
    return true;
  }

  bool ReadString(Value& value) {
    std::string text;
    bool ok = false;
    if (Take("\"\"\"")) {
      ok = ReadMultiline(text, '"');
    } else if (Take("'''")) {
      ok = ReadMultiline(text, '\'');
    } else {
      ok = Take("\"") ? ReadBasic(text) : (Take("'") && ReadLiteral(text));
    }
    if (ok) value = Value::String(std::move(text));
    return ok;
  }

  bool CheckCharacter(std::string_view closing) {
    if (AtEnd()) return Fail("unexpected EOF; expected '" + std::string(closing) + "'");
    if (Peek() == '\n' || Rest().starts_with("\r\n")) return Fail("strings cannot contain newlines");
    const auto c = static_cast<unsigned char>(Peek());
    return (c >= 0x20 && c != 0x7F) || c == '\t' || FailControl();
  }

  bool ReadBasic(std::string& out) {
    while (true) {
      if (!CheckCharacter("\"")) return false;
      if (Take("\"")) return true;
      if (Take("\\")) {
        if (!ReadEscape(out)) return false;
      } else {
        out += text_[at_++];
      }
    }
  }

  bool ReadLiteral(std::string& out) {
    while (CheckCharacter("'")) {
      if (Take("'")) return true;
      out += text_[at_++];
    }
    return false;
  }

  bool ReadMultiline(std::string& out, char quote) {
    const std::string closing(3, quote);
    if (!Take("\n")) Take("\r\n");
    while (true) {
      if (AtEnd()) return Fail(quote == '"' ? "unexpected EOF; expected '\"\"\"'" : "unexpected EOF; expected \"'''\"");
      if (Take(closing)) {
        // Up to two quotes may stand right before the closing ones.
        for (int i = 0; i < 2 && Peek() == quote && !AtEnd(); ++i, ++at_) out += quote;
        return true;
      }
      const auto c = static_cast<unsigned char>(Peek());
      if (Rest().starts_with("\r\n")) {
        out += '\n';
        at_ += 2;
      } else if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7F) {
        return FailControl();
      } else if (quote == '"' && Take("\\")) {
        if (!SkipLineEnd() && !ReadEscape(out)) return false;
      } else {
        out += text_[at_++];
      }
    }
  }

  /// A backslash at the end of a line eats all blanks up to the next text.
  bool SkipLineEnd() {
    std::size_t at = at_;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t' || text_[at] == '\r')) ++at;
    if (at >= text_.size() || text_[at] != '\n') return false;
    at_ = std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
    return true;
  }

  bool ReadEscape(std::string& out) {
    static constexpr std::string_view kLetters = "btnfre\"\\", kMeanings = "\b\t\n\f\r\x1b\"\\";
    const auto letter = AtEnd() ? std::string_view::npos : kLetters.find(Peek());
    if (letter != std::string_view::npos) {
      ++at_;
      out += kMeanings[letter];
      return true;
    }
    const std::size_t digits = Take("x") ? 2 : Take("u") ? 4 : Take("U") ? 8 : 0;
    if (digits == 0) return Fail("invalid escape in string '\\" + std::string(Rest().substr(0, 1)) + "'");
    std::uint32_t code = 0;
    const std::string_view hex = Rest().substr(0, digits);
    const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    if (hex.size() != digits || read.ptr != hex.data() + hex.size()) {
      const std::string_view name = digits == 2   ? "two hexadecimal digits after '\\x'"
                                    : digits == 4 ? "four hexadecimal digits after '\\u'"
                                                  : "eight hexadecimal digits after '\\U'";
      return Fail("expected " + std::string(name) + ", but got " + GoQuote(hex) + " instead");
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
      return Fail("Escaped character '\\u" + std::string(hex) + "' is not valid UTF-8.");
    at_ += digits;
    document::AppendUtf8(code, out);
    return true;
  }

  // Numbers and times.

  bool ReadNumberOrTime(Value& value) {
    std::size_t size = 0;
    const std::string_view rest = Rest();
    while (size < rest.size() && (IsBare(rest[size]) || rest[size] == '+' || rest[size] == '.' || rest[size] == ':')) ++size;
    const bool date = size >= 10 && rest[4] == '-' && rest[7] == '-' && IsDigit(rest[0]);
    if (date && size == 10 && size + 2 < rest.size() && rest[10] == ' ' && IsDigit(rest[11])) {
      ++size;
      while (size < rest.size() && (IsBare(rest[size]) || rest[size] == '+' || rest[size] == '.' || rest[size] == ':')) ++size;
    }
    const std::string text(rest.substr(0, size));
    const bool time = size >= 5 && rest[2] == ':';
    const bool ok = date || time ? ReadTime(text, value) : ReadNumber(text, value);
    if (ok) at_ += size;
    return ok;
  }

  bool ReadTime(std::string text, Value& value) {
    for (char& c : text) c = c == 't' || c == ' ' ? 'T' : c == 'z' ? 'Z' : c;
    struct Row {
      std::string_view layout;
      const char* zone;
    };
    constexpr Row kRows[] = {{"2006-01-02T15:04:05.999999999Z07:00", nullptr},
                             {"2006-01-02T15:04:05.999999999", "datetime-local"},
                             {"2006-01-02", "date-local"},
                             {"15:04:05.999999999", "time-local"},
                             {"2006-01-02T15:04Z07:00", nullptr},
                             {"2006-01-02T15:04", "datetime-local"},
                             {"15:04", "time-local"}};
    for (const Row& row : kRows) {
      auto time = ParseTime(row.layout, text, row.zone == nullptr ? Zone::Utc() : Zone::Fixed(row.zone, 0));
      if (!time) continue;
      value = NewTime(std::move(*time));
      return true;
    }
    return Fail("invalid datetime: " + GoQuote(text));
  }

  static bool UnderscoresSeparate(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '_') continue;
      const auto digit = [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
      if (i == 0 || i + 1 == text.size() || !digit(text[i - 1]) || !digit(text[i + 1])) return false;
    }
    return true;
  }

  static bool HasLeadingZero(std::string_view text) {
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    return text.size() > 1 && text[0] == '0' && (IsDigit(text[1]) || text[1] == '_');
  }

  bool ReadNumber(const std::string& text, Value& value) {
    const std::string unsigned_text = text.substr(text[0] == '+' || text[0] == '-' ? 1 : 0);
    if (unsigned_text == "inf" || unsigned_text == "nan") {
      value = Value::Float64(*ParseFloat(text[0] == '+' ? unsigned_text : unsigned_text == "nan" ? "nan" : text));
      return true;
    }
    const bool based = text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b");
    const bool real = !based && text.find_first_of(".eE") != std::string::npos;
    const std::string_view what = real ? "float" : "integer";
    if (!UnderscoresSeparate(text))
      return Fail("Invalid " + std::string(what) + " " + GoQuote(text) + ": underscores must be surrounded by digits");
    if (HasLeadingZero(text)) return Fail("Invalid " + std::string(what) + " " + GoQuote(text) + ": cannot have leading zeroes");
    std::string plain = text;
    std::erase(plain, '_');
    if (real) {
      const std::size_t point = plain.find('.');
      if (point != std::string::npos && (point + 1 == plain.size() || !IsDigit(plain[point + 1]))) {
        return Fail("Invalid float " + GoQuote(text) + ": '.' must be followed by one or more digits");
      }
      const auto number = ParseFloat(plain);
      if (!number) return Fail("Invalid float value: " + GoQuote(text));
      value = Value::Float64(*number);
      return true;
    }
    const auto number = ParseInt(plain, 0);
    if (!number && std::ranges::all_of(unsigned_text, IsDigit) && !unsigned_text.empty()) return Fail(text + " is out of range for int64");
    if (!number) return Fail("expected a digit but got " + GoQuote(unsigned_text.substr(0, 1)));
    value = Value::Int64(*number);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Ref<Map> root_, table_;
  Key context_, last_key_;
  std::map<const Map*, Origin> origins_;
  std::map<const List*, bool> arrays_;
  bool failed_ = false;
  Error error_;
};

}  // namespace

Result<Value> DecodeToml(std::string_view text) {
  if (text.size() > kMaxValueBytes) return ValueTooLarge();
  return TomlDecoder(text).Decode();
}

}  // namespace sluice::helm
