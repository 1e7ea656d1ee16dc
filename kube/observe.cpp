// Subscribers are told in a task of their own, once for all changes that came together: so a callback may end its subscription, and with it the
// watch that has just called.
#include "kube/observe.h"

#include <map>
#include <tuple>
#include <utility>

#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Result;

/// As apimachinery's fields.EscapeValue: a name is a value and nothing else, whatever is in it.
std::string EscapeFieldValue(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c == '\\' || c == ',' || c == '=') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

struct Observer::Impl {
  using Key = std::tuple<document::GroupVersionKind, std::string, std::string, std::string, std::string, std::vector<std::string>>;

  Client& client;
  const ReflectorOptions options;
  net::Scope scope;
  std::map<Key, std::weak_ptr<Shared>> watches;

  Impl(Client& c, ReflectorOptions o) : client(c), options(std::move(o)), scope(c.transport().environment().io) {}

  std::shared_ptr<Shared> Find(const std::shared_ptr<Impl>& self, document::GroupVersionKind gvk, ReflectorOptions reflector);
};

/// One watch and all who follow it.
struct Observer::Shared final : StoreListener, std::enable_shared_from_this<Shared> {
  Shared(std::weak_ptr<Impl> observer_impl, Client& client, Impl::Key k, document::GroupVersionKind gvk, ReflectorOptions reflector)
      : observer(std::move(observer_impl)), key(std::move(k)), store(client, std::move(gvk), std::move(reflector)) {
    store.AddListener(*this);
  }
  ~Shared() override {
    if (const std::shared_ptr<Impl> impl = observer.lock()) impl->watches.erase(key);
  }

  void OnAdded(const SharedObject&) override { Changed(); }
  void OnUpdated(const SharedObject&, const SharedObject&) override { Changed(); }
  void OnDeleted(const SharedObject&) override { Changed(); }
  void OnSynced() override { Changed(); }
  void OnTrouble() override { Changed(); }

  void Changed();
  static net::Task<void> Tell(std::weak_ptr<Shared> weak);

  std::weak_ptr<Impl> observer;
  const Impl::Key key;
  ObjectStore store;
  std::map<std::uint64_t, std::shared_ptr<std::function<void()>>> callbacks;
  std::uint64_t next_callback = 1;
  bool telling = false;
};

void Observer::Shared::Changed() {
  if (std::exchange(telling, true)) return;
  if (const std::shared_ptr<Impl> impl = observer.lock()) impl->scope.Spawn(Tell(weak_from_this()));
}

net::Task<void> Observer::Shared::Tell(std::weak_ptr<Shared> weak) {
  const std::shared_ptr<Shared> self = weak.lock();
  if (self == nullptr) co_return;
  self->telling = false;
  std::vector<std::uint64_t> ids;
  for (const auto& [id, call] : self->callbacks) ids.push_back(id);
  for (std::uint64_t id : ids) {
    const auto found = self->callbacks.find(id);  // a callback before it may have ended it
    if (found == self->callbacks.end()) continue;
    const std::shared_ptr<std::function<void()>> call = found->second;
    (*call)();
  }
}

struct Observer::Subscription::State {
  std::shared_ptr<Shared> shared;
  std::uint64_t id = 0;
  ~State() { shared->callbacks.erase(id); }
};

std::shared_ptr<Observer::Shared> Observer::Impl::Find(const std::shared_ptr<Impl>& self, document::GroupVersionKind gvk,
                                                       ReflectorOptions reflector) {
  const Key key{gvk, reflector.ns, reflector.field_selector, reflector.label_selector, reflector.as.user, reflector.as.groups};
  std::weak_ptr<Shared>& known = watches[key];
  if (std::shared_ptr<Shared> shared = known.lock()) return shared;
  auto shared = std::make_shared<Shared>(self, client, key, std::move(gvk), std::move(reflector));
  known = shared;
  shared->store.Start();
  return shared;
}

Observer::Observer(Client& client, ReflectorOptions options) : impl_(std::make_shared<Impl>(client, std::move(options))) {}
Observer::~Observer() { impl_->scope.Cancel(); }

net::Task<void> Observer::Close() {
  const std::shared_ptr<Impl> impl = impl_;
  std::vector<std::shared_ptr<Shared>> open;
  for (const auto& [key, weak] : impl->watches) {
    if (std::shared_ptr<Shared> shared = weak.lock()) open.push_back(std::move(shared));
  }
  for (const std::shared_ptr<Shared>& shared : open) co_await shared->store.Close();
  co_await impl->scope.Close();
}

std::size_t Observer::watches() const { return impl_->watches.size(); }

Observer::Subscription Observer::Watch(ObjectRef ref, Impersonate as, std::function<void()> changed) {
  ReflectorOptions reflector = impl_->options;
  reflector.ns = ref.ns;
  reflector.field_selector = "metadata.name=" + EscapeFieldValue(ref.name);
  reflector.label_selector.clear();
  reflector.as = std::move(as);
  return Subscribe(impl_->Find(impl_, std::move(ref.gvk), std::move(reflector)), std::move(changed));
}

Observer::Subscription Observer::WatchSelected(document::GroupVersionKind gvk, std::string ns, std::string label_selector, Impersonate as,
                                               std::function<void()> changed) {
  ReflectorOptions reflector = impl_->options;
  reflector.ns = std::move(ns);
  reflector.label_selector = std::move(label_selector);
  reflector.field_selector.clear();
  reflector.as = std::move(as);
  return Subscribe(impl_->Find(impl_, std::move(gvk), std::move(reflector)), std::move(changed));
}

Observer::Subscription Observer::Subscribe(std::shared_ptr<Shared> shared, std::function<void()> changed) {
  auto state = std::make_shared<Subscription::State>();
  state->id = shared->next_callback++;
  shared->callbacks.emplace(state->id, std::make_shared<std::function<void()>>(std::move(changed)));
  // Whoever joins a watch that is synced hears so as well.
  if (shared->store.synced()) shared->Changed();
  state->shared = std::move(shared);
  return Subscription(std::move(state));
}

bool Observer::Subscription::synced() const { return state_ != nullptr && state_->shared->store.synced(); }

SharedObject Observer::Subscription::Get() const {
  const std::vector<SharedObject> objects = List();
  return objects.empty() ? nullptr : objects.front();
}

std::vector<SharedObject> Observer::Subscription::List() const {
  if (!synced()) return {};
  return state_->shared->store.List();
}

std::optional<base::Error> Observer::Subscription::trouble() const {
  if (state_ == nullptr) return std::nullopt;
  return state_->shared->store.trouble();
}

net::Task<Result<void>> Observer::Subscription::WaitSynced(std::chrono::nanoseconds timeout) {
  const std::shared_ptr<State> state = state_;
  if (state == nullptr) co_return base::MakeError(base::Reason::Canceled, "the subscription has ended");
  co_return co_await state->shared->store.WaitSynced(timeout);
}

}  // namespace sluice::kube
