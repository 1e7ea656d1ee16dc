// controller/config_watcher.h: ConfigMaps and Secrets whose change is news to who names them: those with the label of
// --watch-configs-label-selector (`reconcile.fluxcd.io/watch: Enabled`). Only their metadata is watched. Belongs to the I/O thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "kube/store.h"

namespace sluice::controller {

/// A ConfigMap or Secret.
struct ConfigKey {
  bool secret = false;
  std::string ns, name;
  auto operator<=>(const ConfigKey&) const = default;
};

class ConfigWatcher {
 public:
  using Changed = std::function<void(const ConfigKey&)>;
  /// `ns` "" is all namespaces. `changed` is called for what was added, changed or deleted after the first list. `client` outlives it.
  ConfigWatcher(kube::Client& client, const std::string& ns, const std::string& label_selector, Changed changed);
  void Start();
  net::Task<void> Close();

 private:
  class Listener final : public kube::StoreListener {
   public:
    Listener(bool secret, const Changed& changed) : secret_(secret), changed_(changed) {}
    void OnAdded(const kube::SharedObject& object) override { Tell(*object); }
    void OnUpdated(const kube::SharedObject&, const kube::SharedObject& after) override { Tell(*after); }
    void OnDeleted(const kube::SharedObject& last) override { Tell(*last); }
    void OnSynced() override { synced_ = true; }

   private:
    void Tell(const document::Value& object) const;
    const bool secret_;
    const Changed& changed_;
    bool synced_ = false;
  };
  const Changed changed_;
  Listener config_map_listener_, secret_listener_;
  kube::ObjectStore config_maps_, secrets_;
};

}  // namespace sluice::controller
