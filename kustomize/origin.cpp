#include <algorithm>

#include "document/yaml.h"
#include "kustomize/resource.h"

namespace sluice::kustomize {

using document::Value;

namespace {

void SetText(Value& map, std::string_view key, const std::string& text) {
  if (!text.empty()) map.Set(key, Value(text));
}

}  // namespace

// The order is that of kustomize's struct fields, and the indents are kyaml's: what a reader of the annotation compares with.
std::string Origin::ToYaml() const {
  Value map = Value::Mapping(), by = Value::Mapping();
  SetText(map, "path", path);
  SetText(map, "repo", repo);
  SetText(map, "ref", ref);
  SetText(map, "configuredIn", configured_in);
  SetText(by, "apiVersion", by_api_version);
  SetText(by, "kind", by_kind);
  SetText(by, "name", by_name);
  SetText(by, "namespace", by_namespace);
  if (!by.empty()) map.Set("configuredBy", std::move(by));
  return document::EmitYaml(map, {.sort_keys = false});
}

std::string ToYaml(const std::vector<Origin>& origins) {
  std::string text;
  for (const Origin& origin : origins) {
    const std::string lines = origin.ToYaml();
    std::string_view rest = lines;
    for (bool first = true; !rest.empty(); first = false) {
      const std::size_t end = std::min(rest.find('\n') + 1, rest.size());
      text += first ? "- " : "  ";
      text += rest.substr(0, end);
      rest.remove_prefix(end);
    }
  }
  return text;
}

}  // namespace sluice::kustomize
