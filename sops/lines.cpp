#include "sops/lines.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice::sops {
namespace {

using base::Invalid;
using base::Result;

std::string ReplaceAll(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with(from)) {
      out += to;
      at += from.size();
    } else {
      out += text[at++];
    }
  }
  return out;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> Lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// ---- INI -------------------------------------------------------------------------------------------------------------------------------

/// A comment block as SOPS keeps it: without the sign of its first line.
std::string Uncommented(const std::string& block) {
  if (!block.starts_with(";") && !block.starts_with("#")) return block;
  const std::size_t text = block.find_first_not_of(block[0] == ';' ? "; " : "# ");
  return text == std::string::npos ? "" : block.substr(text);
}

class IniReader {
 public:
  explicit IniReader(std::string_view text) : lines_(Lines(text)) { sections_.push_back({.name = "DEFAULT"}); }

  Result<std::vector<Section>> Read() {
    for (; at_ < lines_.size(); ++at_) {
      const std::string_view line = Trim(lines_[at_]);
      if (line.empty()) continue;
      if (line[0] == ';' || line[0] == '#') {
        comment_ += (comment_.empty() ? "" : "\n") + std::string(line);
      } else if (line[0] == '[') {
        TRY(Heading(line));
      } else {
        TRY(KeyAndValue(line));
      }
    }
    return std::move(sections_);
  }

 private:
  base::Error Wrong(std::string_view what) const { return Invalid("line " + std::to_string(at_ + 1) + ": " + std::string(what)); }

  Result<void> Heading(std::string_view line) {
    const std::size_t end = line.rfind(']');
    if (end == std::string_view::npos) return Wrong("unclosed section");
    const std::string name(line.substr(1, end - 1));
    if (name.empty()) return Wrong("empty section name");
    if (name == "DEFAULT" && sections_.size() == 1) return {};
    sections_.push_back({.name = name});
    if (!comment_.empty()) sections_.back().lines.push_back({.value = Uncommented(comment_), .comment = true});
    comment_.clear();
    return {};
  }

  Result<void> KeyAndValue(std::string_view line) {
    std::string key;
    std::string_view rest;
    const std::string_view quote = line.starts_with("\"\"\"") ? "\"\"\"" : line.substr(0, 1);
    if (quote == "\"\"\"" || quote == "`" || quote == "\"") {
      const std::size_t end = line.find(quote, quote.size());
      const std::size_t sign = end == std::string_view::npos ? end : line.find_first_of("=:", end + quote.size());
      if (sign == std::string_view::npos) return Wrong("key without a value");
      key = line.substr(quote.size(), end - quote.size());
      rest = line.substr(sign + 1);
    } else {
      const std::size_t sign = line.find_first_of("=:");
      if (sign == std::string_view::npos) return Wrong("key without a value");
      key = Trim(line.substr(0, sign));
      rest = line.substr(sign + 1);
    }
    if (key.empty()) return Wrong("empty key");
    TRY(std::string value, ReadValue(Trim(rest)));
    std::vector<Line>& lines = sections_.back().lines;
    const auto same = std::ranges::find_if(lines, [&](const Line& each) { return !each.comment && each.key == key; });
    if (same != lines.end()) {
      same->value = std::move(value);
    } else {
      lines.push_back({.key = std::move(key), .value = std::move(value)});
    }
    if (!comment_.empty()) lines.push_back({.value = Uncommented(comment_), .comment = true});
    comment_.clear();
    return {};
  }

  /// Up to `quote`, which may be some lines further down.
  Result<std::string> Quoted(std::string_view text, std::string_view quote) {
    std::string out;
    while (true) {
      const std::size_t end = text.find(quote);
      if (end != std::string_view::npos) return out + std::string(text.substr(0, end));
      out += std::string(text) + "\n";
      if (at_ + 1 >= lines_.size()) return Wrong("a quoted value does not end");
      text = lines_[++at_];
    }
  }

  Result<std::string> ReadValue(std::string_view text) {
    if (text.size() > 3 && text.starts_with("\"\"\"")) return Quoted(text.substr(3), "\"\"\"");
    if (text.starts_with("`")) return Quoted(text.substr(1), "`");
    std::string joined(text);
    while (joined.ends_with("\\") && at_ + 1 < lines_.size()) {  // goes on in the next line
      joined.pop_back();
      joined += Trim(lines_[++at_]);
    }
    std::string_view value = joined;
    const std::size_t comment = value.find_first_of("#;");
    if (comment != std::string_view::npos) {
      comment_ += (comment_.empty() ? "" : "\n") + std::string(Trim(value.substr(comment)));
      value = Trim(value.substr(0, comment));
    }
    for (const char quote : {'\'', '"'}) {
      if (value.size() > 1 && value.front() == quote && value.back() == quote) return std::string(value.substr(1, value.size() - 2));
    }
    return std::string(value);
  }

  std::vector<std::string_view> lines_;
  std::size_t at_ = 0;
  std::string comment_;
  std::vector<Section> sections_;
};

void AppendComment(std::string& out, const std::string& comment) {
  for (const std::string_view line : Lines(comment)) {
    if (line.starts_with("#") || line.starts_with(";")) {
      out += std::string(1, line[0]) + " " + std::string(Trim(line.substr(1))) + "\n";
    } else {
      out += "; " + std::string(line) + "\n";
    }
  }
}

std::string QuotedKey(const std::string& key) {
  if (key.find_first_of("\"=:") != std::string::npos) return "`" + key + "`";
  if (key.find('`') != std::string::npos) return "\"\"\"" + key + "\"\"\"";
  return key;
}

std::string QuotedValue(const std::string& value) {
  if (value.find_first_of("\n`") != std::string::npos) return "\"\"\"" + value + "\"\"\"";
  if (value.find_first_of("#;") != std::string::npos) return "`" + value + "`";
  if (Trim(value).size() != value.size()) return "\"" + value + "\"";
  return value;
}

void AppendKeys(std::string& out, const std::vector<Line>& lines, std::size_t first) {
  std::size_t width = 0;
  for (const Line& line : lines) {
    if (!line.comment) width = std::max(width, QuotedKey(line.key).size());
  }
  for (std::size_t i = first; i < lines.size(); ++i) {
    if (lines[i].comment) continue;
    if (i + 1 < lines.size() && lines[i + 1].comment) AppendComment(out, lines[i + 1].value);
    const std::string key = QuotedKey(lines[i].key);
    out += key + std::string(width - key.size(), ' ') + " = " + QuotedValue(lines[i].value) + "\n";
  }
}

}  // namespace

Result<Section> ParseDotenv(std::string_view text) {
  Section section;
  std::size_t number = 0;
  for (const std::string_view line : Lines(text)) {
    ++number;
    if (line.empty()) continue;
    if (line[0] == '#') {
      section.lines.push_back({.value = std::string(line.substr(1)), .comment = true});
      continue;
    }
    const std::size_t sign = line.find('=');
    if (sign == std::string_view::npos) return Invalid("line " + std::to_string(number) + ": no \"=\"");
    section.lines.push_back({.key = std::string(line.substr(0, sign)), .value = ReplaceAll(line.substr(sign + 1), "\\n", "\n")});
  }
  return section;
}

std::string EmitDotenv(const Section& section) {
  std::string out;
  for (const Line& line : section.lines) {
    out += line.comment ? "#" + line.value + "\n" : line.key + "=" + ReplaceAll(line.value, "\n", "\\n") + "\n";
  }
  return out;
}

Result<std::vector<Section>> ParseIni(std::string_view text) { return IniReader(text).Read(); }

std::string EmitIni(const std::vector<Section>& sections) {
  std::string out;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const Section& section = sections[i];
    const bool headed = i > 0 || section.name != "DEFAULT";
    if (!headed && section.lines.empty()) continue;
    std::size_t first = 0;
    if (!section.lines.empty() && section.lines[0].comment) {
      AppendComment(out, section.lines[0].value);
      first = 1;
    }
    if (headed) out += "[" + section.name + "]\n";
    AppendKeys(out, section.lines, first);
    if (i + 1 < sections.size()) out += "\n";
  }
  return out;
}

}  // namespace sluice::sops
