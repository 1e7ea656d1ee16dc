// Braces are written out first, so that what is left is a row of elements; matching follows all ways through it at once, one character after the
// other. A `*` or `**` that has begun is a state of its own (odd numbers), since it may go on or be over.
#include "base/doublestar.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"

namespace sluice::base {
namespace {

/// Characters; what is no UTF-8 counts as U+FFFD, byte by byte, as in Go.
std::u32string Decode(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const std::size_t size = Utf8Length(text);
    const auto byte = [&](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
    char32_t c = 0xFFFD;
    if (size == 1) c = byte(0);
    if (size == 2) c = (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    if (size == 3) c = (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (size == 4) c = (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    out += c;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

/// Where the class that begins at `s[i]` ends; npos if it does not, or is empty.
std::size_t ClassEnd(std::string_view s, std::size_t i) {
  ++i;
  if (i < s.size() && (s[i] == '^' || s[i] == '!')) ++i;
  if (i >= s.size() || s[i] == ']') return std::string_view::npos;
  while (i < s.size() && s[i] != ']') i += s[i] == '\\' ? 2 : 1;
  return i < s.size() ? i : std::string_view::npos;
}

/// Escapes complete, classes and braces closed.
bool IsWellFormed(std::string_view s) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    switch (s[i]) {
      case '\\':
        if (++i >= s.size()) return false;
        break;
      case '{': ++depth; break;
      case '}':
        if (depth-- == 0) return false;
        break;
      case '[':
        if ((i = ClassEnd(s, i)) == std::string_view::npos) return false;
        break;
      default: break;
    }
  }
  return depth == 0;
}

/// Whether a pattern may go on so after the end of a path.
bool MatchesNothing(std::u32string_view rest) {
  constexpr std::array<std::u32string_view, 6> kEmpty{U"", U"*", U"**", U"/**", U"**/", U"/**/"};
  return std::find(kEmpty.begin(), kEmpty.end(), rest) != kEmpty.end();
}

char32_t TakeEscaped(std::u32string_view& text) {
  if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
  const char32_t c = text.front();
  text.remove_prefix(1);
  return c;
}

}  // namespace

/// Writes the first braces out, and goes on with what each alternative makes of the pattern. False: too many.
bool Doublestar::Expand(const std::string& pattern, std::vector<std::string>& out) {
  std::size_t open = 0;
  while (open < pattern.size() && pattern[open] != '{') open += pattern[open] == '\\' ? 2 : 1;
  if (open >= pattern.size()) {
    out.push_back(pattern);
    return out.size() <= kMaxAlternatives;
  }
  std::vector<std::string> choices(1);
  std::size_t depth = 1, i = open + 1;
  for (; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '\\') {
      choices.back() += pattern.substr(i++, 2);
      continue;
    }
    if (c == '{') ++depth;
    if (c == '}' && --depth == 0) break;
    if (c == ',' && depth == 1) {
      choices.emplace_back();
    } else {
      choices.back() += c;
    }
  }
  if (choices.size() > kMaxAlternatives || i >= pattern.size()) return false;
  for (const std::string& choice : choices) {
    if (!Expand(pattern.substr(0, open) + choice + pattern.substr(i + 1), out)) return false;
  }
  return true;
}

/// `text` begins behind the `[`.
bool Doublestar::ParseClass(std::u32string_view& text, Element& element) {
  element.what = What::Class;
  if (!text.empty() && (text.front() == '^' || text.front() == '!')) {
    element.negated = true;
    text.remove_prefix(1);
  }
  if (text.empty() || text.front() == ']') return false;
  bool may_begin_range = false;
  while (!text.empty() && text.front() != ']') {
    if (may_begin_range && text.front() == '-' && text.size() > 1 && text[1] != ']') {
      text.remove_prefix(1);
      element.ranges.back().second = TakeEscaped(text);
      may_begin_range = false;
      continue;
    }
    const char32_t c = TakeEscaped(text);
    element.ranges.emplace_back(c, c);
    may_begin_range = true;
  }
  if (text.empty()) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Doublestar::Alternative> Doublestar::ParseAlternative(std::string_view pattern) {
  const std::u32string decoded = Decode(pattern);
  std::u32string_view text = decoded;
  Alternative out;
  bool segment_begins = true;
  while (!text.empty()) {
    Element element{.may_end = MatchesNothing(text)};
    const char32_t c = text.front();
    const bool begins = std::exchange(segment_begins, c == '/');
    if (c == '*') {
      text.remove_prefix(1);
      element.what = What::Star;
      if (!text.empty() && text.front() == '*') {
        text.remove_prefix(1);
        if (begins && text.empty()) element.what = What::Rest;
        if (begins && !text.empty() && text.front() == '/') {
          element.what = What::Deep;
          text.remove_prefix(1);
          segment_begins = true;
        }
      }
    } else if (c == '?') {
      text.remove_prefix(1);
      element.what = What::Any;
    } else if (c == '[') {
      text.remove_prefix(1);
      if (!ParseClass(text, element)) return std::nullopt;
    } else {
      element.character = TakeEscaped(text);
      segment_begins = element.character == '/';
    }
    out.elements.push_back(std::move(element));
  }
  out.elements.push_back(Element{.may_end = true});  // the end
  return out;
}

std::optional<Doublestar> Doublestar::Parse(std::string_view pattern) {
  if (pattern.size() > kMaxBytes || !IsWellFormed(pattern)) return std::nullopt;
  std::vector<std::string> texts;
  if (!Expand(std::string(pattern), texts)) return std::nullopt;
  Doublestar out;
  for (const std::string& text : texts) {
    auto alternative = ParseAlternative(text);
    if (!alternative) return std::nullopt;
    out.alternatives_.push_back(std::move(*alternative));
  }
  return out;
}

bool Doublestar::Alternative::Fits(const Element& element, char32_t c) {
  if (element.what == What::Any) return c != '/';
  if (element.what == What::One) return c == element.character;
  const bool within =
      std::any_of(element.ranges.begin(), element.ranges.end(), [c](const auto& range) { return range.first <= c && c <= range.second; });
  return within != element.negated;
}

bool Doublestar::Alternative::Matches(std::u32string_view path) const {
  const std::size_t end = elements.size() - 1;
  std::vector<bool> now(2 * elements.size()), next(2 * elements.size());  // 2i: before element i; 2i + 1: within it
  now[0] = true;
  for (const char32_t c : path) {
    std::fill(next.begin(), next.end(), false);
    for (std::size_t i = 0; i < end; ++i) {
      const Element& element = elements[i];
      const bool before = now[2 * i], within = now[2 * i + 1];
      if (!before && !within) continue;
      switch (element.what) {
        case What::Rest: return true;
        case What::Star:
          now[2 * (i + 1)] = true;  // over
          if (c != '/') next[2 * i + 1] = true;
          break;
        case What::Deep:
          if (before) now[2 * (i + 1)] = true;
          if (c == '/') next[2 * i] = true;  // one more directory, and whatever may follow
          if (c != '/') next[2 * i + 1] = true;
          break;
        default:
          if (before && Fits(element, c)) next[2 * (i + 1)] = true;
      }
    }
    std::swap(now, next);
  }
  for (std::size_t i = 0; i <= end; ++i) {
    if (now[2 * i] && (elements[i].may_end || (elements[i].what == What::Deep && i < end && elements[i + 1].may_end))) return true;
    if (now[2 * i + 1] && elements[i].what == What::Star && elements[i + 1].may_end) return true;
  }
  return false;
}

bool Doublestar::Matches(std::string_view path) const {
  const std::u32string decoded = Decode(path);
  return std::any_of(alternatives_.begin(), alternatives_.end(),
                     [&](const Alternative& alternative) { return alternative.Matches(decoded); });
}

}  // namespace sluice::base
