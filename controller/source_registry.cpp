#include "controller/source_registry.h"

namespace sluice::controller {

void SourceRegistry::Put(const SourceKey& key, SourceArtifact artifact) {
  auto& slot = artifacts_[key];
  const bool same = slot && slot->revision == artifact.revision && slot->digest == artifact.digest && slot->restored == artifact.restored;
  slot = std::make_shared<const SourceArtifact>(std::move(artifact));
  if (!same && listener_) listener_(key);
}

void SourceRegistry::Remove(const SourceKey& key) {
  if (artifacts_.erase(key) > 0 && listener_) listener_(key);
}

std::shared_ptr<const SourceArtifact> SourceRegistry::Find(const SourceKey& key) const {
  const auto at = artifacts_.find(key);
  return at == artifacts_.end() ? nullptr : at->second;
}

}  // namespace sluice::controller
