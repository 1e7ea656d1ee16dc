#include "controller/bug_report.h"

#include "controller/conditions.h"
#include "net/await.h"

namespace sluice::controller {

namespace {

document::Value Stalled(const document::Value& object, const std::string& message, base::TimePoint now) {
  const document::Value* before = object.Find("status");
  document::Value status = before == nullptr || !before->IsMapping() ? document::Value::Mapping() : *before;
  Conditions conditions = Conditions::FromStatus(status);
  const std::int64_t generation = GenerationOf(object);
  conditions.Set(condition::kReady, ConditionStatus::False, "InternalError", message, generation, now);
  conditions.Set(condition::kStalled, ConditionStatus::True, "InternalError", message, generation, now);
  conditions.Remove(condition::kReconciling);
  status.Set("conditions", conditions.ToValue());
  return status;
}

}  // namespace

net::Task<void> ReportBug(const Services& services, StatusWriter& writer, kube::SharedObject object, Bug bug) {
  const base::Logger log = LogOf(services, *object);
  log.Error("a reconcile ended in an exception", bug.what);
  if (!bug.last) co_return;
  const std::string message =
      "internal error: " + bug.what +
      ": a bug of Sluice, or memory that is not there; after three tries it is not tried again until something changes "
      "or `sluice reconcile` asks for it";
  net::Task<base::Result<kube::SharedObject>> writing = writer.Write(object, Stalled(*object, message, services.clock.Now()));
  const base::Result<kube::SharedObject> written = co_await std::move(writing);
  if (!written) log.Error("the status was not written", written.error().message);
}

}  // namespace sluice::controller
