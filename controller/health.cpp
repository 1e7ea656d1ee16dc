#include "controller/health.h"

#include <algorithm>
#include <optional>

#include "rollout/diagnose.h"

namespace sluice::controller {
namespace {

using document::Value;

/// How many workloads of one object are investigated at a time: the first cause is mostly everybody's.
constexpr std::size_t kMaxInvestigations = 4;

std::vector<Value> Copies(const std::vector<kube::SharedObject>& objects) {
  std::vector<Value> out;
  out.reserve(objects.size());
  for (const kube::SharedObject& object : objects) out.push_back(*object);
  return out;
}

/// `Deployment shop/web`
std::string Spoken(const kube::ObjectRef& ref) { return ref.gvk.kind + " " + (ref.ns.empty() ? ref.name : ref.ns + "/" + ref.name); }

}  // namespace

struct HealthWatch::Object {
  Awaited awaited;
  std::optional<kube::Observer::Subscription> self;                ///< of what the index does not know, or whose cause is looked for
  std::optional<kube::Observer::Subscription> pods, replica_sets;  ///< while it is investigated
};

bool HealthReport::AnyFailed() const {
  return std::any_of(unready.begin(), unready.end(), [](const Entry& entry) { return entry.status.phase == rollout::Phase::Failed; });
}

bool HealthReport::AllFailed() const {
  return std::all_of(unready.begin(), unready.end(), [](const Entry& entry) { return entry.status.phase == rollout::Phase::Failed; });
}

std::string HealthReport::Statuses(bool failed_only) const {
  std::string out = "[";
  for (const Entry& entry : unready) {
    if (failed_only && entry.status.phase != rollout::Phase::Failed) continue;
    if (out.size() > 1) out += ", ";
    out += entry.ref.Id().ToString() + " status: '" + std::string(rollout::ToString(entry.status.phase)) + "'";
    if (entry.status.phase == rollout::Phase::Unknown && !entry.status.message.empty()) out += ": " + entry.status.message;
  }
  return out + "]";
}

std::string HealthReport::Details() const {
  std::string out;
  for (const Entry& entry : unready) {
    if (!out.empty()) out += "; ";
    out += Spoken(entry.ref) + ": " +
           (entry.status.message.empty() ? std::string(rollout::ToString(entry.status.phase)) : entry.status.message);
    if (!entry.cause.empty()) out += "; " + entry.cause;
  }
  return out;
}

HealthWatch::HealthWatch(kube::OwnedIndex& index, kube::Observer& observer, const base::Clock& clock, std::vector<Awaited> awaited,
                         kube::Impersonate as, std::shared_ptr<const rollout::CustomStatus> custom, std::function<void()> changed)
    : index_(index), observer_(observer), clock_(clock), as_(std::move(as)), custom_(std::move(custom)), changed_(std::move(changed)) {
  for (Awaited& one : awaited) {
    auto object = std::make_unique<Object>();
    object->awaited = std::move(one);
    if (!object->awaited.owned || !index_.IsWatched(object->awaited.ref.gvk))
      object->self = observer_.Watch(object->awaited.ref, as_, changed_);
    objects_.push_back(std::move(object));
  }
}

HealthWatch::~HealthWatch() = default;

rollout::Status HealthWatch::StatusOf(const Object& object) const {
  const Awaited& awaited = object.awaited;
  if (object.self && (!awaited.owned || !index_.IsWatched(awaited.ref.gvk))) {
    if (const auto trouble = object.self->trouble(); trouble && trouble->reason != base::Reason::Unavailable) {
      return {.phase = rollout::Phase::Unknown, .reason = std::string(base::ToString(trouble->reason)), .message = trouble->message};
    }
    if (!object.self->synced()) return {.phase = rollout::Phase::Unknown, .reason = "", .message = "not looked at yet"};
    const kube::SharedObject live = object.self->Get();
    if (live) {
      std::optional<rollout::Status> own = custom_ ? custom_->Compute(*live) : std::nullopt;
      return own ? *std::move(own) : rollout::ComputeStatus(*live, clock_.Now());
    }
  } else if (const auto known = index_.Lookup(awaited.ref)) {
    return known->status;
  }
  if (awaited.vanishes) return {.phase = rollout::Phase::Current, .reason = "", .message = ""};
  return rollout::NotFoundStatus();
}

std::string HealthWatch::CauseOf(const Object& object) const {
  if (!object.self || !object.pods || !object.pods->synced()) return "";
  const kube::SharedObject workload = object.self->Get();
  if (!workload) return "";
  const std::vector<Value> pods = Copies(object.pods->List());
  const std::vector<Value> sets = object.replica_sets ? Copies(object.replica_sets->List()) : std::vector<Value>();
  const std::vector<const Value*> newest = rollout::NewestPods(*workload, sets, pods);
  const auto cause = rollout::Diagnose(*workload, newest, sets, {}, clock_.Now());
  if (!cause) return "";
  std::string text = cause->ToString();
  if (!cause->remedy.empty()) text += (text.ends_with('.') ? " " : ". ") + cause->remedy;  // some evidence is a whole sentence
  return text;
}

HealthReport HealthWatch::Evaluate() const {
  HealthReport report;
  for (const auto& object : objects_) {
    rollout::Status status = StatusOf(*object);
    if (status.phase == rollout::Phase::Current) continue;
    report.unready.push_back({object->awaited.ref, std::move(status), CauseOf(*object)});
  }
  return report;
}

void HealthWatch::Investigate() {
  std::size_t investigated = 0;
  for (const auto& object : objects_) {
    Awaited& awaited = object->awaited;
    if (awaited.pod_selector.empty() && object->self && object->self->synced()) {
      if (const kube::SharedObject live = object->self->Get()) awaited.pod_selector = rollout::PodSelector(*live);
    }
    if (awaited.pod_selector.empty()) continue;
    const rollout::Phase phase = StatusOf(*object).phase;
    if (phase == rollout::Phase::Current || investigated == kMaxInvestigations) {
      object->pods.reset();
      object->replica_sets.reset();
      continue;
    }
    ++investigated;
    if (!object->self) object->self = observer_.Watch(awaited.ref, as_, changed_);
    if (!object->pods) object->pods = observer_.WatchSelected({"", "v1", "Pod"}, awaited.ref.ns, awaited.pod_selector, as_, changed_);
    if (awaited.ref.gvk.kind == "Deployment" && !object->replica_sets) {
      object->replica_sets = observer_.WatchSelected({"apps", "v1", "ReplicaSet"}, awaited.ref.ns, awaited.pod_selector, as_, changed_);
    }
  }
}

}  // namespace sluice::controller
