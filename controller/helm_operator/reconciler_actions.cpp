// The steps themselves: what each hands to releases/actions.h, the phases it goes through, and what follows.
#include <algorithm>

#include "base/failpoint.h"
#include "controller/helm_operator/antecedent.h"
#include "controller/helm_operator/run.h"
#include "helm/helm.h"
#include "net/await.h"

namespace sluice::controller::helm_operator {
namespace {

using base::Result;
using helm::ReleaseStatus;

template <class Options>
Options Common(const Spec& spec) {
  Options out;
  out.name = spec.release_name;
  out.ns = spec.ns;
  out.timeout = spec.timeout;
  out.wait = spec.wait;
  out.wait_for_jobs = false;  // the operator knows Helm 3's --wait alone
  return out;
}

releases::InstallOptions InstallOptionsOf(const Spec& spec) {
  auto out = Common<releases::InstallOptions>(spec);
  out.server_side = false;
  out.force_conflicts = false;
  out.strict_validation = !spec.disable_openapi_validation;
  return out;
}

/// With --force an object is replaced, which server-side apply does not know.
releases::ServerSide ServerSideOf(bool force) { return force ? releases::ServerSide::Disabled : releases::ServerSide::Auto; }

releases::UpgradeOptions UpgradeOptionsOf(const Spec& spec) {
  auto out = Common<releases::UpgradeOptions>(spec);
  out.server_side = ServerSideOf(spec.force_upgrade);
  out.force = spec.force_upgrade;
  out.strict_validation = !spec.disable_openapi_validation;
  out.max_history = spec.max_history;
  return out;
}

releases::RollbackOptions RollbackOptionsOf(const Spec& spec) {
  auto out = Common<releases::RollbackOptions>(spec);
  const RollbackSpec& rollback = spec.rollback;
  out.timeout = rollback.timeout;
  out.wait = rollback.wait;
  out.disable_hooks = rollback.disable_hooks;
  out.server_side = ServerSideOf(rollback.force);
  out.force = rollback.force;
  out.recreate_pods = rollback.recreate;
  return out;
}

releases::UninstallOptions UninstallOptionsOf(const Spec& spec) {
  auto out = Common<releases::UninstallOptions>(spec);
  out.wait = false;
  return out;
}

releases::Actions::ResumeOptions ResumeOptionsOf(const Spec& spec) {
  return {.install = InstallOptionsOf(spec),
          .upgrade = UpgradeOptionsOf(spec),
          .rollback = RollbackOptionsOf(spec),
          .uninstall = UninstallOptionsOf(spec)};
}

bool IsCanceled(const releases::Outcome& outcome) { return outcome.error && outcome.error->reason == base::Reason::Canceled; }

/// The revision that the rollback undid: the newest that failed or was superseded.
const helm::ReleaseRecord* AttemptIn(const helm::History& history) {
  const auto at = std::find_if(history.rbegin(), history.rend(), [](const helm::ReleaseRecord& record) {
    return record.release.info.status == ReleaseStatus::Failed || record.release.info.status == ReleaseStatus::Superseded;
  });
  return at == history.rend() ? nullptr : &*at;
}

}  // namespace

// ---- Comparing -----------------------------------------------------------------------------------------------------------------------

net::Task<Result<void>> Reconciler::CompareAndUpgrade(RunPtr run, bool with_attempt) {
  net::Task<Result<helm::Draft>> drafting = MakeDraft(run, true);
  Result<helm::Draft> draft = co_await std::move(drafting);
  if (!draft && draft.error().reason == base::Reason::Canceled) co_return draft.error();
  if (!draft) {
    run->errors.push_back("dry-run upgrade failed: dry-run upgrade for comparison failed: " + draft.error().message);
    run->status.Enter(Phase::Failed, run->errors.back(), false, Now());
    co_return Result<void>();
  }
  const helm::ReleaseRecord* attempt = with_attempt ? AttemptIn(run->history) : nullptr;
  const helm::ReleaseRecord& before = attempt == nullptr ? *run->Last() : *attempt;
  if (!Differs(before.release, *draft)) {
    net::Task<Result<void>> settling = Settle(run);
    co_return co_await std::move(settling);
  }
  run->log.Info("difference detected during release comparison", {{"version", before.release.version}});
  net::Task<Result<void>> upgrading = Upgrade(run, std::move(*draft));
  co_return co_await std::move(upgrading);
}

/// The release is what is wanted.
net::Task<Result<void>> Reconciler::Settle(RunPtr run) {
  WorkingStatus& status = run->status;
  if (run->UnderWay()) {
    net::Task<Result<void>> going_on = TestAndSucceed(run);
    co_return co_await std::move(going_on);
  }
  if (status.HasRolledBack()) {
    status.phase = Phase::RolledBack;  // whatever was in the way meanwhile
    co_return Result<void>();
  }
  const bool adopted = status.NeverObserved();
  if (adopted) status.last_attempted_revision = status.revision = run->revision;
  status.Enter(Phase::Succeeded, "", false, Now());
  if (!adopted) co_return Result<void>();
  run->acted = true;
  run->log.Info("release taken over", {{"release", run->spec.release_name}, {"version", run->Last()->release.version}});
  net::Task<Result<void>> marking = MarkObjects(run);
  co_return co_await std::move(marking);
}

// ---- Installing and upgrading ------------------------------------------------------------------------------------------------------------

net::Task<Result<void>> Reconciler::Install(RunPtr run) {
  run->status.last_attempted_revision = run->revision;
  net::Task<Result<void>> entering = Enter(run, Phase::Installing);
  CO_TRY(co_await std::move(entering));
  releases::Outcome outcome;
  net::Task<Result<std::vector<helm::CrdFile>>> finding = CrdsOf(run);
  Result<std::vector<helm::CrdFile>> crds = co_await std::move(finding);
  if (!crds) outcome.error = crds.error();
  if (crds && !crds->empty()) {
    net::Task<Result<std::vector<kube::ObjectRef>>> applying =
        run->actions->ApplyCrds(*std::move(crds), releases::CrdPolicy::Create, false, {});
    const Result<std::vector<kube::ObjectRef>> applied = co_await std::move(applying);
    if (!applied) outcome.error = applied.error();
  }
  if (!outcome.error) {
    net::Task<Result<helm::Draft>> drafting = MakeDraft(run, false);
    Result<helm::Draft> draft = co_await std::move(drafting);
    if (!draft) outcome.error = draft.error();
    if (draft) {
      net::Task<releases::Outcome> acting = run->actions->Install(InstallOptionsOf(run->spec), run->history, std::move(*draft));
      outcome = co_await std::move(acting);
    }
  }
  net::Task<Result<void>> following = AfterInstall(run, std::move(outcome));
  co_return co_await std::move(following);
}

net::Task<Result<void>> Reconciler::AfterInstall(RunPtr run, releases::Outcome outcome) {
  if (IsCanceled(outcome)) co_return *outcome.error;
  SLUICE_FAILPOINT("release.action.after");
  run->acted = true;
  if (outcome.error) {
    run->errors.push_back("installation failed: " + outcome.error->message);
    run->status.Enter(Phase::DeployFailed, run->errors.back(), false, Now());
    net::Task<Result<void>> removing = UninstallFailed(run);
    co_return co_await std::move(removing);
  }
  run->log.Info("installation succeeded", {{"revision", run->revision}});
  net::Task<Result<void>> entering = Enter(run, Phase::Deployed);
  CO_TRY(co_await std::move(entering));
  net::Task<Result<void>> going_on = TestAndSucceed(run);
  co_return co_await std::move(going_on);
}

net::Task<Result<void>> Reconciler::Upgrade(RunPtr run, std::optional<helm::Draft> draft) {
  run->current = run->Last()->release.version;
  run->status.last_attempted_revision = run->revision;
  net::Task<Result<void>> entering = Enter(run, Phase::Upgrading);
  CO_TRY(co_await std::move(entering));
  releases::Outcome outcome;
  if (!draft) {
    net::Task<Result<helm::Draft>> drafting = MakeDraft(run, true);
    Result<helm::Draft> made = co_await std::move(drafting);
    if (!made) outcome.error = made.error();
    if (made) draft = *std::move(made);
  }
  if (draft) {
    net::Task<releases::Outcome> acting = run->actions->Upgrade(UpgradeOptionsOf(run->spec), run->history, std::move(*draft));
    outcome = co_await std::move(acting);
  }
  net::Task<Result<void>> following = AfterUpgrade(run, std::move(outcome));
  co_return co_await std::move(following);
}

net::Task<Result<void>> Reconciler::AfterUpgrade(RunPtr run, releases::Outcome outcome) {
  if (IsCanceled(outcome)) co_return *outcome.error;
  SLUICE_FAILPOINT("release.action.after");
  run->acted = true;
  if (outcome.error) {
    run->errors.push_back("upgrade failed: " + outcome.error->message);
    run->status.Enter(Phase::DeployFailed, run->errors.back(), false, Now());
    net::Task<Result<void>> answering = Answer(run);
    co_return co_await std::move(answering);
  }
  run->log.Info("upgrade succeeded", {{"revision", run->revision}});
  net::Task<Result<void>> entering = Enter(run, Phase::Deployed);
  CO_TRY(co_await std::move(entering));
  net::Task<Result<void>> going_on = TestAndSucceed(run);
  co_return co_await std::move(going_on);
}

// ---- Testing -------------------------------------------------------------------------------------------------------------------------

net::Task<Result<void>> Reconciler::TestAndSucceed(RunPtr run) {
  if (run->spec.test.enable) {
    net::Task<Result<void>> testing = RunTests(run);
    const Result<void> tested = co_await std::move(testing);
    if (!tested && tested.error().reason == base::Reason::Canceled) co_return tested;
    if (!tested && !run->spec.test.ignore_failures) {
      net::Task<Result<void>> answering = Answer(run);
      co_return co_await std::move(answering);
    }
  }
  run->acted = true;
  run->status.revision = run->revision;
  run->status.Enter(Phase::Succeeded, "", false, Now());
  net::Task<Result<void>> marking = MarkObjects(run);
  co_return co_await std::move(marking);
}

/// Errors: the tests failed, which is noted, or Canceled.
net::Task<Result<void>> Reconciler::RunTests(RunPtr run) {
  net::Task<Result<void>> entering = Enter(run, Phase::Testing);
  CO_TRY(co_await std::move(entering));
  auto options = Common<releases::TestOptions>(run->spec);
  options.timeout = run->spec.test.timeout;
  net::Task<releases::Outcome> testing = run->actions->Test(std::move(options), run->history);
  releases::Outcome outcome = co_await std::move(testing);
  if (IsCanceled(outcome)) co_return *outcome.error;
  if (outcome.error) {
    run->errors.push_back("test failed: " + outcome.error->message);
    run->status.Enter(Phase::TestFailed, run->errors.back(), run->spec.test.ignore_failures, Now());
    co_return *outcome.error;
  }
  net::Task<Result<void>> passing = Enter(run, Phase::Tested);
  co_return co_await std::move(passing);
}

// ---- Remedies ------------------------------------------------------------------------------------------------------------------------

/// What follows a failure: an installation is removed, so that it is tried anew; an upgrade is rolled back if that is wanted.
net::Task<Result<void>> Reconciler::Answer(RunPtr run) {
  const helm::ReleaseRecord* last = run->Last();
  if (last == nullptr) co_return Result<void>();
  const int version = last->release.version;
  const bool was_install = version == 1 && !run->current;
  const bool left_a_revision = version > 1 && (!run->current || *run->current < version);
  if (was_install) {
    run->at_once = run->errors.empty();  // of a run that died
    net::Task<Result<void>> removing = UninstallFailed(run);
    co_return co_await std::move(removing);
  }
  if (!run->spec.rollback.enable || !left_a_revision) {
    if (run->errors.empty()) {
      run->errors.push_back("upgrade failed: " + last->release.info.description);
      run->status.Enter(Phase::DeployFailed, run->errors.back(), false, Now());
    }
    co_return Result<void>();
  }
  net::Task<Result<void>> rolling_back = RollBack(run);
  co_return co_await std::move(rolling_back);
}

net::Task<Result<void>> Reconciler::RollBack(RunPtr run) {
  net::Task<Result<void>> entering = Enter(run, Phase::RollingBack);
  CO_TRY(co_await std::move(entering));
  net::Task<releases::Outcome> acting = run->actions->Rollback(RollbackOptionsOf(run->spec), run->history);
  releases::Outcome outcome = co_await std::move(acting);
  net::Task<Result<void>> following = AfterRollback(run, std::move(outcome));
  co_return co_await std::move(following);
}

net::Task<Result<void>> Reconciler::AfterRollback(RunPtr run, releases::Outcome outcome) {
  if (IsCanceled(outcome)) co_return *outcome.error;
  run->acted = true;
  if (outcome.error) {
    run->errors.push_back("rollback failed: " + outcome.error->message);
    run->status.Enter(Phase::RollbackFailed, run->errors.back(), false, Now());
    co_return Result<void>();
  }
  run->log.Info("rollback succeeded", {{"release", run->spec.release_name}});
  run->status.Enter(Phase::RolledBack, "", false, Now());
  net::Task<Result<void>> marking = MarkObjects(run);
  co_return co_await std::move(marking);
}

/// What an installation that failed has left. That it cannot be removed is only logged, as the operator does.
net::Task<Result<void>> Reconciler::UninstallFailed(RunPtr run) {
  if (run->Last() == nullptr) co_return Result<void>();
  net::Task<Result<void>> removing = Uninstall(run);
  const Result<void> removed = co_await std::move(removing);
  if (removed) co_return removed;
  if (removed.error().reason == base::Reason::Canceled) co_return removed;
  run->log.Error("uninstall failed", removed.error().message);
  co_return Result<void>();
}

net::Task<Result<void>> Reconciler::Uninstall(RunPtr run) {
  net::Task<releases::Outcome> acting = run->actions->Uninstall(UninstallOptionsOf(run->spec), run->history);
  releases::Outcome outcome = co_await std::move(acting);
  if (outcome.error && outcome.error->reason != base::Reason::NotFound) co_return *std::move(outcome.error);
  co_return Result<void>();
}

// ---- What a dead process left ----------------------------------------------------------------------------------------------------------

/// What was begun for what is wanted now is gone on with; what was begun for something else is given up by an upgrade.
net::Task<Result<void>> Reconciler::Resume(RunPtr run) {
  const helm::Release& last = run->Last()->release;
  const ReleaseStatus status = last.info.status;
  const bool acts = status == ReleaseStatus::PendingInstall || status == ReleaseStatus::PendingUpgrade;
  if (acts) {
    net::Task<Result<helm::Draft>> drafting = MakeDraft(run, status == ReleaseStatus::PendingUpgrade);
    const Result<helm::Draft> draft = co_await std::move(drafting);
    if (!draft && draft.error().reason == base::Reason::Canceled) co_return draft.error();
    if (!draft || Differs(last, *draft)) {
      net::Task<Result<void>> upgrading = Upgrade(run, std::nullopt);
      co_return co_await std::move(upgrading);
    }
  }
  run->log.Info("going on with an action that was begun", {{"status", std::string(ToString(status))}});
  net::Task<releases::Outcome> resuming = run->actions->Resume(ResumeOptionsOf(run->spec), run->history);
  releases::Outcome outcome = co_await std::move(resuming);
  if (status == ReleaseStatus::Uninstalling) {
    if (IsCanceled(outcome)) co_return *outcome.error;
    if (outcome.error) run->log.Error("uninstall failed", outcome.error->message);
    run->at_once = !outcome.error;
    co_return Result<void>();
  }
  net::Task<Result<void>> following = status == ReleaseStatus::PendingInstall   ? AfterInstall(run, std::move(outcome))
                                      : status == ReleaseStatus::PendingUpgrade ? AfterUpgrade(run, std::move(outcome))
                                                                                : AfterRollback(run, std::move(outcome));
  co_return co_await std::move(following);
}

/// A rollback is over, but the run that made it did not come to tell.
net::Task<Result<void>> Reconciler::Conclude(RunPtr run) {
  if (const helm::ReleaseRecord* attempt = AttemptIn(run->history)) {
    run->errors.push_back("upgrade failed: " + attempt->release.info.description);
  }
  net::Task<Result<void>> following = AfterRollback(run, {});
  co_return co_await std::move(following);
}

/// The objects of the newest revision say whose they are. A failure is logged: the release is sound without it.
net::Task<Result<void>> Reconciler::MarkObjects(RunPtr run) {
  const helm::ReleaseRecord* last = run->Last();
  if (last == nullptr) co_return Result<void>();
  auto release = std::make_shared<const helm::Release>(last->release);
  net::Task<Result<void>> marking = Mark(parts_.services.client, std::move(release), ResourceIdOf(*run->object));
  const Result<void> marked = co_await std::move(marking);
  if (marked) co_return marked;
  if (marked.error().reason == base::Reason::Canceled) co_return marked;
  run->log.Error("failed to annotate release resources", marked.error().message);
  co_return Result<void>();
}

}  // namespace sluice::controller::helm_operator
