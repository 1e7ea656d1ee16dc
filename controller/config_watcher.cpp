#include "controller/config_watcher.h"

#include "net/await.h"

namespace sluice::controller {
namespace {

kube::ReflectorOptions OptionsOf(const std::string& ns, const std::string& label_selector) {
  kube::ReflectorOptions options;
  options.ns = ns;
  options.label_selector = label_selector;
  options.metadata_only = true;
  return options;
}

}  // namespace

ConfigWatcher::ConfigWatcher(kube::Client& client, const std::string& ns, const std::string& label_selector, Changed changed)
    : changed_(std::move(changed)),
      config_map_listener_(false, changed_),
      secret_listener_(true, changed_),
      config_maps_(client, {"", "v1", "ConfigMap"}, OptionsOf(ns, label_selector)),
      secrets_(client, {"", "v1", "Secret"}, OptionsOf(ns, label_selector)) {
  config_maps_.AddListener(config_map_listener_);
  secrets_.AddListener(secret_listener_);
}

void ConfigWatcher::Start() {
  config_maps_.Start();
  secrets_.Start();
}

net::Task<void> ConfigWatcher::Close() {
  net::Task<void> maps = config_maps_.Close();
  co_await std::move(maps);
  net::Task<void> secrets = secrets_.Close();
  co_await std::move(secrets);
}

void ConfigWatcher::Listener::Tell(const document::Value& object) const {
  if (synced_) changed_({secret_, std::string(document::NamespaceOf(object)), std::string(document::NameOf(object))});
}

}  // namespace sluice::controller
