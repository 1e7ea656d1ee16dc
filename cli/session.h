// cli/session.h: what a command that talks to a cluster needs: an event loop and a client.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "cli/cluster_commands.h"
#include "kube/client.h"
#include "net/executor.h"

namespace sluice::cli {

class Session {
 public:
  /// Errors: those of finding and reading a kubeconfig. Nothing is sent yet.
  static base::Result<std::unique_ptr<Session>> Open(const ClusterFlags& flags);

  net::Runtime runtime;
  base::SystemClock clock;
  base::SeededRandom random;
  std::unique_ptr<kube::Client> client;

 private:
  Session();
};

/// Prints `Error: message` to standard error; returns `code`.
int PrintError(const base::Error& error, int code);

inline const document::GroupVersionKind kGitRepositoryKind{"source.toolkit.fluxcd.io", "v1", "GitRepository"};
inline const document::GroupVersionKind kKustomizationKind{"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"};

/// `kustomization`, `ks`, `kustomizations`, `gitrepository`, `gitrepo`, … in any case. Invalid lists what there is.
base::Result<document::GroupVersionKind> KindNamed(std::string_view word);

int RunGet(const ClusterFlags& flags);
int RunReconcile(const ClusterFlags& flags);
int RunDiff(const ClusterFlags& flags);

}  // namespace sluice::cli
