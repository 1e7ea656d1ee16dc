#include "helm/template/print.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "helm/template/format.h"
#include "helm/template/number.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

constexpr int kTooLarge = 1'000'000;  // widths and precisions

// One call of a print function. The rules are fmt/print.go's, whose words for what goes wrong these are.
class Printer {
 public:
  Printer(std::string& out, std::string_view values_name) : out_(out), formatter_(out), values_name_(values_name) {}

  void Printf(std::string_view format, std::span<const Value> arguments);
  void Argument(const Value& value, char32_t verb);

 private:
  struct Directive;
  bool Full() const { return out_.size() > kMaxPrintBytes; }
  void Element(const Value& value, char32_t verb, int depth);
  void BadVerb(const Value& value, char32_t verb);
  void Boolean(const Value& value, char32_t verb);
  void Integer(const Value& value, std::uint64_t number, bool is_signed, char32_t verb);
  void Float(const Value& value, double number, char32_t verb);
  void Complex(const Value& value, char32_t verb);
  void Text(const Value& value, std::string_view text, char32_t verb);
  void Bytes(const Value& value, char32_t verb);
  void Items(const Value& value, char32_t verb, int depth);
  void Entries(const Value& value, char32_t verb, int depth);
  void KeyOf(const std::string& key, char32_t verb, int depth);
  void OfObject(const Value& value, char32_t verb, int depth);
  bool TextOfObject(const Value& value, char32_t verb);
  void Fields(const Value& value, char32_t verb, int depth);
  void Address(const Value& value, char32_t verb);
  void Between(bool first) {
    if (!first) out_ += formatter_.flags.go_syntax ? ", " : " ";
  }
  void ExtraArguments(std::span<const Value> arguments);

  std::string& out_;
  Formatter formatter_;
  std::string_view values_name_;
  bool erroring_ = false;  // inside %!verb(…), where String() is not asked
};

void Printer::BadVerb(const Value& value, char32_t verb) {
  out_ += "%!";
  AppendRune(out_, verb);
  out_.push_back('(');
  if (value.IsNil()) {
    out_ += "<nil>";
  } else {
    out_ += TypeName(value, values_name_);
    out_.push_back('=');
    const bool was = std::exchange(erroring_, true);
    Element(value, 'v', 0);
    erroring_ = was;
  }
  out_.push_back(')');
}

void Printer::Boolean(const Value& value, char32_t verb) {
  if (verb != 't' && verb != 'v') return BadVerb(value, verb);
  formatter_.Pad(value.AsBool() ? "true" : "false");
}

void Printer::Integer(const Value& value, std::uint64_t number, bool is_signed, char32_t verb) {
  switch (verb) {
    case 'v':
      if (formatter_.flags.go_syntax && !is_signed) return formatter_.Pointer(number, true);
      return formatter_.Integer(number, 10, is_signed, verb, false);
    case 'd': return formatter_.Integer(number, 10, is_signed, verb, false);
    case 'b': return formatter_.Integer(number, 2, is_signed, verb, false);
    case 'o':
    case 'O': return formatter_.Integer(number, 8, is_signed, verb, false);
    case 'x': return formatter_.Integer(number, 16, is_signed, verb, false);
    case 'X': return formatter_.Integer(number, 16, is_signed, verb, true);
    case 'c': return formatter_.Character(number);
    case 'q': return formatter_.QuotedCharacter(number);
    case 'U': return formatter_.CodePoint(number);
    default: return BadVerb(value, verb);
  }
}

void Printer::Float(const Value& value, double number, char32_t verb) {
  switch (verb) {
    case 'v': return formatter_.Float(number, 'g', -1);
    case 'b':
    case 'g':
    case 'G':
    case 'x':
    case 'X': return formatter_.Float(number, static_cast<char>(verb), -1);
    case 'f':
    case 'e':
    case 'E': return formatter_.Float(number, static_cast<char>(verb), 6);
    case 'F': return formatter_.Float(number, 'f', 6);
    default: return BadVerb(value, verb);
  }
}

void Printer::Complex(const Value& value, char32_t verb) {
  if (std::u32string_view(U"vbgGxXfFeE").find(verb) == std::u32string_view::npos) return BadVerb(value, verb);
  out_.push_back('(');
  Float(value, value.Real(), verb);
  const bool plus = std::exchange(formatter_.flags.plus, true);
  Float(value, value.Imaginary(), verb);
  formatter_.flags.plus = plus;
  out_ += "i)";
}

void Printer::Text(const Value& value, std::string_view text, char32_t verb) {
  switch (verb) {
    case 'v': return formatter_.flags.go_syntax ? formatter_.Quoted(text) : formatter_.String(text);
    case 's': return formatter_.String(text);
    case 'x': return formatter_.HexString(text, false);
    case 'X': return formatter_.HexString(text, true);
    case 'q': return formatter_.Quoted(text);
    default: return BadVerb(value, verb);
  }
}

void Printer::Bytes(const Value& value, char32_t verb) {
  const std::string& bytes = value.AsString();
  if (verb == 's' || verb == 'x' || verb == 'X' || verb == 'q') return Text(value, bytes, verb);
  const bool go_syntax = formatter_.flags.go_syntax;
  out_ += go_syntax ? "[]byte{" : "[";
  for (std::size_t i = 0; i < bytes.size() && !Full(); ++i) {
    Between(i == 0);
    const auto byte = Value::Uint8(static_cast<std::uint8_t>(bytes[i]));
    Integer(byte, byte.AsUnsigned(), false, verb);
  }
  out_.push_back(go_syntax ? '}' : ']');
}

void Printer::Items(const Value& value, char32_t verb, int depth) {
  const List& list = *value.list();
  const bool go_syntax = formatter_.flags.go_syntax;
  if (go_syntax) {
    out_ += TypeName(value, values_name_);
    if (list.is_nil) {
      out_ += "(nil)";
      return;
    }
  }
  out_.push_back(go_syntax ? '{' : '[');
  for (std::size_t i = 0; i < list.items.size() && !Full(); ++i) {
    Between(i == 0);
    Element(list.items[i], verb, depth + 1);
  }
  out_.push_back(go_syntax ? '}' : ']');
}

void Printer::Entries(const Value& value, char32_t verb, int depth) {
  const Map& map = *value.map();
  const bool go_syntax = formatter_.flags.go_syntax;
  if (go_syntax) {
    out_ += TypeName(value, values_name_);
    if (map.is_nil) {
      out_ += "(nil)";
      return;
    }
  }
  out_ += go_syntax ? "{" : "map[";
  bool first = true;
  for (const auto& [key, item] : map.entries) {
    if (Full()) break;
    Between(std::exchange(first, false));
    KeyOf(key, verb, depth);
    out_.push_back(':');
    Element(item, verb, depth + 1);
  }
  out_.push_back(go_syntax ? '}' : ']');
}

void Printer::KeyOf(const std::string& key, char32_t verb, int depth) {
  if (verb == 'v' && !formatter_.flags.go_syntax) {
    formatter_.String(key);
  } else {
    Element(Value::String(key), verb, depth + 1);
  }
}

bool Printer::TextOfObject(const Value& value, char32_t verb) {
  if (erroring_ || formatter_.flags.go_syntax) return false;
  if (verb != 'v' && verb != 's' && verb != 'x' && verb != 'X' && verb != 'q') return false;
  const std::optional<std::string> text = value.object()->Text();
  if (text) Text(value, *text, verb);
  return text.has_value();
}

void Printer::Fields(const Value& value, char32_t verb, int depth) {
  const bool is_map = value.object()->KindName() == "map";
  const bool go_syntax = formatter_.flags.go_syntax;
  if (go_syntax) {
    std::string name = value.object()->TypeName();
    if (name.starts_with('*')) name.erase(0, 1);
    out_ += name;
  }
  out_ += is_map && !go_syntax ? "map[" : "{";
  bool first = true;
  for (const auto& [name, item] : value.object()->PrintedFields()) {
    if (Full()) break;
    Between(std::exchange(first, false));
    if (is_map) {
      KeyOf(name, verb, depth);
      out_.push_back(':');
    } else if (go_syntax || formatter_.flags.field_names) {
      out_ += name + ":";
    }
    Element(item, verb, depth + 1);
  }
  out_.push_back(is_map && !go_syntax ? ']' : '}');
}

void Printer::Address(const Value& value, char32_t verb) {
  const void* address = value.IsMap()    ? static_cast<const void*>(value.map())
                        : value.IsList() ? static_cast<const void*>(value.list())
                                         : nullptr;
  if (value.IsObject() && value.object()->KindName() == "ptr") address = value.object();
  if (!address) return BadVerb(value, verb);
  const auto number = reinterpret_cast<std::uintptr_t>(address);
  if (std::string_view("bodxX").find(static_cast<char>(verb)) != std::string_view::npos && verb < 0x80)
    return Integer(value, number, false, verb);
  if (verb != 'p' && verb != 'v') return BadVerb(value, verb);
  formatter_.Pointer(number, !formatter_.flags.sharp);
}

void Printer::OfObject(const Value& value, char32_t verb, int depth) {
  if (TextOfObject(value, verb)) return;
  if (const std::optional<std::int64_t> number = value.object()->AsInt()) {
    return Integer(value, static_cast<std::uint64_t>(*number), true, verb);
  }
  if (value.object()->KindName() == "slice") {
    const Value items = value.object()->ToJson();
    if (items.IsList()) return Items(items, verb, depth);
  }
  if (value.object()->KindName() == "ptr") {
    if (depth > 0) return Address(value, verb);
    out_.push_back('&');
  }
  Fields(value, verb, depth);
}

void Printer::Element(const Value& value, char32_t verb, int depth) {
  if (depth > kMaxPrintDepth || Full()) return;
  switch (value.type()) {
    case Type::NoValue:
    case Type::Nil: out_ += formatter_.flags.go_syntax ? "interface {}(nil)" : "<nil>"; return;
    case Type::Bool: return Boolean(value, verb);
    case Type::Float64: return Float(value, value.AsFloat(), verb);
    case Type::Complex: return Complex(value, verb);
    case Type::String: return Text(value, value.AsString(), verb);
    case Type::Bytes: return Bytes(value, verb);
    case Type::List: return verb == 'w' ? BadVerb(value, verb) : Items(value, verb, depth);
    case Type::Map: return verb == 'w' ? BadVerb(value, verb) : Entries(value, verb, depth);
    case Type::Object: return OfObject(value, verb, depth);
    default: return Integer(value, value.AsUnsigned(), value.IsSigned(), verb);
  }
}

void Printer::Argument(const Value& value, char32_t verb) {
  if (value.IsNil()) return verb == 'T' || verb == 'v' ? formatter_.Pad("<nil>") : BadVerb(value, verb);
  if (verb == 'T') return formatter_.String(TypeName(value, values_name_));
  if (verb == 'p') return Address(value, verb);
  Element(value, verb, 0);
}

void Printer::ExtraArguments(std::span<const Value> arguments) {
  formatter_.flags = {};
  out_ += "%!(EXTRA ";
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) out_ += ", ";
    if (arguments[i].IsNil()) {
      out_ += "<nil>";
      continue;
    }
    out_ += TypeName(arguments[i], values_name_);
    out_.push_back('=');
    Argument(arguments[i], 'v');
  }
  out_.push_back(')');
}

// The walk over a format: where it stands, and which argument is next.
struct Printer::Directive {
  std::string_view format;
  std::span<const Value> arguments;
  std::size_t at = 0;
  std::size_t argument = 0;
  bool reordered = false;  // some [n] was seen
  bool good_index = true;  // of this directive
  bool after_index = false;

  bool AtEnd() const { return at >= format.size(); }
  char Here() const { return AtEnd() ? '\0' : format[at]; }

  // A decimal number here. Too large a number swallows the rest of the format, as in Go.
  std::optional<int> TakeNumber(std::size_t end) {
    std::optional<int> number;
    for (; at < end && format[at] >= '0' && format[at] <= '9'; ++at) {
      if (number.value_or(0) > kTooLarge) {
        at = end;
        return std::nullopt;
      }
      number = number.value_or(0) * 10 + (format[at] - '0');
    }
    return number;
  }

  // [n]: argument n is the next.
  void TakeIndex() {
    after_index = false;
    if (Here() != '[') return;
    reordered = true;
    const std::size_t close = format.find(']', at + 1);
    if (format.size() - at < 3 || close == std::string_view::npos) {
      good_index = false;
      ++at;
      return;
    }
    ++at;
    const std::optional<int> number = TakeNumber(close);
    const bool parsed = number && at == close;
    at = close + 1;
    after_index = parsed;
    if (parsed && *number >= 1 && static_cast<std::size_t>(*number) <= arguments.size()) {
      argument = static_cast<std::size_t>(*number) - 1;
    } else {
      good_index = false;
    }
  }

  // '*': the value of the next argument, if it is an integer of reasonable size.
  std::optional<int> TakeStar() {
    ++at;
    if (argument >= arguments.size()) return std::nullopt;
    const Value& value = arguments[argument++];
    std::optional<std::int64_t> number;
    if (value.IsInteger()) number = value.AsSigned();
    if (value.IsObject()) number = value.object()->AsInt();
    if (value.IsUnsigned() && number && *number < 0) number.reset();
    if (!number || *number > kTooLarge || *number < -kTooLarge) return std::nullopt;
    return static_cast<int>(*number);
  }
};

bool TakeFlag(FormatFlags& flags, char c) {
  switch (c) {
    case '#': flags.sharp = true; return true;
    case '0': flags.zero = true; return true;
    case '+': flags.plus = true; return true;
    case '-': flags.minus = true; return true;
    case ' ': flags.space = true; return true;
    default: return false;
  }
}

void MoveFlagsForV(FormatFlags& flags) {
  flags.go_syntax = std::exchange(flags.sharp, false);
  flags.field_names = std::exchange(flags.plus, false);
}

void Printer::Printf(std::string_view format, std::span<const Value> arguments) {
  Directive walk{.format = format, .arguments = arguments};
  while (!walk.AtEnd() && !Full()) {
    walk.good_index = true;
    const std::size_t percent = std::min(format.find('%', walk.at), format.size());
    out_.append(format.substr(walk.at, percent - walk.at));
    walk.at = percent;
    if (walk.AtEnd()) break;
    ++walk.at;
    FormatFlags& flags = formatter_.flags;
    flags = {};
    while (!walk.AtEnd() && TakeFlag(flags, walk.Here())) ++walk.at;
    if (walk.Here() >= 'a' && walk.Here() <= 'z' && walk.argument < arguments.size()) {  // a plain verb; `after_index` stays as it was
      const char verb = format[walk.at++];
      if (verb == 'v' || verb == 'w') MoveFlagsForV(flags);
      Argument(arguments[walk.argument++], static_cast<char32_t>(verb));
      continue;
    }
    walk.TakeIndex();
    if (walk.Here() == '*') {
      const std::optional<int> width = walk.TakeStar();
      flags.has_width = width.has_value();
      flags.width = width.value_or(0);
      if (!width) out_ += "%!(BADWIDTH)";
      if (flags.width < 0) {
        flags.width = -flags.width;
        flags.minus = true;
        flags.zero = false;
      }
      walk.after_index = false;
    } else {
      const std::optional<int> width = walk.TakeNumber(format.size());
      flags.has_width = width.has_value();
      flags.width = width.value_or(0);
      if (walk.after_index && width) walk.good_index = false;
    }
    if (walk.at + 1 < format.size() && walk.Here() == '.') {
      ++walk.at;
      if (walk.after_index) walk.good_index = false;
      walk.TakeIndex();
      flags.has_precision = true;
      if (walk.Here() == '*') {
        const std::optional<int> precision = walk.TakeStar();
        flags.has_precision = precision.value_or(-1) >= 0;
        flags.precision = flags.has_precision ? *precision : 0;
        if (!flags.has_precision) out_ += "%!(BADPREC)";
        walk.after_index = false;
      } else {
        flags.precision = walk.TakeNumber(format.size()).value_or(0);
      }
    }
    if (!walk.after_index) walk.TakeIndex();
    if (walk.AtEnd()) {
      out_ += "%!(NOVERB)";
      break;
    }
    const Rune verb = DecodeRune(format.substr(walk.at));
    walk.at += verb.size;
    if (verb.value == '%') {
      out_.push_back('%');
    } else if (!walk.good_index || walk.argument >= arguments.size()) {
      out_ += "%!";
      AppendRune(out_, verb.value);
      out_ += walk.good_index ? "(MISSING)" : "(BADINDEX)";
    } else {
      if (verb.value == 'v' || verb.value == 'w') MoveFlagsForV(flags);
      Argument(arguments[walk.argument++], verb.value);
    }
  }
  if (!walk.reordered && walk.argument < arguments.size()) ExtraArguments(arguments.subspan(walk.argument));
}

void AppendInteger(std::string& out, const Value& value) {
  std::array<char, 24> buffer{};
  const auto end = value.IsSigned() ? std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.AsSigned())
                                    : std::to_chars(buffer.data(), buffer.data() + buffer.size(), value.AsUnsigned());
  out.append(buffer.data(), end.ptr);
}

bool IsStringKind(const Value& value) { return value.IsString() || (value.IsObject() && value.object()->KindName() == "string"); }

}  // namespace

void AppendSprint(std::string& out, const Value& value) {
  switch (value.type()) {
    case Type::NoValue:
    case Type::Nil: out += "<nil>"; return;
    case Type::Bool: out += value.AsBool() ? "true" : "false"; return;
    case Type::String: out += value.AsString(); return;
    case Type::Float64: out += FormatFloat(value.AsFloat(), 'g'); return;
    default: break;
  }
  if (value.IsInteger()) return AppendInteger(out, value);
  Printer(out, {}).Argument(value, 'v');
}

std::string Sprint(const Value& value) {
  std::string out;
  AppendSprint(out, value);
  return out;
}

std::string Sprint(std::span<const Value> arguments) {
  std::string out;
  bool after_string = true;
  for (const Value& value : arguments) {
    const bool is_string = IsStringKind(value);
    if (!is_string && !after_string) out.push_back(' ');
    AppendSprint(out, value);
    after_string = is_string;
  }
  return out;
}

std::string Sprintln(std::span<const Value> arguments) {
  std::string out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) out.push_back(' ');
    AppendSprint(out, arguments[i]);
  }
  out.push_back('\n');
  return out;
}

std::string Sprintf(std::string_view format, std::span<const Value> arguments, std::string_view values_name) {
  std::string out;
  out.reserve(format.size() + 16 * arguments.size());
  Printer(out, values_name).Printf(format, arguments);
  return out;
}

}  // namespace sluice::helm
