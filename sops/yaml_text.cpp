// The tree says where each value began; the text there is replaced, from the last to the first. Comments are no part of the tree: they are found by
// their look, and as the place of one in the tree is authenticated, the places around it can be tried one by one.
#include "sops/yaml_text.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "document/json.h"
#include "document/yaml.h"
#include "sops/tree.h"

namespace sluice::sops {
namespace {

using base::Result;
using document::Member;
using document::Style;
using document::Value;

constexpr document::EmitOptions kAsSops{.sort_keys = false, .indent = 4, .indent_sequences = true, .width = -1};
constexpr std::string_view kCommentSign = "#ENC[AES256_GCM,";

using Position = std::pair<std::uint32_t, std::uint32_t>;  // line, column
Position PositionOf(document::Mark mark) { return {mark.line, mark.column}; }

/// Where a value stands: what its continuation lines are indented by, and in what.
struct Context {
  enum class In { Mapping, Sequence, Flow } in = In::Mapping;
  std::size_t indent = 0;
};

/// What the text is made of, by position.
struct Layout {
  std::map<Position, Context> values;
  std::vector<std::pair<std::uint32_t, std::string>> places;  ///< line -> the place of the mapping or list that has something there
  bool repeated = false;                                      ///< one position is two values (an alias)
};

void Survey(const Value& value, Context context, const std::string& place, Layout& layout) {
  if (value.IsScalar()) {
    if (!layout.values.emplace(PositionOf(value.mark()), context).second) layout.repeated = true;
    return;
  }
  const bool flow = context.in == Context::In::Flow || value.style() == Style::Flow;
  for (const Member& member : value.members()) {
    layout.places.emplace_back(member.key_mark.line, place);
    const std::size_t indent = member.key_mark.column == 0 ? 0 : member.key_mark.column - 1;
    Survey(member.value, {flow ? Context::In::Flow : Context::In::Mapping, indent}, place + member.key + ":", layout);
  }
  for (const Value& item : value.items()) {
    layout.places.emplace_back(item.mark().line, place);
    const std::size_t column = item.mark().column;
    Survey(item, {flow ? Context::In::Flow : Context::In::Sequence, column < 3 ? 0 : column - 3}, place, layout);
  }
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end == std::string_view::npos ? end : end + 1));
    text.remove_prefix(lines.back().size());
  }
  return lines;
}

/// `value` as it is written behind `key:` or `-`, its further lines indented.
std::string Render(const Value& value, const Context& context) {
  if (context.in == Context::In::Flow) return value.IsString() ? document::EmitJson(value) : std::string(value.text());
  const bool in_mapping = context.in == Context::In::Mapping;
  const Value alone = in_mapping ? Value::Mapping({Member{.key = "k", .value = value}}) : Value::Sequence({value});
  std::string text = document::EmitYaml(alone, kAsSops);
  text.erase(0, in_mapping ? 2 : 1);
  if (text.starts_with(" ")) text.erase(0, 1);
  if (text.ends_with("\n")) text.pop_back();
  // Further lines are those of a block. go-yaml sets them two behind a dash, and at the next multiple of four behind a key; not so where the block
  // itself says how deep it is (`|4`).
  constexpr std::size_t kIndent = 4;
  const bool told = text.size() > 1 && text[1] >= '0' && text[1] <= '9';
  const std::size_t column = told ? context.indent + kIndent : in_mapping ? kIndent * (context.indent / kIndent + 1) : context.indent + 2;
  std::string out;
  for (const std::string& line : SplitLines(text)) {
    out += out.empty() || line == "\n" ? line : std::string(column, ' ') + line.substr(std::min(line.size(), kIndent));
  }
  return out;
}

/// The byte at which column `column` (from 1, in characters) of `line` begins.
std::size_t ByteOf(const std::string& line, std::size_t column) {
  std::size_t at = 0;
  for (std::size_t i = 1; i < column && at < line.size(); ++i) {
    ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80) ++at;
  }
  return at;
}

/// Puts `after` in the place of `before`; false where the text there is not plainly that.
bool ReplaceAt(std::string& line, std::size_t at, const Value& before, const std::string& after) {
  std::string written(before.text());
  if (before.style() == Style::SingleQuoted) written = "'" + written + "'";
  if (before.style() == Style::DoubleQuoted) written = "\"" + written + "\"";
  if (line.compare(at, written.size(), written) != 0) return false;
  std::string rest = line.substr(at + written.size());
  const std::size_t first = after.find('\n');
  // What follows on the line (a comment) stays behind the value's first line.
  const std::string head = after.substr(0, first);
  std::string tail = first == std::string::npos ? "" : after.substr(first + 1);
  if (!tail.empty() && rest.ends_with("\n")) tail += "\n";
  if (!tail.empty() && !rest.ends_with("\n")) rest += "\n";
  line = line.substr(0, at) + head + rest + tail;
  return true;
}

struct Replacement {
  Position at;
  Value before;
  Plain after;
};

/// A comment that was an item of a list stands on a line of its own, where its dash was. False where the item is not alone on its line.
bool ReplaceItem(std::string& line, std::size_t at, const Replacement& item) {
  const std::size_t dash = line.find_first_not_of(' ');
  const std::string end = line.ends_with("\n") ? "\n" : "";
  if (dash == std::string::npos || line[dash] != '-' || line.find_first_not_of(' ', dash + 1) != at) return false;
  if (line.substr(at) != std::string(item.before.text()) + end) return false;
  line = line.substr(0, dash) + "#" + std::string(item.after.value.text()) + end;
  return true;
}

bool ReplaceAll(std::vector<std::string>& lines, std::vector<Replacement> replacements, const Layout& layout) {
  std::ranges::sort(replacements, std::greater<>(), &Replacement::at);
  for (const Replacement& each : replacements) {
    const auto context = layout.values.find(each.at);
    if (each.at.first == 0 || each.at.first > lines.size() || context == layout.values.end()) return false;
    std::string& line = lines[each.at.first - 1];
    const std::size_t at = ByteOf(line, each.at.second);
    if (each.after.comment ? !ReplaceItem(line, at, each) : !ReplaceAt(line, at, each.before, Render(each.after.value, context->second))) {
      return false;
    }
  }
  return true;
}

/// "a:b:" -> ":", "a:", "a:b:".
void AddPlacesAbove(const std::string& place, std::set<std::string>& out) {
  out.insert(":");
  for (std::size_t at = place.find(':'); at != std::string::npos; at = place.find(':', at + 1)) out.insert(place.substr(0, at + 1));
}

/// Puts `comment` in the place of the sealed one at `at`. What stood behind a value goes above it, as sops does: encrypted, it is a line of its own.
/// `line` may go on in further ones, if its value is a block.
void Reveal(std::string& line, std::size_t at, std::string_view comment) {
  const std::size_t indent = line.find_first_not_of(' ');
  const std::string rest = line.substr(std::min(line.find('\n', at), line.size()));
  std::string value = line.substr(0, at);
  while (value.ends_with(' ')) value.pop_back();
  const std::string above = std::string(indent, ' ') + "#" + std::string(comment);
  line = (indent == at ? above : above + "\n" + value) + rest;
}

void DecryptComments(std::vector<std::string>& lines, const Layout& layout, std::string_view data_key) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string& line = lines[i];
    const std::size_t at = line.rfind(kCommentSign);
    if (at == std::string::npos || (at > 0 && line[at - 1] != ' ' && line[at - 1] != '\t')) continue;
    const auto number = static_cast<std::uint32_t>(i + 1);
    const auto next = std::ranges::lower_bound(layout.places, number, {}, &std::pair<std::uint32_t, std::string>::first);
    std::set<std::string> places;
    if (next != layout.places.end()) AddPlacesAbove(next->second, places);
    if (next != layout.places.begin()) AddPlacesAbove(std::prev(next)->second, places);
    std::string_view sealed = std::string_view(line).substr(at + 1);
    sealed = sealed.substr(0, sealed.find('\n'));
    while (sealed.ends_with('\n') || sealed.ends_with('\r') || sealed.ends_with(' ')) sealed.remove_suffix(1);
    for (const std::string& place : places) {
      const Result<Plain> plain = OpenValue(sealed, data_key, place);
      if (!plain) continue;
      Reveal(line, at, plain->value.text());
      break;
    }
  }
}

bool EndsDocument(const std::string& line) { return line.starts_with("---") || line.starts_with("..."); }

/// Takes the lines of the member `sops` out; false where it does not have lines of its own.
bool RemoveSops(std::vector<std::string>& lines, const Value& document) {
  const std::span<const Member> members = document.members();
  const auto sops = std::ranges::find(members, "sops", &Member::key);
  if (sops == members.end()) return true;
  if (document.style() == Style::Flow || sops->key_mark.column != 1 || sops->key_mark.line == 0) return false;
  const std::size_t first = sops->key_mark.line - 1;
  std::size_t last = first + 1;
  if (std::next(sops) != members.end()) {
    last = std::next(sops)->key_mark.line - 1;
    while (last > first + 1 && lines[last - 1].starts_with("#")) --last;
  } else {
    while (last < lines.size() && !EndsDocument(lines[last])) ++last;
  }
  if (last <= first || last > lines.size()) return false;
  for (std::size_t i = first; i < last; ++i) lines[i].clear();
  return true;
}

}  // namespace

std::string EmitYamlDocuments(const std::vector<Value>& documents) {
  std::string out;
  for (std::size_t i = 0; i < documents.size(); ++i) out += (i > 0 ? "---\n" : "") + document::EmitYaml(documents[i], kAsSops);
  return out;
}

Result<std::string> DecryptYamlText(std::string_view text, std::vector<Value>& documents, const Rules& rules, std::string_view data_key) {
  Layout layout;
  std::vector<std::string> lines = SplitLines(text);
  bool in_place = !text.starts_with("\xEF\xBB\xBF");
  for (const Value& document : documents) Survey(document, {}, "", layout);
  // From the last to the first, so that the numbers of the lines before stay true; a line that is taken out becomes an empty one.
  std::ranges::stable_sort(layout.places, {}, &std::pair<std::uint32_t, std::string>::first);
  for (auto document = documents.rbegin(); document != documents.rend(); ++document) in_place = in_place && RemoveSops(lines, *document);
  std::vector<Replacement> replacements;
  for (Value& document : documents) {
    document.Erase("sops");
    const auto note = [&](const Value& before, const Plain& after) {
      replacements.push_back({.at = PositionOf(before.mark()), .before = before, .after = after});
    };
    TRY(DecryptTree(document, rules, data_key, note));
  }
  if (!in_place || layout.repeated) return EmitYamlDocuments(documents);
  if (!ReplaceAll(lines, std::move(replacements), layout)) return EmitYamlDocuments(documents);
  DecryptComments(lines, layout, data_key);
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

}  // namespace sluice::sops
