// kube/config.h: where an API server is, why we trust it and who we are to it. From a kubeconfig, or from what a pod finds in itself.
// The rules are client-go's (tools/clientcmd, rest.InClusterConfig); where we refuse what it allows, the function says so.
// Nothing here reads the environment: cli/ does, and passes what it found.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"
#include "net/http.h"

namespace sluice::kube {

/// On whose behalf requests are made, as a kubeconfig or flags say it; "" and none: as ourselves.
struct OnBehalf {
  std::string user, uid;
  std::vector<std::string> groups;
  std::map<std::string, std::vector<std::string>> extra;
  /// What `other` says takes the place of what is said here, field by field; of `extra` key by key.
  void Override(const OnBehalf& other);
};

/// What a program printed in place of credentials. Secret.
struct PrintedCredential {
  std::string token, client_cert_pem, client_key_pem;
  std::optional<base::TimePoint> expires;
};
/// Runs such a program once more, and blocks while it runs, or until it is told to stop; from any thread.
using CredentialRenewer = std::function<base::Result<PrintedCredential>(std::stop_token)>;

/// A value; the secrets in it (token, password, client key) are never printed and never part of an error.
struct ClusterConfig {
  std::string server;  ///< "https://host:6443" or with a path prefix; no slash at the end
  net::TlsOptions tls;
  std::string proxy;                       ///< http://, https:// or socks5:// URL; empty: none
  std::string token;                       ///< bearer token; as read at load time if `token_file` is set
  std::string token_file;                  ///< read again at most once a minute and after a 401, since kubelets rotate it
  std::string username, password;          ///< basic authentication, for proxies in front of an API server
  std::optional<base::TimePoint> expires;  ///< of what a program printed: then it is asked for again, and after a 401
  CredentialRenewer renew;                 ///< none: the credentials stay as they are
  OnBehalf as;                             ///< of a request that does not name somebody else
  std::string default_namespace;           ///< of the context or the pod; "default" if neither says
};

/// Is handed a kubeconfig of one context whose user names a program (`exec`), and puts what that prints in its place. Blocks while it runs.
using PluginRunner = std::function<base::Result<void>(document::Value& kubeconfig)>;

/// What a kubeconfig may ask of us. The defaults are those of a user's own file; see ForTenants.
struct KubeconfigPolicy {
  bool allow_file_references = true;  ///< certificate-authority, client-certificate, client-key, tokenFile as paths
  bool allow_insecure_tls = true;     ///< insecure-skip-tls-verify
  bool allow_proxy = true;            ///< proxy-url
  bool allow_impersonation = true;    ///< as, as-uid, as-groups, as-user-extra
  OnBehalf as;                        ///< above what the kubeconfig says
  PluginRunner run_plugin;            ///< none: plugins are refused

  /// For a kubeconfig that arrives in a Secret: inline data only, verified TLS, no proxy (threats T48). `insecure_tls` is the flag
  /// --insecure-kubeconfig-tls.
  static KubeconfigPolicy ForTenants(bool insecure_tls);
};

/// Reads kubeconfig `text`. `context` "" means current-context; a single context is taken if there is none. Relative paths in it start
/// at `directory`. Errors: Invalid (malformed, unknown context, cluster or user, a file that cannot be read, bad base64), Unsupported
/// (auth-provider plugins always; exec plugins without a runner; what `policy` forbids). The message names the entry, never a value.
base::Result<ClusterConfig> ParseKubeconfig(std::string_view text, std::string_view directory, std::string_view context,
                                            const KubeconfigPolicy& policy);
/// The same for a file. NotFound if it is not there.
base::Result<ClusterConfig> LoadKubeconfig(const std::string& path, std::string_view context, const KubeconfigPolicy& policy);

/// From the pod's service account: `host` and `port` are KUBERNETES_SERVICE_HOST and _PORT; `directory` holds token, ca.crt and namespace.
/// Errors: NotFound (not in a cluster), Invalid.
base::Result<ClusterConfig> InClusterConfig(std::string_view host, std::string_view port,
                                            const std::string& directory = "/var/run/secrets/kubernetes.io/serviceaccount");

/// What cli/ found around it.
struct ConfigSources {
  std::string kubeconfig_flag;  ///< --kubeconfig
  std::string context_flag;     ///< --context
  OnBehalf as;                  ///< --as, --as-uid, --as-group, --as-user-extra
  std::string kubeconfig_env;   ///< $KUBECONFIG: files joined by ':', merged: the first to say something wins; absent, empty: passed over
  std::string home;             ///< $HOME
  std::string service_host, service_port;
  PluginRunner run_plugin;  ///< of the user's own files; none: plugins are refused
};
/// In this order: the flag, $KUBECONFIG, the pod's service account, ~/.kube/config.
/// NotFound: `no cluster: neither --kubeconfig nor $KUBECONFIG is set, this is not a pod, and ~/.kube/config does not exist`.
base::Result<ClusterConfig> LoadConfig(const ConfigSources& sources);
/// The names of the contexts in those files, sorted; files that cannot be read are passed over.
std::vector<std::string> ContextNames(const ConfigSources& sources);

}  // namespace sluice::kube
