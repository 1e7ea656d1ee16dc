#include "kube/index.h"

#include <algorithm>

#include "kube/index_impl.h"
#include "kube/version.h"
#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Reason;
using base::Result;
using document::GroupVersionKind;
using document::Value;

}  // namespace

OwnedIndex::Impl::Impl(Client& c, IndexOptions o, OwnedListener& l)
    : client(c),
      options(std::move(o)),
      takeover{.manager = options.manager, .overridden = options.overridden_managers},
      listener(l),
      name_label(options.label_prefix + "/name"),
      namespace_label(options.label_prefix + "/namespace") {}

OwnedIndex::Impl::KindWatch::KindWatch(Impl& i, KindId k, GroupVersionKind gvk, ReflectorOptions reflector_options)
    : index(i), kind(k), reflector(i.client, std::move(gvk), std::move(reflector_options), *this) {}

KindId OwnedIndex::Impl::IdOfKind(const GroupVersionKind& gvk) {
  const auto [at, fresh] = kind_ids.try_emplace(gvk, static_cast<KindId>(kinds.size()));
  if (fresh) kinds.push_back(gvk);
  return at->second;
}

ObjectRef OwnedIndex::Impl::RefOf(const Row& row) const {
  return {kinds[row.kind], std::string(table.Text(row.ns)), std::string(table.Text(row.name))};
}

OwnedObject OwnedIndex::Impl::ToObject(const Row& row) const {
  OwnedObject object;
  object.ref = RefOf(row);
  object.uid = table.UidOf(row);
  object.resource_version = row.version;
  object.fingerprint = row.fingerprint;
  object.owner = table.OwnerOf(row);
  object.status = table.StatusOf(row);
  object.deleting = row.deleting;
  object.selectors = row.selectors;
  object.leftovers = row.leftovers;
  if (row.settled != 0) object.settled = rollout::Settled{.desired = row.settled, .live = row.fingerprint};
  return object;
}

RowId OwnedIndex::Impl::FindRow(const ObjectRef& ref) const {
  const auto kind = kind_ids.find(ref.gvk);
  return kind == kind_ids.end() ? kNoRow : table.Find(kind->second, ref.ns, ref.name);
}

void OwnedIndex::Impl::EraseKind(KindId kind) {
  std::vector<RowId> rows;
  table.ForEach([&](RowId id, const Row& row) {
    if (row.kind == kind) rows.push_back(id);
  });
  for (RowId id : rows) table.Erase(id);
}

OwnedIndex::OwnedIndex(Client& client, IndexOptions options, OwnedListener& listener)
    : impl_(std::make_shared<Impl>(client, std::move(options), listener)) {}
OwnedIndex::~OwnedIndex() { impl_->closed = true; }

net::Task<void> OwnedIndex::Close() {
  const std::shared_ptr<Impl> impl = impl_;
  impl->closed = true;
  for (const auto& [gvk, watch] : impl->watches) co_await watch->reflector.Close();
  impl->closing.clear();
}

net::Task<Result<void>> OwnedIndex::EnsureWatched(GroupVersionKind gvk, std::chrono::nanoseconds timeout) {
  const std::shared_ptr<Impl> impl = impl_;
  if (IsWatched(gvk)) co_return Result<void>();
  CO_TRY(const ResourcePtr resource, co_await impl->client.mapper().Find(gvk));
  if (!resource->Can(Verb::List) || !resource->Can(Verb::Watch)) {
    co_return base::MakeError(Reason::Unsupported, "kind \"" + gvk.kind + "\" in version \"" + gvk.ApiVersion() + "\" cannot be watched");
  }
  if (impl->closed) co_return base::MakeError(Reason::Canceled, "the index is closed");
  std::unique_ptr<Impl::KindWatch>& watch = impl->watches[gvk];
  if (watch == nullptr) {
    ReflectorOptions reflector = impl->options.reflector;
    reflector.label_selector = impl->name_label;  // "exists"
    watch = std::make_unique<Impl::KindWatch>(*impl, impl->IdOfKind(gvk), gvk, std::move(reflector));
    watch->reflector.Start();
  }
  impl->closing.clear();
  co_return co_await watch->reflector.WaitSynced(timeout);
}

bool OwnedIndex::IsWatched(const GroupVersionKind& gvk) const {
  const auto found = impl_->watches.find(gvk);
  return found != impl_->watches.end() && found->second->reflector.synced();
}

void OwnedIndex::Forget(const GroupVersionKind& gvk) {
  const auto found = impl_->watches.find(gvk);
  if (found == impl_->watches.end()) return;
  found->second->reflector.Stop();
  impl_->EraseKind(found->second->kind);
  impl_->closing.push_back(std::move(found->second));
  impl_->watches.erase(found);
}

std::optional<OwnedObject> OwnedIndex::Lookup(const ObjectRef& ref) const {
  const RowId id = impl_->FindRow(ref);
  if (id == kNoRow) return std::nullopt;
  return impl_->ToObject(impl_->table.At(id));
}

std::vector<OwnedObject> OwnedIndex::ListOwned(const Owner& owner) const {
  std::vector<OwnedObject> out;
  impl_->table.ForEachOwned(owner.ns, owner.name, [&](RowId, const Row& row) { out.push_back(impl_->ToObject(row)); });
  std::sort(out.begin(), out.end(), [](const OwnedObject& a, const OwnedObject& b) { return a.ref < b.ref; });
  return out;
}

OwnedIndex::WriteGuard OwnedIndex::BeginWrite(ObjectRef ref) {
  impl_->Begin(ref);
  return WriteGuard(impl_, std::move(ref));
}

void OwnedIndex::RecordApplied(const Value& stored, std::uint64_t desired) {
  WriteGuard guard = BeginWrite(ObjectRef::Of(stored));
  guard.Applied(stored, desired);
}

void OwnedIndex::Rejudge(const Value& live) {
  const RowId id = impl_->FindRow(ObjectRef::Of(live));
  if (id == kNoRow || impl_->table.At(id).version != VersionOf(live)) return;
  impl_->table.SetStatus(id, impl_->Read(live).status);
}

void OwnedIndex::Settle(const ObjectRef& ref, rollout::Settled settled) {
  const RowId id = impl_->FindRow(ref);
  if (id != kNoRow && impl_->table.At(id).fingerprint == settled.live) impl_->table.At(id).settled = settled.desired;
}

OwnedIndex::Stats OwnedIndex::stats() const {
  const std::size_t pending = impl_->pending.size() * sizeof(std::pair<ObjectRef, Impl::Pending>);
  return {.kinds = impl_->watches.size(), .objects = impl_->table.size(), .bytes = impl_->table.bytes() + pending};
}

OwnedIndex::WriteGuard::WriteGuard(WriteGuard&& other) noexcept : index_(std::move(other.index_)), ref_(std::move(other.ref_)) {}

OwnedIndex::WriteGuard::~WriteGuard() {
  if (const std::shared_ptr<Impl> index = index_.lock()) index->End(ref_);
}

void OwnedIndex::WriteGuard::Applied(const Value& stored, std::uint64_t desired) {
  if (const std::shared_ptr<Impl> index = index_.lock()) index->Applied(ref_, stored, desired);
}

void OwnedIndex::WriteGuard::Deleted(std::string_view uid) {
  if (const std::shared_ptr<Impl> index = index_.lock()) index->ForetellGone(ref_, uid);
}

}  // namespace sluice::kube
