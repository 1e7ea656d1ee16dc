// What is recorded becomes, at once, either a new Event or a patch of one, and waits in one of a few lanes. All that is about one object has the same lane, so it is
// written in the order in which it was said; the lanes run side by side, so that one slow answer does not hold up all.
#include "kube/events.h"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <unordered_map>
#include <utility>

#include "base/utf8.h"
#include "kube/event_correlator.h"
#include "kube/event_poster.h"
#include "net/await.h"

namespace sluice::kube {

namespace {

using base::Reason;
using base::Result;
using document::Value;

constexpr std::size_t kMaxMessage = 39'000;
constexpr std::size_t kMaxName = 253;
constexpr std::size_t kLanes = 4;

std::string Cut(std::string message) {
  constexpr std::string_view kDots = "...";
  if (message.size() <= kMaxMessage) return message;
  std::size_t end = 0;
  while (end < message.size()) {
    const std::size_t length = std::max<std::size_t>(1, base::Utf8Length(std::string_view(message).substr(end)));
    if (end + length > kMaxMessage - kDots.size()) break;
    end += length;
  }
  message.resize(end);
  return message.append(kDots);
}

/// `<object>.<nanoseconds in hex>`, as client-go names them; the object's name gives way where the whole would be too long.
std::string EventName(std::string_view object, std::uint64_t number) {
  std::string hex;
  for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[number >> shift & 15];
  std::string name(object.substr(0, kMaxName - 1 - hex.size()));
  while (!name.empty() && (name.back() == '.' || name.back() == '-')) name.pop_back();
  return name.append(".").append(hex);
}

/// One write that waits.
struct Job {
  Value event;  // whole: a patch whose Event has expired creates it anew
  bool patch = false;
  std::string about;  // the object's uid; "" where it has none
};
using SharedJob = std::shared_ptr<Job>;

/// The lane of what is about `involved`.
std::size_t LaneOf(const Value& involved) {
  std::string object(involved.StringAt({"uid"}));
  if (object.empty()) {
    for (const std::string_view field : {"kind", "namespace", "name"}) object.append(involved.StringAt({field})).push_back('/');
  }
  return std::hash<std::string>()(object) % kLanes;
}

/// Whether everything that `older` is annotated with is said by `newer` too.
bool Covers(const Value& newer, const Value& older) {
  const Value* mine = older.At({"metadata", "annotations"});
  if (mine == nullptr) return true;
  for (const document::Member& member : mine->members()) {
    const Value* theirs = newer.At({"metadata", "annotations", member.key});
    if (theirs == nullptr || !(*theirs == member.value)) return false;
  }
  return true;
}

Value PatchOf(const Value& event) {
  Value patch = Value::Mapping();
  for (std::string_view field : {"count", "lastTimestamp", "message"}) patch.Set(field, *event.Find(field));
  return patch;
}

}  // namespace

Value ReferenceTo(const Value& object) {
  Value reference = Value::Mapping();
  const auto set = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) reference.Set(key, value);
  };
  set("kind", object.StringAt({"kind"}));
  set("namespace", NamespaceOf(object));
  set("name", NameOf(object));
  set("uid", object.StringAt({"metadata", "uid"}));
  set("apiVersion", object.StringAt({"apiVersion"}));
  set("resourceVersion", object.StringAt({"metadata", "resourceVersion"}));
  return reference;
}

struct EventRecorder::Impl {
  Client& client;
  const EventOptions options;
  EventCorrelator correlator;
  EventStats stats;
  std::array<std::deque<SharedJob>, kLanes> lanes;
  std::array<bool, kLanes> busy{};
  std::unordered_map<std::string, SharedJob> newest;  // of each object, among the Normal ones that are new and wait
  std::size_t waiting = 0;
  std::uint64_t last_number = 0;
  net::Event idle{net::Event::Kind::Latch};
  net::Scope scope;

  Impl(Client& c, EventOptions o) : client(c), options(std::move(o)), correlator(options.memory), scope(c.transport().environment().io) {
    idle.Set();
  }

  std::uint64_t NextNumber(base::TimePoint now);
  Value Body(const Event& event, const Correlated& as, base::TimePoint now) const;
  bool Join(const Value& event, const std::string& about);
  void Enqueue(SharedJob job, std::size_t lane);
  SharedJob Pop(std::deque<SharedJob>& lane);
  void DropOldest();
  void Settle();
  net::Task<Result<void>> Write(const Job& job);
  static net::Task<void> RunLane(std::shared_ptr<Impl> self, std::size_t lane);
};

/// Nanoseconds, but never the same twice.
std::uint64_t EventRecorder::Impl::NextNumber(base::TimePoint now) {
  const auto nanoseconds = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count());
  last_number = std::max(nanoseconds, last_number + 1);
  return last_number;
}

Value EventRecorder::Impl::Body(const Event& event, const Correlated& as, base::TimePoint now) const {
  const std::string_view ns = event.involved.StringAt({"namespace"});
  Value body = Value::Mapping();
  body.Set("apiVersion", "v1");
  body.Set("kind", "Event");
  Value& metadata = body["metadata"];
  metadata.Set("name", as.name);
  metadata.Set("namespace", ns.empty() ? "default" : ns);
  for (const auto& [key, value] : event.annotations) metadata["annotations"].Set(key, value);
  body.Set("involvedObject", event.involved);
  body.Set("reason", event.reason);
  body.Set("message", as.message);
  body.Set("type", event.type == EventType::Warning ? "Warning" : "Normal");
  body.Set("count", static_cast<std::int64_t>(as.count));
  body.Set("firstTimestamp", base::FormatRfc3339(as.first));
  body.Set("lastTimestamp", base::FormatRfc3339(now));
  body["source"].Set("component", options.component);
  if (!options.instance.empty()) body["source"].Set("host", options.instance);
  body.Set("reportingComponent", options.component);
  body.Set("reportingInstance", options.instance);
  return body;
}

/// Puts what a new event says into one of the same object that waits.
bool EventRecorder::Impl::Join(const Value& event, const std::string& about) {
  const auto found = newest.find(about);
  if (waiting < options.join_from || found == newest.end()) return false;
  Value& older = found->second->event;
  std::string message = std::string(older.StringAt({"message"})) + "\n" + std::string(event.StringAt({"message"}));
  if (message.size() > kMaxMessage || !Covers(event, older)) return false;
  older.Set("message", std::move(message));
  for (const std::string_view field : {"reason", "involvedObject", "lastTimestamp"}) older.Set(field, *event.Find(field));
  if (const Value* annotations = event.At({"metadata", "annotations"})) older["metadata"].Set("annotations", *annotations);
  ++stats.joined;
  return true;
}

SharedJob EventRecorder::Impl::Pop(std::deque<SharedJob>& lane) {
  SharedJob job = std::move(lane.front());
  lane.pop_front();
  --waiting;
  if (const auto found = newest.find(job->about); found != newest.end() && found->second == job) newest.erase(found);
  return job;
}

void EventRecorder::Impl::DropOldest() {
  std::deque<SharedJob>* longest = &lanes[0];
  for (std::deque<SharedJob>& lane : lanes) {
    if (lane.size() > longest->size()) longest = &lane;
  }
  Pop(*longest);
  ++stats.dropped;
}

void EventRecorder::Impl::Enqueue(SharedJob job, std::size_t lane) {
  if (waiting >= options.queue) DropOldest();
  if (job->event.StringAt({"type"}) != "Normal") {
    newest.erase(job->about);  // what comes after a warning is not said before it
  } else if (!job->patch) {
    newest[job->about] = job;
  }
  lanes[lane].push_back(std::move(job));
  ++waiting;
  idle.Reset();
}

/// Nothing waits and nobody writes: whoever flushes may go.
void EventRecorder::Impl::Settle() {
  bool any = waiting != 0;
  for (bool lane : busy) any = any || lane;
  if (!any) idle.Set();
}

net::Task<Result<void>> EventRecorder::Impl::Write(const Job& job) {
  const WriteOptions write{.manager = options.component, .metadata_only = true, .patient = waiting < options.queue / 4 * 3};
  if (job.patch) {
    const ObjectRef ref = ObjectRef::Of(job.event);
    const Value patch = PatchOf(job.event);
    auto patched = co_await client.Patch(ref, PatchType::Merge, patch, write);
    if (patched) ++stats.patched;
    if (patched) co_return Result<void>();
    if (patched.error().reason != Reason::NotFound) co_return std::move(patched).error();
  }
  auto created = co_await client.Create(job.event, write);
  if (!created) co_return std::move(created).error();
  ++stats.created;
  co_return Result<void>();
}

net::Task<void> EventRecorder::Impl::RunLane(std::shared_ptr<Impl> self, std::size_t lane) {
  while (!self->lanes[lane].empty()) {
    const SharedJob job = self->Pop(self->lanes[lane]);
    Result<void> written = co_await self->Write(*job);
    if (written) continue;
    if (written.error().reason == Reason::Canceled) break;
    ++self->stats.failed;
    const base::Logger& log = self->client.transport().environment().log;
    log.Error("event not written", written.error().message,
              {{"namespace", NamespaceOf(job->event)}, {"reason", job->event.StringAt({"reason"})}});
  }
  self->busy[lane] = false;
  self->Settle();
}

EventRecorder::EventRecorder(Client& client, EventOptions options) : impl_(std::make_shared<Impl>(client, std::move(options))) {}
EventRecorder::~EventRecorder() { impl_->scope.Cancel(); }

void EventRecorder::Record(Event event) {
  Impl& impl = *impl_;
  event.message = Cut(std::move(event.message));
  if (impl.options.poster != nullptr && event.type != EventType::Trace) impl.options.poster->Post(event, impl.options);
  const base::TimePoint now = impl.client.transport().environment().clock.Now();
  std::string name = EventName(event.involved.StringAt({"name"}), impl.NextNumber(now));
  std::optional<Correlated> correlated = impl.correlator.Correlate(event, now, std::move(name));
  if (!correlated) {
    ++impl.stats.limited;
    return;
  }
  correlated->message = Cut(std::move(correlated->message));
  const std::size_t lane = LaneOf(event.involved);
  Job job{
      .event = impl.Body(event, *correlated, now), .patch = correlated->count > 1, .about = std::string(event.involved.StringAt({"uid"}))};
  if (!job.patch && event.type != EventType::Warning && !job.about.empty() && impl.Join(job.event, job.about)) return;
  impl.Enqueue(std::make_shared<Job>(std::move(job)), lane);
  if (!std::exchange(impl.busy[lane], true)) impl.scope.Spawn(Impl::RunLane(impl_, lane));
}

net::Task<void> EventRecorder::Flush(std::chrono::nanoseconds timeout) {
  const std::shared_ptr<Impl> impl = impl_;
  [[maybe_unused]] const Result<void> waited = co_await impl->idle.Wait(timeout);  // either way there is nothing more to do here
}

net::Task<void> EventRecorder::Close() {
  const std::shared_ptr<Impl> impl = impl_;
  for (std::deque<SharedJob>& lane : impl->lanes) lane.clear();
  impl->newest.clear();
  impl->waiting = 0;
  co_await impl->scope.Close();
}

const EventStats& EventRecorder::stats() const { return impl_->stats; }

}  // namespace sluice::kube
