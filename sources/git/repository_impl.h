// sources/git/repository_impl.h: what stands behind Repository. Only for the .cpp files of this folder.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "sources/git/fetch_lock.h"
#include "sources/git/held_commits.h"
#include "sources/git/object_store.h"
#include "sources/git/repository.h"
#include "sources/git/shared_resources.h"
#include "sources/git/upload_pack.h"

namespace sluice::sources {

struct Repository::Impl {
  Impl(GitUrl address, std::string path, GitLimits bounds, GitClientOptions client, std::shared_ptr<SharedResources> resources);

  const GitUrl url;
  const std::string folder;  ///< of this URL in the cache; bare repositories `<number>.git` in it, the highest counts
  const GitLimits limits;
  const GitClientOptions options;
  const std::shared_ptr<SharedResources> shared;
  FetchLock fetch_lock;

  base::Mutex mutex;
  bool loaded GUARDED_BY(mutex) = false;
  std::shared_ptr<ObjectStore> store GUARDED_BY(mutex);
  HeldCommits held GUARDED_BY(mutex);
  std::optional<HostProfile> profile GUARDED_BY(mutex);
  std::set<std::string> verified GUARDED_BY(mutex);  ///< `<commit> <ref>`: the commit is in the reference's history

  base::Error Fail(base::Reason reason, std::string_view text) const {
    return base::MakeError(reason, url.text + ": " + std::string(text));
  }
  base::Error Prefixed(base::Error error) const;

  /// One exchange with the host. `talk` may be called twice: what the host said of itself before is believed first, and asked anew if that fails.
  using Talk = std::function<base::Result<void>(UploadPack&)>;
  base::Result<void> Converse(const Credentials& credentials, const Waiter& waiter, const Talk& talk);
  base::Result<void> ConverseAnew(const TransportContext& context, const Talk& talk);
  std::unique_ptr<Transport> MakeTransport(const TransportContext& context) const;

  // Resolve's steps (repository_resolve.cpp)
  base::Result<Resolution> ResolveListed(const Reference& reference, std::vector<RemoteRef>& refs, UploadPack& host) const;
  base::Result<Resolution> ResolvePinned(const Reference& reference, const std::vector<RemoteRef>& refs, UploadPack& host) const;
  base::Result<RemoteRef> Find(const Reference& reference, const std::vector<RemoteRef>& refs, std::string_view name,
                               UploadPack& host) const;
  base::Error Missing(const Reference& reference, UploadPack& host) const;
  base::Result<Resolution> NewestOf(const Reference& reference, const std::vector<RemoteRef>& tags, const Credentials& credentials,
                                    const GitCall& call);
  base::Result<void> CheckHistory(const Resolution& resolution, const std::string& tip, const Credentials& credentials,
                                  const Waiter& waiter);

  // Fetch's steps (repository_fetch.cpp)
  base::Result<void> Fetch(const Resolution& resolution, const Credentials& credentials, const GitCall& call);
  void PrepareFolder() const;
  bool InUse();  ///< a tree of it is held
  void Load();
  void LoadLocked() REQUIRES(mutex);
  void RemoveStale();
  bool Holds(std::string_view commit, std::string_view tag_object);
  std::shared_ptr<ObjectStore> StoreWith(std::string_view commit);
  bool NeedsFresh();
  base::Result<void> FetchMore(const Resolution& resolution, const Credentials& credentials, const Waiter& waiter);
  base::Result<void> FetchFresh(const Resolution& resolution, const Credentials& credentials, const Waiter& waiter);
  base::Result<void> Receive(const ObjectStore& into, const std::vector<HeldCommit>& wanted, const std::vector<std::string>& haves,
                             const Credentials& credentials, const Waiter& waiter);
  base::Result<PackQuery> QueryFor(const std::vector<HeldCommit>& wanted, const std::vector<std::string>& haves, UploadPack& host) const;
  base::Result<void> CheckReceived(const ObjectStore& into, const HeldCommit& wanted) const;
  base::Result<std::shared_ptr<ObjectStore>> NewStore();
};

/// The commit's root tree. Errors as ObjectStore::Read, and Invalid for a malformed commit.
base::Result<CommitInfo> ReadCommitFrom(const ObjectStore& store, std::string_view commit);

}  // namespace sluice::sources
