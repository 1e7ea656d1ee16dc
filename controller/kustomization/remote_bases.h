// controller/kustomization/remote_bases.h: what kustomizations name outside of their tree: directories of other repositories (`https://host/app//deploy?ref=v1`) and single
// files over http(s). Rules: kustomize-contract §4; `--no-remote-bases` refuses both before any name is looked up.
//
// No program is run, so no credential helper either: https takes the userinfo of the URL, ssh the first of ~/.ssh/{id_ed25519,id_ecdsa,id_rsa} with
// ~/.ssh/known_hosts. Heard of the environment: GIT_SSL_CAINFO or SSL_CERT_FILE, https_proxy, http_proxy, all_proxy and no_proxy (either case), HOME.
//
// A build never waits for a host: it fails at the first remote that is not there yet, that one is fetched on the threads for hosts (git_hosts.h), and the build
// begins anew. One fetch serves all that a run builds from it.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "kustomize/build.h"
#include "net/executor.h"
#include "net/http.h"
#include "sources/git/repository.h"

namespace sluice::net {
class HostPool;
}

namespace sluice::controller::kustomization {

/// A repository's files at the reference that was asked for.
struct RemoteTree {
  std::shared_ptr<const base::Files> files;
  std::shared_ptr<sources::Repository> repository;  ///< held, so that its cache stays
};

/// Blocking. `url.timeout` bounds it, and five minutes. Errors: as sources::Repository has them; Unsupported for file://; Unauthorized for ssh without a key or a host's key.
base::Result<RemoteTree> FetchRemoteTree(sources::GitCache& cache, const kustomize::GitUrl& url, std::stop_token stop = {});

/// How a file is asked for. Follows redirects; never speaks to a metadata service of a cloud. Errors: the file of GIT_SSL_CAINFO or SSL_CERT_FILE.
struct RemoteFileCall {
  net::ClientOptions client;
  net::Request request;
};
base::Result<RemoteFileCall> CallForRemoteFile(std::string_view url);
/// The body. NotFound for a status that is no success.
base::Result<std::string> BodyOf(const RemoteFileCall& call, base::Result<net::Response> answer);

/// A question to somebody else's host.
struct RemoteName {
  std::optional<kustomize::GitUrl> repository;  ///< else `file` is asked for
  std::string file;
};

/// The answers so far, errors among them. Builds on other threads read it while nobody adds to it.
class RemoteBases {
 public:
  const base::Result<RemoteTree>* FindTree(const kustomize::GitUrl& url) const;
  const base::Result<std::string>* FindFile(std::string_view url) const;
  void Add(const kustomize::GitUrl& url, base::Result<RemoteTree> tree);
  void Add(std::string_view url, base::Result<std::string> file);
  std::size_t size() const { return trees_.size() + files_.size(); }
  std::vector<std::shared_ptr<sources::Repository>> Repositories() const;

 private:
  std::map<std::string, base::Result<RemoteTree>> trees_;
  std::map<std::string, base::Result<std::string>, std::less<>> files_;
};

/// Serves one build from `bases`, which outlive it: Unavailable for the first that is not among them, and from then on for all.
class HeldRemotes final : public kustomize::RemoteResolver {
 public:
  explicit HeldRemotes(const RemoteBases& bases) : bases_(bases) {}
  base::Result<std::shared_ptr<const base::Files>> FetchTree(const kustomize::GitUrl& url) override;
  base::Result<std::string> FetchFile(std::string_view url) override;
  const std::optional<RemoteName>& missing() const { return missing_; }

 private:
  const RemoteBases& bases_;
  std::optional<RemoteName> missing_;
};

/// Fetches for reconcilers. Belongs to the I/O thread.
class RemoteFetcher {
 public:
  struct Parts {
    boost::asio::io_context& io;
    sources::GitCache& cache;
    net::HostPool& hosts;
  };
  explicit RemoteFetcher(Parts parts) : parts_(parts) {}

  /// Adds the answer to `name`, be it an error. `on_wait` hears before and after. TooLarge: these are too many; Canceled.
  net::Task<base::Result<void>> Fetch(RemoteName name, std::shared_ptr<RemoteBases> bases, std::function<void(bool)> on_wait) const;

  /// Of one build.
  static constexpr std::size_t kMaxRemotes = 100;

 private:
  Parts parts_;
};

}  // namespace sluice::controller::kustomization
