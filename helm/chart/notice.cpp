#include "helm/chart/notice.h"

#include "helm/template/print.h"
#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

/// As log/slog's TextHandler: whatever could be taken for something else is quoted.
bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  while (!text.empty()) {
    const Rune rune = DecodeRune(text);
    if (rune.value <= ' ' || rune.value == '=' || rune.value == '"') return true;
    if (rune.value >= 0x80 && (rune.value == kRuneError || IsSpace(rune.value) || !IsPrint(rune.value))) return true;
    text.remove_prefix(rune.size);
  }
  return false;
}

std::string Quoted(const std::string& text) { return NeedsQuotes(text) ? GoQuote(text) : text; }

}  // namespace

std::string NoticeLine(const Notice& notice, Dialect dialect) {
  const std::string text = notice.value ? notice.text + " (" + Sprint(*notice.value) + ")" : notice.text;
  if (dialect == Dialect::Helm3) return text;
  if (notice.message.empty()) return "level=INFO msg=" + Quoted(text);
  std::string line = "level=" + notice.level + " msg=" + Quoted(notice.message);
  for (const auto& [key, value] : notice.fields) line += " " + key + "=" + Quoted(value);
  return line;
}

}  // namespace sluice::helm
