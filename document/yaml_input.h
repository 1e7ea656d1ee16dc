// document/yaml_input.h: a text as go-yaml would have it read, for libyaml. In four places libyaml refuses or drops what go-yaml takes:
// a byte order mark that begins a line after the first (libyaml skips it, to go-yaml it is a character like others), the escape \' in
// double quotes, and in a flow collection a plain scalar that ends in a colon ({name:, x: 1}). A stand-in character takes their place in the
// text and is put back in what was read. The fourth, of go-yaml v3 alone, are tabs between two comments on lines of their own, which become blanks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::document {

class YamlInput {
 public:
  /// `text` outlives this object.
  explicit YamlInput(std::string_view text);

  /// What libyaml is to read. Lines stay; a column right of a patched \' is one too small.
  std::string_view text() const { return copy_.empty() ? text_ : copy_; }

  /// Makes the character number `index` (from 0), which libyaml refused, readable: an escape \', with all others up to the end of that
  /// double-quoted scalar, a colon, or a tab between comments. False if none of them is there.
  bool PatchAt(std::size_t index);

  bool has_stand_ins() const { return !used_.empty(); }
  /// A scalar that was read, with the characters the stand-ins stand for.
  std::string Restore(std::string_view scalar) const;

 private:
  void PatchByteOrderMarks();
  void PatchQuoteEscapes(std::size_t start);
  bool PatchTabs(std::size_t start);

  /// What stands in for a piece of text. A text that holds a stand-in itself is not patched with it.
  struct StandIn {
    std::string_view real, stand_in;
  };
  static const StandIn kMark, kQuote, kColon;
  bool MayUse(const StandIn& pair) const { return text_.find(pair.stand_in) == std::string_view::npos; }
  void Use(const StandIn& pair);

  std::string_view text_;
  std::string copy_;
  std::vector<StandIn> used_;
};

}  // namespace sluice::document
