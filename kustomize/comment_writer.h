// kustomize/comment_writer.h: puts a text's comments back between the entries of its tree while that is written (node_text.cpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document/value.h"
#include "document/yaml_scalar.h"
#include "kustomize/yaml_comments.h"

namespace sluice::kustomize {

/// Comments between two entries of block collections. Each stands at the indentation of the entry whose column it has in the source; a blank line stays
/// between two groups of them, and behind a group that is right below something and above a blank line (go-yaml's foot comment).
class CommentWriter {
 public:
  /// `text` writes to `out`.
  CommentWriter(const YamlComments& comments, document::YamlText& text, std::string& out) : comments_(comments), text_(text), out_(out) {}

  /// Before the entry at `mark`, which is going to be written at `indent`, on a line of its own.
  void Before(document::Mark mark, int indent);
  /// The entry begun last holds a collection: a comment below it is no foot of it.
  void HoldsCollection() { after_scalar_ = false; }
  /// Behind the last entry.
  void AtEnd();
  /// What stands behind something on `line` of the source.
  void Behind(std::uint32_t line);
  /// What stands behind a lone dash above `line`; whether there is something.
  bool BehindDash(std::uint32_t line);

 private:
  using ColumnAndIndent = std::pair<std::uint32_t, int>;
  static constexpr int kNothing = -1;  ///< the indentation of what follows the last entry

  bool HasBefore(std::uint32_t line) const { return next_ < comments_.own.size() && comments_.own[next_].line < line; }
  int IndentOf(std::uint32_t column, document::Mark next, int next_indent) const;
  void Write(document::Mark next, int next_indent);
  void BlankLine();

  const YamlComments& comments_;
  document::YamlText& text_;
  std::string& out_;
  std::size_t next_ = 0;
  std::uint32_t last_dash_ = 0;
  bool begun_ = false;
  bool after_scalar_ = false;
  std::vector<ColumnAndIndent> open_;  ///< columns and indentations of the entries around, outermost first, and of the one before
};

}  // namespace sluice::kustomize
