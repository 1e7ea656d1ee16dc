// kube/kubeconfig.h: the kubeconfig format, internal to kube/: files are read one by one, merged, and one context of them is resolved.
// The rules are those of client-go's tools/clientcmd; where we refuse what it allows, the message says so.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "kube/config.h"

namespace sluice::kube {

class Kubeconfig {
 public:
  /// What an earlier file says wins over `later`.
  void Merge(Kubeconfig later);
  /// The cluster and user of `context` ("" means the current one, or the only one).
  base::Result<ClusterConfig> Resolve(std::string_view context, const KubeconfigPolicy& policy) const;

  /// Sorted.
  std::vector<std::string> ContextNames() const;

 private:
  friend base::Result<Kubeconfig> ReadKubeconfig(std::string_view text, std::string_view path);
  struct Entry {
    document::Value body;
    std::string directory;  ///< where its relative paths begin
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  std::string current_context_;
  Entries clusters_, users_, contexts_;

  base::Result<void> Add(Entries& entries, const document::Value& list, std::string_view field, std::string_view directory);
  struct Asked {
    std::string context, cluster, user;
  };
  /// The user's entry with what its plugin prints. `known` is what was read of the cluster.
  base::Result<document::Value> AskPlugin(const Asked& asked, const Entry& cluster, const Entry& user, const ClusterConfig& known,
                                          const PluginRunner& run) const;
  base::Result<std::string> PickContext(std::string_view wanted) const;
};

/// Invalid: a uid, groups or more without a user, or a line break among them. `where` begins the message.
base::Result<void> CheckOnBehalf(const OnBehalf& as, const std::string& where);

/// `path` is the file the text came from: it gives the directory of relative paths and is named in messages.
base::Result<Kubeconfig> ReadKubeconfig(std::string_view text, std::string_view path);

}  // namespace sluice::kube
