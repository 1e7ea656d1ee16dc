#include <algorithm>
#include <cctype>
#include <deque>
#include <unordered_set>

#include "sources/git/repository_impl.h"

namespace sluice::sources {
namespace {

using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::string_view kHeads = "refs/heads/";
constexpr std::string_view kTags = "refs/tags/";
constexpr std::size_t kSuggestions = 5;  // names of others that a message shows

std::string FullBranch(const Reference& r) { return std::string(kHeads) + (r.branch.empty() ? "master" : r.branch); }

/// The reference that is looked up: full name, or a prefix for semver and a commit without a branch.
std::string Wanted(const Reference& r) {
  if (!r.commit.empty()) return r.branch.empty() ? "HEAD" : FullBranch(r);
  if (!r.name.empty()) return r.name.ends_with("^{}") ? r.name.substr(0, r.name.size() - 3) : r.name;
  if (!r.tag.empty()) return std::string(kTags) + r.tag;
  if (!r.semver.empty()) return std::string(kTags);
  return FullBranch(r);
}

Resolution ResolutionOf(const Reference& reference, const RemoteRef& ref) {
  const std::string commit(ref.commit());
  const std::string tag = ref.name.starts_with(kTags) ? ref.name.substr(kTags.size()) : "";
  return {.commit = commit,
          .ref_name = ref.name,
          .tag_object = ref.peeled.empty() ? "" : ref.object,
          .revision = RevisionOf(reference, tag, commit)};
}

/// `main, dev, release-1 …` of full names.
std::string Names(const std::vector<RemoteRef>& refs, std::size_t prefix) {
  std::string names;
  for (std::size_t i = 0; i < refs.size() && i < kSuggestions; ++i)
    names += (i ? ", " : "") + refs[i].name.substr(std::min(prefix, refs[i].name.size()));
  return names + (refs.size() > kSuggestions ? " …" : "");
}

/// Whether `commit` is `tip` or one of its ancestors, in a store that has all of them.
Result<bool> IsAncestor(const ObjectStore& store, const std::string& commit, const std::string& tip, const Waiter& waiter) {
  std::unordered_set<std::string> seen{tip};
  std::deque<std::string> queue{tip};
  while (!queue.empty()) {
    if (queue.front() == commit) return true;
    TRY(const CommitInfo info, ReadCommitFrom(store, queue.front()));
    queue.pop_front();
    for (const std::string& parent : info.parents)
      if (seen.insert(parent).second) queue.push_back(parent);
    TRY(waiter.Check());
  }
  return false;
}

}  // namespace

/// Why there is no such reference, and what there is instead. An empty repository is Gone where a branch is asked for (Flux tells these apart), else NotFound.
base::Error Repository::Impl::Missing(const Reference& reference, UploadPack& host) const {
  const bool tags = reference.commit.empty() && reference.name.empty() && (!reference.tag.empty() || !reference.semver.empty());
  const bool branch = reference.commit.empty() && reference.name.empty() && !tags;
  auto any = host.List({.prefixes = {}, .max_refs = limits.max_refs, .enough = 1});
  if (!any) return std::move(any).error();
  if (any->empty())
    return branch ? Fail(Reason::Gone, "git repository is empty")
                  : Fail(Reason::NotFound, "git repository is empty, so there is no " + Describe(reference));
  const std::string_view space = tags ? kTags : kHeads;
  auto others = host.List({.prefixes = {std::string(space)}, .max_refs = limits.max_refs, .enough = kSuggestions + 1});
  if (!others) return std::move(others).error();
  const std::string what = reference.commit.empty() ? Describe(reference) : Describe(Reference{.branch = reference.branch});
  const std::string has = others->empty() ? "no " + std::string(tags ? "tags" : "branches") : Cleaned(Names(*others, space.size()), {});
  return Fail(Reason::NotFound,
              "couldn't find remote ref \"" + Wanted(reference) + "\": there is no " + what + "; the repository has " + has);
}

Result<RemoteRef> Repository::Impl::Find(const Reference& reference, const std::vector<RemoteRef>& refs, std::string_view name,
                                         UploadPack& host) const {
  const auto it = std::find_if(refs.begin(), refs.end(), [&](const RemoteRef& ref) { return ref.name == name; });
  if (it == refs.end()) return Missing(reference, host);
  return *it;
}

/// A commit by its id. Its branch must exist; whether the commit is in the branch's history is asked later.
Result<Resolution> Repository::Impl::ResolvePinned(const Reference& reference, const std::vector<RemoteRef>& refs, UploadPack& host) const {
  std::string commit = reference.commit;
  for (char& c : commit) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  Resolution out{.commit = commit, .ref_name = "", .tag_object = "", .revision = RevisionOf(reference, "", commit)};
  if (reference.branch.empty()) return out;
  TRY(const RemoteRef branch, Find(reference, refs, FullBranch(reference), host));
  out.ref_name = branch.name;
  return out;
}

Result<Resolution> Repository::Impl::ResolveListed(const Reference& reference, std::vector<RemoteRef>& refs, UploadPack& host) const {
  if (!reference.commit.empty()) return ResolvePinned(reference, refs, host);
  TRY(const RemoteRef ref, Find(reference, refs, Wanted(reference), host));
  return ResolutionOf(reference, ref);
}

/// Of tags with equal versions the one whose commit is the youngest; the last by name if that does not decide.
Result<Resolution> Repository::Impl::NewestOf(const Reference& reference, const std::vector<RemoteRef>& tags,
                                              const Credentials& credentials, const GitCall& call) {
  std::vector<RemoteRef> sorted = tags;
  std::sort(sorted.begin(), sorted.end(), [](const RemoteRef& a, const RemoteRef& b) { return a.name < b.name; });
  const bool same =
      std::all_of(sorted.begin(), sorted.end(), [&](const RemoteRef& tag) { return tag.commit() == sorted.front().commit(); });
  if (same) return ResolutionOf(reference, sorted.back());
  std::optional<std::pair<base::TimePoint, Resolution>> newest;
  for (const RemoteRef& tag : sorted) {
    Resolution candidate = ResolutionOf(reference, tag);
    TRY(Fetch(candidate, credentials, call));
    const auto store_with = StoreWith(candidate.commit);
    if (!store_with) return Fail(Reason::Unavailable, "commit " + candidate.commit + " left the cache at once");
    TRY(const CommitInfo info, ReadCommitFrom(*store_with, candidate.commit));
    if (!newest || info.committer.time >= newest->first) newest = {info.committer.time, std::move(candidate)};
  }
  return std::move(newest->second);
}

/// Fetches the history of the branch (its commits alone, where the host can leave out the rest) into a repository of its own, which then goes.
Result<void> Repository::Impl::CheckHistory(const Resolution& resolution, const std::string& tip, const Credentials& credentials,
                                            const Waiter& waiter) {
  const std::string mark = resolution.commit + " " + resolution.ref_name;
  {
    const base::MutexLock lock(mutex);
    LoadLocked();
    const bool held_so = std::any_of(
        held.begin(), held.end(), [&](const HeldCommit& h) { return h.commit == resolution.commit && h.ref_name == resolution.ref_name; });
    if (tip == resolution.commit || held_so || verified.contains(mark)) return {};
  }
  PrepareFolder();
  TRY(const auto turn, fetch_lock.Acquire(waiter));
  TRY(const auto history, ObjectStore::Open(folder + "/history-" + resolution.commit + ".tmp", limits.max_object_bytes, shared));
  history->Retire(true);
  TRY(Converse(credentials, waiter, [&](UploadPack& host) -> Result<void> {
    const PackLimits pack_limits{.max_bytes = limits.max_disk_bytes, .max_delta_links = limits.max_delta_links};
    TRY(const auto ingest, PackIngest::Begin(*history, pack_limits, waiter));
    const PackQuery query{.wants = {tip}, .haves = {}, .history = true, .commits_only = host.can_filter()};
    TRY(host.Pack(query, [&](std::string_view bytes) { return ingest->Append(bytes); }));
    return ingest->Finish();
  }));
  TRY(const Turns::Turn computing, shared->indexing.Take(waiter));
  TRY(const bool inside, IsAncestor(*history, resolution.commit, tip, waiter));
  if (!inside)
    return Fail(Reason::NotFound, "unable to resolve commit object for '" + resolution.commit + "': it is not in the history of branch \"" +
                                      resolution.ref_name.substr(kHeads.size()) + "\"");
  const base::MutexLock lock(mutex);
  verified.insert(mark);
  return {};
}

Result<Resolution> Repository::Resolve(const Reference& reference, const Credentials& credentials, const GitCall& call) {
  TRY(Validate(reference));
  const Waiter waiter(call);
  std::vector<RemoteRef> refs;
  Resolution found;
  const bool semver = reference.commit.empty() && reference.name.empty() && reference.tag.empty() && !reference.semver.empty();
  auto listed = impl_->Converse(credentials, waiter, [&](UploadPack& host) -> Result<void> {
    TRY(refs, host.List({.prefixes = {Wanted(reference)}, .max_refs = impl_->limits.max_refs}));
    if (semver && refs.empty()) return impl_->Missing(reference, host);
    if (!semver) {
      TRY(found, impl_->ResolveListed(reference, refs, host));
    }
    return {};
  });
  if (!listed) return impl_->Prefixed(std::move(listed).error());
  if (semver) {
    auto best = HighestTags(refs, reference.semver);
    auto newest = best ? impl_->NewestOf(reference, *best, credentials, {.timeout = waiter.Remaining(), .stop = call.stop})
                       : Result<Resolution>(std::move(best).error());
    if (!newest) return impl_->Prefixed(std::move(newest).error());
    return newest;
  }
  if (!reference.commit.empty() && !found.ref_name.empty()) {
    const auto tip = std::find_if(refs.begin(), refs.end(), [&](const RemoteRef& ref) { return ref.name == found.ref_name; });
    auto checked = impl_->CheckHistory(found, std::string(tip->commit()), credentials, waiter);
    if (!checked) return impl_->Prefixed(std::move(checked).error());
  }
  return found;
}

}  // namespace sluice::sources
