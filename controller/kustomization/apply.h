// controller/kustomization/apply.h: the built objects reach the cluster: stage by stage, what differs is dry-run first and written only if the
// whole stage passed; what is equal costs no request (docs/architecture.md, "Applying"). Rules: Flux's apply engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "controller/ignore.h"
#include "document/object.h"
#include "document/value.h"
#include "kube/client.h"
#include "kube/index.h"
#include "net/executor.h"
#include "rollout/inventory.h"
#include "rollout/order.h"
#include "rollout/plan.h"
#include "rollout/takeover.h"

namespace sluice::controller::kustomization {

inline constexpr std::string_view kFieldManager = "kustomize-controller";

enum class Effect { Unchanged, Created, Configured, Recreated, Skipped };
std::string_view ToString(Effect effect);  ///< Flux's words: "unchanged", "created" (also anew), "configured", "skipped"

struct AppliedObject {
  kube::ObjectRef ref;
  Effect effect = Effect::Unchanged;
  std::string pod_selector;  ///< of the pods it makes ("app=web"), "" for what makes none: for the diagnosis
  bool vanishes = false;     ///< its end is its success (a Job with a time to live)
};

struct ApplyRequest {
  std::vector<document::Value> objects;  ///< normalised, with owner labels
  kube::Impersonate as;
  kube::Owner owner;
  bool force = false;  ///< delete and create anew what cannot be changed in place
  rollout::CustomStageKinds custom_stage_kinds;
  rollout::TakeoverRules takeover;            ///< whose fields are undone
  bool migrate_api_version = false;           ///< gate MigrateAPIVersion: before each dry run
  std::shared_ptr<const IgnoreRules> ignore;  ///< spec.ignore; may be null
  base::Duration recreate_timeout = std::chrono::seconds(60);
  bool cautious =
      false;  ///< nothing is created without a dry run: the last try failed, so this one may, and is not to be put on record first
  bool prove_rights = false;   ///< dry-run one object a kind and namespace although it is as it should be: may `as` still do this?
  std::size_t concurrent = 8;  ///< requests at a time
  std::function<void(bool waiting)> on_wait;  ///< told before and after each wait for the cluster; may be empty
  rollout::Inventory recorded;                ///< what is on record already
  /// Awaited once, before the first object is created, or written that `recorded` lacks, with every object of the request: all has to be on record by then.
  std::function<net::Task<base::Result<void>>(std::vector<kube::ObjectRef>)> before_create;
};

struct ApplyResult {
  std::vector<AppliedObject> applied;   ///< in apply order; after a failure what was done until then
  std::vector<kube::ObjectRef> unsure;  ///< after a failure: what may have been written, since no answer came
  std::optional<base::Error> error;
};

class Applier {
 public:
  /// `woken` is set whenever the index saw a change of this owner's objects: stages that are waited for wait on it. All outlive Run.
  Applier(kube::Client& client, kube::OwnedIndex& index, const base::Clock& clock, net::Event& woken)
      : client_(client), index_(index), clock_(clock), woken_(woken) {}

  /// Never throws away what was done: on an error `applied` says what had been written. Canceled between two requests leaves a state
  /// that the next run finishes.
  net::Task<ApplyResult> Run(ApplyRequest request);

 private:
  struct Item;
  net::Task<base::Result<void>> RunStage(std::vector<Item>& items, const ApplyRequest& request, ApplyResult& result);
  net::Task<base::Result<void>> Locate(std::vector<Item>& items);
  net::Task<void> Judge(Item& item, const ApplyRequest& request);
  static void ProveRights(std::vector<Item>& items);
  bool IsOwnChange(Item& item, const ApplyRequest& request) const;
  bool IsNew(const Item& item, const ApplyRequest& request) const;
  net::Task<base::Result<void>> DryRunAll(std::vector<Item>& items, const ApplyRequest& request);
  net::Task<void> DryRun(Item& item, const ApplyRequest& request);
  net::Task<void> OnRefused(Item& item, const ApplyRequest& request, base::Error error);
  net::Task<bool> WouldBeCreated(const Item& item, const ApplyRequest& request);
  net::Task<void> Compare(Item& item, const ApplyRequest& request, document::Value answer);
  static bool BeyondRecord(const std::vector<Item>& items, const rollout::Inventory& recorded);
  net::Task<base::Result<void>> Record(const std::vector<Item>& items, const ApplyRequest& request);
  net::Task<base::Result<void>> WriteAll(std::vector<Item>& items, const ApplyRequest& request);
  net::Task<void> Write(Item& item, const ApplyRequest& request);
  net::Task<base::Result<void>> Put(Item& item, const ApplyRequest& request);
  net::Task<base::Result<document::Value>> Send(Item& item, const ApplyRequest& request);
  net::Task<base::Result<void>> Remove(const Item& item, const ApplyRequest& request);
  net::Task<base::Result<void>> AwaitStage(const std::vector<Item>& items);

  kube::Client& client_;
  kube::OwnedIndex& index_;
  const base::Clock& clock_;
  net::Event& woken_;
  std::vector<kube::ObjectRef> all_;
  bool recorded_ = false;
};

}  // namespace sluice::controller::kustomization
