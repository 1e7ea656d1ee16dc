#include "kustomize/node_text.h"

#include "document/yaml.h"
#include "document/yaml_scalar.h"
#include "kustomize/comment_writer.h"
#include "kustomize/node.h"

namespace sluice::kustomize {

using document::Kind;
using document::Mark;
using document::Member;
using document::Style;
using document::Value;
using document::YamlText;

namespace {

constexpr int kIndent = 2;

std::string_view TagOf(Kind kind) {
  switch (kind) {
    case Kind::Null: return "!!null";
    case Kind::Bool: return "!!bool";
    case Kind::Int: return "!!int";
    case Kind::Float: return "!!float";
    case Kind::Timestamp: return "!!timestamp";
    default: return "!!str";
  }
}

bool HasBreak(std::string_view text) { return text.find('\n') != std::string_view::npos; }

/// The header of a block scalar behind `|` or `>`: an indentation indicator where the text begins with a blank, and what becomes of its last line breaks.
std::string BlockHeader(std::string_view text) {
  std::string out;
  if (text.front() == ' ' || text.front() == '\n') out += std::to_string(kIndent);
  if (!text.ends_with('\n')) return out + "-";
  if (text.size() == 1 || text.ends_with("\n\n")) out += "+";
  return out;
}

class NodeWriter {
 public:
  NodeWriter(std::string& out, const YamlComments& comments) : out_(out), text_(out, -1), comments_(comments, text_, out) {}

  void Write(const Value& value) {
    if (!IsBlock(value)) comments_.Before(value.mark(), 0);
    WriteNode(value, value.IsScalar() ? kIndent : 0, value.mark().line);
    comments_.AtEnd();
  }

 private:
  static bool IsBlock(const Value& value) { return !value.IsScalar() && !value.empty() && value.style() != Style::Flow; }

  /// `line` of the source is the one whose comment stands behind the node, if it has one line.
  void WriteNode(const Value& value, int indent, std::uint32_t line) {
    if (!IsBlock(value)) {
      WriteInline(value, indent, line);
    } else if (value.IsMapping()) {
      WriteMapping(value, indent);
    } else {
      WriteSequence(value, indent);
    }
  }

  /// Goes to where an entry of a block collection begins; the first may stand behind the dash of what holds it.
  void BeginEntry(Mark mark, int indent, bool first) {
    if (!first || text_.column() == 0) text_.BreakLine();
    comments_.Before(mark, indent);
    text_.PadTo(indent);
  }

  void WriteMapping(const Value& value, int indent) {
    for (const Member& member : value.members()) {
      BeginEntry(member.key_mark, indent, &member == value.members().data());
      WriteScalar(member.key_kind, member.key, member.key_style, {}, indent, Place::Key, 0);
      text_.Add(":");
      WriteBelow(member, indent);
    }
  }

  /// What follows a key's colon.
  void WriteBelow(const Member& member, int indent) {
    const Value& value = member.value;
    if (!IsBlock(value)) {
      if (!value.IsNull() || !value.text().empty()) text_.Add(" ");
      return WriteInline(value, indent + kIndent, member.key_mark.line);
    }
    comments_.Behind(member.key_mark.line);
    comments_.HoldsCollection();
    text_.BreakLine();
    WriteNode(value, value.IsSequence() ? indent : indent + kIndent, 0);
  }

  void WriteSequence(const Value& value, int indent) {
    for (const Value& item : value.items()) {
      Mark dash = item.mark();
      if (dash.line != 0) dash.column = dash.column > kIndent ? dash.column - kIndent : 1;
      BeginEntry(dash, indent, &item == value.items().data());
      text_.Add(item.IsNull() && item.text().empty() ? "-" : "- ");
      if (comments_.BehindDash(item.mark().line)) text_.BreakLine();
      WriteNode(item, indent + kIndent, item.mark().line);
    }
  }

  void WriteInline(const Value& value, int indent, std::uint32_t line) {
    if (value.IsScalar()) return WriteScalar(value.kind(), value.text(), value.style(), value.tag(), indent, Place::Block, line);
    WriteFlow(value, indent);
    comments_.HoldsCollection();
    comments_.Behind(line);
  }

  void WriteFlow(const Value& value, int indent) {
    if (value.IsScalar()) return WriteScalar(value.kind(), value.text(), value.style(), value.tag(), indent, Place::Flow, 0);
    text_.Add(value.IsMapping() ? "{" : "[");
    for (const Member& member : value.members()) {
      if (&member != value.members().data()) text_.Add(", ");
      WriteScalar(member.key_kind, member.key, member.key_style, {}, indent, Place::Flow, 0);
      text_.Add(": ");
      WriteFlow(member.value, indent);
    }
    for (const Value& item : value.items()) {
      if (&item != value.items().data()) text_.Add(", ");
      WriteFlow(item, indent);
    }
    text_.Add(value.IsMapping() ? "}" : "]");
  }

  enum class Place { Block, Flow, Key };

  void WriteScalar(Kind kind, std::string_view text, Style style, std::string_view tag, int indent, Place place, std::uint32_t line) {
    const bool quoted = IsQuoted(style);
    bool force = false;
    if (!tag.empty() && tag != "!!str") {
      text_.Add(std::string(tag) + " ");
    } else if (!quoted || kind != Kind::String) {
      const Kind reads_as = HasBreak(text) ? Kind::String : document::ResolvePlain(text, document::Resolver::GoYaml3);
      force = kind == Kind::String && reads_as != Kind::String;
      if (kind != Kind::String && reads_as != kind) text_.Add(std::string(TagOf(kind)) + " ");
    }
    const document::TextAnalysis analysis = document::AnalyzeText(text);
    const bool literal = style == Style::Literal || (!quoted && HasBreak(text));
    if ((literal || style == Style::Folded) && place == Place::Block && analysis.block_with_tabs)
      return WriteBlock(text, literal, indent, line);
    WriteText(text, analysis, force || literal || style == Style::Folded ? Style::DoubleQuoted : style, indent, place);
    comments_.Behind(line);
  }

  void WriteText(std::string_view text, const document::TextAnalysis& analysis, Style style, int indent, Place place) {
    const bool flow = place != Place::Block;
    const bool plain = analysis.plain && !(flow && (text.empty() || text.find_first_of(",[]{}?") != std::string_view::npos));
    if (style == Style::DoubleQuoted || !(plain || analysis.single_quoted)) {
      text_.DoubleQuoted(text, indent, false);
    } else if (plain && style != Style::SingleQuoted) {
      text_.Plain(text, indent, false);
    } else {
      text_.SingleQuoted(text, indent, false);
    }
  }

  void WriteBlock(std::string_view text, bool literal, int indent, std::uint32_t line) {
    text_.Add((literal ? "|" : ">") + BlockHeader(text));
    comments_.Behind(line);
    bool broken = true;  // at the beginning of a line
    bool blank_first = true;
    // Breaks of a folded text are doubled; whether a blank follows, go-yaml looks at the beginning of the text.
    const std::size_t first = text.find_first_not_of('\n');
    const bool breaks_double = !literal && first != std::string_view::npos && text[first] != ' ' && text[first] != '\t';
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      if (end > at) {
        text_.BreakLine();
        blank_first = text[at] == ' ' || text[at] == '\t';
        text_.PadTo(indent);
        text_.Add(text.substr(at, end - at));
        broken = false;
      } else {
        text_.BreakLine();
      }
      if (end == text.size()) break;
      // A break in folded text needs an empty line; go-yaml writes one behind the last line, too.
      if (breaks_double && !broken && !blank_first) EmptyLine();
      if (broken) EmptyLine();
      broken = true;
      at = end + 1;
    }
  }

  void EmptyLine() {
    text_.BreakLine();
    out_ += '\n';
  }

  std::string& out_;
  YamlText text_;
  CommentWriter comments_;
};

}  // namespace

std::string NodeText(const Value& value, const YamlComments& comments) {
  std::string out;
  NodeWriter(out, comments).Write(value);
  return out;
}

}  // namespace sluice::kustomize
