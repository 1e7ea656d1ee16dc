// JSON text as Go's encoding/json writes it: its escapes, its numbers, keys in the order of the tree or sorted by bytes.
#include <algorithm>
#include <array>
#include <cmath>

#include "document/json.h"
#include "document/scalar.h"
#include "document/utf8.h"

namespace sluice::document {

namespace {

class JsonWriter {
 public:
  JsonWriter(const JsonEmitOptions& options, std::string& out) : options_(options), out_(out) {}

  void Write(const Value& value) {
    switch (value.kind()) {
      case Kind::Null: out_ += "null"; return;
      case Kind::Bool: out_ += *value.AsBool() ? "true" : "false"; return;
      case Kind::Int: WriteInteger(value); return;
      case Kind::Float: out_ += GoJsonFloat(value.AsDouble().value_or(NAN)); return;
      case Kind::Timestamp: WriteString(CanonicalTimestamp(value.text()).value_or(std::string(value.text()))); return;
      case Kind::String: WriteString(value.text()); return;
      case Kind::Sequence: WriteArray(value.items()); return;
      case Kind::Mapping: WriteObject(value.members()); return;
    }
  }

 private:
  void WriteInteger(const Value& value) {
    const std::string_view text = value.text();
    if (IsPlainDecimal(text)) {
      out_ += text;
    } else if (const auto integer = ParseInteger(text)) {
      out_ += NumberText(*integer).view();
    } else {
      out_ += GoJsonFloat(value.AsDouble().value_or(NAN));
    }
  }

  /// Digits that need no rewriting and surely fit 64 bits.
  static bool IsPlainDecimal(std::string_view text) {
    if (text.empty() || text.size() > 18) return false;
    if (text == "0") return true;
    if (text[0] == '-') text.remove_prefix(1);
    if (text.empty() || text[0] == '0') return false;
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  }

  void NewLine() {
    if (options_.indent <= 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(options_.indent) * depth_, ' ');
  }

  void WriteArray(std::span<const Value> items) {
    if (items.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    ++depth_;
    bool first = true;
    for (const Value& item : items) {
      if (!first) out_ += ',';
      first = false;
      NewLine();
      Write(item);
    }
    --depth_;
    NewLine();
    out_ += ']';
  }

  void WriteObject(std::span<const Member> members) {
    if (members.empty()) {
      out_ += "{}";
      return;
    }
    out_ += '{';
    ++depth_;
    bool first = true;
    const auto write = [&](const Member& member) {
      if (!first) out_ += ',';
      first = false;
      NewLine();
      WriteString(member.key);
      out_ += options_.indent > 0 ? ": " : ":";
      Write(member.value);
    };
    ForEachInOrder(members, write);
    --depth_;
    NewLine();
    out_ += '}';
  }

  template <class Function>
  void ForEachInOrder(std::span<const Member> members, const Function& function) {
    const auto less = [](const Member& a, const Member& b) { return a.key < b.key; };
    if (!options_.sort_keys || std::ranges::is_sorted(members, less)) {
      std::ranges::for_each(members, function);
      return;
    }
    std::vector<const Member*> order;
    order.reserve(members.size());
    for (const Member& member : members) order.push_back(&member);
    std::ranges::sort(order, [&](const Member* a, const Member* b) { return less(*a, *b); });
    for (const Member* member : order) function(*member);
  }

  void WriteString(std::string_view text) {
    out_ += '"';
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size();) {
      if (kPlain[static_cast<unsigned char>(text[i])]) {
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

  /// Writes the character that `text` starts with, which is not plain; returns its bytes.
  std::size_t WriteSpecial(std::string_view text) {
    const char c = text[0];
    switch (c) {
      case '"':
      case '\\':
        out_ += '\\';
        out_ += c;
        return 1;
      case '\b': out_ += "\\b"; return 1;
      case '\f': out_ += "\\f"; return 1;
      case '\n': out_ += "\\n"; return 1;
      case '\r': out_ += "\\r"; return 1;
      case '\t': out_ += "\\t"; return 1;
      default: break;
    }
    if (static_cast<unsigned char>(c) < 0x80) return WriteAscii(c);
    const CodePoint point = DecodeUtf8(text);
    const bool separator = point.value == 0x2028 || point.value == 0x2029;
    if (!point.valid || (options_.escape_html && separator)) {
      WriteEscape(point.value);
    } else {
      out_ += text.substr(0, point.size);
    }
    return point.size;
  }

  std::size_t WriteAscii(char c) {
    const bool html = c == '<' || c == '>' || c == '&';
    if (html && !options_.escape_html) {
      out_ += c;
    } else {
      WriteEscape(static_cast<unsigned char>(c));
    }
    return 1;
  }

  void WriteEscape(std::uint32_t code) {
    static constexpr char kHex[] = "0123456789abcdef";
    out_ += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out_ += kHex[(code >> shift) & 15];
  }

  static constexpr auto kPlain = [] {
    std::array<bool, 256> plain{};
    for (std::size_t c = 0x20; c < 0x80; ++c) plain[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
    return plain;
  }();

  const JsonEmitOptions& options_;
  std::string& out_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string EmitJson(const Value& value, const JsonEmitOptions& options) {
  std::string out;
  JsonWriter(options, out).Write(value);
  return out;
}

}  // namespace sluice::document
