#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <system_error>

#include "sources/git/repository_impl.h"

namespace sluice::sources {
namespace {

namespace fs = std::filesystem;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::size_t kCompanions = 16;  // commits of other references that a fresh start fetches along

/// The number of `<number>.git`; 0 if it is something else.
unsigned NumberOf(const fs::path& path) {
  const std::string name = path.filename().string();
  unsigned number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && std::string_view(end) == ".git" ? number : 0;
}

std::vector<unsigned> Numbers(const std::string& folder) {
  std::vector<unsigned> numbers;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (const unsigned number = NumberOf(entry.path())) numbers.push_back(number);
  std::sort(numbers.rbegin(), numbers.rend());
  return numbers;
}

std::vector<std::string> CommitsOf(const HeldCommits& held) {
  std::vector<std::string> commits;
  for (const HeldCommit& commit : held) commits.push_back(commit.commit);
  return commits;
}

/// The newest commit of each other reference: likely to be asked for again soon.
std::vector<HeldCommit> CompanionsOf(const HeldCommit& wanted, const HeldCommits& held) {
  std::vector<HeldCommit> companions;
  std::set<std::string> seen{wanted.ref_name};
  for (const HeldCommit& commit : held)
    if (commit.commit != wanted.commit && companions.size() < kCompanions && seen.insert(commit.ref_name).second)
      companions.push_back(commit);
  return companions;
}

}  // namespace

/// Takes the newest repository with a sound list; damaged ones wait for the next fetch.
void Repository::Impl::LoadLocked() {
  if (loaded) return;
  loaded = true;
  for (unsigned number : Numbers(folder)) {
    const std::string path = folder + "/" + std::to_string(number) + ".git";
    auto list = ReadHeldCommits(path);
    if (!list) continue;
    if (store && store->folder() == path) return;
    auto opened = ObjectStore::Open(path, limits.max_object_bytes, shared);
    if (!opened) continue;
    store = *std::move(opened);
    held = *std::move(list);
    return;
  }
  store.reset();
  held.clear();
}

/// A failure shows when something is written into it.
void Repository::Impl::PrepareFolder() const {
  std::error_code error;
  fs::create_directories(folder, error);
  fs::permissions(folder, fs::perms::owner_all, error);
}

bool Repository::Impl::InUse() {
  const base::MutexLock lock(mutex);
  return store && store.use_count() > 1;
}

void Repository::Impl::Load() {
  const base::MutexLock lock(mutex);
  LoadLocked();
}

/// Under the fetch lock: goes over to what another process may have begun afresh, and removes what one that died has left behind.
void Repository::Impl::RemoveStale() {
  const base::MutexLock lock(mutex);
  loaded = false;
  LoadLocked();
  std::error_code error;
  const std::string current = store ? store->folder() : "";
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.is_directory(error) && entry.path().string() != current) fs::remove_all(entry.path(), error);
}

std::shared_ptr<ObjectStore> Repository::Impl::StoreWith(std::string_view commit) {
  const base::MutexLock lock(mutex);
  LoadLocked();
  if (!store || store->damaged()) return nullptr;
  const bool here = std::any_of(held.begin(), held.end(), [&](const HeldCommit& h) { return h.commit == commit; });
  return here ? store : nullptr;
}

bool Repository::Impl::Holds(std::string_view commit, std::string_view tag_object) {
  const base::MutexLock lock(mutex);
  LoadLocked();
  if (!store || store->damaged()) return false;
  return std::any_of(held.begin(), held.end(),
                     [&](const HeldCommit& h) { return h.commit == commit && (tag_object.empty() || h.tag_object == tag_object); });
}

bool Repository::Impl::NeedsFresh() {
  const base::MutexLock lock(mutex);
  return !store || store->damaged() || store->PackCount() >= limits.max_packs;
}

Result<std::shared_ptr<ObjectStore>> Repository::Impl::NewStore() {
  const std::vector<unsigned> numbers = Numbers(folder);
  const unsigned next = numbers.empty() ? 1 : numbers.front() + 1;
  return ObjectStore::Open(folder + "/" + std::to_string(next) + ".git", limits.max_object_bytes, shared);
}

/// What to ask for. A host that shows only its references (old, version 0) gives a commit that none of them names only with their whole history.
Result<PackQuery> Repository::Impl::QueryFor(const std::vector<HeldCommit>& wanted, const std::vector<std::string>& haves,
                                             UploadPack& host) const {
  PackQuery query;
  query.haves = haves;
  for (const HeldCommit& commit : wanted) {
    query.wants.push_back(commit.commit);
    if (!commit.tag_object.empty()) query.wants.push_back(commit.tag_object);
  }
  if (host.can_want_any()) return query;
  TRY(const std::vector<RemoteRef> refs, host.List({}));
  std::set<std::string> tips, branches;
  for (const RemoteRef& ref : refs) {
    tips.insert(ref.object);
    tips.insert(ref.peeled);
    if (wanted.front().ref_name.empty() ? ref.name.starts_with("refs/heads/") : ref.name == wanted.front().ref_name)
      branches.insert(ref.object);
  }
  const bool all_shown = std::all_of(query.wants.begin(), query.wants.end(), [&](const std::string& want) { return tips.contains(want); });
  if (all_shown) return query;
  if (branches.empty()) return Fail(Reason::NotFound, "commit " + wanted.front().commit + " is not there (any more)");
  query.history = true;
  query.wants.assign(branches.begin(), branches.end());
  return query;
}

Result<void> Repository::Impl::CheckReceived(const ObjectStore& into, const HeldCommit& wanted) const {
  TRY(const ObjectId id, ParseObjectId(wanted.commit));
  if (const auto raw = into.Read(id, ObjectKind::Commit); !raw && raw.error().reason == Reason::Invalid)
    return Fail(Reason::NotFound, (wanted.ref_name.empty() ? "there is no such commit" : wanted.ref_name + " does not point to a commit") +
                                      ": " + raw.error().message + "; name a commit, or a branch or tag of one");
  auto info = ReadCommitFrom(into, wanted.commit);
  if (!info) return Fail(Reason::NotFound, "the host did not send commit " + wanted.commit + ": is it in the history of the branch?");
  TRY(const ObjectId root, ParseObjectId(info->tree));
  TRY(into.ReadTree(root));
  if (wanted.tag_object.empty()) return {};
  TRY(const ObjectId tag, ParseObjectId(wanted.tag_object));
  TRY(into.Read(tag, ObjectKind::Tag));
  return {};
}

Result<void> Repository::Impl::Receive(const ObjectStore& into, const std::vector<HeldCommit>& wanted,
                                       const std::vector<std::string>& haves, const Credentials& credentials, const Waiter& waiter) {
  const std::uint64_t used = into.DiskBytes();
  TRY(Converse(credentials, waiter, [&](UploadPack& host) -> Result<void> {
    TRY(const PackQuery query, QueryFor(wanted, haves, host));
    const PackLimits pack_limits{.max_bytes = limits.max_disk_bytes - std::min(used, limits.max_disk_bytes),
                                 .max_delta_links = limits.max_delta_links};
    TRY(const auto ingest, PackIngest::Begin(into, pack_limits, waiter));
    TRY(host.Pack(query, [&](std::string_view bytes) { return ingest->Append(bytes); }));
    return ingest->Finish();
  }));
  for (const HeldCommit& commit : wanted) TRY(CheckReceived(into, commit));
  return {};
}

Result<void> Repository::Impl::FetchMore(const Resolution& resolution, const Credentials& credentials, const Waiter& waiter) {
  const HeldCommit wanted{resolution.commit, resolution.tag_object, resolution.ref_name};
  std::shared_ptr<ObjectStore> into;
  HeldCommits list;
  {
    const base::MutexLock lock(mutex);
    into = store;
    list = held;
  }
  TRY(Receive(*into, {wanted}, CommitsOf(list), credentials, waiter));
  Remember(list, wanted, limits.max_commits);
  TRY(WriteHeldCommits(into->folder(), list));
  const base::MutexLock lock(mutex);
  held = std::move(list);
  return {};
}

Result<void> Repository::Impl::FetchFresh(const Resolution& resolution, const Credentials& credentials, const Waiter& waiter) {
  const HeldCommit wanted{resolution.commit, resolution.tag_object, resolution.ref_name};
  HeldCommits list{wanted};
  {
    const base::MutexLock lock(mutex);
    for (HeldCommit& commit : CompanionsOf(wanted, held)) list.push_back(std::move(commit));
  }
  TRY(const std::shared_ptr<ObjectStore> into, NewStore());
  into->Retire(true);  // until it is whole
  auto received = Receive(*into, list, {}, credentials, waiter);
  if (!received && list.size() > 1 && (received.error().reason == Reason::NotFound || received.error().reason == Reason::TooLarge)) {
    list.resize(1);  // a companion is gone from the host, or there are too many
    received = Receive(*into, list, {}, credentials, waiter);
  }
  if (!received) return received;
  TRY(WriteHeldCommits(into->folder(), list));
  into->Retire(false);
  std::shared_ptr<ObjectStore> before = into;
  {
    const base::MutexLock lock(mutex);
    store.swap(before);
    held = std::move(list);
  }
  if (before) before->Retire(true);
  return {};
}

Result<void> Repository::Impl::Fetch(const Resolution& resolution, const Credentials& credentials, const GitCall& call) {
  const Waiter waiter(call);
  PrepareFolder();
  TRY(const auto turn, fetch_lock.Acquire(waiter));
  RemoveStale();
  if (Holds(resolution.commit, resolution.tag_object)) {
    const base::MutexLock lock(mutex);
    Remember(held, {resolution.commit, resolution.tag_object, resolution.ref_name}, limits.max_commits);
    return {};
  }
  if (NeedsFresh()) return FetchFresh(resolution, credentials, waiter);
  auto done = FetchMore(resolution, credentials, waiter);
  const bool cure = !done && (done.error().reason == Reason::TooLarge || done.error().reason == Reason::Invalid || NeedsFresh());
  return cure ? FetchFresh(resolution, credentials, waiter) : std::move(done);
}

}  // namespace sluice::sources
