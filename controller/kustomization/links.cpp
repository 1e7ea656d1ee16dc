#include "controller/kustomization/links.h"

namespace sluice::controller::kustomization {
namespace {

using document::Value;

std::string NamespaceOr(const Value& reference, std::string_view own) {
  const std::string_view ns = reference.StringAt({"namespace"});
  return std::string(ns.empty() ? own : ns);
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
    }
  }
  by_source_[references.source].insert(key);
  for (const Key& dependency : references.dependencies) by_dependency_[dependency].insert(key);
  references_[key] = std::move(references);
}

void Links::Remove(const Key& key) {
  const auto at = references_.find(key);
  if (at == references_.end()) return;
  Unlink(by_source_, at->second.source, key);
  for (const Key& dependency : at->second.dependencies) Unlink(by_dependency_, dependency, key);
  references_.erase(at);
}

std::vector<Key> Links::OfSource(const SourceKey& source) const { return Linked(by_source_, source); }
std::vector<Key> Links::DependentsOf(const Key& dependency) const { return Linked(by_dependency_, dependency); }

}  // namespace sluice::controller::kustomization
