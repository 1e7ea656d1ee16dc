// One document as sigs.k8s.io/yaml prints it. That library turns the value into JSON and the JSON into YAML with go-yaml v2; what comes out
// is described here directly: numbers are canonical (a float without fraction is an integer), times are strings, keys are sorted, strings
// are quoted where YAML 1.1 or 1.2 would read something else.
//
// Four differences are on purpose, since there the real output is an error or does not say what the value was: a key `<<` is quoted, as is 0o-7
// (a number to go-yaml v3 alone); NEL (U+0085, which go-yaml folds into a blank on the way) is kept, and so are U+007F-U+009F, U+FFFE and
// U+FFFF (which it refuses).
#include <algorithm>
#include <cmath>
#include <vector>

#include "base/utf8.h"
#include "document/natural_order.h"
#include "document/scalar.h"
#include "document/utf8.h"
#include "document/yaml.h"
#include "document/yaml_scalar.h"

namespace sluice::document {

namespace {

/// go-yaml writes a key that is longer than this, or has a line break, after a `?`.
constexpr std::size_t kSimpleKeyBytes = 128;

/// Where a collection begins: on a line of its own, or behind `- `, `? ` or `: `.
enum class Start { NewLine, SameLine };

class YamlWriter {
 public:
  YamlWriter(const EmitOptions& options, std::string& out)
      : options_(options), step_(std::clamp(options.indent, 1, 9)), text_(out, options.width == 0 ? 80 : options.width) {}

  void WriteDocument(const Value& value) {
    if (value.IsMapping() && !value.empty()) {
      WriteMapping(value, 0, Start::SameLine);
    } else if (value.IsSequence() && !value.empty()) {
      WriteSequence(value, 0, Start::SameLine);
    } else {
      WriteLeaf(value, step_);
    }
    text_.BreakLine();
  }

 private:
  static bool IsLeaf(const Value& value) { return value.IsScalar() || value.empty(); }

  void BeginLine(int indent) {
    text_.BreakLine();
    text_.PadTo(indent);
  }

  void WriteMapping(const Value& value, int indent, Start start) {
    bool first = start == Start::SameLine;
    const auto write = [&](const Member& member) {
      if (first) {
        text_.PadTo(indent);
      } else {
        BeginLine(indent);
      }
      first = false;
      WriteMember(member, indent);
    };
    if (!options_.sort_keys || std::ranges::is_sorted(value.members(), LessKey)) {
      for (const Member& member : value.members()) write(member);
    } else {
      for (const Member* member : Sorted(value.members())) write(*member);
    }
  }

  static bool LessKey(const Member& a, const Member& b) { return NaturalLess(a, b); }

  static std::vector<const Member*> Sorted(std::span<const Member> members) {
    std::vector<const Member*> order;
    order.reserve(members.size());
    for (const Member& member : members) order.push_back(&member);
    // Not std::sort: go-yaml's order runs in circles (5 < 1973 < 1a < 5), which a merge sort stands and that one need not.
    std::stable_sort(order.begin(), order.end(), [](const Member* a, const Member* b) { return LessKey(*a, *b); });
    return order;
  }

  void WriteMember(const Member& member, int indent) {
    if (!WriteSimpleKey(member)) return WriteComplexMember(member, indent);
    text_.Add(":");
    const Value& value = member.value;
    if (IsLeaf(value)) {
      text_.Add(" ");
      WriteLeaf(value, indent + step_);
    } else if (value.IsMapping()) {
      WriteMapping(value, indent + step_, Start::NewLine);
    } else {
      WriteSequence(value, options_.indent_sequences ? indent + step_ : indent, Start::NewLine);
    }
  }

  void WriteComplexMember(const Member& member, int indent) {
    text_.Add("? ");
    WriteString(member.key, indent + step_, Place::Value);
    BeginLine(indent);
    text_.Add(":");
    WriteInline(member.value, indent + step_);
  }

  /// What follows `-` or a complex key's `:`.
  void WriteInline(const Value& value, int indent) {
    if (IsLeaf(value)) {
      text_.Add(" ");
      WriteLeaf(value, indent);
    } else if (value.IsMapping()) {
      WriteMapping(value, indent, Start::SameLine);
    } else {
      WriteSequence(value, indent, Start::SameLine);
    }
  }

  void WriteSequence(const Value& value, int indent, Start start) {
    bool first = start == Start::SameLine;
    for (const Value& item : value.items()) {
      if (first) {
        text_.PadTo(indent);
      } else {
        BeginLine(indent);
      }
      first = false;
      text_.Add("-");
      WriteInline(item, indent + step_);
    }
  }

  void WriteLeaf(const Value& value, int indent) {
    switch (value.kind()) {
      case Kind::Null: text_.Add("null"); return;
      case Kind::Bool: text_.Add(*value.AsBool() ? "true" : "false"); return;
      case Kind::Int:
      case Kind::Float: text_.Add(NumberOf(value)); return;
      case Kind::Timestamp: WriteTimestamp(value, indent); return;
      case Kind::String: WriteString(value.text(), indent, Place::Value); return;
      case Kind::Sequence: text_.Add("[]"); return;
      case Kind::Mapping: text_.Add("{}"); return;
    }
  }

  void WriteTimestamp(const Value& value, int indent) {
    const auto canonical = CanonicalTimestamp(value.text());
    WriteString(canonical ? *canonical : std::string(value.text()), indent, Place::Value);
  }

  std::string NumberOf(const Value& value) const {
    if (value.IsInt()) {
      if (const auto integer = ParseInteger(value.text())) return std::string(NumberText(*integer).view());
    }
    if (options_.go_yaml3) return GoYamlFloat(value.AsDouble().value_or(NAN));
    return GoYamlNumber(value.AsDouble().value_or(NAN));
  }

  enum class Place { Key, Value };

  /// False if the key needs the `? ` form; then nothing is written.
  bool WriteSimpleKey(const Member& member) {
    if (member.key_kind != Kind::String) {
      WriteLeaf(Value::Scalar(member.key_kind, member.key), 0);
      return true;
    }
    if (!base::IsUtf8(member.key)) return WriteShortKey(CleanUtf8(member.key));
    return WriteShortKey(member.key);
  }

  bool WriteShortKey(std::string_view key) { return key.size() <= kSimpleKeyBytes && WriteString(key, 0, Place::Key); }

  bool WriteString(std::string_view text, int indent, Place place) {
    if (!base::IsUtf8(text)) return WriteString(CleanUtf8(text), indent, place);
    const TextAnalysis analysis = AnalyzeText(text);
    const bool key = place == Place::Key;
    if (key && analysis.multiline) return false;
    if (text.find('\n') != std::string_view::npos) {
      const bool block = options_.go_yaml3 ? analysis.block_with_tabs : analysis.block;
      block ? text_.Literal(text, indent, step_) : text_.DoubleQuoted(text, indent, !key);
    } else if (!ReadsAsString(text) || (key && options_.quote_merge_keys && text == "<<")) {
      text_.DoubleQuoted(text, indent, !key);
    } else if (analysis.plain) {
      text_.Plain(text, indent, !key);
    } else if (analysis.single_quoted) {
      text_.SingleQuoted(text, indent, !key);
    } else {
      text_.DoubleQuoted(text, indent, !key);
    }
    return true;
  }

  const EmitOptions& options_;
  int step_;
  YamlText text_;
};

}  // namespace

std::string EmitYaml(const Value& value, const EmitOptions& options) {
  std::string out;
  YamlWriter(options, out).WriteDocument(value);
  return out;
}

}  // namespace sluice::document
