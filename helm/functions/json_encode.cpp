#include <algorithm>
#include <cmath>

#include "document/scalar.h"
#include "document/utf8.h"
#include "helm/functions/base64.h"
#include "helm/functions/json.h"
#include "helm/template/number.h"

namespace sluice::helm {

using base::Error;
using base::Result;

std::string JsonObjection(const Value& value) {
  if (value.type() == Type::Complex) return "json: unsupported type: complex128";
  if (value.type() == Type::Float64 && !std::isfinite(value.AsFloat()))
    return "json: unsupported value: " + FormatFloat(value.AsFloat(), 'g');
  return {};
}

Error JsonCycle(const Value& value) { return base::Invalid("json: unsupported value: encountered a cycle via " + TypeName(value)); }

Error ValueTooLarge() {
  return base::MakeError(base::Reason::TooLarge, "a value of more than " + std::to_string(kMaxValueBytes >> 20) + " MiB");
}

namespace {

class JsonEncoder {
 public:
  explicit JsonEncoder(const JsonStyle& style) : style_(style) {}

  Result<std::string> Encode(const Value& value) {
    Write(value);
    if (!failed_ && out_.size() > kMaxValueBytes) Fail(ValueTooLarge());
    if (failed_) return std::move(error_);
    return std::move(out_);
  }

 private:
  void Fail(Error error) {
    if (!failed_) error_ = std::move(error);
    failed_ = true;
  }

  void Write(const Value& value) {
    if (failed_) return;
    if (out_.size() > kMaxValueBytes) return Fail(ValueTooLarge());
    if (depth_ > kMaxValueDepth) return Fail(JsonCycle(value));
    switch (value.type()) {
      case Type::NoValue:
      case Type::Nil: out_ += "null"; return;
      case Type::Bool: out_ += value.AsBool() ? "true" : "false"; return;
      case Type::Int:
      case Type::Int32:
      case Type::Int64: out_ += document::NumberText(value.AsSigned()).view(); return;
      case Type::Uint8:
      case Type::Uint32:
      case Type::Uint64: out_ += document::NumberText(value.AsUnsigned()).view(); return;
      case Type::Float64:
      case Type::Complex: WriteFloat(value); return;
      case Type::String: WriteString(value.AsString()); return;
      case Type::Bytes: WriteString(Base64Encode(value.AsString())); return;
      case Type::List: WriteList(*value.list()); return;
      case Type::Map: WriteMap(*value.map()); return;
      case Type::Object: WriteObject(*value.object()); return;
    }
  }

  void WriteFloat(const Value& value) {
    if (std::string why = JsonObjection(value); !why.empty()) return Fail(base::Invalid(std::move(why)));
    out_ += document::GoJsonFloat(value.AsFloat());
  }

  void NewLine() {
    if (style_.indent <= 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(style_.indent * depth_), ' ');
  }

  /// Calls `write` for each of `items` between brackets.
  template <class Items, class Function>
  void WriteAll(char open, char close, const Items& items, const Function& write) {
    out_ += open;
    ++depth_;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += ',';
      first = false;
      NewLine();
      write(item);
      if (failed_) return;
    }
    --depth_;
    if (!first) NewLine();
    out_ += close;
  }

  void WriteList(const List& list) {
    if (list.is_nil) {
      out_ += "null";
      return;
    }
    WriteAll('[', ']', list.items, [this](const Value& item) { Write(item); });
  }

  void WriteMember(std::string_view key, const Value& value) {
    WriteString(key);
    out_ += style_.indent > 0 ? ": " : ":";
    Write(value);
  }

  void WriteMap(const Map& map) {
    if (map.is_nil) {
      out_ += "null";
      return;
    }
    WriteAll('{', '}', map.entries, [this](const auto& entry) { WriteMember(entry.first, entry.second); });
  }

  void WriteObject(const Object& object) {
    const Value form = object.ToJson();
    if (!form.IsNoValue()) return Write(form);
    auto fields = object.Fields();
    std::erase_if(fields, [](const auto& field) { return field.first.empty(); });
    WriteAll('{', '}', fields, [this](const auto& field) { WriteMember(field.first, field.second); });
  }

  void WriteString(std::string_view text) {
    out_ += '"';
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size();) {
      const auto c = static_cast<unsigned char>(text[i]);
      if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && !(style_.escape_html && (c == '<' || c == '>' || c == '&'))) {
        ++i;
        continue;
      }
      out_.append(text.substr(start, i - start));
      i += WriteSpecial(text.substr(i));
      start = i;
    }
    out_.append(text.substr(start));
    out_ += '"';
  }

  std::size_t WriteSpecial(std::string_view text) {
    switch (text[0]) {
      case '"': out_ += "\\\""; return 1;
      case '\\': out_ += "\\\\"; return 1;
      case '\b': out_ += "\\b"; return 1;
      case '\f': out_ += "\\f"; return 1;
      case '\n': out_ += "\\n"; return 1;
      case '\r': out_ += "\\r"; return 1;
      case '\t': out_ += "\\t"; return 1;
      default: break;
    }
    const document::CodePoint point = document::DecodeUtf8(text);
    if (point.value < 0x80 || !point.valid || point.value == 0x2028 || point.value == 0x2029) {
      WriteEscape(point.value);
    } else {
      out_ += text.substr(0, point.size);
    }
    return point.size;
  }

  void WriteEscape(std::uint32_t code) {
    static constexpr char kHex[] = "0123456789abcdef";
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out_ += kHex[(code >> shift) & 15];
  }

  const JsonStyle& style_;
  std::string out_;
  int depth_ = 0;
  bool failed_ = false;
  Error error_;
};

}  // namespace

Result<std::string> EncodeJson(const Value& value, const JsonStyle& style) { return JsonEncoder(style).Encode(value); }

}  // namespace sluice::helm
