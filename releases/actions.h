// releases/actions.h: install, upgrade, roll back, uninstall and test a release, as Helm 4 does (helm-contract 12 to 15), in its words.
//
// Every step is on record before it is taken, so an action that was killed or cancelled is finished by Resume, or given up by Unlock:
//   - the new revision is created as pending-*, with our owner in an annotation, before anything is touched;
//   - before a hook is created its run is on record as Running, and its object carries the time of that run (kHookRunAnnotation); when it has
//     ended, that is on record before the next one begins. So a hook that Succeeded is not run again, and one that was Running is waited for if
//     its object is there;
//   - what is applied comes from the record alone, and applying twice is applying once;
//   - the old revision is marked superseded before the new one is marked deployed.
// A record is our own if its annotation names our owner (Storage::Options::owner); Helm's writes remove it. `IsOurs` tells.
// Cancelled, an action returns Canceled at once and leaves its record pending: Resume goes on with it, and Upgrade marks it failed and goes on from it.
// Belongs to the I/O thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "helm/chart/chart.h"
#include "helm/release/draft.h"
#include "helm/release/history.h"
#include "kube/client.h"
#include "net/task.h"
#include "releases/follower.h"
#include "releases/storage.h"

namespace sluice::releases {

inline constexpr std::string_view kHookRunAnnotation = "sluice.dev/hook-run";

enum class ServerSide { Disabled, Enabled, Auto };  ///< Auto: as the revision before it (of a rollback: the one gone back to)
enum class CrdPolicy { Skip, Create, CreateReplace };

/// What every action takes. `name` is the release's, `ns` the release's namespace (records are kept in Storage's).
struct ActionOptions {
  std::string name, ns;
  base::Duration timeout = std::chrono::minutes(5);  ///< of each hook and each wait by itself
  bool wait = true;
  bool wait_for_jobs = true;
  bool disable_hooks = false;
  std::string description;  ///< "": Helm's
};

struct InstallOptions : ActionOptions {
  bool server_side = true;
  bool force_conflicts = true;
  bool take_ownership = false;
  bool replace = false;
  bool create_namespace = false;
  bool strict_validation = true;  ///< unknown and duplicate fields are errors (not disableOpenAPIValidation)
  std::map<std::string, std::string> labels;
};

struct UpgradeOptions : ActionOptions {
  ServerSide server_side = ServerSide::Auto;
  bool force_conflicts = true;
  bool take_ownership = false;
  bool force = false;  ///< client-side only: PUT instead of patches
  bool cleanup_on_fail = false;
  bool strict_validation = true;
  std::map<std::string, std::string> labels;  ///< "null" as value removes one
  int max_history = 0;
};

struct RollbackOptions : ActionOptions {
  int version = 0;             ///< 0: the revision before the last
  bool recreate_pods = false;  ///< the pods of workloads that were there before are deleted, so that they come anew
  ServerSide server_side = ServerSide::Auto;
  bool force_conflicts = true;
  bool force = false;
  bool cleanup_on_fail = false;
  int max_history = 0;
};

struct UninstallOptions : ActionOptions {
  bool keep_history = false;
  kube::Propagation propagation = kube::Propagation::Background;
};

struct TestFilter {
  std::string name;
  bool exclude = false;
};
struct TestOptions : ActionOptions {
  std::vector<TestFilter> filters;
};

/// How an action ended.
struct Outcome {
  std::optional<helm::ReleaseRecord> record;  ///< the revision it made or worked on, as it was last written; nullopt if it came to none
  std::optional<base::Error> error;           ///< nullopt: it succeeded
  std::string info;                           ///< uninstall: what was kept (`These resources were kept due to the resource policy:\n[…] …`)
  std::string logs;                           ///< of hooks with an output-log policy
  bool ok() const { return !error.has_value(); }
};

/// Whether there is the revision that `options` name. Errors: those of Rollback before it writes anything.
base::Result<void> CheckRollback(const RollbackOptions& options, const helm::History& history);

class Actions {
 public:
  struct Environment {
    kube::Client& client;
    const base::Clock& clock;
    Storage& storage;
    Follower& follower;
    base::Logger log;
    kube::Impersonate as;
    std::string manager = "helm";  ///< field manager of objects: "helm-controller" for HelmReleases
    std::size_t concurrent = 8;    ///< requests at a time
  };
  /// All that it refers to outlives it and its actions.
  explicit Actions(Environment environment) : env_(std::move(environment)) {}

  /// `history`: Storage::LoadHistory of the name, just read. The draft is of revision NextRevision(history) (of an install: 1, unless `replace`).
  net::Task<Outcome> Install(InstallOptions options, helm::History history, helm::Draft draft);
  net::Task<Outcome> Upgrade(UpgradeOptions options, helm::History history, helm::Draft draft);
  net::Task<Outcome> Rollback(RollbackOptions options, helm::History history);
  net::Task<Outcome> Uninstall(UninstallOptions options, helm::History history);
  net::Task<Outcome> Test(TestOptions options, helm::History history);

  /// Goes on with the pending or uninstalling record at the end of `history`, which must be ours. The options are those that the action that
  /// was begun would have now: for pending-rollback taken from `rollback`, for pending-upgrade from `upgrade` and so on.
  struct ResumeOptions {
    InstallOptions install;
    UpgradeOptions upgrade;
    RollbackOptions rollback;
    UninstallOptions uninstall;
  };
  net::Task<Outcome> Resume(ResumeOptions options, helm::History history);

  /// Marks the pending record at the end of `history` failed: `Release unlocked from stale 'pending-upgrade' state`. Ok (and no write) if it is not pending.
  net::Task<Outcome> Unlock(helm::History history);
  /// Whether the record was last written by an action of this owner.
  bool IsOurs(const helm::ReleaseRecord& record) const {
    return !record.progress.owner.empty() && record.progress.owner == env_.storage.options().owner;
  }

  /// The CRDs of a chart, before it is rendered (helm::Crds). What is no CustomResourceDefinition in them is passed over. `labels` are put on each. Waits up to
  /// 60 s until they are established. Errors: `failed to parse CustomResourceDefinitions from crds/x.yaml: …`, `failed to create
  /// CustomResourceDefinition x: …`. Returns the refs of those in the chart.
  net::Task<base::Result<std::vector<kube::ObjectRef>>> ApplyCrds(std::vector<helm::CrdFile> crds, CrdPolicy policy, bool server_side,
                                                                  std::map<std::string, std::string> labels);

 private:
  net::Task<Outcome> GiveUp(helm::History& history, std::string message);
  net::Task<base::Result<void>> Prune(const helm::History& history, int max);
  net::Task<base::Result<std::vector<document::Value>>> Adopt(const std::vector<document::Value>& fresh, std::string name, std::string ns,
                                                              bool take);
  net::Task<base::Result<std::vector<document::Value>>> Leftovers(const helm::History& history, const helm::Release& original,
                                                                  std::set<document::ObjectId> known);
  net::Task<base::Result<void>> CreateNamespace(std::string ns, bool server_side);
  net::Task<Outcome> PerformInstall(InstallOptions options, helm::ReleaseRecord record, std::vector<document::Value> targets,
                                    std::vector<document::Value> adopted, bool again);
  struct Upgraded;
  net::Task<Outcome> PerformUpgrade(Upgraded upgrade);
  net::Task<Outcome> PerformRollback(RollbackOptions options, helm::History history, helm::ReleaseRecord record);
  net::Task<base::Result<void>> RecreatePods(std::vector<document::Value> workloads);
  net::Task<Outcome> PerformUninstall(UninstallOptions options, helm::History history);
  net::Task<Outcome> ResumeUpgrade(UpgradeOptions options, helm::History history);
  Environment env_;
};

}  // namespace sluice::releases
