// The way back: the structs of a chart as encoding/json writes them, in the order of their fields, without what is empty.
#include "helm/chart/metadata.h"
#include "helm/functions/tree.h"

namespace sluice::helm {
namespace {

using Tree = document::Value;

void SetText(Tree& out, std::string_view field, const std::string& text) {
  if (!text.empty()) out.Set(field, text);
}

void SetTexts(Tree& out, std::string_view field, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  Tree list = Tree::Sequence();
  for (const std::string& text : texts) list.Append(text);
  out.Set(field, std::move(list));
}

Tree ImportsOf(const Dependency& dependency) {
  Tree list = Tree::Sequence();
  for (const Value& import : dependency.import_values) {
    auto tree = ToDocument(import, Encoder::Json);
    list.Append(tree ? *std::move(tree) : Tree());
  }
  return list;
}

Tree DependencyTree(const Dependency& dependency) {
  Tree out = Tree::Mapping();
  out.Set("name", dependency.name);
  SetText(out, "version", dependency.version);
  out.Set("repository", dependency.repository);
  SetText(out, "condition", dependency.condition);
  SetTexts(out, "tags", dependency.tags);
  if (dependency.enabled) out.Set("enabled", true);
  if (!dependency.import_values.empty()) out.Set("import-values", ImportsOf(dependency));
  SetText(out, "alias", dependency.alias);
  return out;
}

Tree DependencyList(const std::vector<Dependency>& dependencies) {
  Tree list = Tree::Sequence();
  for (const Dependency& dependency : dependencies) list.Append(DependencyTree(dependency));
  return list;
}

Tree MaintainerList(const std::vector<Maintainer>& maintainers) {
  Tree list = Tree::Sequence();
  for (const Maintainer& maintainer : maintainers) {
    Tree one = Tree::Mapping();
    SetText(one, "name", maintainer.name);
    SetText(one, "email", maintainer.email);
    SetText(one, "url", maintainer.url);
    list.Append(std::move(one));
  }
  return list;
}

Tree AnnotationMap(const std::map<std::string, std::string>& annotations) {
  Tree map = Tree::Mapping();
  for (const auto& [key, value] : annotations) map.Set(key, value);
  return map;
}

}  // namespace

Tree ToDocument(const Metadata& metadata) {
  Tree out = Tree::Mapping();
  SetText(out, "name", metadata.name);
  SetText(out, "home", metadata.home);
  SetTexts(out, "sources", metadata.sources);
  SetText(out, "version", metadata.version);
  SetText(out, "description", metadata.description);
  SetTexts(out, "keywords", metadata.keywords);
  if (!metadata.maintainers.empty()) out.Set("maintainers", MaintainerList(metadata.maintainers));
  SetText(out, "icon", metadata.icon);
  SetText(out, "apiVersion", metadata.api_version);
  SetText(out, "condition", metadata.condition);
  SetText(out, "tags", metadata.tags);
  SetText(out, "appVersion", metadata.app_version);
  if (metadata.deprecated) out.Set("deprecated", true);
  if (!metadata.annotations.empty()) out.Set("annotations", AnnotationMap(metadata.annotations));
  SetText(out, "kubeVersion", metadata.kube_version);
  if (metadata.dependencies && !metadata.dependencies->empty()) out.Set("dependencies", DependencyList(*metadata.dependencies));
  SetText(out, "type", metadata.type);
  return out;
}

Tree ToDocument(const Lock& lock) {
  Tree out = Tree::Mapping();
  out.Set("generated", lock.generated);
  out.Set("digest", lock.digest);
  out.Set("dependencies", DependencyList(lock.dependencies));
  return out;
}

}  // namespace sluice::helm
