#include <cmath>

#include "helm/functions/json.h"
#include "helm/functions/time_object.h"
#include "helm/functions/toml.h"
#include "helm/template/number.h"

namespace sluice::helm {

namespace {

using base::Error;
using base::Invalid;
using base::Result;
using Key = std::vector<std::string>;
using Member = std::pair<std::string, Value>;

/// What TOML makes of a value. Nothing: nil.
enum class Kind { Nothing, Scalar, Array, Table, TableArray };

/// What lists hold is looked at on every level anew; so often at most.
constexpr std::size_t kMaxLooks = 20 * kMaxValueNodes;

class TomlEncoder {
 public:
  Result<std::string> Encode(const Value& value) {
    if (value.IsNil()) return Invalid("reflect: call of reflect.Value.Type on zero Value");
    Write({}, value);
    if (!failed_ && out_.size() > kMaxValueBytes) Fail(ValueTooLarge());
    if (failed_) return std::move(error_);
    return std::move(out_);
  }

 private:
  void Fail(Error error) {
    if (!failed_) error_ = std::move(error);
    failed_ = true;
  }

  static bool IsNothing(const Value& value) {
    return value.IsNil() || (value.IsMap() && value.map()->is_nil) || (value.IsList() && value.list()->is_nil);
  }

  Kind KindOf(const Value& value) {
    if (++looks_ > kMaxLooks) Fail(ValueTooLarge());
    if (IsNothing(value)) return Kind::Nothing;
    if (value.IsMap()) return Kind::Table;
    if (value.IsObject()) return value.object()->Text() || value.object()->KindName() != "struct" ? Kind::Scalar : Kind::Table;
    if (value.type() == Type::Complex) Fail(Invalid("unsupported type: complex128"));
    if (value.type() == Type::Bytes) return Kind::Array;
    return value.IsList() ? KindOfList(*value.list()) : Kind::Scalar;
  }

  /// An array of tables has nothing but tables.
  Kind KindOfList(const List& list) {
    bool tables = !list.items.empty();
    if (++depth_ > kMaxValueDepth) Fail(JsonCycle(Value::NewList()));
    for (const Value& item : list.items) {
      if (failed_) break;
      const Kind kind = KindOf(item);
      if (kind == Kind::Nothing) Fail(Invalid("toml: cannot encode array with nil element"));
      tables = tables && kind == Kind::Table;
    }
    --depth_;
    return tables ? Kind::TableArray : Kind::Array;
  }

  static std::vector<Member> MembersOf(const Value& table) {
    if (table.IsObject()) {
      auto fields = table.object()->Fields();
      std::erase_if(fields, [](const Member& field) { return field.first.empty(); });
      return fields;
    }
    return {table.map()->entries.begin(), table.map()->entries.end()};
  }

  void Write(const Key& key, const Value& value) {
    if (failed_) return;
    if (out_.size() > kMaxValueBytes) return Fail(ValueTooLarge());
    if (key.size() > static_cast<std::size_t>(kMaxValueDepth)) return Fail(JsonCycle(value));
    switch (KindOf(value)) {
      case Kind::Nothing: return;
      case Kind::Scalar:
      case Kind::Array: return WriteKeyValue(key, value, false);
      case Kind::Table: return WriteTable(key, value);
      case Kind::TableArray: return WriteTableArray(key, value);
    }
  }

  void NewLine() {
    if (!out_.empty()) out_ += '\n';
  }
  void Indent(const Key& key) { out_.append(key.empty() ? 0 : 2 * (key.size() - 1), ' '); }

  static std::string Quoted(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
      switch (c) {
        case '"': out += "\\\""; continue;
        case '\\': out += "\\\\"; continue;
        case '\b': out += "\\b"; continue;
        case '\t': out += "\\t"; continue;
        case '\n': out += "\\n"; continue;
        case '\f': out += "\\f"; continue;
        case '\r': out += "\\r"; continue;
        default: break;
      }
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7F) {
        out.append("\\u00") += {kHex[byte >> 4], kHex[byte & 15]};
      } else {
        out += c;
      }
    }
    return out + '"';
  }

  static std::string KeyText(const std::string& key) {
    const bool bare =
        !key.empty() && key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
    return bare ? key : Quoted(key);
  }

  static std::string Dotted(const Key& key) {
    std::string out;
    for (const std::string& part : key) out.append(out.empty() ? "" : ".").append(KeyText(part));
    return out;
  }

  void WriteKeyValue(const Key& key, const Value& value, bool in_line) {
    if (key.empty()) return WriteElement(value);
    Indent(key);
    out_ += KeyText(key.back()) + " = ";
    WriteElement(value);
    if (!in_line) NewLine();
  }

  void WriteTable(const Key& key, const Value& table) {
    if (key.size() == 1) NewLine();
    if (!key.empty()) {
      Indent(key);
      out_ += "[" + Dotted(key) + "]";
      NewLine();
    }
    WriteMembers(key, table);
  }

  void WriteTableArray(const Key& key, const Value& list) {
    if (key.empty()) return Fail(Invalid("toml: top-level values must be Go maps or structs"));
    for (const Value& table : list.list()->items) {
      if (failed_) return;
      NewLine();
      Indent(key);
      out_ += "[[" + Dotted(key) + "]]";
      NewLine();
      WriteMembers(key, table);
    }
  }

  /// What belongs to the table itself comes before its tables.
  void WriteMembers(const Key& key, const Value& table) {
    const std::vector<Member> members = MembersOf(table);
    for (const bool tables : {false, true}) {
      for (const auto& [name, value] : members) {
        if (failed_ || IsTableLike(KindOf(value)) != tables) continue;
        Key inner = key;
        inner.push_back(name);
        Write(inner, value);
      }
    }
  }

  static bool IsTableLike(Kind kind) { return kind == Kind::Table || kind == Kind::TableArray; }

  void WriteInlineTable(const Value& table) {
    out_ += '{';
    const std::vector<Member> members = MembersOf(table);
    std::vector<const Member*> order;
    for (const bool tables : {false, true}) {
      for (const Member& member : members) {
        if (IsTableLike(KindOf(member.second)) == tables) order.push_back(&member);
      }
    }
    for (const Member* member : order) {
      if (failed_) return;
      if (IsNothing(member->second)) continue;
      WriteKeyValue({member->first}, member->second, true);
      if (member != order.back()) out_ += ", ";
    }
    out_ += '}';
  }

  void WriteElement(const Value& value) {
    if (failed_ || out_.size() > kMaxValueBytes) return Fail(ValueTooLarge());
    if (++depth_ > kMaxValueDepth) return Fail(JsonCycle(value));
    switch (value.type()) {
      case Type::Bool: out_ += value.AsBool() ? "true" : "false"; break;
      case Type::Int:
      case Type::Int32:
      case Type::Int64: out_ += std::to_string(value.AsSigned()); break;
      case Type::Uint8:
      case Type::Uint32:
      case Type::Uint64: out_ += std::to_string(value.AsUnsigned()); break;
      case Type::Float64: WriteFloat(value.AsFloat()); break;
      case Type::String: out_ += Quoted(value.AsString()); break;
      case Type::List: WriteList(value.list()->items); break;
      case Type::Bytes: {
        std::vector<Value> bytes;
        for (const char c : value.AsString()) bytes.push_back(Value::Uint8(static_cast<std::uint8_t>(c)));
        WriteList(bytes);
        break;
      }
      case Type::Map: WriteInlineTable(value); break;
      case Type::Object: WriteObject(value); break;
      default: Fail(Invalid("unexpected type: " + TypeName(value))); break;
    }
    --depth_;
  }

  void WriteObject(const Value& value) {
    Object& object = *value.object();
    if (object.TypeName() == "time.Time") {
      out_ += FormatTime(TimeOf(value), "2006-01-02T15:04:05.999999999Z07:00");
    } else if (const auto text = object.Text()) {
      out_ += Quoted(*text);
    } else {
      WriteInlineTable(value);
    }
  }

  void WriteFloat(double number) {
    if (!std::isfinite(number)) {
      if (std::signbit(number)) out_ += '-';
      out_ += std::isnan(number) ? "nan" : "inf";
      return;
    }
    const std::string text = FormatFloat(number, 'g');
    out_ += text;
    if (text.find_first_of("e.") == std::string::npos) out_ += ".0";
  }

  void WriteList(const std::vector<Value>& items) {
    out_ += '[';
    for (std::size_t i = 0; i < items.size() && !failed_; ++i) {
      if (i > 0) out_ += ", ";
      WriteElement(items[i]);
    }
    out_ += ']';
  }

  std::string out_;
  std::size_t looks_ = 0;
  int depth_ = 0;
  bool failed_ = false;
  Error error_;
};

}  // namespace

Result<std::string> EncodeToml(const Value& value) { return TomlEncoder().Encode(value); }

}  // namespace sluice::helm
