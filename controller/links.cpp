#include "controller/links.h"

namespace sluice::controller {
namespace {

using document::Value;

template <class From>
void Unlink(std::map<From, std::set<Key>>& links, const From& from, const Key& key) {
  const auto at = links.find(from);
  if (at == links.end()) return;
  at->second.erase(key);
  if (at->second.empty()) links.erase(at);
}

template <class From>
std::vector<Key> Linked(const std::map<From, std::set<Key>>& links, const From& from) {
  const auto at = links.find(from);
  return at == links.end() ? std::vector<Key>() : std::vector<Key>(at->second.begin(), at->second.end());
}

}  // namespace

void Links::Update(const Key& key, References references) {
  Remove(key);
  by_source_[references.source].insert(key);
  for (const ConfigKey& config : references.configs) by_config_[config].insert(key);
  for (const Key& dependency : references.dependencies) by_dependency_[dependency].insert(key);
  references_[key] = std::move(references);
}

void Links::Remove(const Key& key) {
  const auto at = references_.find(key);
  if (at == references_.end()) return;
  Unlink(by_source_, at->second.source, key);
  for (const Key& dependency : at->second.dependencies) Unlink(by_dependency_, dependency, key);
  for (const ConfigKey& config : at->second.configs) Unlink(by_config_, config, key);
  references_.erase(at);
}

std::vector<Key> Links::OfSource(const SourceKey& source) const { return Linked(by_source_, source); }
std::vector<Key> Links::DependentsOf(const Key& dependency) const { return Linked(by_dependency_, dependency); }
std::vector<Key> Links::OfConfig(const ConfigKey& config) const { return Linked(by_config_, config); }

bool Links::AsksByExpression(const Key& key) const {
  const auto at = references_.find(key);
  return at != references_.end() && at->second.asks;
}

ReferenceReader::ReferenceReader(const Value& object)
    : object_(object), key_{std::string(document::NamespaceOf(object)), std::string(document::NameOf(object))} {}

std::string ReferenceReader::NamespaceIn(const Value& reference) const {
  const std::string_view ns = reference.StringAt({"namespace"});
  return ns.empty() ? key_.ns : std::string(ns);
}

void ReferenceReader::AddDependencies() {
  const Value* dependencies = object_.At({"spec", "dependsOn"});
  if (dependencies == nullptr) return;
  for (const Value& item : dependencies->items()) {
    references.dependencies.push_back({NamespaceIn(item), std::string(item.StringAt({"name"}))});
    references.asks = references.asks || !item.StringAt({"readyExpr"}).empty();
  }
}

void ReferenceReader::AddConfig(const Value* reference, bool secret) {
  if (reference == nullptr) return;
  if (const std::string_view name = reference->StringAt({"name"}); !name.empty())
    references.configs.push_back({secret, key_.ns, std::string(name)});
}

void ReferenceReader::AddConfigs(const Value* list) {
  if (list == nullptr) return;
  for (const Value& item : list->items()) AddConfig(&item, item.StringAt({"kind"}) == "Secret");
}

void ReferenceReader::AddKubeConfig() {
  AddConfig(object_.At({"spec", "kubeConfig", "secretRef"}), true);
  AddConfig(object_.At({"spec", "kubeConfig", "configMapRef"}), false);
}

}  // namespace sluice::controller
