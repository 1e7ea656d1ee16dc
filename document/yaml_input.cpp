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
  if (used_.empty()) copy_ = text_;
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

std::string YamlInput::Restore(std::string_view scalar) const {
  std::string out(scalar);
  for (const StandIn& pair : used_) ReplaceAll(out, pair.stand_in, pair.real);
  return out;
}

}  // namespace sluice::document
