// cli/session.h: what a command that talks to a cluster needs: an event loop, a client, and the questions that most commands ask.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/result.h"
#include "cli/cluster_commands.h"
#include "cli/kinds.h"
#include "kube/client.h"
#include "net/executor.h"

namespace sluice::cli {

class Session {
 public:
  /// Errors: those of finding and reading a kubeconfig. Nothing is sent yet.
  /// `patience`: of a request with all its tries; 0: the transport's own.
  static base::Result<std::unique_ptr<Session>> Open(const ClusterFlags& flags, base::Duration patience = {});
  /// The same for who does not wait: of every request one try, and `patience` also for a program that logs in.
  static base::Result<std::unique_ptr<Session>> OpenOnce(const ClusterFlags& flags, base::Duration patience);

  /// Runs a task to its end. (Its template lives in net/await.h.)
  template <class T>
  T Wait(net::Task<T> task) {
    return runtime.BlockOn(std::move(task));
  }

  struct Query {
    std::string ns;  ///< "": every namespace
    std::string name, label_selector;
  };
  /// The objects of all `kinds`, in their order, without managedFields. The lists are asked for side by side. A kind that the cluster does not have
  /// is passed over, unless it is the only one asked for; NotFound if there is none of that name: without a namespace all that have it are found.
  base::Result<std::vector<document::Value>> Fetch(std::span<const FluxKind* const> kinds, const Query& query);
  base::Result<document::Value> Get(const kube::ObjectRef& ref);
  /// The kind that a word such as `deploy`, `deployments.apps` or `Deployment` names. NotFound.
  base::Result<document::GroupVersionKind> KindOnServer(const std::string& word);

  net::Runtime runtime;
  base::SystemClock clock;
  base::SeededRandom random;
  std::unique_ptr<kube::Client> client;

 private:
  Session();
  static std::unique_ptr<Session> Make(kube::ClusterConfig config, base::Duration patience, kube::TransportOptions options);
};

/// Prints `Error: message` to standard error; returns `code`.
int PrintError(const base::Error& error, int code);
/// How a command that tells its steps ends: 0, or `✗ message` on standard error and 1.
int Ended(const base::Result<void>& result);

inline const document::GroupVersionKind kGitRepositoryKind{"source.toolkit.fluxcd.io", "v1", "GitRepository"};
inline const document::GroupVersionKind kKustomizationKind{"kustomize.toolkit.fluxcd.io", "v1", "Kustomization"};

/// `--name`: Invalid if `text` is no duration such as 5m.
base::Result<base::Duration> ParseDurationFlag(std::string_view flag, const std::string& text);

/// What managedFields say is of no use to who reads.
document::Value WithoutManagedFields(document::Value object);
/// Many objects as kubectl prints them: `yaml` one document each, `json` one object or a List.
void PrintObjects(const std::vector<document::Value>& objects, std::string_view output, bool as_list);

}  // namespace sluice::cli
