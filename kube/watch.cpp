// List, then watch from the list's version, again and again. What moves on is `resource_version`: while it is set a watch can resume. It is emptied, and so a
// new list asked for, where the version is not the server's (410; a server that went back in time), where what was told cannot be resumed over, and where a
// server that answers ends one watch after the other. Whatever fails waits by decorrelated jitter, so that a thousand clients of a server that comes back do
// not come back together.
#include "kube/watch.h"

#include <algorithm>
#include <optional>

#include "document/json.h"
#include "kube/answer.h"
#include "kube/json_frames.h"
#include "kube/list.h"
#include "kube/status_error.h"
#include "kube/url.h"
#include "kube/version.h"
#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Reason;
using base::Result;
using document::Value;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kGrace{30};      // the server may end a watch that much later than asked
constexpr std::chrono::seconds kShortWatch{1};  // one that ends sooner and brought nothing counts as a failure
constexpr std::chrono::seconds kInDoubt{10};    // a watch whose server could not be asked whether it is as far as we are
constexpr int kTooManyRequests = 429;
constexpr int kMaxFailures = 5;  // so many in a row, of a server that answers, and the list tells what they did not

bool IsPermanent(const base::Error& error) {
  switch (error.reason) {
    case Reason::NotFound:
    case Reason::Forbidden:
    case Reason::Unauthorized:
    case Reason::Invalid:
    case Reason::Unsupported: return true;
    default: return false;
  }
}

}  // namespace

struct Reflector::Impl {
  Client& client;
  const document::GroupVersionKind gvk;
  const ReflectorOptions options;
  WatchListener* listener;  // nullptr once closed
  net::Scope scope;
  net::Event settled{net::Event::Kind::Latch};
  ReflectorStats stats;
  std::string resource_version;
  std::uint64_t told = 0;              // the same as a number, also once it is emptied; 0: it is none
  std::optional<base::Error> trouble;  // of the first list, while it has not been whole
  bool synced = false;
  milliseconds last_wait{0};
  Steady::time_point listed_at{};  // when the last whole list began
  bool in_doubt = false;           // a watch ended before its time: is the version still one of the server's?
  int failures = 0;                // of watches that the server answered, in a row

  Impl(Client& c, document::GroupVersionKind g, ReflectorOptions o, WatchListener& l)
      : client(c), gvk(std::move(g)), options(std::move(o)), listener(&l), scope(c.transport().environment().io) {}

  milliseconds NextWait(const base::Error& error);
  void Trouble(const base::Error& error);
  ApiRequest WatchRequest(const Resource& resource, std::chrono::seconds length) const;
  ApiRequest VersionRequest(const Resource& resource) const;
  Result<void> OnEvent(std::string_view json, const Wanted& wanted);
  Result<void> Tell(std::string_view type, Value object, const Wanted& wanted);
  bool WentBack(std::string_view version);
  net::Task<Result<void>> ListOnce();
  net::Task<Result<void>> WatchOnce();
  net::Task<Result<void>> Doubt();
  void Failed(const base::Error& error);
  net::Task<Result<void>> Turn();
  static net::Task<void> Run(std::shared_ptr<Impl> self);
};

/// Between the first wait and three times the last one ("decorrelated jitter", Brooker 2015), but never before the server asks us back.
milliseconds Reflector::Impl::NextWait(const base::Error& error) {
  const double low = static_cast<double>(options.first_backoff.count());
  const double high = 3.0 * std::max(low, static_cast<double>(last_wait.count()));
  const double picked = low + client.transport().environment().random.Uniform() * (high - low);
  last_wait = std::min(options.max_backoff, milliseconds(static_cast<std::int64_t>(picked)));
  return error.retry_after ? std::max(*error.retry_after, last_wait) : last_wait;
}

void Reflector::Impl::Trouble(const base::Error& error) {
  ++stats.failures;
  const base::Logger& log = client.transport().environment().log;
  log.Debug("watch failed", {{"kind", gvk.kind}, {"group", gvk.group}, {"error", error.message}, {"reason", ToString(error.reason)}});
  if (!synced) {
    trouble = error;
    if (IsPermanent(error)) settled.Set();
  }
  if (listener != nullptr) listener->OnTrouble(error);
}

ApiRequest Reflector::Impl::WatchRequest(const Resource& resource, std::chrono::seconds length) const {
  Query query;
  query.Add("watch", "true").Add("allowWatchBookmarks", "true").Add("resourceVersion", resource_version);
  query.Add("timeoutSeconds", std::to_string(length.count()));
  query.Add("labelSelector", options.label_selector).Add("fieldSelector", options.field_selector);
  ApiRequest request;
  request.path = resource.Path(options.ns, "") + query.text();
  request.verb = "watch";
  request.resource = resource.GroupResource();
  request.as = options.as;
  if (options.metadata_only) request.accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  request.timeout = length + kGrace;
  return request;
}

/// An object that hardly exists, from a server that is as far as we are: the answer is small, and no list.
ApiRequest Reflector::Impl::VersionRequest(const Resource& resource) const {
  Query query;
  query.Add("resourceVersion", resource_version);
  ApiRequest request;
  request.path = resource.Path(options.ns.empty() ? "default" : options.ns, "sluice-version") + query.text();
  request.verb = "get";
  request.resource = resource.GroupResource();
  request.as = options.as;
  request.accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  request.retry = Retry::Never;
  return request;
}

Result<void> Reflector::Impl::OnEvent(std::string_view json, const Wanted& wanted) {
  auto event = document::ParseJson(json);
  if (!event) return std::move(event).error().Wrap("a watch event of " + gvk.kind);
  Value* object = event->Find("object");
  if (object == nullptr) return base::MakeError(Reason::Unavailable, "a watch event of " + gvk.kind + " has no object");
  return Tell(event->StringAt({"type"}), std::move(*object), wanted);
}

Result<void> Reflector::Impl::Tell(std::string_view type, Value object, const Wanted& wanted) {
  if (type == "ERROR") return ErrorOfStatus(object);
  const bool is_bookmark = type == "BOOKMARK", is_deleted = type == "DELETED";
  if (!is_bookmark && !is_deleted && type != "ADDED" && type != "MODIFIED")
    return base::Invalid("a watch event of " + gvk.kind + " is of no known type");
  if (const Result<void> right = CheckObject(object, wanted); !right && !is_bookmark)
    return base::Invalid("a watch event of " + gvk.kind + " has another object: " + right.error().message);
  std::string version(object.StringAt({"metadata", "resourceVersion"}));
  if (version.empty()) return base::MakeError(Reason::Unavailable, "a watch event of " + gvk.kind + " has no resourceVersion");
  ++stats.events;
  last_wait = milliseconds(0);
  failures = 0;
  if (is_bookmark) ++stats.bookmarks;
  if (wanted.metadata_only) SetGvk(object, gvk);
  if (is_deleted && listener != nullptr) listener->OnDeleted(std::move(object));
  if (!is_deleted && !is_bookmark && listener != nullptr) listener->OnObject(std::move(object));
  resource_version = std::move(version);
  told = ParseVersion(resource_version);
  return {};
}

/// A list is what is stored now, so one that is older than what was told before is of another history. What it told was judged by versions; so it is told anew.
bool Reflector::Impl::WentBack(std::string_view version) {
  const std::uint64_t listed = ParseVersion(version);
  if (listed == 0 || listed >= told) return false;
  client.transport().environment().log.Info(
      "the API server went back in time; all is listed anew",
      {{"kind", gvk.kind}, {"group", gvk.group}, {"resourceVersion", std::to_string(listed)}, {"before", std::to_string(told)}});
  told = 0;
  if (listener != nullptr) listener->OnRewound();
  return true;
}

net::Task<Result<void>> Reflector::Impl::ListOnce() {
  ++stats.lists;
  const ListOptions list{.ns = options.ns,
                         .label_selector = options.label_selector,
                         .field_selector = options.field_selector,
                         .page_size = options.page_size,
                         .metadata_only = options.metadata_only,
                         .as = options.as};
  ListSink sink;
  sink.item = [this](Value object) {
    if (listener != nullptr) listener->OnObject(std::move(object));
  };
  sink.restart = [this] {
    if (listener != nullptr) listener->OnListBegin();
  };
  const Steady::time_point begun = Steady::now();
  sink.restart();
  CO_TRY(std::string version, co_await client.List(gvk, list, sink));
  if (version.empty()) co_return base::MakeError(Reason::Unavailable, "the list of " + gvk.kind + " has no resourceVersion");
  if (WentBack(version)) co_return base::MakeError(Reason::Gone, "the list of " + gvk.kind + " is older than what the server told before");
  resource_version = std::move(version);
  told = ParseVersion(resource_version);
  listed_at = begun;
  in_doubt = false;
  failures = 0;
  synced = true;
  trouble.reset();
  if (listener != nullptr) listener->OnListEnd(resource_version);
  settled.Set();
  co_return Result<void>();
}

net::Task<Result<void>> Reflector::Impl::WatchOnce() {
  CO_TRY(const ResourcePtr resource, co_await client.mapper().Find(gvk));
  const double spread =
      client.transport().environment().random.Uniform() * static_cast<double>((options.max_watch - options.min_watch).count());
  std::chrono::seconds length = options.min_watch + std::chrono::seconds(static_cast<std::int64_t>(spread));
  if (options.relist.count() > 0) length = std::min(length, options.relist);
  if (in_doubt) length = std::min(length, kInDoubt);
  ++stats.watches;
  const std::uint64_t events_before = stats.events;
  const Steady::time_point begun = Steady::now();
  std::optional<base::Error> failed;
  const Wanted wanted = Wanted::Of(*resource, options.ns, options.metadata_only);
  const FrameSink on_event = [this, &wanted](std::string_view json) { return OnEvent(json, wanted); };
  LineFrames frames(options.max_event_bytes, on_event);
  net::BodySink body = [&failed, &frames](std::string_view bytes) {
    Result<void> fed = frames.Feed(bytes);
    if (!fed) failed = std::move(fed).error();
    return !failed.has_value();
  };
  ApiRequest request = WatchRequest(*resource, length);
  int status = 0;
  auto response = co_await client.transport().OpenStream(std::move(request), std::move(body), options.stall, &status);
  // A connection that breaks is resumed, and a server that has too much to do is not asked for more.
  const bool at_once = response && stats.events == events_before && Steady::now() - begun < kShortWatch;
  if (failed || at_once || (!response && status != 0 && status != kTooManyRequests)) ++failures;
  if (failed) co_return std::move(*failed);
  if (!response) {
    if (response.error().reason == Reason::Timeout) ++stats.stalls;
    co_return std::move(response).error();
  }
  if (at_once) co_return base::MakeError(Reason::Unavailable, "the watch of " + gvk.kind + " ended at once");
  in_doubt = in_doubt || Steady::now() - begun < length;
  co_return Result<void>();
}

/// A server that went back in time (etcd restored from a backup) answers a watch from its future with silence, without a bookmark. But it says that it is not
/// so far (Gone) to who asks for something that is not older. Ok: it is, or is away, which the next watch will tell.
net::Task<Result<void>> Reflector::Impl::Doubt() {
  CO_TRY(const ResourcePtr resource, co_await client.mapper().Find(gvk));
  ApiRequest request = VersionRequest(*resource);
  const auto answer = co_await client.transport().Send(std::move(request));
  if (!answer && (answer.error().reason == Reason::Gone || answer.error().reason == Reason::Canceled)) co_return answer.error();
  in_doubt = !answer && (answer.error().reason == Reason::Unavailable || answer.error().reason == Reason::Timeout);
  if (in_doubt) failures = 0;  // it is away: a list would fail as well, and cost more
  co_return Result<void>();
}

/// After a watch, or the doubts before it. An event too large to take, or one that cannot be read, cannot be resumed over: the list after it can still be told.
void Reflector::Impl::Failed(const base::Error& error) {
  in_doubt = true;
  if (error.reason == Reason::Gone) ++stats.expired;
  constexpr Reason kStartOver[] = {Reason::Gone, Reason::TooLarge, Reason::Invalid, Reason::NotFound, Reason::Timeout};
  if (std::find(std::begin(kStartOver), std::end(kStartOver), error.reason) != std::end(kStartOver)) resource_version.clear();
}

/// One list or one watch.
net::Task<Result<void>> Reflector::Impl::Turn() {
  if (in_doubt && !resource_version.empty()) {
    Result<void> known = co_await Doubt();
    if (!known) {
      if (known.error().reason != Reason::Canceled) Failed(known.error());
      co_return known;
    }
    if (failures >= kMaxFailures) resource_version.clear();
  }
  if (resource_version.empty()) co_return co_await ListOnce();
  Result<void> watched = co_await WatchOnce();
  if (!watched) {
    Failed(watched.error());
    co_return watched;
  }
  last_wait = milliseconds(0);
  failures = 0;
  if (options.relist.count() > 0 && Steady::now() - listed_at >= options.relist) resource_version.clear();
  co_return watched;
}

net::Task<void> Reflector::Impl::Run(std::shared_ptr<Impl> self) {
  for (;;) {
    Result<void> turn = co_await self->Turn();
    if (turn) continue;
    if (turn.error().reason == Reason::Canceled) {
      const bool stopped = co_await net::IsCancelled();
      if (stopped || self->listener == nullptr) co_return;
    }
    if (turn.error().reason != Reason::Gone) self->Trouble(turn.error());
    const milliseconds wait = self->NextWait(turn.error());
    if (Result<void> slept = co_await net::SleepFor(wait); !slept) co_return;
  }
}

Reflector::Reflector(Client& client, document::GroupVersionKind gvk, ReflectorOptions options, WatchListener& listener)
    : impl_(std::make_shared<Impl>(client, std::move(gvk), std::move(options), listener)) {}

Reflector::~Reflector() { Stop(); }

void Reflector::Start() { impl_->scope.Spawn(Impl::Run(impl_)); }

void Reflector::Stop() {
  impl_->listener = nullptr;
  impl_->scope.Cancel();
}

net::Task<void> Reflector::Close() {
  const std::shared_ptr<Impl> impl = impl_;
  Stop();
  co_await impl->scope.Close();
}

bool Reflector::synced() const { return impl_->synced; }

net::Task<Result<void>> Reflector::WaitSynced(std::chrono::nanoseconds timeout) {
  const std::shared_ptr<Impl> impl = impl_;
  Result<void> waited = co_await impl->settled.Wait(timeout);
  if (impl->synced) co_return Result<void>();
  if (!waited && waited.error().reason == Reason::Canceled) co_return waited;
  if (impl->trouble) co_return impl->trouble->Wrap("watching " + impl->gvk.kind);
  co_return base::MakeError(Reason::Timeout, "watching " + impl->gvk.kind + ": no whole list yet");
}

const ReflectorStats& Reflector::stats() const { return impl_->stats; }
const std::string& Reflector::resource_version() const { return impl_->resource_version; }
const document::GroupVersionKind& Reflector::gvk() const { return impl_->gvk; }

}  // namespace sluice::kube
