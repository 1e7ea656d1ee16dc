#include "helm/chart/ignore.h"

#include "base/files.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
base::Result<IgnoreRules> IgnoreRules::Parse(std::string_view text) {
  IgnoreRules rules;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    TRY(rules.Add(text.substr(0, end)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return rules;
}

void IgnoreRules::AddDefaults() { (void)Add("templates/.?*").has_value(); }

base::Result<void> IgnoreRules::Add(std::string_view line) {
  line = TrimSpace(line);
  if (line.empty() || line.front() == '#') return {};
  if (line.find("**") != std::string_view::npos) return base::Invalid("double-star (**) syntax is not supported");
  if (!base::Glob::Parse(line)) return base::Invalid("syntax error in pattern");
  Rule rule;
  if (line.front() == '!') {
    rule.negated = true;
    line.remove_prefix(1);
  }
  if (line.ends_with('/')) {
    rule.directory_only = true;
    line.remove_suffix(1);
  }
  rule.whole_path = line.find('/') != std::string_view::npos;
  if (line.starts_with('/')) line.remove_prefix(1);
  auto glob = base::Glob::Parse(line);
  if (!glob) return base::Invalid("syntax error in pattern");
  rule.glob = std::move(*glob);
  rules_.push_back(std::move(rule));
  return {};
}

bool IgnoreRules::Ignores(std::string_view path, bool is_directory) const {
  if (path.empty() || path == ".") return false;
  for (const Rule& rule : rules_) {
    const bool matches = rule.glob.Matches(rule.whole_path ? path : base::BaseName(path));
    if (rule.negated) {
      if (!matches || (rule.directory_only && !is_directory)) return true;
    } else if (matches && (!rule.directory_only || is_directory)) {
      return true;
    }
  }
  return false;
}

}  // namespace sluice::helm
