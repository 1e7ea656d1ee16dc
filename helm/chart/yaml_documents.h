// helm/chart/yaml_documents.h: the documents of a text as Kubernetes' YAMLReader (k8s.io/apimachinery) parts them: by lines, before anything is parsed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::helm {

/// Parts `text`, which outlives it, at lines that begin with `---`. A part that nothing came before keeps that line; `\r\n` becomes `\n`.
class YamlDocuments {
 public:
  explicit YamlDocuments(std::string_view text) : rest_(text) {}

  /// The next part, nullopt behind the last. Errors: Invalid `invalid Yaml document separator: x`, for anything but a comment behind the dashes.
  base::Result<std::optional<std::string>> Next();

 private:
  std::string_view TakeLine();
  std::string_view rest_;
};

}  // namespace sluice::helm
