// Go tries every beginning of the text, and at each star takes the first place where what stands up to the next star matches, never to come back to it. Here all
// beginnings are followed at once, with every place that a star could end at. In texts of ASCII that is the same. Beyond, where a star may end amid a character, the first place is not always the one
// that leaves most; so what was found this way is matched once more in Go's way.
#include "document/prefix_pattern.h"

#include <algorithm>

#include "base/character_class.h"
#include "document/utf8.h"

namespace sluice::document {
namespace {

std::optional<std::uint32_t> TakeCharacter(std::string_view& text) {
  const CodePoint character = DecodeUtf8(text);
  text.remove_prefix(character.size);
  return character.valid ? std::optional(character.value) : std::nullopt;
}

bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

bool PrefixPattern::ParseClass(std::string_view& pattern, Element& element) {
  element.what = What::Class;
  return base::ParseCharacterClass(pattern, element.negated, element.ranges, TakeCharacter);
}

std::optional<PrefixPattern> PrefixPattern::Parse(std::string_view pattern) {
  PrefixPattern out;
  while (!pattern.empty()) {
    Element element{.byte = pattern.front()};
    pattern.remove_prefix(1);
    switch (element.byte) {
      case '*': element.what = What::Star; break;
      case '?': element.what = What::Any; break;
      case '[':
        if (!ParseClass(pattern, element)) return std::nullopt;
        break;
      case '\\':
        if (pattern.empty()) return std::nullopt;
        element.byte = pattern.front();
        pattern.remove_prefix(1);
        break;
      default: break;
    }
    out.elements_.push_back(std::move(element));
  }
  return out;
}

bool PrefixPattern::IsInside(const Element& element, std::uint32_t character) {
  if (element.what == What::Any) return true;
  const bool inside = std::any_of(element.ranges.begin(), element.ranges.end(),
                                  [&](const auto& range) { return range.first <= character && character <= range.second; });
  return inside != element.negated;
}

/// A star may be passed at once.
void PrefixPattern::Enter(States& states, std::size_t state) const {
  states[state] = true;
  while (state < elements_.size() && elements_[state].what == What::Star) states[++state] = true;
}

/// Where one is after `byte`, which is `character` whole, or only begins it (`starts_character`): then what asks for a character is not passed yet.
PrefixPattern::States PrefixPattern::AfterByte(const States& states, char byte, bool starts_character, std::uint32_t character) const {
  States next(states.size());
  for (std::size_t state = 0; state < elements_.size(); ++state) {
    if (!states[state]) continue;
    const Element& element = elements_[state];
    switch (element.what) {
      case What::Star: Enter(next, state); break;
      case What::Byte:
        if (element.byte == byte) Enter(next, state + 1);
        break;
      case What::Any:
      case What::Class:
        if (!starts_character && IsInside(element, character)) Enter(next, state + 1);
        break;
    }
  }
  return next;
}

/// The lengths, ascending and not 0, of all beginnings that match if a star may end wherever that helps.
std::vector<std::size_t> PrefixPattern::Candidates(std::string_view text) const {
  std::vector<std::size_t> lengths;
  States states(elements_.size() + 1);
  Enter(states, 0);
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text.substr(at));
    // A text that ends here, amid the character, has bytes in its place.
    States torso = states;
    for (std::size_t i = 0; i + 1 < point.size; ++i) {
      torso = AfterByte(torso, text[at + i], false, kReplacementCharacter);
      if (torso.back()) lengths.push_back(at + i + 1);
    }
    States next = AfterByte(states, text[at], point.size > 1, point.value);
    for (std::size_t i = 1; i < point.size; ++i) next = AfterByte(next, text[at + i], false, kReplacementCharacter);
    for (std::size_t state = 0; point.size > 1 && state < elements_.size(); ++state) {
      const bool asks = elements_[state].what == What::Any || elements_[state].what == What::Class;
      if (states[state] && asks && IsInside(elements_[state], point.value)) Enter(next, state + 1);
    }
    states = std::move(next);
    at += point.size;
    if (states.back()) lengths.push_back(at);
  }
  return lengths;
}

/// Where the elements from `from` up to `to`, none of them a star, end in `text` if they begin at `at`.
std::optional<std::size_t> PrefixPattern::MatchChunk(std::size_t from, std::size_t to, std::string_view text, std::size_t at,
                                                     std::size_t& steps) const {
  for (; from < to; ++from, ++steps) {
    if (at >= text.size()) return std::nullopt;
    const Element& element = elements_[from];
    if (element.what == What::Byte) {
      if (text[at++] != element.byte) return std::nullopt;
      continue;
    }
    const CodePoint point = DecodeUtf8(text.substr(at));
    if (!IsInside(element, point.value)) return std::nullopt;
    at += point.size;
  }
  return at;
}

/// In Go's way.
bool PrefixPattern::MatchesAll(std::string_view text, std::size_t& steps) const {
  std::size_t at = 0;
  for (std::size_t from = 0; from < elements_.size();) {
    const auto is_star = [](const Element& element) { return element.what == What::Star; };
    const auto begin = std::find_if_not(elements_.begin() + static_cast<std::ptrdiff_t>(from), elements_.end(), is_star);
    const auto end = std::find_if(begin, elements_.end(), is_star);
    const auto first = static_cast<std::size_t>(begin - elements_.begin()), last = static_cast<std::size_t>(end - elements_.begin());
    const bool star = first > from;
    if (first == last) return true;  // a star at the end
    std::optional<std::size_t> found;
    for (std::size_t start = at; start <= text.size() && !found && (star || start == at); ++start, ++steps) {
      found = MatchChunk(first, last, text, start, steps);
      if (found && last == elements_.size() && *found < text.size()) found.reset();
    }
    if (!found) return false;
    at = *found;
    from = last;
  }
  return at == text.size();
}

base::Result<std::optional<std::size_t>> PrefixPattern::Find(std::string_view text, bool longest, std::size_t max_steps) const {
  std::vector<std::size_t> lengths = Candidates(text);
  if (longest) std::reverse(lengths.begin(), lengths.end());
  const bool is_ascii = IsAscii(text);
  std::size_t steps = 0;
  for (const std::size_t length : lengths) {
    if (is_ascii || MatchesAll(text.substr(0, length), steps)) return std::optional(length);
    if (steps > max_steps)
      return base::MakeError(base::Reason::TooLarge, "the pattern of a variable is too costly for a value of " +
                                                         std::to_string(text.size()) + " bytes; use fewer `*` in it");
  }
  return std::optional<std::size_t>();
}

}  // namespace sluice::document
