// controller/foreign_sources.h: source objects whose `status.artifact` somebody else writes (another controller, by hand): what their status says goes
// into the registry, so that a new revision wakes those who build from it. Nothing is fetched here; ArtifactLoader does that when it is needed.
// Belongs to the I/O thread.
#pragma once

#include <string>

#include "controller/source_registry.h"
#include "kube/store.h"

namespace sluice::controller {

class ForeignSources final : public kube::StoreListener {
 public:
  /// Of one kind; `registry` outlives it.
  ForeignSources(std::string kind, SourceRegistry& registry) : kind_(std::move(kind)), registry_(registry) {}

  void OnAdded(const kube::SharedObject& object) override { Note(*object); }
  void OnUpdated(const kube::SharedObject& before, const kube::SharedObject& after) override;
  void OnDeleted(const kube::SharedObject& last) override;

 private:
  void Note(const document::Value& object);
  SourceKey KeyFor(const document::Value& object) const;
  const std::string kind_;
  SourceRegistry& registry_;
};

}  // namespace sluice::controller
