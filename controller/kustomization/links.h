// controller/kustomization/links.h: who waits for whom: the Kustomizations by the source they build from, by those they depend on and by the
// ConfigMaps and Secrets they name, so that news reaches exactly those whom it concerns. Pure bookkeeping.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "controller/config_watcher.h"
#include "controller/source_registry.h"
#include "controller/work_queue.h"
#include "document/value.h"

namespace sluice::controller::kustomization {

class Links {
 public:
  /// Notes what `object` refers to now, in place of what it referred to before.
  void Update(const document::Value& object);
  void Remove(const Key& key);
  std::vector<Key> OfSource(const SourceKey& source) const;    ///< sorted
  std::vector<Key> DependentsOf(const Key& dependency) const;  ///< sorted
  std::vector<Key> OfConfig(const ConfigKey& config) const;    ///< sorted
  /// Whether an expression decides when the dependencies of `key` are ready: then any change of theirs is news.
  bool AsksByExpression(const Key& key) const;

 private:
  struct References {
    SourceKey source;
    std::vector<Key> dependencies;
    std::vector<ConfigKey> configs;
    bool asks = false;
  };
  std::map<Key, References> references_;
  std::map<SourceKey, std::set<Key>> by_source_;
  std::map<Key, std::set<Key>> by_dependency_;
  std::map<ConfigKey, std::set<Key>> by_config_;
};

}  // namespace sluice::controller::kustomization
