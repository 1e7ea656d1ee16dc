#include "controller/progress.h"

#include "controller/conditions.h"
#include "controller/source_steps.h"
#include "controller/suspension.h"
#include "document/object.h"
#include "kube/client.h"

namespace sluice::controller {
namespace {

using base::Result;
using document::Value;
using kube::SharedObject;

constexpr auto kPatience = std::chrono::seconds(1);

bool IsNewGeneration(const Value& object) {
  const Value* observed = object.At({"status", "observedGeneration"});
  return (observed == nullptr ? 0 : observed->AsInt().value_or(0)) != GenerationOf(object);
}

}  // namespace

std::string ProgressMessage(const Value& object) {
  if (!IsNewGeneration(object)) return "reconciliation in progress";
  const Value* observed = object.At({"status", "observedGeneration"});
  return "processing object: new generation " + std::to_string(observed == nullptr ? 0 : observed->AsInt().value_or(0)) + " -> " +
         std::to_string(GenerationOf(object));
}

Progress ProgressOfLook(const Value& object) {
  if (!IsNewGeneration(object) && !IsRequested(object)) return {};
  return {.message = ProgressMessage(object)};
}

Value StatusProgressing(const Value& object, const Progress& progress, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  conditions.Remove(condition::kStalled);
  conditions.Set(condition::kReconciling, ConditionStatus::True, "Progressing", progress.message, generation, now);
  const Condition* ready = conditions.Find(condition::kReady);
  if (progress.drift || ready == nullptr || ready->status == ConditionStatus::Unknown || ready->reason == kSuspendedReason)
    conditions.Set(condition::kReady, ConditionStatus::Unknown, "Progressing", progress.message, generation, now);
  status.Set("conditions", conditions.ToValue());
  return status;
}

std::optional<Value> StatusSuspended(const Value& object, std::string_view kind, base::TimePoint now) {
  Value status = OldStatus(object);
  Conditions conditions = Conditions::FromStatus(status);
  if (!EndRunUnderWay(conditions, kind, GenerationOf(object), now)) return std::nullopt;
  status.Set("conditions", conditions.ToValue());
  return status;
}

net::Task<Outcome> EndSuspended(const Services& services, StatusWriter& writer, SharedObject object, std::string_view kind) {
  std::optional<Value> status = StatusSuspended(*object, kind, services.clock.Now());
  if (!status) co_return Outcome{};
  net::Task<Result<SharedObject>> writing = writer.Write(object, *std::move(status));
  const Result<SharedObject> written = co_await std::move(writing);
  co_return Outcome{.again_in = {}, .back_off = !written};
}

net::Task<void> ReportWhenLong(const Services& services, StatusWriter& writer, std::shared_ptr<SharedObject> object, Progress progress,
                               net::Event& done) {
  net::Task<Result<void>> waiting = done.Wait(kPatience);
  const Result<void> ended = co_await std::move(waiting);
  if (ended || ended.error().reason != base::Reason::Timeout) co_return;
  Value status = StatusProgressing(**object, progress, services.clock.Now());
  net::Task<Result<SharedObject>> writing = writer.Write(*object, std::move(status));
  Result<SharedObject> written = co_await std::move(writing);
  if (written && GenerationOf(**written) == GenerationOf(**object)) *object = *std::move(written);
}

}  // namespace sluice::controller
