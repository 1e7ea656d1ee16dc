// controller/helm_release/source_news.h: whenever a source object is written, the HelmReleases that wait for it hear of it: it may have become ready without
// another artifact. Belongs to the I/O thread.
#pragma once

#include <string>

#include "controller/helm_release/reconciler.h"
#include "controller/object_events.h"
#include "kube/store.h"

namespace sluice::controller::helm_release {

class SourceNews final : public kube::StoreListener {
 public:
  /// Of one kind; `reconciler` outlives it.
  SourceNews(std::string kind, Reconciler& reconciler) : kind_(std::move(kind)), reconciler_(reconciler) {}

  void OnAdded(const kube::SharedObject& object) override { Tell(*object); }
  void OnUpdated(const kube::SharedObject&, const kube::SharedObject& after) override { Tell(*after); }
  void OnDeleted(const kube::SharedObject&) override {}

 private:
  void Tell(const document::Value& object) {
    const Key key = KeyOf(object);
    reconciler_.OnSourceWritten({kind_, key.ns, key.name});
  }
  const std::string kind_;
  Reconciler& reconciler_;
};

}  // namespace sluice::controller::helm_release
