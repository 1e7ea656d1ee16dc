#include "sources/git/repository.h"

#include "sources/git/repository_impl.h"
#include "sources/git/tree_files.h"

namespace sluice::sources {

using base::Error;
using base::Reason;
using base::Result;

Repository::Impl::Impl(GitUrl address, std::string path, GitLimits bounds, GitClientOptions client,
                       std::shared_ptr<SharedResources> resources)
    : url(std::move(address)),
      folder(std::move(path)),
      limits(bounds),
      options(std::move(client)),
      shared(std::move(resources)),
      fetch_lock(folder + "/lock") {}

/// Errors from below know no URL.
Error Repository::Impl::Prefixed(Error error) const {
  if (error.message.starts_with(url.text)) return error;
  return std::move(error).Wrap(url.text);
}

std::unique_ptr<Transport> Repository::Impl::MakeTransport(const TransportContext& context) const {
  return url.scheme == GitScheme::Ssh ? MakeSshTransport(context) : MakeHttpTransport(context);
}

Result<void> Repository::Impl::ConverseAnew(const TransportContext& context, const Talk& talk) {
  const std::unique_ptr<Transport> transport = MakeTransport(context);
  UploadPack host(*transport, context);
  TRY(host.Connect(limits.max_refs));
  if (transport->stateless() && !transport->redirected() && host.profile().version == 2) {
    const base::MutexLock lock(mutex);
    profile = host.profile();
  }
  return talk(host);
}

Result<void> Repository::Impl::Converse(const Credentials& credentials, const Waiter& waiter, const Talk& talk) {
  const TransportContext context{url, credentials, options, waiter, *shared};
  std::optional<HostProfile> known;
  {
    const base::MutexLock lock(mutex);
    known = profile;
  }
  if (!known) return ConverseAnew(context, talk);
  const std::unique_ptr<Transport> transport = MakeTransport(context);
  UploadPack host(*transport, context);
  host.Assume(*known);
  auto done = talk(host);
  // What a host does not understand any more, or answers from elsewhere, deserves the whole question.
  const bool doubtful = !done && (done.error().reason == Reason::Invalid || done.error().reason == Reason::Unsupported ||
                                  done.error().reason == Reason::NotFound);
  if (!doubtful) return done;
  {
    const base::MutexLock lock(mutex);
    profile.reset();
  }
  return ConverseAnew(context, talk);
}

Result<CommitInfo> ReadCommitFrom(const ObjectStore& store, std::string_view commit) {
  TRY(const ObjectId id, ParseObjectId(commit));
  TRY(const std::string raw, store.Read(id, ObjectKind::Commit));
  auto info = ParseCommit(commit, raw);
  if (!info) return std::move(info).error().Wrap("commit " + std::string(commit));
  return info;
}

namespace {

Result<std::string> SubmoduleIn(const ObjectStore& store, std::string_view commit, std::string_view path) {
  TRY(const CommitInfo info, ReadCommitFrom(store, commit));
  TRY(ObjectId tree, ParseObjectId(info.tree));
  for (std::string_view rest = path;;) {
    const std::size_t end = rest.find('/');
    TRY(const std::shared_ptr<const Tree> directory, store.ReadTree(tree));
    const TreeEntry* entry = directory->Find(rest.substr(0, end));
    const bool last = end == std::string_view::npos;
    if (!entry || entry->kind != (last ? TreeEntryKind::Submodule : TreeEntryKind::Directory))
      return base::NotFound("there is no submodule at '" + std::string(path) + "'");
    if (last) return ToHex(entry->id);
    tree = entry->id;
    rest.remove_prefix(end + 1);
  }
}

}  // namespace

Repository::Repository(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Repository::~Repository() = default;

const GitUrl& Repository::url() const { return impl_->url; }

Result<void> Repository::Fetch(const Resolution& resolution, const Credentials& credentials, const GitCall& call) {
  auto done = impl_->Fetch(resolution, credentials, call);
  if (!done) return impl_->Prefixed(std::move(done).error());
  return done;
}

bool Repository::Has(std::string_view commit) const { return impl_->StoreWith(commit) != nullptr; }

Result<std::shared_ptr<const base::Files>> Repository::OpenTree(std::string_view commit) const {
  std::shared_ptr<ObjectStore> store = impl_->StoreWith(commit);
  if (!store) return impl_->Fail(Reason::NotFound, "commit " + std::string(commit) + " is not in the cache");
  auto info = ReadCommitFrom(*store, commit);
  if (!info) return impl_->Prefixed(std::move(info).error());
  TRY(const ObjectId root, ParseObjectId(info->tree));
  if (auto tree = store->ReadTree(root); !tree) return impl_->Prefixed(std::move(tree).error());
  return OpenTreeFiles(std::move(store), root);
}

Result<std::string> Repository::SubmoduleAt(std::string_view commit, std::string_view path) const {
  const std::shared_ptr<ObjectStore> store = impl_->StoreWith(commit);
  if (!store) return impl_->Fail(Reason::NotFound, "commit " + std::string(commit) + " is not in the cache");
  auto found = SubmoduleIn(*store, commit, path);
  if (!found) return impl_->Prefixed(std::move(found).error());
  return found;
}

Result<CommitInfo> Repository::ReadCommit(std::string_view commit) const {
  const std::shared_ptr<ObjectStore> store = impl_->StoreWith(commit);
  if (!store) return impl_->Fail(Reason::NotFound, "commit " + std::string(commit) + " is not in the cache");
  auto info = ReadCommitFrom(*store, commit);
  if (!info) return impl_->Prefixed(std::move(info).error());
  return info;
}

Result<TagInfo> Repository::ReadTag(std::string_view tag_object) const {
  impl_->Load();
  std::shared_ptr<ObjectStore> store;
  {
    const base::MutexLock lock(impl_->mutex);
    for (const HeldCommit& held : impl_->held)
      if (held.tag_object == tag_object) store = impl_->store;
  }
  if (!store) return impl_->Fail(Reason::NotFound, "tag object " + std::string(tag_object) + " is not in the cache");
  TRY(const ObjectId id, ParseObjectId(tag_object));
  auto raw = store->Read(id, ObjectKind::Tag);
  if (!raw) return impl_->Prefixed(std::move(raw).error());
  auto tag = ParseTag(tag_object, *raw);
  if (!tag) return impl_->Prefixed(std::move(tag).error());
  return tag;
}

std::uint64_t Repository::DiskBytes() const {
  impl_->Load();
  const base::MutexLock lock(impl_->mutex);
  return impl_->store ? impl_->store->DiskBytes() : 0;
}

std::string_view FetchFailedReason(const Error& error) {
  return error.reason == Reason::Gone ? "EmptyGitRepository" : "GitOperationFailed";
}

}  // namespace sluice::sources
