#include "helm/chart/yaml_documents.h"

#include "helm/template/unicode.h"

namespace sluice::helm {

using base::Result;

Result<std::optional<std::string>> YamlDocuments::Next() {
  std::string part;
  while (!rest_.empty()) {
    const std::string_view line = TakeLine();
    if (line.starts_with("---")) {
      const std::string_view behind = TrimSpace(line.substr(3));
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
