// document/yaml_scalar.h: how the text of one string may be written in YAML, and the writing of it. The rules are those of go-yaml v2's
// encoder and emitter (encode.go, emitterc.go), which sigs.k8s.io/yaml prints with.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::document {

/// What a text allows. `plain` says nothing of what the text would be read as.
struct TextAnalysis {
  bool multiline = false;  ///< holds a line break
  bool plain = true;
  bool single_quoted = true;
  bool block = true;            ///< as a literal block
  bool block_with_tabs = true;  ///< the same for go-yaml v3, which lets tabs stand in one
};
/// `text` must be UTF-8.
TextAnalysis AnalyzeText(std::string_view text);

/// Whether `text`, unquoted, is a string to every YAML 1.1 and 1.2 reader (not a number, bool, null, time or base-60 number).
bool ReadsAsString(std::string_view text);

/// The text being written and the column (in characters, from 0) where it stands.
class YamlText {
 public:
  YamlText(std::string& out, int width) : out_(out), width_(width < 0 ? 1 << 30 : width) {}

  int column() const { return column_; }
  /// Adds ASCII without line breaks.
  void Add(std::string_view ascii) {
    out_ += ascii;
    column_ += static_cast<int>(ascii.size());
  }
  /// Ends the line, if anything stands on it.
  void BreakLine();
  /// Spaces up to `column`.
  void PadTo(int column);

  // Scalars. `indent` is the column of continuation lines; `fold` allows to break lines longer than the width at a space.
  void Plain(std::string_view text, int indent, bool fold);
  void SingleQuoted(std::string_view text, int indent, bool fold);
  void DoubleQuoted(std::string_view text, int indent, bool fold);
  /// `best_indent` is what an indentation indicator, needed where the text begins with a blank, says.
  void Literal(std::string_view text, int indent, int best_indent);

 private:
  bool MayFold(bool fold) const { return fold && column_ > width_; }
  void NewLine(int indent);
  void AddText(std::string_view text);
  void AddEscaped(std::string_view character);

  std::string& out_;
  int width_;
  int column_ = 0;
};

}  // namespace sluice::document
