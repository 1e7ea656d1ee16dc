// One question to the server at a time. Whoever needs an answer becomes the asker or waits for the one under way; each question has a number,
// and a caller is served by any that was begun late enough for it: any running one for an unknown kind, only a later one after Invalidate().
#include "kube/mapper.h"

#include <algorithm>
#include <map>

#include "document/json.h"
#include "kube/discovery.h"
#include "kube/url.h"
#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Reason;
using base::Result;
using document::GroupKind;
using document::GroupVersionKind;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kHot{10};                  // how long after Invalidate() discovery may lag
constexpr std::chrono::milliseconds kHotPatience{2'000};  // how long one Find then waits
constexpr std::chrono::milliseconds kHotInterval{200};
constexpr std::chrono::seconds kWaitForOthers{90};

base::Error NoMatch(const GroupVersionKind& gvk) {
  return base::NotFound("no matches for kind \"" + gvk.kind + "\" in version \"" + gvk.ApiVersion() + "\"");
}

base::Error Incomplete(const std::string& kind, const std::string& where) {
  return base::MakeError(Reason::Unavailable,
                         "kind \"" + kind + "\": discovery of " + where + " is incomplete, its API service does not answer");
}

/// Something stands in the server's place or in front of it (a proxy, a load balancer, another service behind the address).
base::Error NoAnswer(const std::string& server, const std::string& path, const DocumentType& type) {
  return base::MakeError(Reason::Unavailable, "discovery: " + server + path + " does not answer with an " + std::string(type.kind) +
                                                  "; check that the address is an API server's, and what stands before it");
}

ApiRequest Question(std::string path) {
  ApiRequest request;
  request.path = std::move(path);
  request.accept = kAcceptAggregated;
  request.verb = "discover";
  request.resource = "apis";
  return request;
}

}  // namespace

bool Resource::HasSubresource(std::string_view name) const {
  return std::find(subresources.begin(), subresources.end(), name) != subresources.end();
}

std::string Resource::GroupResource() const { return gvk.group.empty() ? plural : plural + "." + gvk.group; }

std::string Resource::Path(std::string_view ns, std::string_view name) const {
  std::string path = GroupVersionPath({gvk.group, gvk.version});
  if (namespaced && !ns.empty()) path.append("/namespaces/").append(PercentEncode(ns));
  path.append("/").append(plural);
  if (!name.empty()) path.append("/").append(PercentEncode(name));
  return path;
}

struct Mapper::Impl {
  Transport& transport;
  MapperOptions options;
  std::vector<ResourcePtr> all;
  std::map<GroupVersionKind, ResourcePtr> by_gvk;
  std::map<GroupKind, ResourcePtr> preferred;
  std::set<GroupVersion> incomplete;

  std::uint64_t begun = 0, ended = 0;  // questions; at most one is under way: begun - ended is 0 or 1
  std::uint64_t needed = 0;            // answers before this one are too old since Invalidate()
  Result<void> last;                   // how question `ended` ended
  net::Event answered{net::Event::Kind::Latch};
  Steady::time_point last_begun{}, hot_until{};
  bool ever = false;

  Impl(Transport& t, MapperOptions o) : transport(t), options(o) {}

  net::Task<Result<document::Value>> Fetch(std::string path, DocumentType type);
  net::Task<Result<void>> FetchPart(std::string path, DocumentType type, Discovered& out);
  net::Task<Result<void>> Ask();
  net::Task<Result<void>> AskAs(std::uint64_t number);
  net::Task<Result<void>> Answer(std::uint64_t number);
  net::Task<Result<void>> News();
  bool Lists(const GroupVersion& gv) const;
  net::Task<Result<bool>> IsRegistered(GroupVersion gv);
  void Adopt(Discovered found);
  void KeepStale(Discovered& found) const;
  bool MayAsk() const;
  bool Hot() const { return Steady::now() < hot_until; }
  std::uint64_t Soonest() const { return begun > ended && begun >= needed ? begun : begun + 1; }
};

/// A document of `type`, or the aggregated one in its place.
net::Task<Result<document::Value>> Mapper::Impl::Fetch(std::string path, DocumentType type) {
  ApiRequest request = Question(path);
  CO_TRY(net::Response response, co_await transport.Send(std::move(request)));
  auto answer = document::ParseJson(response.body);
  if (!answer || (!Is(*answer, type) && !Is(*answer, kApiGroupDiscoveryList))) co_return NoAnswer(transport.config().server, path, type);
  co_return std::move(answer).value();
}

/// `/api` or `/apis`. Where the server does not aggregate, each group version is asked by itself; one that fails is incomplete, no more.
net::Task<Result<void>> Mapper::Impl::FetchPart(std::string path, DocumentType type, Discovered& out) {
  CO_TRY(const document::Value answer, co_await Fetch(path, type));
  if (AddAggregated(answer, out)) co_return Result<void>();
  const std::vector<GroupVersion> versions = GroupVersionsOf(answer);
  for (const GroupVersion& gv : versions) {
    auto list = co_await Fetch(GroupVersionPath(gv), kApiResourceList);
    if (!list && list.error().reason == Reason::Canceled) co_return std::move(list).error();
    if (list) AddResourceList(gv, *list, out);
    if (!list && list.error().reason != Reason::NotFound) out.incomplete.insert(gv);
  }
  co_return Result<void>();
}

net::Task<Result<void>> Mapper::Impl::Ask() {
  Discovered found;
  CO_TRY(co_await FetchPart("/api", kApiVersions, found));
  // Every API server has v1, so one without any kind of it has not answered either.
  if (found.resources.empty() && found.incomplete.empty()) co_return NoAnswer(transport.config().server, "/api", kApiVersions);
  CO_TRY(co_await FetchPart("/apis", kApiGroupList, found));
  Adopt(std::move(found));
  co_return Result<void>();
}

/// A group version that could not be asked now keeps what it was known to have.
void Mapper::Impl::KeepStale(Discovered& found) const {
  for (const GroupVersion& gv : found.incomplete) {
    const auto of_gv = [&](const ResourcePtr& r) { return r->gvk.group == gv.first && r->gvk.version == gv.second; };
    if (std::any_of(found.resources.begin(), found.resources.end(), of_gv)) continue;
    std::copy_if(all.begin(), all.end(), std::back_inserter(found.resources), of_gv);
  }
}

void Mapper::Impl::Adopt(Discovered found) {
  KeepStale(found);
  by_gvk.clear();
  preferred.clear();
  for (const ResourcePtr& resource : found.resources) {
    by_gvk.emplace(resource->gvk, resource);
    preferred.emplace(GroupKind{resource->gvk.group, resource->gvk.kind}, resource);
  }
  all = std::move(found.resources);
  incomplete = std::move(found.incomplete);
  std::stable_sort(all.begin(), all.end(), [](const ResourcePtr& a, const ResourcePtr& b) {
    return std::tie(a->gvk.group, a->gvk.kind) < std::tie(b->gvk.group, b->gvk.kind);
  });
  ever = true;
}

net::Task<Result<void>> Mapper::Impl::AskAs(std::uint64_t number) {
  begun = number;
  last_begun = Steady::now();
  answered.Reset();
  Result<void> result = co_await Ask();
  // An asker that is cancelled has no answer for the others: the next of them asks instead.
  if (!result && result.error().reason == Reason::Canceled) {
    begun = ended;
  } else {
    ended = number;
    last = result;
  }
  answered.Set();
  co_return result;
}

/// Returns how question `number`, or a later one, ended.
net::Task<Result<void>> Mapper::Impl::Answer(std::uint64_t number) {
  while (ended < number) {
    if (begun == ended) {
      Result<void> own = co_await AskAs(ended + 1);
      if (!own && own.error().reason == Reason::Canceled) co_return own;
    } else {
      CO_TRY(co_await answered.Wait(kWaitForOthers));
    }
  }
  co_return last;
}

/// Waits for an answer that is not from before this call: an old one cannot tell that a kind is absent, only that it was. Until the server may
/// be asked again, that takes a while.
net::Task<Result<void>> Mapper::Impl::News() {
  const std::uint64_t number = Soonest();
  while (ended < number && begun == ended && !MayAsk() && !Hot()) {
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(last_begun + options.min_refresh_interval - Steady::now());
    CO_TRY(co_await net::SleepFor(pause));
  }
  co_return co_await Answer(number);
}

bool Mapper::Impl::Lists(const GroupVersion& gv) const {
  return std::any_of(all.begin(), all.end(), [&](const ResourcePtr& r) { return r->gvk.group == gv.first && r->gvk.version == gv.second; });
}

/// Whether the server is to serve that group version, although its lists have nothing of it: one that starts does not know yet what its definitions bring,
/// but their API services are stored. Whoever may not look believes the lists.
net::Task<Result<bool>> Mapper::Impl::IsRegistered(GroupVersion gv) {
  ApiRequest request = Question("/apis/apiregistration.k8s.io/v1/apiservices/" + PercentEncode(gv.second + "." + gv.first));
  request.accept = "application/json";
  const Result<net::Response> answer = co_await transport.Send(std::move(request));
  if (answer) co_return true;
  if (answer.error().reason == Reason::NotFound || answer.error().reason == Reason::Forbidden) co_return false;
  co_return answer.error();
}

bool Mapper::Impl::MayAsk() const { return !ever || ended < needed || Steady::now() - last_begun >= options.min_refresh_interval; }

Mapper::Mapper(Transport& transport, MapperOptions options) : impl_(std::make_unique<Impl>(transport, options)) {}
Mapper::~Mapper() = default;

ResourcePtr Mapper::Cached(const GroupVersionKind& gvk) const {
  const auto found = impl_->by_gvk.find(gvk);
  return found == impl_->by_gvk.end() ? nullptr : found->second;
}

ResourcePtr Mapper::CachedPreferred(const GroupKind& kind) const {
  const auto found = impl_->preferred.find(kind);
  return found == impl_->preferred.end() ? nullptr : found->second;
}

net::Task<Result<ResourcePtr>> Mapper::Find(GroupVersionKind gvk) {
  Impl& impl = *impl_;
  const Steady::time_point patience = Steady::now() + kHotPatience;
  for (;;) {
    if (ResourcePtr known = Cached(gvk)) co_return known;
    CO_TRY(co_await impl.News());
    if (ResourcePtr known = Cached(gvk)) co_return known;
    if (!impl.Hot() || Steady::now() >= patience) break;
    CO_TRY(co_await net::SleepFor(kHotInterval));
  }
  const GroupVersion gv{gvk.group, gvk.version};
  if (impl.incomplete.contains(gv)) co_return Incomplete(gvk.kind, gvk.ApiVersion());
  if (!gvk.group.empty() && !impl.Lists(gv)) {
    CO_TRY(const bool registered, co_await impl.IsRegistered(gv));
    if (registered) co_return Incomplete(gvk.kind, gvk.ApiVersion());
  }
  co_return NoMatch(gvk);
}

net::Task<Result<ResourcePtr>> Mapper::FindPreferred(GroupKind kind) {
  Impl& impl = *impl_;
  if (ResourcePtr known = CachedPreferred(kind)) co_return known;
  CO_TRY(co_await impl.News());
  if (ResourcePtr known = CachedPreferred(kind)) co_return known;
  for (const GroupVersion& gv : impl.incomplete) {
    if (gv.first == kind.group) co_return Incomplete(kind.kind, kind.group);
  }
  co_return base::NotFound("no matches for kind \"" + kind.kind + "\" in group \"" + kind.group + "\"");
}

net::Task<Result<ResourcePtr>> Mapper::FindServed(GroupVersionKind gvk) {
  const GroupKind kind{gvk.group, gvk.kind};
  net::Task<Result<ResourcePtr>> finding = Find(std::move(gvk));
  Result<ResourcePtr> found = co_await std::move(finding);
  if (found || found.error().reason != base::Reason::NotFound) co_return found;
  if (ResourcePtr other = CachedPreferred(kind)) co_return other;
  co_return found;
}

net::Task<Result<std::vector<ResourcePtr>>> Mapper::All() {
  if (!impl_->ever) CO_TRY(co_await impl_->Answer(impl_->Soonest()));
  co_return impl_->all;
}

void Mapper::Invalidate() {
  impl_->needed = impl_->begun + 1;
  impl_->hot_until = Steady::now() + kHot;
}

void Mapper::Forget(const GroupVersionKind& gvk) {
  impl_->by_gvk.erase(gvk);
  impl_->preferred.erase(GroupKind{gvk.group, gvk.kind});
  impl_->needed = impl_->begun + 1;
}

net::Task<Result<void>> Mapper::Refresh() { return impl_->Answer(impl_->begun + 1); }

std::uint64_t Mapper::refreshes() const { return impl_->ended; }

}  // namespace sluice::kube
