// controller/source_registry.h: the artifacts that this process holds, by source object: how a new revision travels from the reconciler that
// made it to those that build from it, without a detour through HTTP. Belongs to the I/O thread; the trees are shared with workers.
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/files.h"

namespace sluice::controller {

struct SourceKey {
  std::string kind, ns, name;
  auto operator<=>(const SourceKey&) const = default;
};

/// One revision of a source, ready to build from.
struct SourceArtifact {
  std::string revision;         ///< `main@sha1:…`
  std::string origin_revision;  ///< the artifact's org.opencontainers.image.revision, "" if it has none
  std::string digest;
  std::shared_ptr<const base::Files> files;  ///< nullptr: nobody holds them; ArtifactLoader fetches them when they are needed
  std::string url, path;                     ///< where they are then: `status.artifact.url` and `.path`
  bool restored =
      false;  ///< an earlier process's, as its status names it; nobody has looked at the remote since, so what is applied may be newer
};

class SourceRegistry {
 public:
  using Listener = std::function<void(const SourceKey&)>;
  /// Called after a revision appeared, changed or went away. Set once, before the first Put.
  void OnChanged(Listener listener) { listener_ = std::move(listener); }
  /// Calls the listener only if the revision or the digest is another one, or is now more than restored.
  void Put(const SourceKey& key, SourceArtifact artifact);
  void Remove(const SourceKey& key);
  /// nullptr: nothing is known of this source yet.
  std::shared_ptr<const SourceArtifact> Find(const SourceKey& key) const;

 private:
  std::map<SourceKey, std::shared_ptr<const SourceArtifact>> artifacts_;
  Listener listener_;
};

}  // namespace sluice::controller
