// A manifest is read to know where things stand, and changed as text: the reader's marks name lines and columns, so comments, order and quoting stay.
// Where a change of the text cannot be made safely (a flow mapping, two fields that would become one), it says what a person has to do.
#include "cli/migrate.h"

#include <algorithm>

#include "cli/kinds.h"
#include "document/object.h"
#include "document/yaml.h"

namespace sluice::cli {
namespace {

using base::Result;
using document::Member;
using document::Value;

std::size_t IndentOf(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }
bool IsBlank(std::string_view line) {
  const std::size_t at = line.find_first_not_of(" \t\r");
  return at == std::string_view::npos || line[at] == '#';
}

/// "v1beta2" as numbers that compare as Kubernetes orders versions: a release after every beta, a beta after every alpha.
long Rank(std::string_view version) {
  long major = 0, minor = 0, stage = 2;
  std::size_t at = 1;
  const auto number = [&](long& out) {
    for (; at < version.size() && version[at] >= '0' && version[at] <= '9' && out < 1000; ++at) out = out * 10 + (version[at] - '0');
  };
  if (version.empty() || version[0] != 'v') return -1;
  number(major);
  for (const auto& [word, rank] : {std::pair<std::string_view, long>{"alpha", 0}, {"beta", 1}}) {
    if (!version.substr(at).starts_with(word)) continue;
    stage = rank;
    at += word.size();
    number(minor);
  }
  return at == version.size() ? major * 1'000'000 + stage * 10'000 + minor : -1;
}

/// The version that is served of an older one of a Flux kind; "" where there is nothing to do.
std::string_view Newer(std::string_view api_version, std::string_view kind) {
  const auto [group, version] = document::SplitApiVersion(api_version);
  const FluxKind* known = FindKind(group, kind);
  if (known == nullptr || Rank(version) < 0 || Rank(version) >= Rank(known->version)) return "";
  return known->version;
}

class Editor {
 public:
  explicit Editor(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      lines_.emplace_back(text.substr(0, end == std::string_view::npos ? end : end + 1));
      text.remove_prefix(lines_.back().size());
    }
    removed_.resize(lines_.size());
  }

  void Object(const Value& object) {
    const std::string_view api_version = object.StringAt({"apiVersion"}), kind = object.StringAt({"kind"});
    who_ = std::string(kind) + "/" + std::string(document::NameOf(object));
    Versions(object);
    const auto [group, version] = document::SplitApiVersion(api_version);
    if (FindKind(group, kind) != nullptr) Fields(object, kind);
    if (kind == "List" && object.Find("items") != nullptr) {
      for (const Value& item : object.Find("items")->items()) Object(item);
    }
  }

  /// Of a document that cannot be read: what stands at the beginning of a line.
  void Template(std::size_t first, std::size_t last) {
    std::size_t where = lines_.size();
    std::string api_version, kind;
    for (std::size_t i = first; i < last; ++i) {
      const std::string_view line = Trimmed(i);
      if (line.starts_with("apiVersion: ") && where == lines_.size()) {
        where = i;
        api_version = line.substr(12);
      }
      if (line.starts_with("kind: ") && kind.empty()) kind = line.substr(6);
    }
    who_ = kind;
    if (where == lines_.size()) return;
    const std::string_view newer = Newer(api_version, kind);
    if (!newer.empty()) SetVersion(where, api_version, newer);
  }

  Migration Take() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (!removed_[i]) out_.text += lines_[i];
    }
    const auto by_line = [](const Note& a, const Note& b) { return a.line < b.line; };
    std::stable_sort(changes_.begin(), changes_.end(), by_line);
    std::stable_sort(warnings_.begin(), warnings_.end(), by_line);
    for (Note& note : changes_) out_.changes.push_back(std::move(note.text));
    for (Note& note : warnings_) out_.warnings.push_back(std::move(note.text));
    return std::move(out_);
  }

  const std::vector<std::string>& lines() const { return lines_; }
  std::string_view Trimmed(std::size_t i) const {
    std::string_view line = lines_[i];
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    return line;
  }

 private:
  struct Note {
    std::size_t line;
    std::string text;
  };

  void Changed(std::size_t line, const std::string& what) {
    changes_.push_back({line, std::to_string(line + 1) + ": " + who_ + ": " + what});
  }
  void Warn(std::size_t line, const std::string& what) {
    warnings_.push_back({line, std::to_string(line + 1) + ": " + who_ + ": " + what});
  }

  void SetVersion(std::size_t line, std::string_view api_version, std::string_view newer) {
    const std::size_t at = line < lines_.size() ? lines_[line].find(api_version) : std::string::npos;
    const std::string to = std::string(api_version.substr(0, api_version.find('/') + 1)) + std::string(newer);
    if (at == std::string::npos) return Warn(line, "change " + std::string(api_version) + " to " + to + " by hand");
    lines_[line].replace(at, api_version.size(), to);
    Changed(line, std::string(api_version) + " -> " + to);
  }

  /// The versions of the object itself and of what it refers to: health checks, sources, the resources of a Receiver.
  void Versions(const Value& value) {
    const std::string_view newer = Newer(value.StringAt({"apiVersion"}), value.StringAt({"kind"}));
    if (!newer.empty()) SetVersion(value.Find("apiVersion")->mark().line - 1, value.StringAt({"apiVersion"}), newer);
    if (value.StringAt({"kind"}) == "List") return;  // its items are objects of their own
    for (const Value& item : value.items()) Versions(item);
    for (const Member& member : value.members()) Versions(member.value);
  }

  void Fields(const Value& object, std::string_view kind) {
    const Value* spec = object.Find("spec");
    if (spec == nullptr) return;
    if (kind == "GitRepository") {
      for (const std::string_view field : {"gitImplementation", "accessFrom"}) Remove(*spec, "spec", field);
    }
    if (kind == "HelmChart") ToList(*spec, "spec", "valuesFile", "valuesFiles");
    if (kind == "HelmRelease") {
      if (const Value* chart = object.At({"spec", "chart", "spec"})) ToList(*chart, "spec.chart.spec", "valuesFile", "valuesFiles");
      if (const Value* renderers = spec->Find("postRenderers")) {
        for (const Value& renderer : renderers->items()) {
          if (const Value* kustomize = renderer.Find("kustomize")) Patches(*kustomize, "spec.postRenderers[].kustomize");
        }
      }
    }
    if (kind == "Kustomization") {
      Remove(*spec, "spec", "validation");
      Patches(*spec, "spec");
    }
    if (kind == "ImageUpdateAutomation") {
      for (const std::string_view field : {"checkout", "commit", "push"}) {
        if (const Member* member = Find(*spec, field))
          Warn(member->key_mark.line - 1, "spec." + std::string(field) + " is spec.git." + std::string(field) + " now: move it by hand");
      }
      const Value* message = object.At({"spec", "git", "commit", "messageTemplate"});
      if (message != nullptr && message->text().find(".Updated") != std::string_view::npos)
        Warn(message->mark().line - 1, "spec.git.commit.messageTemplate uses .Updated, which is gone: use .Changed");
    }
  }

  static const Member* Find(const Value& mapping, std::string_view key) {
    for (const Member& member : mapping.members()) {
      if (member.key == key) return &member;
    }
    return nullptr;
  }

  /// Whether a key stands alone at the beginning of its line, so that lines can be moved.
  bool OwnLine(const Member& member) const {
    const std::size_t line = member.key_mark.line - 1;
    return line < lines_.size() && IndentOf(lines_[line]) + 1 == member.key_mark.column;
  }

  /// The line after a member's last one; blank lines and comments before the next key stay with that.
  std::size_t EndOf(const Member& member) const {
    const std::size_t first = member.key_mark.line - 1, indent = member.key_mark.column - 1;
    std::size_t end = first + 1;
    for (std::size_t i = first + 1; i < lines_.size(); ++i) {
      if (IsBlank(lines_[i])) continue;
      const bool item = member.value.IsSequence() && IndentOf(lines_[i]) == indent && lines_[i].compare(indent, 1, "-") == 0;
      if (IndentOf(lines_[i]) <= indent && !item) break;
      if (lines_[i].starts_with("---") || lines_[i].starts_with("...")) break;
      end = i + 1;
    }
    return end;
  }

  void Remove(const Value& mapping, std::string_view where, std::string_view field) {
    const Member* member = Find(mapping, field);
    if (member == nullptr) return;
    const std::size_t line = member->key_mark.line - 1;
    const std::string name = std::string(where) + "." + std::string(field);
    if (!OwnLine(*member)) return Warn(line, name + " is gone: remove it by hand");
    for (std::size_t i = line; i < EndOf(*member); ++i) removed_[i] = true;
    Changed(line, name + " removed");
  }

  bool Rename(const Member& member, std::string_view to) {
    const std::size_t line = member.key_mark.line - 1, at = member.key_mark.column - 1;
    if (line >= lines_.size() || lines_[line].compare(std::min(at, lines_[line].size()), member.key.size(), member.key) != 0) return false;
    lines_[line].replace(at, member.key.size(), to);
    return true;
  }

  /// `valuesFile: a.yaml` becomes `valuesFiles: [a.yaml]`.
  void ToList(const Value& mapping, std::string_view where, std::string_view from, std::string_view to) {
    const Member* member = Find(mapping, from);
    if (member == nullptr) return;
    const std::size_t line = member->key_mark.line - 1;
    const std::string name = std::string(where) + "." + std::string(from);
    const bool simple = OwnLine(*member) && member->value.IsScalar() && member->value.mark().line == member->key_mark.line &&
                        member->value.style() != document::Style::Literal && member->value.style() != document::Style::Folded;
    if (mapping.Find(to) != nullptr || !simple) return Warn(line, name + " is gone: put its value into " + std::string(to) + " by hand");
    const std::size_t at = member->value.mark().column - 1;
    const std::string_view rest = Trimmed(line).substr(at);
    const char quote = rest.empty() ? ' ' : rest[0];
    std::size_t length = quote == '"' || quote == '\'' ? rest.rfind(quote) + 1 : std::min(rest.find(" #"), rest.size());
    while (length > 0 && rest[length - 1] == ' ') --length;
    lines_[line].insert(at + length, "]");
    lines_[line].insert(at, "[");
    Rename(*member, to);
    Changed(line, name + " -> " + std::string(to));
  }

  /// patchesStrategicMerge and patchesJson6902 become patches, whose `patch` is a text.
  void Patches(const Value& mapping, const std::string& where) {
    bool taken = mapping.Find("patches") != nullptr;
    for (const std::string_view field : {"patchesStrategicMerge", "patchesJson6902"}) {
      const Member* member = Find(mapping, field);
      if (member == nullptr) continue;
      const std::size_t line = member->key_mark.line - 1;
      const std::string name = where + "." + std::string(field);
      const bool json = field == "patchesJson6902";
      if (taken || !OwnLine(*member) || !(json ? CanIndentPatches(*member) : CanQuoteItems(*member))) {
        Warn(line, name + " is gone: move its entries into patches by hand");
        continue;
      }
      if (json) {
        for (const Value& item : member->value.items()) QuoteValue(*Find(item, "patch"));
      } else {
        QuoteItems(*member);
      }
      Rename(*member, "patches");
      Changed(line, name + " -> patches");
      taken = true;
    }
  }

  /// Every item is a block mapping that begins on the line of its dash.
  bool CanQuoteItems(const Member& member) const {
    if (!member.value.IsSequence() || member.value.empty()) return false;
    return std::all_of(member.value.items().begin(), member.value.items().end(), [&](const Value& item) {
      if (!item.IsMapping() || item.empty() || item.style() == document::Style::Flow) return false;
      const document::Mark key = item.members().front().key_mark;
      const std::string_view line = key.line - 1 < lines_.size() ? std::string_view(lines_[key.line - 1]) : "";
      const std::size_t dash = IndentOf(line);
      return dash < line.size() && line[dash] == '-' && key.column >= dash + 2;
    });
  }

  void QuoteItems(const Member& member) {
    const std::size_t end = EndOf(member);
    const auto items = member.value.items();
    for (std::size_t n = 0; n < items.size(); ++n) {
      const document::Mark key = items[n].members().front().key_mark;
      const std::size_t first = key.line - 1, content = key.column - 1;
      const std::size_t last = n + 1 < items.size() ? items[n + 1].members().front().key_mark.line - 1 : end;
      const std::size_t dash = IndentOf(lines_[first]);
      for (std::size_t i = first; i < last; ++i) {
        if (i > first && IndentOf(lines_[i]) < content) continue;  // blank
        lines_[i] = std::string(dash + 4, ' ') + lines_[i].substr(content);
      }
      lines_[first].insert(0, std::string(dash, ' ') + "- patch: |\n");
    }
  }

  bool CanIndentPatches(const Member& member) const {
    if (!member.value.IsSequence() || member.value.empty()) return false;
    return std::all_of(member.value.items().begin(), member.value.items().end(), [&](const Value& item) {
      const Member* patch = Find(item, "patch");
      return patch != nullptr && patch->value.IsSequence() && !patch->value.empty() && patch->value.style() != document::Style::Flow &&
             patch->value.mark().line > patch->key_mark.line;
    });
  }

  /// `patch:` and a list below it becomes `patch: |` and the same lines, further in.
  void QuoteValue(const Member& patch) {
    const std::size_t line = patch.key_mark.line - 1, end = EndOf(patch);
    const std::size_t colon = lines_[line].find(':', patch.key_mark.column - 1);
    lines_[line].replace(colon, lines_[line].find_first_of("\r\n", colon) - colon, ": |");
    for (std::size_t i = line + 1; i < end; ++i) {
      if (!Trimmed(i).empty()) lines_[i].insert(0, "  ");
    }
  }

  std::vector<std::string> lines_;
  std::vector<bool> removed_;
  std::vector<Note> changes_, warnings_;
  std::string who_;
  Migration out_;
};

/// The documents' first and last lines, cut at `---`.
std::vector<std::pair<std::size_t, std::size_t>> Parts(const Editor& editor) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  std::size_t first = 0;
  for (std::size_t i = 0; i < editor.lines().size(); ++i) {
    if (!editor.lines()[i].starts_with("---")) continue;
    out.emplace_back(first, i);
    first = i + 1;
  }
  out.emplace_back(first, editor.lines().size());
  return out;
}

}  // namespace

Result<Migration> Migrate(std::string_view text, std::string_view file) {
  document::YamlOptions options;
  options.file = file;
  const Result<std::vector<Value>> documents = document::ParseYamlStream(text, options);
  if (!documents && documents.error().reason == base::Reason::TooLarge) return documents.error();
  Editor editor(text);
  if (documents) {
    for (const Value& one : *documents) {
      if (one.IsMapping()) editor.Object(one);
    }
  } else {
    for (const auto& [first, last] : Parts(editor)) editor.Template(first, last);
  }
  return editor.Take();
}

}  // namespace sluice::cli
