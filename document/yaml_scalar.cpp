#include "document/yaml_scalar.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "document/utf8.h"
#include "document/yaml.h"

namespace sluice::document {

namespace {

// What a byte does to a text. Bytes from 0x80 on need a look at the whole character.
enum : std::uint8_t { kOrdinary = 0, kLook = 1 };

/// ASCII that changes nothing, wherever it stands: letters, digits and the signs that are no indicators.
constexpr auto kByteClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (auto& entry : table) entry = kLook;
  for (std::size_t c = 0x21; c < 0x7F; ++c) table[c] = kOrdinary;
  for (const char c : {':', '#'}) table[static_cast<unsigned char>(c)] = kLook;
  return table;
}();

/// A text that begins with one of these is never plain.
bool IsLeadingIndicator(char c) { return std::string_view("#,[]{}&*!|>'\"%@`").find(c) != std::string_view::npos; }

/// Line breaks in YAML 1.1: CR, LF, NEL, LS, PS.
bool IsBreak(std::uint32_t c) { return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029; }
bool IsBlank(std::uint32_t c) { return c == ' ' || c == '\t'; }

/// What go-yaml v2 writes unescaped: nothing outside the basic plane, no byte order mark.
bool IsPrintable(std::uint32_t c) {
  if (c < 0x7F) return c >= 0x20 || c == '\n';
  return c >= 0xA0 && c < 0xFFFE && c != 0xFEFF;
}

/// Length of the line break that `text` starts with, 0 if there is none.
std::size_t BreakLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first == '\n' || first == '\r') return 1;
  if (first != 0xC2 && first != 0xE2) return 0;
  const CodePoint point = DecodeUtf8(text);
  return point.valid && IsBreak(point.value) ? point.size : 0;
}

bool BlankAt(std::string_view text, std::size_t i) { return i >= text.size() || IsBlank(static_cast<unsigned char>(text[i])); }
bool SpaceAt(std::string_view text, std::size_t i) { return i < text.size() && text[i] == ' '; }

/// Gathers what AnalyzeText has to know while it walks the characters.
struct Walk {
  std::string_view text;
  bool indicators = false, special = false, tabs = false, breaks = false;
  bool leading_space = false, leading_break = false, trailing_space = false, trailing_break = false;
  bool break_space = false, space_break = false;
  bool previous_space = false, previous_break = false, preceded_by_blank = true;

  void First() {
    if (text.starts_with("---") || text.starts_with("...") || IsLeadingIndicator(text[0])) indicators = true;
    if ((text[0] == '?' || text[0] == ':' || text[0] == '-') && BlankAt(text, 1)) indicators = true;
  }

  void Ordinary() { previous_space = previous_break = preceded_by_blank = false; }

  std::size_t Look(std::size_t i) {
    const CodePoint point = DecodeUtf8(text.substr(i));
    const bool last = i + point.size == text.size();
    if (point.value == ':' && BlankAt(text, i + 1)) indicators = true;
    if (point.value == '#' && preceded_by_blank) indicators = true;
    if (!IsPrintable(point.value)) (point.value == '\t' ? tabs : special) = true;
    const bool space = point.value == ' ', line_break = IsBreak(point.value);
    if (space) Space(i == 0, last);
    if (line_break) Break(i == 0, last);
    previous_space = space;
    previous_break = line_break;
    preceded_by_blank = IsBlank(point.value) || line_break || point.value == 0;
    return point.size;
  }

  void Space(bool first, bool last) {
    leading_space |= first;
    trailing_space |= last;
    break_space |= previous_break;
  }

  void Break(bool first, bool last) {
    breaks = true;
    leading_break |= first;
    trailing_break |= last;
    space_break |= previous_space;
  }
};

}  // namespace

TextAnalysis AnalyzeText(std::string_view text) {
  TextAnalysis out;
  if (text.empty()) {
    out.block = out.block_with_tabs = false;
    return out;
  }
  Walk walk{.text = text};
  walk.First();
  for (std::size_t i = 0; i < text.size();) {
    if (kByteClass[static_cast<unsigned char>(text[i])] == kOrdinary) {
      walk.Ordinary();
      ++i;
    } else {
      i += walk.Look(i);
    }
  }
  const bool edges = walk.leading_space || walk.leading_break || walk.trailing_space || walk.trailing_break;
  out.multiline = walk.breaks;
  out.plain = !(edges || walk.break_space || walk.space_break || walk.special || walk.tabs || walk.breaks || walk.indicators);
  out.single_quoted = !(walk.break_space || walk.space_break || walk.special || walk.tabs);
  out.block_with_tabs = !(walk.trailing_space || walk.space_break || walk.special);
  out.block = out.block_with_tabs && !walk.tabs;
  return out;
}

namespace {

/// [-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)? : a number to base 60 in YAML 1.1, such as 12:30:45.
bool IsBase60(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return false;
  const auto digit = [&](std::size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  const auto digits_or_underscores = [&](std::size_t i) {
    while (digit(i) || (i < text.size() && text[i] == '_')) ++i;
    return i;
  };
  std::size_t i = text[0] == '-' || text[0] == '+' ? 1 : 0;
  if (!digit(i)) return false;
  i = digits_or_underscores(i);
  std::size_t groups = 0;
  for (; i < text.size() && text[i] == ':'; ++groups) {
    ++i;
    if (digit(i) && digit(i + 1) && text[i] <= '5') {
      i += 2;
    } else if (digit(i)) {
      ++i;
    } else {
      return false;
    }
  }
  if (i < text.size() && text[i] == '.') i = digits_or_underscores(i + 1);
  return groups > 0 && i == text.size();
}

}  // namespace

bool ReadsAsString(std::string_view text) {
  if (text.empty()) return false;
  switch (text[0]) {
    case '+':
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return ResolvePlain(text, Resolver::GoYaml3) == Kind::String && !IsBase60(text);
    default: return ResolvePlain(text, Resolver::Yaml11) == Kind::String;
  }
}

void YamlText::BreakLine() {
  if (column_ == 0) return;
  out_ += '\n';
  column_ = 0;
}

void YamlText::PadTo(int column) {
  if (column <= column_) return;
  out_.append(static_cast<std::size_t>(column - column_), ' ');
  column_ = column;
}

void YamlText::NewLine(int indent) {
  out_ += '\n';
  column_ = 0;
  PadTo(indent);
}

/// `text` without line breaks; the column counts characters.
void YamlText::AddText(std::string_view text) {
  out_ += text;
  column_ += static_cast<int>(std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void YamlText::Plain(std::string_view text, int indent, bool fold) {
  if (!fold || static_cast<int>(text.size()) + column_ <= width_) return AddText(text);
  bool spaces = false;
  for (std::size_t i = 0; i < text.size();) {
    const bool space = text[i] == ' ';
    if (space && MayFold(fold) && !spaces && !SpaceAt(text, i + 1)) {
      NewLine(indent);
      ++i;
    } else {
      const std::size_t end = space ? i + 1 : std::min(text.find(' ', i), text.size());
      AddText(text.substr(i, end - i));
      i = end;
    }
    spaces = space;
  }
}

void YamlText::SingleQuoted(std::string_view text, int indent, bool fold) {
  Add("'");
  bool spaces = false, breaks = false;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      if (MayFold(fold) && !spaces && i > 0 && i < text.size() - 1 && !SpaceAt(text, i + 1)) {
        NewLine(indent);
      } else {
        Add(" ");
      }
      spaces = true;
      ++i;
    } else if (const std::size_t size = BreakLength(text.substr(i))) {
      if (!breaks && text[i] == '\n') out_ += '\n';
      out_ += text.substr(i, size);
      column_ = 0;
      breaks = true;
      i += size;
    } else {
      if (breaks) PadTo(indent);
      if (text[i] == '\'') Add("'");
      const std::size_t length = DecodeUtf8(text.substr(i)).size;
      AddText(text.substr(i, length));
      i += length;
      spaces = breaks = false;
    }
  }
  Add("'");
}

void YamlText::DoubleQuoted(std::string_view text, int indent, bool fold) {
  Add("\"");
  bool spaces = false;
  // go-yaml asks of every character whether the text begins with a byte order mark, and escapes it if so.
  const bool escape_all = text.starts_with("\xEF\xBB\xBF");
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ' && !escape_all) {
      if (MayFold(fold) && !spaces && i > 0 && i < text.size() - 1) {
        NewLine(indent);
        if (SpaceAt(text, i + 1)) Add("\\");
      } else {
        Add(" ");
      }
      spaces = true;
      ++i;
      continue;
    }
    const CodePoint point = DecodeUtf8(text.substr(i));
    const std::string_view character = text.substr(i, point.size);
    if (escape_all || !IsPrintable(point.value) || IsBreak(point.value) || point.value == '"' || point.value == '\\') {
      AddEscaped(character);
    } else {
      AddText(character);
    }
    spaces = false;
    i += point.size;
  }
  Add("\"");
}

namespace {

/// The letter that YAML escapes `code` with, 0 if it has none.
char EscapeLetter(std::uint32_t code) {
  switch (code) {
    case 0x00: return '0';
    case 0x07: return 'a';
    case 0x08: return 'b';
    case 0x09: return 't';
    case 0x0A: return 'n';
    case 0x0B: return 'v';
    case 0x0C: return 'f';
    case 0x0D: return 'r';
    case 0x1B: return 'e';
    case '"': return '"';
    case '\\': return '\\';
    case 0x85: return 'N';
    case 0xA0: return '_';
    case 0x2028: return 'L';
    case 0x2029: return 'P';
    default: return 0;
  }
}

}  // namespace

void YamlText::AddEscaped(std::string_view character) {
  const std::uint32_t code = DecodeUtf8(character).value;
  char buffer[12] = {'\\'};
  std::size_t size = 2;
  if (const char letter = EscapeLetter(code)) {
    buffer[1] = letter;
  } else {
    static constexpr char kHex[] = "0123456789ABCDEF";
    const int digits = code <= 0xFF ? 2 : code <= 0xFFFF ? 4 : 8;
    buffer[1] = digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) buffer[size++] = kHex[(code >> shift) & 15];
  }
  Add({buffer, size});
}

namespace {

/// "-": the text does not end in a line break; "+": in more than one, or it is nothing else; "": in exactly one.
std::string_view ChompingOf(std::string_view text) {
  std::size_t i = text.size();
  const auto break_before = [&] {
    std::size_t start = i - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    const bool found = BreakLength(text.substr(start, i - start)) != 0;
    i = start;
    return found;
  };
  if (text.empty() || !break_before()) return "-";
  if (i == 0 || break_before()) return "+";
  return "";
}

}  // namespace

void YamlText::Literal(std::string_view text, int indent, int best_indent) {
  Add("|");
  if (text[0] == ' ' || BreakLength(text) != 0) Add(std::string_view("0123456789").substr(static_cast<std::size_t>(best_indent), 1));
  Add(ChompingOf(text));
  out_ += '\n';
  column_ = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t size = BreakLength(text.substr(i))) {
      out_ += text.substr(i, size);
      column_ = 0;
      i += size;
      continue;
    }
    if (column_ == 0) PadTo(indent);
    std::size_t end = i + 1;
    while (end < text.size() && BreakLength(text.substr(end)) == 0) ++end;
    AddText(text.substr(i, end - i));
    i = end;
  }
}

}  // namespace sluice::document
