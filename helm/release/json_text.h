// helm/release/json_text.h: JSON as records hold it, for this folder: written in the order and with the escapes of Go's encoding/json, and taken apart without
// building a tree of what is only passed on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace sluice::helm {

/// `text` in quotes, with <, > and & escaped.
std::string JsonString(const std::string& text);

/// Writes one object, member after member.
class JsonObject {
 public:
  void Raw(std::string_view key, std::string_view json);
  void Text(std::string_view key, const std::string& text) { Raw(key, JsonString(text)); }
  void TextUnlessEmpty(std::string_view key, const std::string& text) {
    if (!text.empty()) Text(key, text);
  }
  void NumberUnlessZero(std::string_view key, std::int64_t number) {
    if (number != 0) Raw(key, std::to_string(number));
  }
  void TextsUnlessEmpty(std::string_view key, const std::vector<std::string>& texts);
  std::string Take() && { return std::move(text_) + "}"; }
  /// What was written so far, without the closing brace, and nothing of it left.
  std::string TakeOpen() { return std::exchange(text_, ""); }
  /// After TakeOpen(): the next member begins with a comma.
  void GoOn() { first_ = false; }

 private:
  std::string text_ = "{";
  bool first_ = true;
};
std::string JsonList(const std::vector<std::string>& items);  ///< of JSON texts

/// The members of the object in `json`, each with the JSON text of its value, in order. The values are skipped by their brackets and quotes: whoever uses
/// one parses it. Errors: Invalid, TooLarge (nested deeper than `max_depth`).
base::Result<std::vector<std::pair<std::string, std::string_view>>> JsonMembers(std::string_view json, std::size_t max_depth);

}  // namespace sluice::helm
