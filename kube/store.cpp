#include "kube/store.h"

#include <algorithm>
#include <map>

#include "kube/version.h"
#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Result;
using document::NamespacedName;
using document::Value;

NamespacedName KeyOf(const Value& object) { return {std::string(NamespaceOf(object)), std::string(NameOf(object))}; }

std::string_view UidOf(const Value& object) { return object.StringAt({"metadata", "uid"}); }

}  // namespace

struct ObjectStore::Impl final : WatchListener {
  struct Entry {
    SharedObject object;
    std::uint64_t version = 0;
    std::uint64_t list = 0;  // which list, or the watch after it, told of it last; 0: only our own write
  };
  std::map<NamespacedName, Entry> objects;
  std::vector<StoreListener*> listeners;
  std::uint64_t list = 0;
  bool told_synced = false;
  std::optional<base::Error> trouble;
  Reflector reflector;

  Impl(Client& client, document::GroupVersionKind gvk, ReflectorOptions options)
      : reflector(client, std::move(gvk), std::move(options), *this) {}

  void OnListBegin() override { ++list; }
  void OnObject(Value object) override { Put(std::move(object), list); }
  void OnDeleted(Value object) override;
  void OnListEnd(std::string_view resource_version) override;
  void OnRewound() override;
  void OnTrouble(const base::Error& error) override;

  void Put(Value object, std::uint64_t told_by);
  void Replace(Entry& entry, SharedObject object, std::uint64_t version);
  template <class Call>
  void Tell(Call call);
};

/// Listeners may remove themselves while they are told.
template <class Call>
void ObjectStore::Impl::Tell(Call call) {
  const std::vector<StoreListener*> now = listeners;
  for (StoreListener* listener : now) {
    if (std::find(listeners.begin(), listeners.end(), listener) != listeners.end()) call(*listener);
  }
}

void ObjectStore::Impl::Put(Value object, std::uint64_t told_by) {
  if (Value* metadata = object.Find("metadata"); metadata != nullptr) metadata->Erase("managedFields");
  const std::uint64_t version = VersionOf(object);
  const auto shared = std::make_shared<const Value>(std::move(object));
  const auto [at, fresh] = objects.try_emplace(KeyOf(*shared));
  Entry& entry = at->second;
  entry.list = std::max(entry.list, told_by);
  if (fresh) {
    entry.object = shared;
    entry.version = version;
    Tell([&](StoreListener& listener) { listener.OnAdded(shared); });
    return;
  }
  // What we remembered from our own write may be ahead of the watch; the same version is an echo.
  if (version != 0 && version <= entry.version) return;
  Replace(entry, shared, version);
}

/// The same name with another uid is another object: the old one went while nobody looked.
void ObjectStore::Impl::Replace(Entry& entry, SharedObject object, std::uint64_t version) {
  const SharedObject before = std::exchange(entry.object, object);
  entry.version = version;
  if (UidOf(*before) == UidOf(*object)) {
    Tell([&](StoreListener& listener) { listener.OnUpdated(before, object); });
    return;
  }
  Tell([&](StoreListener& listener) { listener.OnDeleted(before); });
  Tell([&](StoreListener& listener) { listener.OnAdded(object); });
}

void ObjectStore::Impl::OnDeleted(Value object) {
  const auto found = objects.find(KeyOf(object));
  if (found == objects.end()) return;
  const std::uint64_t version = VersionOf(object);
  if (version != 0 && version < found->second.version) return;  // it was created anew, and we have that already
  objects.erase(found);
  if (Value* metadata = object.Find("metadata"); metadata != nullptr) metadata->Erase("managedFields");
  const auto last = std::make_shared<const Value>(std::move(object));
  Tell([&](StoreListener& listener) { listener.OnDeleted(last); });
}

/// What the whole list did not tell of is gone, unless it is younger than the list.
void ObjectStore::Impl::OnListEnd(std::string_view resource_version) {
  const std::uint64_t as_of = ParseVersion(resource_version);
  std::vector<SharedObject> gone;
  for (auto at = objects.begin(); at != objects.end();) {
    const bool missing = at->second.list != list && (as_of == 0 || at->second.version <= as_of);
    if (missing) gone.push_back(at->second.object);
    at = missing ? objects.erase(at) : std::next(at);
  }
  for (const SharedObject& object : gone) Tell([&](StoreListener& listener) { listener.OnDeleted(object); });
  trouble.reset();
  if (!std::exchange(told_synced, true)) Tell([](StoreListener& listener) { listener.OnSynced(); });
}

void ObjectStore::Impl::OnRewound() {
  for (auto& [name, entry] : objects) entry.version = 0;
}

void ObjectStore::Impl::OnTrouble(const base::Error& error) {
  if (told_synced) return;
  trouble = error;
  Tell([](StoreListener& listener) { listener.OnTrouble(); });
}

ObjectStore::ObjectStore(Client& client, document::GroupVersionKind gvk, ReflectorOptions options)
    : impl_(std::make_unique<Impl>(client, std::move(gvk), std::move(options))) {}
ObjectStore::~ObjectStore() = default;

void ObjectStore::AddListener(StoreListener& listener) { impl_->listeners.push_back(&listener); }
void ObjectStore::RemoveListener(StoreListener& listener) { std::erase(impl_->listeners, &listener); }
void ObjectStore::Start() { impl_->reflector.Start(); }
net::Task<void> ObjectStore::Close() { return impl_->reflector.Close(); }
bool ObjectStore::synced() const { return impl_->reflector.synced(); }
net::Task<Result<void>> ObjectStore::WaitSynced(std::chrono::nanoseconds timeout) { return impl_->reflector.WaitSynced(timeout); }

const std::optional<base::Error>& ObjectStore::trouble() const { return impl_->trouble; }

SharedObject ObjectStore::Get(const NamespacedName& name) const {
  const auto found = impl_->objects.find(name);
  return found == impl_->objects.end() ? nullptr : found->second.object;
}

std::vector<SharedObject> ObjectStore::List() const {
  std::vector<SharedObject> out;
  out.reserve(impl_->objects.size());
  for (const auto& [name, entry] : impl_->objects) out.push_back(entry.object);
  return out;
}

std::vector<SharedObject> ObjectStore::ListNamespace(std::string_view ns) const {
  std::vector<SharedObject> out;
  for (auto at = impl_->objects.lower_bound(NamespacedName{std::string(ns), ""}); at != impl_->objects.end() && at->first.ns == ns; ++at) {
    out.push_back(at->second.object);
  }
  return out;
}

std::size_t ObjectStore::size() const { return impl_->objects.size(); }

void ObjectStore::Remember(Value object) {
  const bool known = impl_->objects.contains(KeyOf(object));
  const std::uint64_t told = ParseVersion(impl_->reflector.resource_version());
  // The watch has told everything up to `told`: an object of that age which is not here is gone.
  if (!known && VersionOf(object) <= told) return;
  impl_->Put(std::move(object), 0);
}

const document::GroupVersionKind& ObjectStore::gvk() const { return impl_->reflector.gvk(); }
const ReflectorStats& ObjectStore::stats() const { return impl_->reflector.stats(); }

}  // namespace sluice::kube
