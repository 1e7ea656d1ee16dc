#include "kustomize/comment_writer.h"

#include <algorithm>
#include <limits>

namespace sluice::kustomize {

void CommentWriter::Before(document::Mark mark, int indent) {
  if (mark.line == 0) return;
  if (HasBefore(mark.line)) Write(mark, indent);
  while (!open_.empty() && open_.back().first >= mark.column) open_.pop_back();
  open_.emplace_back(mark.column, indent);
  begun_ = after_scalar_ = true;
}

void CommentWriter::AtEnd() {
  const document::Mark end{.line = std::numeric_limits<std::uint32_t>::max(), .column = 0};
  if (HasBefore(end.line)) Write(end, kNothing);
}

void CommentWriter::Behind(std::uint32_t line) {
  const auto found = comments_.trailing.find(line);
  if (found == comments_.trailing.end()) return;
  text_.Add(" ");
  text_.Add(found->second);
}

bool CommentWriter::BehindDash(std::uint32_t line) {
  const auto found = comments_.after_dash.lower_bound(last_dash_ + 1);
  if (line == 0 || found == comments_.after_dash.end() || found->first >= line) return false;
  last_dash_ = found->first;
  text_.Add(found->second);
  return true;
}

/// The indentation of the entry with this column, or else of the one nearest to its left.
int CommentWriter::IndentOf(std::uint32_t column, document::Mark next, int next_indent) const {
  ColumnAndIndent best{0, 0};
  const auto look = [&](const ColumnAndIndent& entry) {
    if (entry.first <= column && entry.first > best.first) best = entry;
  };
  if (next_indent != kNothing) look({next.column, next_indent});
  std::for_each(open_.begin(), open_.end(), look);
  return best.second;
}

void CommentWriter::Write(document::Mark next, int next_indent) {
  bool foot = false;
  bool blank_after = false;
  int indent = 0;
  for (bool first = true; HasBefore(next.line); ++next_, first = false) {
    const OwnLineComment& comment = comments_.own[next_];
    const int at = IndentOf(comment.column, next, next_indent);
    if (comment.blank_before && (first ? begun_ && next_indent == kNothing : at == indent)) BlankLine();
    const auto sibling = [&](const ColumnAndIndent& entry) { return entry.first == comment.column; };
    foot = (first ? after_scalar_ : foot) && !comment.blank_before && std::any_of(open_.begin(), open_.end(), sibling);
    blank_after = comment.blank_after;
    indent = at;
    text_.BreakLine();
    text_.PadTo(at);
    text_.Add(comment.text);
  }
  if (next_indent == kNothing) return;
  if (blank_after && (!begun_ || (foot && indent == next_indent))) BlankLine();
  text_.BreakLine();
}

void CommentWriter::BlankLine() {
  text_.BreakLine();
  out_ += '\n';
}

}  // namespace sluice::kustomize
