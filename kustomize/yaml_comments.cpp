#include "kustomize/yaml_comments.h"

#include <algorithm>

namespace sluice::kustomize {

using document::Member;
using document::Style;
using document::Value;

namespace {

/// Where block scalars begin: the line of their `|`, and the column that their lines stand behind.
using BlockScalars = std::map<std::uint32_t, std::uint32_t>;

void CollectBlockScalars(const Value& node, std::uint32_t column, BlockScalars& out) {
  if (node.style() == Style::Literal || node.style() == Style::Folded) {
    out.emplace(node.mark().line, column);
  } else if (node.IsMapping()) {
    for (const Member& member : node.members()) CollectBlockScalars(member.value, member.key_mark.column, out);
  } else if (node.IsSequence()) {
    for (const Value& item : node.items()) CollectBlockScalars(item, item.mark().column > 2 ? item.mark().column - 2 : 1, out);
  }
}

/// Where a comment begins on a line; npos if none does. A quote opens a quoted scalar only where a token may begin.
std::size_t CommentStart(std::string_view line) {
  char quote = 0;
  bool token_may_begin = true;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
      continue;
    }
    const bool blank = c == ' ' || c == '\t';
    if (c == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t')) return i;
    if ((c == '"' || c == '\'') && token_may_begin) quote = c;
    token_may_begin = blank ? token_may_begin || (i > 0 && std::string_view(":-,?").find(line[i - 1]) != std::string_view::npos)
                            : std::string_view("[{,").find(c) != std::string_view::npos;
  }
  return std::string_view::npos;
}

std::string_view TrimRight(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

class CommentScanner {
 public:
  CommentScanner(const BlockScalars& blocks, YamlComments& out) : blocks_(blocks), out_(out) {}

  void Scan(std::string_view text) {
    for (std::uint32_t number = 1; !text.empty(); ++number) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      ScanLine(TrimRight(text.substr(0, end)), number);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

 private:
  void ScanLine(std::string_view line, std::uint32_t number) {
    const std::size_t indent = line.find_first_not_of(" \t");
    if (block_column_ != 0 && (indent == std::string_view::npos || indent >= block_column_)) return;
    block_column_ = 0;
    if (indent == std::string_view::npos) {
      blank_ = true;
      if (!out_.own.empty() && own_above_) out_.own.back().blank_after = true;
      return;
    }
    const std::size_t start = CommentStart(line);
    own_above_ = start == indent;
    if (own_above_) {
      out_.own.push_back({number, static_cast<std::uint32_t>(indent + 1), std::string(line.substr(indent)), blank_, false});
    } else if (start != std::string_view::npos) {
      const bool dashes = line.substr(0, start).find_first_not_of(" \t-") == std::string_view::npos;
      (dashes ? out_.after_dash : out_.trailing).emplace(number, line.substr(start));
    }
    blank_ = false;
    if (const auto block = blocks_.find(number); block != blocks_.end()) block_column_ = block->second;
  }

  const BlockScalars& blocks_;
  YamlComments& out_;
  std::uint32_t block_column_ = 0;  // inside a block scalar: its lines stand behind this column
  bool blank_ = false;              // the line above is blank
  bool own_above_ = false;          // what stands last above is a comment of its own
};

}  // namespace

YamlComments FindComments(std::string_view text, const Value& tree) {
  YamlComments out;
  if (text.find('#') == std::string_view::npos) return out;
  BlockScalars blocks;
  CollectBlockScalars(tree, 1, blocks);
  CommentScanner(blocks, out).Scan(text);
  return out;
}

}  // namespace sluice::kustomize
