#include "base/glob.h"

#include <algorithm>

#include "base/character_class.h"
#include "base/utf8.h"

namespace sluice::base {

namespace {

std::string_view FirstCharacter(std::string_view text) { return text.substr(0, std::max<std::size_t>(Utf8Length(text), 1)); }

std::string TakeCharacter(std::string_view& text) {
  const std::string_view first = FirstCharacter(text);
  text.remove_prefix(first.size());
  return std::string(first);
}

}  // namespace

bool Glob::ParseClass(std::string_view& pattern, Element& element) {
  element.what = What::Class;
  const auto take = [](std::string_view& text) { return std::optional<std::string>(TakeCharacter(text)); };
  return ParseCharacterClass(pattern, element.negated, element.ranges, take);
}

std::optional<Glob> Glob::Parse(std::string_view pattern) {
  Glob glob;
  while (!pattern.empty()) {
    Element element;
    element.literal = TakeCharacter(pattern);
    if (element.literal == "*")
      element.what = What::Star;
    else if (element.literal == "?")
      element.what = What::Any;
    else if (element.literal == "[" && !ParseClass(pattern, element))
      return std::nullopt;
    else if (element.literal == "\\") {
      if (pattern.empty()) return std::nullopt;
      element.literal = TakeCharacter(pattern);
    }
    glob.elements_.push_back(std::move(element));
  }
  return glob;
}

bool Glob::MatchesOne(const Element& element, std::string_view character) {
  if (element.what == What::Literal) return character == element.literal;
  if (element.what == What::Any) return true;
  const bool inside = std::any_of(element.ranges.begin(), element.ranges.end(),
                                  [&](const auto& range) { return range.first <= character && character <= range.second; });
  return inside != element.negated;
}

// Each star first takes nothing; when the rest fails, the last star takes one character more.
bool Glob::Matches(std::string_view name) const {
  std::size_t at = 0;
  std::size_t after_star = elements_.size() + 1;  // the element after the last star, if there was one
  std::string_view retry;                         // what that star has not taken yet
  while (at < elements_.size() || !name.empty()) {
    if (at < elements_.size() && elements_[at].what == What::Star) {
      after_star = ++at;
      retry = name;
      continue;
    }
    const std::string_view character = FirstCharacter(name);
    const bool slash_for_any = character == "/" && at < elements_.size() && elements_[at].what == What::Any;
    if (at < elements_.size() && !name.empty() && !slash_for_any && MatchesOne(elements_[at], character)) {
      name.remove_prefix(character.size());
      ++at;
      continue;
    }
    if (after_star > elements_.size() || retry.empty() || retry.front() == '/') return false;
    retry.remove_prefix(FirstCharacter(retry).size());
    name = retry;
    at = after_star;
  }
  return true;
}

}  // namespace sluice::base
