// controller/links.h: who waits for whom: the objects of one kind by the source they are made from, by those they depend on and by the ConfigMaps and Secrets
// they name, so that news reaches exactly those whom it concerns. Pure bookkeeping.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "controller/config_watcher.h"
#include "controller/source_registry.h"
#include "controller/work_queue.h"
#include "document/value.h"

namespace sluice::controller {

class Links {
 public:
  struct References {
    SourceKey source;
    std::vector<Key> dependencies;
    std::vector<ConfigKey> configs;
    bool asks = false;  ///< an expression decides when a dependency is ready
  };
  /// Notes what `key` refers to now, in place of what it referred to before.
  void Update(const Key& key, References references);
  void Remove(const Key& key);
  std::vector<Key> OfSource(const SourceKey& source) const;    ///< sorted
  std::vector<Key> DependentsOf(const Key& dependency) const;  ///< sorted
  std::vector<Key> OfConfig(const ConfigKey& config) const;    ///< sorted
  /// Whether an expression decides when the dependencies of `key` are ready: then any change of theirs is news.
  bool AsksByExpression(const Key& key) const;

 private:
  std::map<Key, References> references_;
  std::map<SourceKey, std::set<Key>> by_source_;
  std::map<Key, std::set<Key>> by_dependency_;
  std::map<ConfigKey, std::set<Key>> by_config_;
};

/// Collects the references of a spec.
class ReferenceReader {
 public:
  explicit ReferenceReader(const document::Value& object);
  /// The member `namespace` of `reference`, else the object's own.
  std::string NamespaceIn(const document::Value& reference) const;
  void AddDependencies();                                         ///< spec.dependsOn
  void AddConfig(const document::Value* reference, bool secret);  ///< by its `name`; null: nothing
  void AddConfigs(const document::Value* list);                   ///< each with `kind` and `name`
  void AddKubeConfig();                                           ///< spec.kubeConfig
  const Key& key() const { return key_; }
  Links::References references;

 private:
  const document::Value& object_;
  const Key key_;
};

}  // namespace sluice::controller
