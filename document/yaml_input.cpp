#include "document/yaml_input.h"

#include <algorithm>

namespace sluice::document {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
void ReplaceAll(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

/// Where the character number `index` begins; the text's size if there is none.
std::size_t OffsetOf(std::string_view text, std::size_t index) {
  std::size_t offset = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  for (; offset < text.size(); ++offset) {
    const bool starts = (static_cast<unsigned char>(text[offset]) & 0xC0) != 0x80;
    if (starts && index-- == 0) return offset;
  }
  return text.size();
}

}  // namespace

const YamlInput::StandIn YamlInput::kMark = {kByteOrderMark, "\xEF\xB7\x90"};  // U+FDD0, a noncharacter
const YamlInput::StandIn YamlInput::kQuote = {"'", "\xDF\xBB"};                // U+07FB, not assigned
const YamlInput::StandIn YamlInput::kColon = {":", "\xDF\xBC"};                // U+07FC, not assigned

YamlInput::YamlInput(std::string_view text) : text_(text) { PatchByteOrderMarks(); }

void YamlInput::Use(const StandIn& pair) {
  if (copy_.empty()) copy_ = text_;
  const bool known = std::ranges::any_of(used_, [&](const StandIn& used) { return used.stand_in == pair.stand_in; });
  if (!known) used_.push_back(pair);
}

void YamlInput::PatchByteOrderMarks() {
  constexpr std::string_view kAtLineStart = "\n\xEF\xBB\xBF";
  std::size_t at = text_.find(kAtLineStart);
  if (at == std::string_view::npos || !MayUse(kMark)) return;
  Use(kMark);
  for (; at != std::string::npos; at = copy_.find(kAtLineStart, at + 1)) copy_.replace(at + 1, kMark.real.size(), kMark.stand_in);
}

bool YamlInput::PatchAt(std::size_t index) {
  const std::size_t start = OffsetOf(text(), index);
  const std::string_view rest = text().substr(start);
  if (rest.starts_with("\\'") && MayUse(kQuote)) {
    PatchQuoteEscapes(start);
    return true;
  }
  if (rest.starts_with('\t')) return PatchTabs(start);
  if (!rest.starts_with(kColon.real) || !MayUse(kColon)) return false;
  Use(kColon);
  copy_.replace(start, kColon.real.size(), kColon.stand_in);
  return true;
}

void YamlInput::PatchQuoteEscapes(std::size_t start) {
  Use(kQuote);
  for (std::size_t i = start; i < copy_.size() && copy_[i] != '"'; i += copy_[i] == '\\' ? 2 : 1) {
    if (copy_[i] == '\\' && i + 1 < copy_.size() && copy_[i + 1] == '\'') copy_.replace(i, 2, kQuote.stand_in);
  }
}

// go-yaml v3 keeps comments. Having read one on a line of its own, or behind the dashes of a list, it looks up to 512 characters further for the
// next, over whatever blanks, tabs and empty lines there are; everywhere else a tab that begins a line is an error.
bool YamlInput::PatchTabs(std::size_t start) {
  constexpr std::string_view kSpace = " \t\r\n";
  constexpr std::size_t kLookAhead = 512;
  const std::string_view all = text();
  const std::size_t next = all.find_first_not_of(kSpace, start), last = all.find_last_not_of(kSpace, start);
  if (next == std::string_view::npos || all[next] != '#' || last == std::string_view::npos) return false;
  const std::size_t end = all.find_first_of("\r\n", last);  // of the comment above
  if (end >= start || next - end >= kLookAhead) return false;
  const std::size_t line = all.find_last_of('\n', last) + 1;  // npos + 1 is the beginning
  std::size_t first = all.find_first_not_of(" \t", line);
  while (all[first] == '-' && (all[first + 1] == ' ' || all[first + 1] == '\t')) first = all.find_first_not_of(" \t", first + 1);
  if (all[first] != '#') return false;
  if (copy_.empty()) copy_ = text_;
  std::replace(copy_.begin() + static_cast<std::ptrdiff_t>(end), copy_.begin() + static_cast<std::ptrdiff_t>(next), '\t', ' ');
  return true;
}

std::string YamlInput::Restore(std::string_view scalar) const {
  std::string out(scalar);
  for (const StandIn& pair : used_) ReplaceAll(out, pair.stand_in, pair.real);
  return out;
}

}  // namespace sluice::document
