// Every pod, every container of it, every replica set and event may offer a cause. Each cause has a rank: how directly it names what a person must
// change. The best rank wins; of equals the one seen first (init containers before containers, pods in order of their names), so that the answer does
// not flicker while kubelets retry.
#include "rollout/diagnose.h"

#include <algorithm>

#include "base/utf8.h"
#include "rollout/conditions.h"

namespace sluice::rollout {

namespace {

using document::Value;

// Lower is more telling.
enum Rank { kConfiguration, kImage, kOutOfMemory, kCrash, kScheduling, kVolume, kNoPods, kProbe, kNotReady, kNone };

struct Ranked {
  Cause cause;
  int rank = kNone;
};

void Take(std::optional<Ranked>& best, std::optional<Ranked> candidate) {
  if (candidate && (!best || candidate->rank < best->rank)) best = std::move(candidate);
}

// One line of at most 1,024 bytes, cut on a character.
std::string OneLine(std::string_view text) {
  constexpr std::size_t kMax = 1024;
  std::string line;
  for (const char c : text) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!space)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  if (line.size() <= kMax) return line;
  std::size_t end = kMax - 3;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xc0) == 0x80) --end;
  return line.substr(0, end) + "...";
}

Ranked Make(int rank, const Value& object, std::string_view container, std::string_view reason, std::string_view evidence,
            std::string_view remedy) {
  return {.cause = {.reason = std::string(reason),
                    .object = document::IdOf(object),
                    .container = std::string(container),
                    .evidence = OneLine(evidence),
                    .remedy = std::string(remedy)},
          .rank = rank};
}

// --- Containers.

struct WaitingRow {
  std::string_view reason;
  int rank;
  std::string_view remedy;
};
constexpr WaitingRow kWaiting[] = {
    {"CreateContainerConfigError", kConfiguration, "Create the ConfigMap, Secret or key that it names, or correct the reference."},
    {"CreateContainerError", kConfiguration, "Correct the container's command, mounts or security context."},
    {"RunContainerError", kConfiguration, "Correct the container's command, mounts or security context."},
    {"PreStartHookError", kConfiguration, "Correct the container's preStart hook."},
    {"PostStartHookError", kConfiguration, "Correct the container's postStart hook."},
    {"InvalidImageName", kImage, "Correct the image's name."},
    {"ErrImageNeverPull", kImage, "Bring the image onto the node, or let imagePullPolicy pull it."},
    {"ImageInspectError", kImage, "Check the image on the node."},
    {"ErrImagePull", kImage, "Check that the image and its tag exist and that the node may pull it (imagePullSecrets, registry)."},
    {"ImagePullBackOff", kImage, "Check that the image and its tag exist and that the node may pull it (imagePullSecrets, registry)."},
    {"RegistryUnavailable", kImage, "The registry does not answer; try again when it does."},
    {"SignatureValidationFailed", kImage, "Sign the image, or correct the signature policy of the node."},
};

std::string ExitText(const Value& terminated) {
  std::string text = "exit code " + std::to_string(IntAt(terminated, {"exitCode"}, 0));
  const std::int64_t signal = IntAt(terminated, {"signal"}, 0);
  if (signal != 0) text += ", signal " + std::to_string(signal);
  const std::string_view reason = terminated.StringAt({"reason"});
  if (!reason.empty() && reason != "Error") text += ", " + std::string(reason);
  const std::string_view message = terminated.StringAt({"message"});
  if (!message.empty()) text += ": " + std::string(message);
  return text;
}

std::string_view CrashRemedy(std::int64_t code) {
  switch (code) {
    case 0: return "Its program ends by itself; give it one that keeps running.";
    case 126: return "Make the command executable.";
    case 127: return "Correct the command: the image has no such program.";
    case 137: return "It was killed: check its memory limit and its liveness probe.";
    case 143: return "It was asked to stop: check its liveness probe.";
    default: return "Read the log of its last run (kubectl logs --previous).";
  }
}

std::string Restarted(std::int64_t restarts) { return "restarted " + std::to_string(restarts) + (restarts == 1 ? " time, " : " times, "); }

// A container that ended, and either is being restarted or will not be.
Ranked EndedContainer(const Value& pod, std::string_view name, std::string_view reason, const Value& terminated, std::int64_t restarts) {
  if (terminated.StringAt({"reason"}) == "OOMKilled") {
    return Make(kOutOfMemory, pod, name, "OOMKilled", Restarted(restarts) + ExitText(terminated),
                "Raise its memory limit, or let it use less.");
  }
  const std::int64_t code = IntAt(terminated, {"exitCode"}, 0);
  return Make(kCrash, pod, name, reason, Restarted(restarts) + ExitText(terminated), CrashRemedy(code));
}

std::optional<Ranked> WaitingContainer(const Value& pod, const Value& status, const Value& waiting) {
  const std::string_view name = status.StringAt({"name"}), reason = waiting.StringAt({"reason"});
  const std::int64_t restarts = IntAt(status, {"restartCount"}, 0);
  const Value* last = status.At({"lastState", "terminated"});
  if (reason == "CrashLoopBackOff") {
    if (last != nullptr) return EndedContainer(pod, name, reason, *last, restarts);
    return Make(kCrash, pod, name, reason, waiting.StringAt({"message"}), CrashRemedy(-1));
  }
  const auto row = std::find_if(std::begin(kWaiting), std::end(kWaiting), [&](const WaitingRow& r) { return r.reason == reason; });
  if (row == std::end(kWaiting)) return std::nullopt;  // ContainerCreating, PodInitializing: nothing is wrong yet
  const std::string_view message = waiting.StringAt({"message"});
  const std::string image = "image \"" + std::string(status.StringAt({"image"})) + "\"";
  return Make(row->rank, pod, name, reason, message.empty() ? image : message, row->remedy);
}

std::optional<Ranked> Container(const Value& pod, const Value& status) {
  if (const Value* waiting = status.At({"state", "waiting"})) return WaitingContainer(pod, status, *waiting);
  const std::string_view name = status.StringAt({"name"});
  const std::int64_t restarts = IntAt(status, {"restartCount"}, 0);
  if (const Value* ended = status.At({"state", "terminated"})) {
    if (IntAt(*ended, {"exitCode"}, 0) == 0) return std::nullopt;
    const std::string_view reason = restarts > 0 ? "CrashLoopBackOff" : ended->StringAt({"reason"});  // the kubelet will say so in a moment
    return EndedContainer(pod, name, reason.empty() ? "Error" : reason, *ended, restarts);
  }
  const Value* last = status.At({"lastState", "terminated"});
  const Value* ready = status.Find("ready");
  const bool is_ready = ready != nullptr && ready->AsBool().value_or(false);
  if (last != nullptr && restarts > 0 && !is_ready) return EndedContainer(pod, name, "Restarted", *last, restarts);
  return std::nullopt;
}

std::optional<Ranked> Containers(const Value& pod) {
  std::optional<Ranked> best;
  for (const std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Value& status : ItemsAt(pod, {"status", list})) Take(best, Container(pod, status));
  }
  return best;
}

// --- Pods.

std::optional<Ranked> Scheduling(const Value& pod) {
  const ConditionView scheduled = ConditionOf(pod, "PodScheduled");
  if (!scheduled.IsFalse()) return std::nullopt;
  if (scheduled.reason == "SchedulingGated") {
    return Make(kScheduling, pod, "", "SchedulingGated", scheduled.message, "Something must lift the pod's schedulingGates.");
  }
  if (scheduled.reason != "Unschedulable") return std::nullopt;
  return Make(kScheduling, pod, "", "Unschedulable", scheduled.message,
              "Give the cluster a node that fits, or ask for less (requests, node selectors, taints, volumes).");
}

// The whole pod ended: evicted, preempted, past its deadline, refused by the kubelet.
std::optional<Ranked> FailedPod(const Value& pod) {
  if (pod.StringAt({"status", "phase"}) != "Failed") return std::nullopt;
  const std::string_view reason = pod.StringAt({"status", "reason"});
  if (reason.empty()) return std::nullopt;
  return Make(kCrash, pod, "", reason, pod.StringAt({"status", "message"}), "The pod was ended from outside; see the reason.");
}

base::TimePoint TimeOf(const Value& event) {
  const std::string_view texts[] = {event.StringAt({"series", "lastObservedTime"}), event.StringAt({"lastTimestamp"}),
                                    event.StringAt({"eventTime"}), event.StringAt({"firstTimestamp"})};
  for (const std::string_view text : texts) {
    if (const auto time = base::ParseRfc3339(text)) return *time;
  }
  return base::TimePoint::min();
}

bool IsAbout(const Value& event, const Value& object) {
  const std::string_view uid = event.StringAt({"involvedObject", "uid"}), own = object.StringAt({"metadata", "uid"});
  if (!uid.empty() && !own.empty()) return uid == own;
  return event.StringAt({"involvedObject", "kind"}) == object.StringAt({"kind"}) &&
         event.StringAt({"involvedObject", "name"}) == document::NameOf(object) &&
         event.StringAt({"involvedObject", "namespace"}) == document::NamespaceOf(object);
}

struct EventRow {
  std::string_view reason;
  int rank;
  std::string_view remedy;
};
constexpr EventRow kPodEvents[] = {
    {"FailedMount", kVolume, "Create the volume, ConfigMap or Secret that it mounts, or correct the reference."},
    {"FailedAttachVolume", kVolume, "Detach the volume from where it is, or wait until it is."},
    {"FailedCreatePodSandBox", kVolume, "Check the node's network plugin and container runtime."},
    {"FailedBinding", kVolume, "Create a volume or a storage class that the claim can bind to."},
    {"Unhealthy", kProbe, "Check that the program answers its probe, and in time."},
};
constexpr EventRow kOwnerEvents[] = {
    {"FailedCreate", kNoPods, "Raise the quota or correct the pod template, as the message says."},
};

// The newest event about `object` with a reason of `rows`, if it is not older than ten minutes.
template <std::size_t N>
std::optional<Ranked> FromEvents(const EventRow (&rows)[N], const Value& object, std::span<const Value> events, base::TimePoint now) {
  constexpr auto kFresh = std::chrono::minutes(10);
  std::optional<Ranked> best;
  base::TimePoint newest = now - kFresh;
  for (const Value& event : events) {
    const auto row =
        std::find_if(std::begin(rows), std::end(rows), [&](const EventRow& r) { return r.reason == event.StringAt({"reason"}); });
    if (row == std::end(rows) || event.StringAt({"type"}) == "Normal" || TimeOf(event) < newest || !IsAbout(event, object)) continue;
    newest = TimeOf(event);
    Take(best, Make(row->rank, object, "", row->reason, event.StringAt({"message"}), row->remedy));
  }
  return best;
}

std::optional<Ranked> NotReady(const Value& pod, base::TimePoint now) {
  constexpr auto kPatience = std::chrono::seconds(30);  // a program may take so long before its silence is a cause
  if (pod.StringAt({"status", "phase"}) != "Running") return std::nullopt;
  const ConditionView ready = ConditionOf(pod, "Ready");
  const auto started = base::ParseRfc3339(pod.StringAt({"status", "startTime"}));
  if (!ready.IsFalse() || !started || now - *started < kPatience) return std::nullopt;
  for (const Value& condition : ItemsAt(pod, {"spec", "readinessGates"})) {
    const std::string_view gate = condition.StringAt({"conditionType"});
    if (!ConditionOf(pod, gate).IsTrue()) {
      return Make(kNotReady, pod, "", "ReadinessGate", "condition " + std::string(gate) + " is not True",
                  "Something outside of the pod must set this condition.");
    }
  }
  if (ready.reason != "ContainersNotReady") return std::nullopt;
  return Make(kNotReady, pod, "", "NotReady", ready.message, "Check its readiness probe and its log.");
}

// A container that was killed from outside was mostly killed for its liveness probe, which only an event tells.
void AddLivenessProbe(const Value& pod, std::span<const Value> events, base::TimePoint now, Ranked& crash) {
  const bool killed = crash.cause.evidence.ends_with("exit code 137") || crash.cause.evidence.ends_with("exit code 143");
  if (crash.rank != kCrash || !killed) return;
  const auto unhealthy = FromEvents(kPodEvents, pod, events, now);
  if (unhealthy && unhealthy->cause.evidence.starts_with("Liveness probe failed")) {
    crash.cause.evidence = OneLine(crash.cause.evidence + "; " + unhealthy->cause.evidence);
    crash.cause.remedy = "Check that the program answers its liveness probe, and in time.";
  }
}

std::optional<Ranked> RankPod(const Value& pod, std::span<const Value> events, base::TimePoint now) {
  if (!pod.StringAt({"metadata", "deletionTimestamp"}).empty()) return std::nullopt;
  std::optional<Ranked> best = Containers(pod);
  if (best) AddLivenessProbe(pod, events, now, *best);
  Take(best, FailedPod(pod));
  Take(best, Scheduling(pod));
  Take(best, FromEvents(kPodEvents, pod, events, now));
  Take(best, NotReady(pod, now));
  return best;
}

// Why there are fewer pods than there should be: the controller could not create them.
std::optional<Ranked> CreationFailure(const Value& owner) {
  const ConditionView failure = ConditionOf(owner, "ReplicaFailure");
  if (!failure.IsTrue()) return std::nullopt;
  const std::string_view reason = failure.reason.empty() ? "ReplicaFailure" : failure.reason;
  return Make(kNoPods, owner, "", reason, failure.message, kOwnerEvents[0].remedy);
}

}  // namespace

std::string Cause::ToString() const {
  std::string text = object.kind + " " + document::NamespacedName{object.ns, object.name}.ToString() + ": ";
  if (!container.empty()) text += "container " + container + ": ";
  text += reason;
  return evidence.empty() ? text : text + ": " + evidence;
}

std::optional<Cause> DiagnosePod(const Value& pod, std::span<const Value> events, base::TimePoint now) {
  auto best = RankPod(pod, events, now);
  if (!best) return std::nullopt;
  return std::move(best->cause);
}

std::optional<Cause> Diagnose(const Value& workload, std::span<const Value* const> pods, std::span<const Value> replica_sets,
                              std::span<const Value> events, base::TimePoint now) {
  std::vector<const Value*> sorted(pods.begin(), pods.end());
  std::sort(sorted.begin(), sorted.end(), [](const Value* a, const Value* b) { return document::NameOf(*a) < document::NameOf(*b); });
  std::optional<Ranked> best;
  for (const Value* pod : sorted) Take(best, RankPod(*pod, events, now));
  for (const Value& replica_set : replica_sets) {
    Take(best, CreationFailure(replica_set));
    Take(best, FromEvents(kOwnerEvents, replica_set, events, now));
  }
  Take(best, CreationFailure(workload));
  Take(best, FromEvents(kOwnerEvents, workload, events, now));
  if (!best) return std::nullopt;
  return std::move(best->cause);
}

}  // namespace sluice::rollout
