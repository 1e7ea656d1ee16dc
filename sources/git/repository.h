// sources/git/repository.h: Git repositories of others, cached: what does a reference point at, get that one commit, show its tree.
//
// A cache directory holds one folder a URL, `<directory>/<sha256 of GitUrl::text>`, with a bare, shallow repository inside (`git --git-dir …` reads it).
// Resolve lists references (protocol v2 with a prefix, so a remote with 100,000 references sends the one asked for); Fetch gets the tree of one commit
// without its history, as a difference to the newest commits we hold; OpenTree reads straight from the object database, nothing is checked out.
//
// Debian's libgit2 (1.5.1) can neither fetch shallowly (1.7 can) nor end a transfer at a deadline, takes its trusted roots process-wide, and signs with RSA
// keys in a way that today's SSH servers refuse (its libssh2). So libgit2 keeps to what lies on disk (packs, trees, blobs), and Git's protocol is spoken here:
// over libcurl for http(s), over libssh for ssh, both with a deadline, a stop token, limits and credentials that belong to the one call.
//
// All functions block: call them on a worker thread. All are thread-safe; two fetches of one repository run one after the other, also across processes.
// Errors, by reason (FetchFailedReason maps them to the contract's words): Unauthorized and Forbidden (the host refused the credentials, or its key or
// certificate is not trusted), NotFound (no such repository, reference or commit), Gone (the repository is empty), Invalid (reference or credentials malformed),
// TooLarge (over a limit), Timeout, Canceled, Unavailable (network, host's failure, disk), Unsupported (SHA-256 repositories). Messages name the URL,
// the cause and what to do; they never hold a credential.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "sources/git/credentials.h"
#include "sources/git/reference.h"
#include "sources/git/url.h"

namespace sluice::sources {

struct GitLimits {
  std::uint64_t max_disk_bytes = 1u << 30;      ///< of one repository's cache, and of what one fetch may send
  std::uint64_t max_object_bytes = 128u << 20;  ///< of one blob or tree (also GitLibrary's)
  std::size_t max_refs = 100'000;               ///< that a remote may list
  std::size_t max_delta_links = 4'095;          ///< of a chain of deltas in a pack; as deep as Git itself makes them
  std::size_t max_packs = 50;                   ///< packs after which the next fetch starts the cache afresh
  std::size_t max_commits = 64;                 ///< commits kept to take differences from; the least recently fetched go first
  std::size_t max_indexing = 2;                 ///< packs indexed at a time; four times as many while some take longer than a second
  std::size_t max_submodules = 100;             ///< of one commit, those of submodules included
  std::size_t max_submodule_depth = 10;         ///< submodules of submodules
};

struct GitClientOptions {
  std::string user_agent = "sluice";
  std::vector<std::string> ssh_hostkey_algorithms;  ///< `--ssh-hostkey-algos`; empty: libssh's choice without SHA-1 and DSA
  std::vector<std::string> ssh_kex_algorithms;      ///< `--ssh-kex-algos`; empty: libssh's choice
  int max_redirects = 5;                            ///< `--http-max-redirects`
  std::size_t max_header_bytes = 256u << 10;        ///< `--http-max-header-bytes`: of one answer over http(s)
};

/// For one call. `timeout` bounds all of it, waiting for the repository's lock included.
struct GitCall {
  std::chrono::milliseconds timeout{60'000};
  std::stop_token stop;
};

struct Identity {
  std::string name, email;
  base::TimePoint time;
};

struct CommitInfo {
  std::string commit, tree;  ///< 40 hex digits
  Identity author, committer;
  std::string message;  ///< whole
  std::vector<std::string> parents;
  std::string signature;       ///< armored, PGP or SSH; "" if unsigned
  std::string signed_payload;  ///< the bytes the signature covers
};

struct TagInfo {
  std::string object, target;  ///< ids of the tag object and of what it names
  std::string name, message;
  Identity tagger;
  std::string signature;  ///< as in CommitInfo
  std::string signed_payload;
};

/// One remote repository and its cache.
class Repository {
 public:
  ~Repository();
  Repository(const Repository&) = delete;
  Repository& operator=(const Repository&) = delete;

  const GitUrl& url() const;

  /// What `reference` points at now. Asks the remote always (so that the credentials are always checked) but fetches nothing, except where
  /// equal semver tags must be told apart by commit time, or where a commit's place in its branch's history is checked for the first time.
  base::Result<Resolution> Resolve(const Reference& reference, const Credentials& credentials, const GitCall& call = {});

  /// Gets the commit of `resolution` (and its tag object) unless the cache has it. Afterwards it is the most recently used one.
  /// On failure the cache is as before. A damaged cache is thrown away and fetched anew.
  base::Result<void> Fetch(const Resolution& resolution, const Credentials& credentials, const GitCall& call = {});

  /// Whether OpenTree(commit) would find everything; no network.
  bool Has(std::string_view commit) const;

  /// The files of a fetched commit. Content ids are Git object ids; links are resolved inside the tree; submodules are absent.
  /// Thread-safe, and valid for as long as it is held, whatever happens to the cache. Blobs are read on demand and not kept. NotFound: not fetched.
  /// A read that finds the cache damaged returns Unavailable, and the next Fetch starts afresh.
  base::Result<std::shared_ptr<const base::Files>> OpenTree(std::string_view commit) const;

  /// The commit that the fetched `commit` names for a submodule at exactly `path` (no links are followed). NotFound: there is none.
  base::Result<std::string> SubmoduleAt(std::string_view commit, std::string_view path) const;

  /// NotFound: not fetched.
  base::Result<CommitInfo> ReadCommit(std::string_view commit) const;
  base::Result<TagInfo> ReadTag(std::string_view tag_object) const;

  /// Bytes on disk of this repository's cache.
  std::uint64_t DiskBytes() const;

 private:
  friend class GitCache;
  struct Impl;
  explicit Repository(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// All repositories under one directory (made if absent, mode 0700). A GitLibrary must be alive.
class GitCache {
 public:
  GitCache(std::string directory, GitLimits limits = {}, GitClientOptions options = {});
  ~GitCache();
  GitCache(const GitCache&) = delete;
  GitCache& operator=(const GitCache&) = delete;

  /// The repository at `url`: one object a URL, kept until RemoveOthers. Cheap.
  std::shared_ptr<Repository> Open(const GitUrl& url);
  const GitLimits& limits() const;

  /// Removes the cached repositories whose URL (`GitUrl::text`) is not in `keep`, and of which nobody holds the object or a tree; returns how many.
  /// For a timer: what no object of the cluster names any more.
  std::size_t RemoveOthers(const std::vector<std::string>& keep);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The reason of condition FetchFailed for an error of Resolve or Fetch: "EmptyGitRepository" (Gone), else "GitOperationFailed", also when the host refuses the
/// credentials. So it is in Flux (source-controller, gitCheckout), where "AuthenticationFailed" says that no credentials could be made: the Secret
/// is missing or unreadable, or CredentialsFromSecret refuses it.
std::string_view FetchFailedReason(const base::Error& error);

}  // namespace sluice::sources
