// Upper and lower case, and what counts blanks by bytes, as goutils does.
#include <utility>

#include "document/letter_case.h"
#include "helm/functions/letter.h"
#include "helm/functions/registry.h"
#include "helm/functions/words.h"
#include "helm/template/unicode.h"

namespace sluice::helm {

namespace {

/// Between words, to strings.Title: ASCII but letters, digits and _; beyond ASCII only blanks.
bool IsSeparator(char32_t rune) {
  if (rune < 0x80) return !((rune >= '0' && rune <= '9') || (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z') || rune == '_');
  return !IsLetter(rune) && !IsDigit(rune) && IsSpace(rune);
}

std::string Title(std::string_view text) {
  std::u32string runes = RunesOf(text);
  char32_t previous = ' ';
  for (char32_t& rune : runes) {
    const char32_t current = rune;
    if (IsSeparator(previous)) rune = ToTitle(rune);
    previous = current;
  }
  return TextOfRunes(runes);
}

std::string Untitle(std::string_view text) {
  std::u32string runes = RunesOf(text);
  bool next = true;
  for (char32_t& rune : runes) {
    if (IsSpace(rune)) {
      next = true;
    } else if (next) {
      rune = ToLower(rune);
      next = false;
    }
  }
  return TextOfRunes(runes);
}

std::string SwapCase(std::string_view text) {
  std::u32string runes = RunesOf(text);
  bool after_blank = true;
  for (char32_t& rune : runes) {
    const bool begins = std::exchange(after_blank, IsSpace(rune));
    rune = IsUpper(rune) ? ToLower(rune) : begins ? ToTitle(rune) : ToUpper(rune);
  }
  return TextOfRunes(runes);
}

/// goutils takes each byte for a rune, so what is not ASCII does not survive a text with blanks.
std::string DeleteWhiteSpace(const std::string& text) {
  std::string out;
  bool found = false;
  for (const char c : text) {
    const auto rune = static_cast<char32_t>(static_cast<unsigned char>(c));
    if (IsSpace(rune)) {
      found = true;
    } else {
      AppendRune(out, rune);
    }
  }
  return found ? out : text;
}

std::string Initials(std::string_view text) {
  std::string out;
  bool gap = true;
  for (const char c : text) {
    const auto rune = static_cast<char32_t>(static_cast<unsigned char>(c));
    const bool space = IsSpace(rune);
    if (gap && !space) AppendRune(out, rune);
    gap = space;
  }
  return out;
}

void AddMapping(FunctionMap& map, std::string_view name, std::string (*function)(std::string_view)) {
  Add(map, {name}, {kString}, [function](Arguments a) { return Value::String(function(a[0].AsString())); });
}

}  // namespace

void AddCase(FunctionMap& map) {
  AddMapping(map, "upper", document::ToUpper);
  AddMapping(map, "lower", document::ToLower);
  AddMapping(map, "title", Title);
  AddMapping(map, "untitle", Untitle);
  AddMapping(map, "swapcase", SwapCase);
  AddMapping(map, "initials", Initials);
  AddMapping(map, "camelcase", PascalCase);
  AddMapping(map, "snakecase", [](std::string_view text) { return JoinWords(text, '_'); });
  AddMapping(map, "kebabcase", [](std::string_view text) { return JoinWords(text, '-'); });
  Add(map, {"nospace"}, {kString}, [](Arguments a) { return Value::String(DeleteWhiteSpace(a[0].AsString())); });
}

}  // namespace sluice::helm
