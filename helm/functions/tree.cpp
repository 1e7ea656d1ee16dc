#include "helm/functions/tree.h"

#include <cmath>
#include <string>
#include <utility>

#include "base/utf8.h"
#include "document/utf8.h"
#include "helm/functions/base64.h"
#include "helm/functions/json.h"
#include "helm/template/number.h"

namespace sluice::helm {

namespace {

using base::Error;
using base::Invalid;
using base::Result;

/// Whether JSON's way into YAML changes or refuses some character of `text`: DEL and the controls from U+0080, U+FFFE, U+FFFF, bytes that are no UTF-8.
bool NeedsCare(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == 0x7F || byte == 0xC2 || byte == 0xEF) return true;
  }
  return !base::IsUtf8(text);
}

/// go-yaml reads a raw NEL as a line break and folds it: blanks around go, one alone becomes a blank, of several one is dropped.
void FoldBreaks(std::string& text) {
  constexpr std::string_view kNel = "\xC2\x85";
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (!std::string_view(text).substr(i).starts_with(kNel)) {
      out += text[i++];
      continue;
    }
    while (out.ends_with(' ')) out.pop_back();
    std::size_t breaks = 0;
    while (true) {
      if (std::string_view(text).substr(i).starts_with(kNel)) {
        ++breaks;
        i += kNel.size();
      } else if (i < text.size() && text[i] == ' ') {
        ++i;
      } else {
        break;
      }
    }
    breaks == 1 ? out.append(" ") : out.append(breaks - 1, '\n');
  }
  text = std::move(out);
}

class TreeMaker {
 public:
  explicit TreeMaker(Encoder encoder) : json_(encoder == Encoder::Json) {}

  Result<document::Value> Make(const Value& value) {
    document::Value tree = Convert(value, 0);
    if (failed_) return std::move(error_);
    return tree;
  }

 private:
  document::Value Fail(Error error) {
    if (!failed_) error_ = std::move(error);
    failed_ = true;
    return {};
  }

  document::Value Convert(const Value& value, int depth) {
    if (++nodes_ > kMaxValueNodes || bytes_ > kMaxValueBytes) return Fail(ValueTooLarge());
    if (depth > kMaxValueDepth) return Fail(JsonCycle(value));
    switch (value.type()) {
      case Type::NoValue:
      case Type::Nil: return {};
      case Type::Bool: return value.AsBool();
      case Type::Int:
      case Type::Int32:
      case Type::Int64: return value.AsSigned();
      case Type::Uint8:
      case Type::Uint32:
      case Type::Uint64: return value.AsUnsigned();
      case Type::Float64:
      case Type::Complex: return ConvertFloat(value);
      case Type::String: return Text(value.AsString());
      case Type::Bytes: return json_ ? Text(Base64Encode(value.AsString())) : ByteList(value.AsString());
      case Type::List: return ConvertList(*value.list(), depth);
      case Type::Map: return ConvertMap(*value.map(), depth);
      case Type::Object: return ConvertObject(*value.object(), depth);
    }
    return {};
  }

  document::Value ConvertFloat(const Value& value) {
    std::string why = JsonObjection(value);
    if (json_ || value.type() == Type::Complex) {
      if (!why.empty()) return Fail(Invalid(std::move(why)));
    }
    return value.AsFloat();
  }

  document::Value Text(std::string_view text) {
    bytes_ += text.size();
    if (!json_ || !NeedsCare(text)) return text;
    return CarefulText(text);
  }

  /// What JSON and then go-yaml make of a text.
  std::string CarefulText(std::string_view text) {
    std::string clean = document::CleanUtf8(text);
    bool breaks = false;
    for (std::size_t i = 0; i < clean.size();) {
      const document::CodePoint point = document::DecodeUtf8(std::string_view(clean).substr(i));
      breaks |= point.value == 0x85;
      const bool control = point.value >= 0x7F && point.value < 0xA0 && point.value != 0x85;
      if (control || point.value == 0xFFFE || point.value == 0xFFFF) Fail(Invalid("yaml: control characters are not allowed"));
      i += point.size;
    }
    if (breaks) FoldBreaks(clean);
    return clean;
  }

  document::Value ByteList(std::string_view bytes) {
    nodes_ += bytes.size();
    std::vector<document::Value> items;
    items.reserve(bytes.size());
    for (const char c : bytes) items.emplace_back(static_cast<std::int64_t>(static_cast<unsigned char>(c)));
    return document::Value::Sequence(std::move(items));
  }

  document::Value ConvertList(const List& list, int depth) {
    if (list.is_nil && json_) return {};
    std::vector<document::Value> items;
    items.reserve(list.items.size());
    for (const Value& item : list.items) {
      items.push_back(Convert(item, depth + 1));
      if (failed_) return {};
    }
    return document::Value::Sequence(std::move(items));
  }

  void Add(std::vector<document::Member>& members, std::string_view key, const Value& value, int depth) {
    bytes_ += key.size();
    members.push_back({.key = json_ && NeedsCare(key) ? CarefulText(key) : std::string(key), .value = Convert(value, depth + 1)});
  }

  document::Value ConvertMap(const Map& map, int depth) {
    if (map.is_nil && json_) return {};
    std::vector<document::Member> members;
    members.reserve(map.entries.size());
    for (const auto& [key, value] : map.entries) {
      Add(members, key, value, depth);
      if (failed_) return {};
    }
    return document::Value::Mapping(std::move(members));
  }

  document::Value ConvertObject(const Object& object, int depth) {
    const Value form = object.ToJson();
    if (!form.IsNoValue()) return Convert(form, depth);
    std::vector<document::Member> members;
    for (const auto& [key, value] : object.Fields()) {
      if (!key.empty()) Add(members, key, value, depth);
      if (failed_) return {};
    }
    return document::Value::Mapping(std::move(members));
  }

  bool json_;
  std::size_t nodes_ = 0, bytes_ = 0;
  bool failed_ = false;
  Error error_;
};

}  // namespace

Result<document::Value> ToDocument(const Value& value, Encoder encoder) { return TreeMaker(encoder).Make(value); }

}  // namespace sluice::helm
