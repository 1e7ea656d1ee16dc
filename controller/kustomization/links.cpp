#include "controller/kustomization/links.h"

namespace sluice::controller::kustomization {
namespace {

using document::Value;

std::string NamespaceOr(const Value& reference, std::string_view own) {
  const std::string_view ns = reference.StringAt({"namespace"});
  return std::string(ns.empty() ? own : ns);
}

/// What flux-contract 2.1 lists: substituteFrom, kubeConfig, decryption.
std::vector<ConfigKey> ConfigsOf(const Value& object, const std::string& ns) {
  std::vector<ConfigKey> out;
  const auto add = [&](const Value* reference, bool secret) {
    if (reference == nullptr) return;
    if (const std::string_view name = reference->StringAt({"name"}); !name.empty()) out.push_back({secret, ns, std::string(name)});
  };
  if (const Value* from = object.At({"spec", "postBuild", "substituteFrom"})) {
    for (const Value& item : from->items()) add(&item, item.StringAt({"kind"}) == "Secret");
  }
  add(object.At({"spec", "kubeConfig", "secretRef"}), true);
  add(object.At({"spec", "kubeConfig", "configMapRef"}), false);
  add(object.At({"spec", "decryption", "secretRef"}), true);
  return out;
}

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

void Links::Update(const Value& object) {
  const Key key{std::string(document::NamespaceOf(object)), std::string(document::NameOf(object))};
  Remove(key);
  References references;
  if (const Value* source = object.At({"spec", "sourceRef"})) {
    references.source = {std::string(source->StringAt({"kind"})), NamespaceOr(*source, key.ns), std::string(source->StringAt({"name"}))};
  }
  if (const Value* dependencies = object.At({"spec", "dependsOn"})) {
    for (const Value& item : dependencies->items()) {
      references.dependencies.push_back({NamespaceOr(item, key.ns), std::string(item.StringAt({"name"}))});
      references.asks = references.asks || !item.StringAt({"readyExpr"}).empty();
    }
  }
  references.configs = ConfigsOf(object, key.ns);
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

}  // namespace sluice::controller::kustomization
