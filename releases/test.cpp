// Test: the hooks of the event `test` (helm-contract 10).
#include <algorithm>

#include "net/await.h"
#include "releases/actions.h"
#include "releases/run.h"

namespace sluice::releases {
namespace {

using base::Result;

bool IsSelected(const std::vector<TestFilter>& filters, const std::string& name) {
  bool any = false, included = false;
  for (const TestFilter& filter : filters) {
    if (filter.exclude && filter.name == name) return false;
    any = any || !filter.exclude;
    included = included || (!filter.exclude && filter.name == name);
  }
  return !any || included;
}

}  // namespace

net::Task<Outcome> Actions::Test(TestOptions options, helm::History history) {
  if (!helm::ValidateReleaseName(options.name)) co_return Failed(base::Invalid("releaseTest: Release name is invalid: " + options.name));
  if (history.empty()) co_return Failed(base::NotFound("release: not found"));
  Run run(env_, options, history.back());
  helm::ReleaseRecord& record = run.record();
  record.progress.event.clear();
  run.selected = [&options](const helm::ReleaseHook& hook) { return IsSelected(options.filters, hook.name); };
  const Result<void> ran = co_await run.Hooks("test", "");
  Outcome outcome;
  outcome.logs = run.logs();
  if (!ran) outcome.error = ran.error();
  if (ran || ran.error().reason != base::Reason::Canceled) {
    record.progress.event.clear();
    record.progress.since.clear();
    const Result<void> written = co_await env_.storage.Update(record);
    if (!written && !outcome.error) outcome.error = written.error();
  }
  outcome.record = record;
  co_return outcome;
}

}  // namespace sluice::releases
