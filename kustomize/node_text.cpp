#include "kustomize/node_text.h"

#include "document/yaml.h"
#include "document/yaml_scalar.h"
#include "kustomize/node.h"

namespace sluice::kustomize {

using document::Kind;
using document::Member;
using document::Style;
using document::Value;
using document::YamlText;

namespace {

constexpr int kIndent = 2;

std::string_view TagOf(Kind kind) {
  switch (kind) {
    case Kind::Null:
      return "!!null";
    case Kind::Bool:
      return "!!bool";
    case Kind::Int:
      return "!!int";
    case Kind::Float:
      return "!!float";
    case Kind::Timestamp:
      return "!!timestamp";
    default:
      return "!!str";
  }
}

class NodeWriter {
 public:
  explicit NodeWriter(std::string& out) : text_(out, -1) {}

  void Write(const Value& value, int indent, bool flow) {
    if (value.IsMapping()) {
      WriteMapping(value, indent, flow);
    } else if (value.IsSequence()) {
      WriteSequence(value, indent, flow);
    } else {
      WriteScalar(value.kind(), value.text(), value.style(), value.tag(), indent, flow, false);
    }
  }

 private:
  static bool IsBlock(const Value& value, bool flow) { return !flow && !value.IsScalar() && !value.empty() && value.style() != Style::Flow; }

  void BeginLine(int indent) {
    text_.BreakLine();
    text_.PadTo(indent);
  }

  void WriteKey(const Member& member, int indent, bool flow) { WriteScalar(member.key_kind, member.key, member.key_style, {}, indent, flow, true); }

  void WriteMapping(const Value& value, int indent, bool flow) {
    if (!IsBlock(value, flow)) {
      text_.Add("{");
      for (const Member& member : value.members()) {
        if (&member != value.members().data()) text_.Add(", ");
        WriteKey(member, indent, true);
        text_.Add(": ");
        Write(member.value, indent, true);
      }
      text_.Add("}");
      return;
    }
    for (const Member& member : value.members()) {
      if (&member == value.members().data()) {
        text_.PadTo(indent);
      } else {
        BeginLine(indent);
      }
      WriteKey(member, indent, false);
      text_.Add(":");
      WriteBelow(member.value, indent);
    }
  }

  /// What follows a key's colon.
  void WriteBelow(const Value& value, int indent) {
    if (!IsBlock(value, false)) {
      if (!value.IsNull() || !value.text().empty()) text_.Add(" ");
      Write(value, indent + kIndent, false);
    } else {
      const int below = value.IsSequence() ? indent : indent + kIndent;
      BeginLine(below);
      Write(value, below, false);
    }
  }

  void WriteSequence(const Value& value, int indent, bool flow) {
    if (!IsBlock(value, flow)) {
      text_.Add("[");
      for (const Value& item : value.items()) {
        if (&item != value.items().data()) text_.Add(", ");
        Write(item, indent, true);
      }
      text_.Add("]");
      return;
    }
    for (const Value& item : value.items()) {
      if (&item == value.items().data()) {
        text_.PadTo(indent);
      } else {
        BeginLine(indent);
      }
      text_.Add(item.IsNull() && item.text().empty() ? "-" : "- ");
      Write(item, indent + kIndent, false);
    }
  }

  void WriteScalar(Kind kind, std::string_view text, Style style, std::string_view tag, int indent, bool flow, bool key) {
    const bool quoted = IsQuoted(style);
    bool force = false;
    if (!tag.empty() && tag != "!!str") {
      text_.Add(std::string(tag) + " ");
    } else if (!quoted || kind != Kind::String) {
      const Kind reads_as = text.find('\n') == std::string_view::npos ? document::ResolvePlain(text, document::Resolver::GoYaml3) : Kind::String;
      force = kind == Kind::String && reads_as != Kind::String;
      if (kind != Kind::String && reads_as != kind) text_.Add(std::string(TagOf(kind)) + " ");
    }
    WriteText(text, style, force, indent, flow, key);
  }

  void WriteText(std::string_view text, Style style, bool force, int indent, bool flow, bool key) {
    const document::TextAnalysis analysis = document::AnalyzeText(text);
    const bool block = analysis.block && !flow && !key && !text.empty();
    const bool literal = style == Style::Literal || (!IsQuoted(style) && text.find('\n') != std::string_view::npos);
    if (style == Style::DoubleQuoted || (!IsQuoted(style) && !literal && force)) return text_.DoubleQuoted(text, indent, false);
    if (literal || style == Style::Folded) return block ? text_.Literal(text, indent, kIndent) : text_.DoubleQuoted(text, indent, false);
    const bool plain = analysis.plain && !(flow && text.find_first_of(",[]{}?") != std::string_view::npos) && !(text.empty() && (flow || key));
    if (style != Style::SingleQuoted && plain) return text_.Plain(text, indent, false);
    if (analysis.single_quoted) return text_.SingleQuoted(text, indent, false);
    text_.DoubleQuoted(text, indent, false);
  }

  YamlText text_;
};

}  // namespace

std::string NodeText(const Value& value) {
  std::string out;
  NodeWriter(out).Write(value, 0, false);
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace sluice::kustomize
