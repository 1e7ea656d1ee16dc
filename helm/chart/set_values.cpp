// A line of --set is read rune by rune with the recursion of the grammar: a key ends at `=`, `[`, `.` or `,`; what follows says whether a
// value, an index or a deeper key comes. Go's parser panics on `a=1,a.b=2` (it casts what is there); its words are kept.
#include "helm/chart/set_values.h"

#include <algorithm>
#include <optional>

#include "base/utf8.h"
#include "helm/functions/json.h"
#include "helm/template/number.h"
#include "helm/template/print.h"
#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

using base::Error;
using base::Invalid;
using base::Result;

constexpr int kMaxNesting = 30;
constexpr std::int64_t kMaxIndex = 65536;

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != lower[i]) return false;
  return true;
}

Value TypedValue(const std::string& text) {
  if (EqualsIgnoringCase(text, "true")) return Value::Bool(true);
  if (EqualsIgnoringCase(text, "false")) return Value::Bool(false);
  if (EqualsIgnoringCase(text, "null")) return Value::Nil();
  if (text == "0") return Value::Int64(0);
  if (!text.empty() && text[0] != '0')
    if (const auto number = ParseInt(text, 10)) return Value::Int64(*number);
  return Value::String(text);
}

Error Panic(const Value& found, std::string_view want) {
  const std::string type = found.IsNil() ? "interface {} is nil" : "interface {} is " + TypeName(found);
  return Invalid("unable to parse key: interface conversion: " + type + ", not " + std::string(want));
}

/// How many bytes the JSON value that `text` begins with has; all of them if it does not end.
std::size_t JsonLength(std::string_view text) {
  int depth = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
      if (depth == 0) return std::min(at + 1, text.size());
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth <= 0) return at + 1;
    } else if (depth == 0 && (c == ',' || c == ' ' || (c >= '\t' && c <= '\r'))) {
      return at;
    }
  }
  return text.size();
}

/// %q of a []rune.
std::string QuoteRunes(std::string_view text) {
  std::string out = "[";
  for (Rune rune = DecodeRune(text); rune.size > 0; rune = DecodeRune(text)) {
    out += (out.size() > 1 ? " " : "") + GoQuoteRune(rune.value);
    text.remove_prefix(rune.size);
  }
  return out + "]";
}

class Parser {
 public:
  Parser(std::string_view text, SetKind kind, const FileReader& read_file) : text_(text), kind_(kind), read_file_(read_file) {}

  Result<void> Parse(Map& values) {
    while (true) {
      TRY(const Step step, Key(values, 0));
      if (step == Step::End) return {};
    }
  }

 private:
  /// What Go's parser says with a nil error or io.EOF.
  enum class Step { More, End };
  struct Word {
    std::string text;
    char last = 0;  // the rune that ended it; 0 at the end of the input
    bool ended() const { return last == 0; }
  };

  /// The next rune, "" at the end; a byte that is no UTF-8 becomes U+FFFD.
  std::string Rune() {
    if (at_ >= text_.size()) return {};
    const std::size_t length = base::Utf8Length(text_.substr(at_));
    const std::string rune = length == 0 ? "\uFFFD" : std::string(text_.substr(at_, length));
    at_ += length == 0 ? 1 : length;
    return rune;
  }
  bool AtEnd() const { return at_ >= text_.size(); }

  Word Until(std::string_view stop) {
    Word word;
    while (!AtEnd()) {
      std::string rune = Rune();
      if (rune.size() == 1 && stop.find(rune[0]) != std::string_view::npos) {
        word.last = rune[0];
        return word;
      }
      if (rune == "\\") {
        if (AtEnd()) return word;
        rune = Rune();
      }
      word.text += rune;
    }
    return word;
  }

  static void Set(Map& map, const std::string& key, Value value) {
    if (!key.empty()) map.entries[key] = std::move(value);
  }

  Result<Step> Key(Map& map, int nesting) {
    const Word word = kind_ == SetKind::Literal ? LiteralKey() : Until("=[,.");
    if (word.ended()) {
      if (word.text.empty()) return Step::End;
      return Invalid("key " + GoQuote(word.text) + " has no value");
    }
    if (word.last == '[') return KeyIndex(map, word.text, nesting);
    if (word.last == '=') return KeyValue(map, word.text);
    if (word.last == ',') {
      Set(map, word.text, Value::String(""));
      return Invalid("key " + GoQuote(word.text) + " has no value (cannot end with ,)");
    }
    return KeyDot(map, word.text, nesting + 1);
  }

  /// --set-literal knows no escapes and no commas, but names nest as always.
  Word LiteralKey() {
    Word word;
    while (!AtEnd()) {
      const std::string rune = Rune();
      if (rune == "=" || rune == "[" || rune == ".") {
        word.last = rune[0];
        return word;
      }
      word.text += rune;
    }
    return word;
  }

  Result<Step> KeyIndex(Map& map, const std::string& key, int nesting) {
    TRY(const std::int64_t index, Index());
    Ref<List> list = MakeRef<List>();
    if (const auto found = map.entries.find(key); found != map.entries.end()) {
      if (!found->second.IsList()) return Panic(found->second, "[]interface {}");
      list = found->second.list();
    }
    Step step = Step::More;
    auto item = ListItem(*list, index, nesting, step);
    Set(map, key, Value::Of(list));
    if (!item) return item.error();
    return step;
  }

  Result<Step> KeyDot(Map& map, const std::string& key, int nesting) {
    if (nesting > kMaxNesting)
      return Invalid("value name nested level is greater than maximum supported nested level of " + std::to_string(kMaxNesting));
    Ref<Map> inner = MakeRef<Map>();
    if (const auto found = map.entries.find(key); found != map.entries.end()) {
      if (!found->second.IsMap()) return Panic(found->second, "map[string]interface {}");
      inner = found->second.map();
    }
    const auto step = Key(*inner, nesting);
    if (step && *step == Step::More && inner->entries.empty()) return Invalid("key map " + GoQuote(key) + " has no value");
    if (!inner->entries.empty()) Set(map, key, Value::Of(inner));
    return step;
  }

  Result<Step> KeyValue(Map& map, const std::string& key) {
    Step step = Step::More;
    TRY(Value value, ReadValue(step));
    Set(map, key, std::move(value));
    return step;
  }

  /// What follows a `=`.
  Result<Value> ReadValue(Step& step) {
    if (kind_ == SetKind::Json) return JsonValue();
    if (kind_ == SetKind::Literal) {
      Value all = Value::String(std::string(text_.substr(at_)));
      at_ = text_.size();
      return all;
    }
    if (AtEnd()) {
      step = Step::End;
      return Value::String("");
    }
    if (text_[at_] == '{') {
      ++at_;
      return ListValue();
    }
    return Convert(Until(",").text);
  }

  Result<Value> Convert(const std::string& text) const {
    if (kind_ == SetKind::Typed) return TypedValue(text);
    if (kind_ != SetKind::File) return Value::String(text);
    TRY(std::string bytes, read_file_(text));
    return Value::String(std::move(bytes));
  }

  Result<Value> ListValue() {
    std::vector<Value> items;
    while (true) {
      const Word word = Until(",}");
      if (word.ended()) return Invalid("list must terminate with '}'");
      TRY(Value item, Convert(word.text));
      items.push_back(std::move(item));
      if (word.last == ',') continue;
      if (!AtEnd() && text_[at_] == ',') ++at_;
      return Value::NewList(std::move(items));
    }
  }

  /// Skips blanks up to a comma or the end, which are taken and mean that there is nothing.
  bool Empty() {
    while (!AtEnd()) {
      const char c = text_[at_];
      if (c == ',') {
        ++at_;
        return true;
      }
      if (c != ' ' && (c < '\t' || c > '\r')) return false;
      ++at_;
    }
    return true;
  }

  Result<Value> JsonValue() {
    if (Empty()) return Value::Nil();
    const std::string_view json = text_.substr(at_, JsonLength(text_.substr(at_)));
    TRY(Value value, DecodeJson(json));
    at_ += json.size();
    Empty();
    return value;
  }

  Result<std::int64_t> Index() {
    const Word word = Until("]");
    if (word.ended()) return Invalid("error parsing index: EOF");
    const auto index = ParseInt(word.text, 10);
    if (!index) return Invalid("error parsing index: strconv.Atoi: parsing " + GoQuote(word.text) + ": invalid syntax");
    return *index;
  }

  static Result<void> SetIndex(List& list, std::int64_t index, Value value) {
    if (index < 0) return Invalid("negative " + std::to_string(index) + " index not allowed");
    if (index > kMaxIndex)
      return Invalid("index of " + std::to_string(index) + " is greater than maximum supported index of " + std::to_string(kMaxIndex));
    if (static_cast<std::int64_t>(list.items.size()) <= index) list.items.resize(static_cast<std::size_t>(index) + 1, Value::Nil());
    list.items[static_cast<std::size_t>(index)] = std::move(value);
    return {};
  }

  Result<void> ListItem(List& list, std::int64_t index, int nesting, Step& step) {
    if (index < 0) return Invalid("negative " + std::to_string(index) + " index not allowed");
    const Word word = Until("[.=");
    if (!word.text.empty()) return Invalid("unexpected data at end of array index: " + QuoteRunes(word.text));
    if (word.ended()) {
      step = Step::End;
      return {};
    }
    if (word.last == '=') {
      Step end = Step::More;
      TRY(Value value, ReadValue(end));
      return SetIndex(list, index, std::move(value));
    }
    return word.last == '[' ? NestedList(list, index, nesting) : NestedMap(list, index, nesting, step);
  }

  static const Value* ItemAt(const List& list, std::int64_t index) {
    return index < static_cast<std::int64_t>(list.items.size()) ? &list.items[static_cast<std::size_t>(index)] : nullptr;
  }

  Result<void> NestedList(List& list, std::int64_t index, int nesting) {
    if (++depth_ > kMaxNesting) return Invalid("value name nested level is greater than maximum supported nested level of 30");
    TRY(const std::int64_t inner_index, Index());
    Ref<List> inner = MakeRef<List>();
    if (const Value* item = ItemAt(list, index); item != nullptr && !item->IsNil()) {
      if (!item->IsList()) return Panic(*item, "[]interface {}");
      inner = item->list();
    }
    Step step = Step::More;
    TRY(ListItem(*inner, inner_index, nesting, step));
    --depth_;
    return SetIndex(list, index, Value::Of(inner));
  }

  Result<void> NestedMap(List& list, std::int64_t index, int nesting, Step& step) {
    Ref<Map> inner = MakeRef<Map>();
    if (const Value* item = ItemAt(list, index); item != nullptr && item->IsMap()) inner = item->map();
    TRY(step, Key(*inner, nesting));
    if (step == Step::End) return {};
    return SetIndex(list, index, Value::Of(inner));
  }

  std::string_view text_;
  const SetKind kind_;
  const FileReader& read_file_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<void> SetValues(std::string_view text, SetKind kind, Map& values, const FileReader& read_file) {
  return Parser(text, kind, read_file).Parse(values);
}

}  // namespace sluice::helm
