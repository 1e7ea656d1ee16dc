#include "helm/chart/yaml_documents.h"

namespace sluice::helm {

using base::Result;

namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

}  // namespace

Result<std::optional<std::string>> YamlDocuments::Next() {
  std::string part;
  while (!rest_.empty()) {
    const std::string_view line = TakeLine();
    if (line.starts_with("---")) {
      const std::string_view behind = Trimmed(line.substr(3));
      if (!behind.empty() && !behind.starts_with('#')) return base::Invalid("invalid Yaml document separator: " + std::string(behind));
      if (!part.empty()) return std::optional(std::move(part));
    }
    part.append(line).append("\n");
  }
  if (part.empty()) return std::optional<std::string>();
  return std::optional(std::move(part));
}

std::string_view YamlDocuments::TakeLine() {
  const std::size_t end = rest_.find('\n');
  std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace sluice::helm
