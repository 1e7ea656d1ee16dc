// controller/exec_credential.h: credentials that a program prints (client.authentication.k8s.io v1 and v1beta1, as client-go runs such plugins), for kubeconfigs
// in Secrets where --insecure-kubeconfig-exec lets whoever writes one run programs as us, and for the kubeconfig of whoever calls the command.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::controller {

struct ExecPlugin {
  std::string user;  ///< the entry of the kubeconfig, for messages
  std::string command;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;  ///< beside our own
  std::string api_version;
  bool for_user = false;     ///< whose own kubeconfig names it: what it prints on standard error is seen
  std::string install_hint;  ///< what to do if there is no such program
  std::string info;          ///< $KUBERNETES_EXEC_INFO: an ExecCredential, with the cluster if `provideClusterInfo`
};

/// What the plugin prints. Secret: never part of a message.
struct ExecCredential {
  std::string token, certificate, key;
  std::optional<base::TimePoint> expires;
};

/// The plugin of the user of `kubeconfig`'s current context (of its only context, if none is current); nullopt: it has none.
/// Errors: Invalid, naming the user: no command, a relative one, an unknown apiVersion, `interactiveMode: Always`.
base::Result<std::optional<ExecPlugin>> FindExecPlugin(const document::Value& kubeconfig);

/// Runs it, without a shell, input or anything of ours but the environment. Blocking, for `deadline` at most; then, or when it is told to stop, it and
/// what it started is killed. Errors: Unavailable (it cannot be started, or its exit code), Timeout, Canceled, Invalid (what it prints is no ExecCredential).
base::Result<ExecCredential> RunExecPlugin(const ExecPlugin& plugin, std::chrono::milliseconds deadline, const std::stop_token& stop = {});

/// Puts the credential where the plugin was named.
void PutCredential(document::Value& kubeconfig, const ExecPlugin& plugin, const ExecCredential& credential);

}  // namespace sluice::controller
