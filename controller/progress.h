// controller/progress.h: what a source's status says while a run of it is under way, and after it was suspended in one. Follows flux-contract 2.2 with two differences: what
// ends within a second is not announced, and a plain look of the interval is announced only when it finds something new. Pure but for Reporting, which is for .cpp files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "controller/services.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "document/value.h"
#include "net/await.h"
#include "net/executor.h"

namespace sluice::controller {

/// What is being done.
struct Progress {
  std::string message;  ///< empty: nothing is said of it
  bool drift = false;   ///< something new is made, so that Ready becomes Unknown
};

/// `processing object: new generation 1 -> 2`, else `reconciliation in progress`.
std::string ProgressMessage(const document::Value& object);
/// Of a look at the remote, if somebody waits for it: the spec is new, or it was asked for.
Progress ProgressOfLook(const document::Value& object);

/// `Reconciling` says what is done; `Ready` turns Unknown with `drift`, or where it was so before.
document::Value StatusProgressing(const document::Value& object, const Progress& progress, base::TimePoint now);
/// Of a `kind` that was suspended while a run was under way (EndRunUnderWay); nothing where none was.
std::optional<document::Value> StatusSuspended(const document::Value& object, std::string_view kind, base::TimePoint now);

/// All there is to do for a suspended source: StatusSuspended is written, if there is one.
net::Task<Outcome> EndSuspended(const Services& services, StatusWriter& writer, kube::SharedObject object, std::string_view kind);

/// Writes StatusProgressing of `*object` unless `done` is set within a second. `*object` is then the object as it was written, if its generation is the same.
net::Task<void> ReportWhenLong(const Services& services, StatusWriter& writer, std::shared_ptr<kube::SharedObject> object,
                               Progress progress, net::Event& done);

/// The object of a run, for as long as somebody holds it.
template <class Run>
std::shared_ptr<kube::SharedObject> ObjectOf(const std::shared_ptr<Run>& run) {
  return {run, &run->object};
}

/// `work`, with ReportWhenLong beside it. All but `object` outlives the call.
template <class T>
net::Task<T> Reporting(const Services& services, StatusWriter& writer, std::shared_ptr<kube::SharedObject> object, Progress progress,
                       net::Task<T> work) {
  if (progress.message.empty()) co_return co_await std::move(work);
  net::Scope scope(services.client.transport().environment().io);
  net::Event done(net::Event::Kind::Latch);
  net::Task<void> report = ReportWhenLong(services, writer, std::move(object), std::move(progress), done);
  scope.Spawn(std::move(report));
  T result = co_await std::move(work);
  done.Set();
  net::Task<base::Result<void>> ending = scope.Drained();  // a write that has begun is not cut off, or nobody knew what it did
  (void)co_await std::move(ending);
  net::Task<void> closing = scope.Close();
  co_await std::move(closing);
  co_return result;
}

}  // namespace sluice::controller
