#include "cli/build_output.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "document/object.h"
#include "document/yaml.h"
#include "kustomize/resource.h"

namespace sluice::cli {

using document::Value;

namespace {

std::string EffectiveNamespaceOf(const Value& object) {
  return kustomize::EffectiveNamespace(document::GvkOf(object), document::NamespaceOf(object));
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string FileName(const Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  std::string name;
  for (const std::string& part : {gvk.group, gvk.version, gvk.kind})
    if (!part.empty()) name += part + "_";
  return Lower(name + std::string(document::NameOf(object))) + ".yaml";
}

}  // namespace

base::Result<std::vector<OutputFile>> OutputFiles(const std::vector<Value>& documents) {
  std::set<std::string> namespaces;
  for (const Value& object : documents) namespaces.insert(EffectiveNamespaceOf(object));
  namespaces.erase(std::string(kustomize::kNotNamespaceable));
  std::vector<OutputFile> files;
  for (const Value& object : documents) {
    const std::string ns = EffectiveNamespaceOf(object);
    std::string name = FileName(object);
    if (namespaces.size() > 1 && ns != kustomize::kNotNamespaceable) name = Lower(ns) + "_" + name;
    if (name.find_first_of(std::string_view("/\0", 2)) != name.npos)
      return base::Invalid("a file cannot be called \"" + name + "\": a kind, name or namespace holds a slash");
    files.push_back({std::move(name), document::EmitYaml(object)});
  }
  return files;
}

}  // namespace sluice::cli
