// A JSON reader that fails in the words of Go's encoding/json, which charts print.
#include <cstdint>
#include <optional>

#include "document/utf8.h"
#include "helm/functions/json.h"
#include "helm/template/number.h"

namespace sluice::helm {

using base::Error;
using base::Invalid;
using base::Result;

namespace {

/// Go refuses what is nested 10000 deep; we, what no template could walk.
constexpr int kMaxJsonDepth = kMaxValueDepth;

/// A character as Go names it in a message: 'x', '\'', '"', '\x00', 'Ã'.
std::string QuoteByte(unsigned char c) {
  if (c == '\'') return "'\\''";
  if (c == '"') return "'\"'";
  if (c >= 0x20 && c < 0x7F && c != '\\') return std::string("'") + static_cast<char>(c) + "'";
  switch (c) {
    case '\\': return "'\\\\'";
    case '\a': return "'\\a'";
    case '\b': return "'\\b'";
    case '\f': return "'\\f'";
    case '\n': return "'\\n'";
    case '\r': return "'\\r'";
    case '\t': return "'\\t'";
    case '\v': return "'\\v'";
    default: break;
  }
  static constexpr char kHex[] = "0123456789abcdef";
  if (c < 0x20 || c == 0x7F) return std::string("'\\x") + kHex[c >> 4] + kHex[c & 15] + "'";
  if (c < 0xA0 || c == 0xAD) return std::string("'\\u00") + kHex[c >> 4] + kHex[c & 15] + "'";
  std::string out = "'";
  document::AppendUtf8(c, out);
  return out + "'";
}

class JsonDecoder {
 public:
  explicit JsonDecoder(std::string_view text) : text_(text) {}

  Result<DecodedJson> Decode() {
    // Go checks the whole text before it makes a value of it, so a syntax error comes before a number out of range.
    Value root = ReadValue(0);
    SkipBlanks();
    if (!failed_ && at_ < text_.size()) Unexpected("after top-level value");
    if (failed_) return std::move(error_);
    DecodedJson decoded{.value = std::move(root), .problem = std::nullopt};
    if (!range_problem_.empty())
      decoded.problem = Invalid("json: cannot unmarshal number " + range_problem_ + " into Go value of type float64");
    return decoded;
  }

 private:
  Value Fail(std::string message) {
    if (!failed_) error_ = Invalid(std::move(message));
    failed_ = true;
    return {};
  }
  Value Unexpected(std::string_view context) {
    if (at_ >= text_.size()) return Fail("unexpected end of JSON input");
    return Fail("invalid character " + QuoteByte(static_cast<unsigned char>(text_[at_])) + " " + std::string(context));
  }

  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r' || text_[at_] == '\n')) ++at_;
  }
  bool Next(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool DigitNext() const { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; }

  Value ReadValue(int depth) {
    SkipBlanks();
    if (at_ >= text_.size()) return Unexpected("looking for beginning of value");
    const char c = text_[at_];
    if ((c == '{' || c == '[') && depth >= kMaxJsonDepth) return Unexpected("exceeded max depth");
    switch (c) {
      case '{': return ReadObject(depth + 1);
      case '[': return ReadArray(depth + 1);
      case '"': {
        std::string text;
        if (!ReadString(text)) return {};
        return Value::String(std::move(text));
      }
      case 't': return ReadWord("true", Value::Bool(true));
      case 'f': return ReadWord("false", Value::Bool(false));
      case 'n': return ReadWord("null", Value::Nil());
      default: return ReadNumber();
    }
  }

  Value ReadWord(std::string_view word, Value value) {
    ++at_;
    for (std::size_t i = 1; i < word.size(); ++i) {
      if (!Next(word[i])) return Unexpected("in literal " + std::string(word) + " (expecting '" + word[i] + "')");
    }
    return value;
  }

  Value ReadNumber() {
    const std::size_t start = at_;
    const bool minus = Next('-');
    if (!DigitNext()) return Unexpected(minus ? "in numeric literal" : "looking for beginning of value");
    if (!Next('0')) {
      while (DigitNext()) ++at_;
    }
    if (Next('.')) {
      if (!DigitNext()) return Unexpected("after decimal point in numeric literal");
      while (DigitNext()) ++at_;
    }
    if (Next('e') || Next('E')) {
      if (!Next('+')) Next('-');
      if (!DigitNext()) return Unexpected("in exponent of numeric literal");
      while (DigitNext()) ++at_;
    }
    const std::string_view number = text_.substr(start, at_ - start);
    const auto value = ParseFloat(number);
    if (value) return Value::Float64(*value);
    if (range_problem_.empty()) range_problem_ = number;
    return Value::Nil();
  }

  Value ReadArray(int depth) {
    ++at_;
    auto list = MakeRef<List>();
    SkipBlanks();
    if (Next(']')) return Value::Of(list);
    while (true) {
      list->items.push_back(ReadValue(depth));
      if (failed_) return {};
      SkipBlanks();
      if (Next(']')) return Value::Of(list);
      if (!Next(',')) return Unexpected("after array element");
    }
  }

  Value ReadObject(int depth) {
    ++at_;
    auto map = MakeRef<Map>();
    SkipBlanks();
    if (Next('}')) return Value::Of(map);
    while (true) {
      SkipBlanks();
      if (at_ >= text_.size() || text_[at_] != '"') return Unexpected("looking for beginning of object key string");
      std::string key;
      if (!ReadString(key)) return {};
      SkipBlanks();
      if (!Next(':')) return Unexpected("after object key");
      Value value = ReadValue(depth);
      if (failed_) return {};
      map->entries.insert_or_assign(std::move(key), std::move(value));
      SkipBlanks();
      if (Next('}')) return Value::Of(map);
      if (!Next(',')) return Unexpected("after object key:value pair");
    }
  }

  bool ReadString(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!ReadEscape(out)) return false;
      } else if (c < 0x20) {
        break;
      } else if (c < 0x80) {
        out += text_[at_++];
      } else {
        at_ += document::AppendCleanUtf8(text_.substr(at_), out);
      }
    }
    Unexpected("in string literal");
    return false;
  }

  bool ReadEscape(std::string& out) {
    ++at_;
    static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ < text_.size()) {
      if (const auto i = kLetters.find(text_[at_]); i != std::string_view::npos) {
        ++at_;
        out += kMeanings[i];
        return true;
      }
    }
    if (!Next('u')) {
      Unexpected("in string escape code");
      return false;
    }
    const auto first = ReadHex();
    if (!first) return false;
    document::AppendUtf8(WithLowSurrogate(*first), out);
    return true;
  }

  std::optional<std::uint32_t> ReadHex() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = at_ < text_.size() ? text_[at_] : '\0';
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0) {
        Unexpected("in \\u hexadecimal character escape");
        return std::nullopt;
      }
      code = code * 16 + static_cast<std::uint32_t>(digit);
      ++at_;
    }
    return code;
  }

  /// The character that a surrogate makes with the \u escape behind it; U+FFFD, and the escape stays, if there is no such.
  std::uint32_t WithLowSurrogate(std::uint32_t high) {
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
      const std::size_t before = at_;
      at_ += 2;
      const auto low = ReadHex();
      if (low && *low >= 0xDC00 && *low <= 0xDFFF) return 0x10000 + ((high - 0xD800) << 10) + (*low - 0xDC00);
      at_ = before;
    }
    return document::kReplacementCharacter;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
  Error error_;
  std::string range_problem_;
};

std::string_view JsonKind(const Value& value) {
  switch (value.type()) {
    case Type::Bool: return "bool";
    case Type::Float64: return "number";
    case Type::String: return "string";
    case Type::List: return "array";
    default: return "object";
  }
}

Error CannotUnmarshal(const Value& value, std::string_view type) {
  return Invalid("json: cannot unmarshal " + std::string(JsonKind(value)) + " into Go value of type " + std::string(type));
}

}  // namespace

Result<DecodedJson> DecodeJsonAsFarAsPossible(std::string_view text) { return JsonDecoder(text).Decode(); }

Result<Value> DecodeJson(std::string_view text) {
  TRY(DecodedJson decoded, DecodeJsonAsFarAsPossible(text));
  if (decoded.problem) return *std::move(decoded.problem);
  return std::move(decoded.value);
}

Result<void> ExpectJsonMap(const Value& value) {
  if (value.IsMap() || value.IsNil()) return {};
  return CannotUnmarshal(value, "map[string]interface {}");
}

Result<void> ExpectJsonList(const Value& value) {
  if (value.IsList() || value.IsNil()) return {};
  return CannotUnmarshal(value, "[]interface {}");
}

}  // namespace sluice::helm
