// kube/store.h: all objects of one kind, whole, kept current by a watch: for the few kinds that controllers reconcile, and for what they
// refer to. `metadata.managedFields` is dropped. Belongs to the I/O thread; the objects are immutable and may cross threads.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kube/watch.h"

namespace sluice::kube {

using SharedObject = std::shared_ptr<const document::Value>;

/// Called on the I/O thread after the store has changed; must not wait, and must not destroy the store.
class StoreListener {
 public:
  virtual ~StoreListener() = default;
  virtual void OnAdded(const SharedObject& object) = 0;
  virtual void OnUpdated(const SharedObject& before, const SharedObject& after) = 0;  ///< the resourceVersion differs
  virtual void OnDeleted(const SharedObject& last) = 0;
  virtual void OnSynced() {}   ///< after the first whole list
  virtual void OnTrouble() {}  ///< the first list failed and will be tried again
};

class ObjectStore {
 public:
  /// `client` outlives it.
  ObjectStore(Client& client, document::GroupVersionKind gvk, ReflectorOptions options);
  ~ObjectStore();
  ObjectStore(const ObjectStore&) = delete;
  ObjectStore& operator=(const ObjectStore&) = delete;

  /// `listener` outlives the store or is removed. One that comes late is told of nothing that is already there.
  void AddListener(StoreListener& listener);
  void RemoveListener(StoreListener& listener);
  void Start();
  net::Task<void> Close();
  bool synced() const;
  net::Task<base::Result<void>> WaitSynced(std::chrono::nanoseconds timeout);
  /// The last failure, if the first list has not been whole yet.
  const std::optional<base::Error>& trouble() const;

  SharedObject Get(const document::NamespacedName& name) const;  ///< nullptr if there is none
  std::vector<SharedObject> List() const;                        ///< sorted by namespace and name
  std::vector<SharedObject> ListNamespace(std::string_view ns) const;
  std::size_t size() const;

  /// Puts in what one of our own writes returned, before the watch echoes it, so that the next reconcile reads its own status. An older
  /// version than the stored one is ignored, and so is an object that the store has seen deleted. Listeners hear of it as of any change.
  void Remember(document::Value object);

  const document::GroupVersionKind& gvk() const;
  const ReflectorStats& stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::kube
