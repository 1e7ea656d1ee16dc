// controller/clusters.h: the clusters that the objects of one kind (Kustomizations, HelmReleases) apply to: our own, and those that `spec.kubeConfig`
// names (flux-contract 3.2). Each has a client, an owned-object index and an observer of its own; objects whose kubeconfigs are equal share them. A remote
// cluster is opened when it is first asked for, and closed when the last who holds it lets go. Belongs to the I/O thread.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "controller/services.h"
#include "controller/spec_parts.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/index.h"
#include "kube/observe.h"
#include "net/executor.h"
#include "net/host_pool.h"

namespace sluice::controller {

/// Whether a remote cluster answered when it was last asked.
struct Reachability {
  base::TimePoint asked;
  std::optional<base::Error> error;
};

/// Where objects are applied. What it refers to lives as long as a pointer to it does.
struct Cluster {
  kube::Client& client;
  kube::OwnedIndex& index;
  kube::Observer& observer;
  std::shared_ptr<Reachability> reachability = nullptr;  ///< of a remote cluster; our own has none
  bool remote() const { return reachability != nullptr; }
};

struct RemoteOptions {
  bool insecure_tls = false;                  ///< --insecure-kubeconfig-tls
  bool insecure_exec = false;                 ///< --insecure-kubeconfig-exec
  std::string default_service_account;        ///< --default-kubeconfig-service-account: for config maps that name none
  std::chrono::milliseconds timeout{30'000};  ///< of one request
  kube::WriteGate may_write;                  ///< asked before every write; empty: always
  kube::IndexOptions index;                   ///< of each remote cluster
};

class Clusters {
 public:
  /// Told of changes of owned objects, and on which cluster.
  using OnChanged = std::function<void(const Cluster*, const kube::Owner&, const kube::ObjectRef&, kube::Changes)>;
  /// Of `rules` (which outlives it) only the judgement is asked: an owner's objects are judged over there as here.
  /// Plugins of kubeconfigs run on threads of `plugins`, since they take as long as they like.
  Clusters(net::Runtime& runtime, Services& services, net::HostPool& plugins, RemoteOptions options, const kube::OwnedListener& rules,
           OnChanged on_changed);
  ~Clusters();
  Clusters(const Clusters&) = delete;
  Clusters& operator=(const Clusters&) = delete;
  /// After the last pointer to a cluster is gone.
  net::Task<void> Close();

  /// The cluster that `spec.kubeConfig` of an object in namespace `ns` leads to; what it names is read live and with the controller's own
  /// identity, as Flux does. A Secret holds a kubeconfig under the key given, else `value`, else `value.yaml`. A ConfigMap of provider generic holds
  /// address (https), ca.crt, audiences and serviceAccountName, for which a token is asked for, and asked for anew when most of its life is over.
  /// Another content leads to another cluster. Errors: those of reading, Invalid, Unsupported (exec plugins, references to files, providers aws,
  /// azure and gcp, a gate that is shut), Unavailable and Timeout (it does not answer: those who ask soon after another was told so are told so at
  /// once, so that a cluster that is away holds nobody up). None contains a secret.
  net::Task<base::Result<std::shared_ptr<const Cluster>>> Find(std::string ns, KubeConfig ref);
  std::size_t open() const;  ///< remote clusters that somebody holds
  const RemoteOptions& options() const { return options_; }

 private:
  struct Remote;
  struct Config {
    kube::ClusterConfig cluster;
    std::string id;            ///< equal for equal contents; says nothing of the secrets in them
    base::TimePoint renew_at;  ///< from then on its token has to be asked for anew; the epoch: never
  };
  net::Task<base::Result<Config>> Read(std::string ns, KubeConfig ref);
  net::Task<base::Result<std::optional<Config>>> RunPlugin(std::string id, std::string text, std::string of);
  net::Task<base::Result<void>> Ask(std::shared_ptr<const Cluster> cluster);
  std::shared_ptr<const Cluster> Open(const Config& config);
  void Retire(std::shared_ptr<Remote> remote);

  net::Runtime& runtime_;
  Services& services_;
  net::HostPool& plugins_;
  const RemoteOptions options_;
  const kube::OwnedListener& rules_;
  const OnChanged on_changed_;
  net::Scope closing_;
  struct Slot {
    std::weak_ptr<const Cluster> cluster;
    base::TimePoint renew_at;
    std::shared_ptr<Reachability> reachability;  ///< outlives the cluster for as long as it is believed
  };
  std::map<std::string, Slot> open_;
  bool closed_ = false;
};

}  // namespace sluice::controller
