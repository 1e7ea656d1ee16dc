// rollout/plan.h: what a reconcile is going to do, decided before anything is touched: desired objects + inventory + what is known of the live
// objects become stages of objects to apply and a list to prune. Dry run, diff, tests and the real run share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "document/object.h"
#include "document/value.h"
#include "rollout/annotations.h"
#include "rollout/inventory.h"
#include "rollout/order.h"

namespace sluice::rollout {

/// Something the server said: applying the desired object with this fingerprint changes nothing while the live one has that one.
struct Settled {
  std::uint64_t desired = 0, live = 0;
  bool operator==(const Settled&) const = default;
};

/// What is known of one live object without asking the server.
struct LiveFacts {
  enum class Presence {
    Unknown,  ///< nobody looked (its kind is not watched)
    Absent,   ///< no object with our owner labels; one without them may exist
    Present,  ///< it exists and carries the labels of this owner
    Foreign,  ///< it exists and carries the labels of another owner
  };
  Presence presence = Presence::Unknown;
  std::uint64_t fingerprint = 0;  ///< FingerprintLive; 0: no field is ours
  Selectors selectors;            ///< of the live object
  bool deleting = false;
  bool leftovers = false;          ///< rollout::HasLeftovers: others left fields on it that are to be undone
  std::optional<Settled> settled;  ///< the last pair remembered for it
};
/// Asked once an object, by its id and API version.
using LiveLookup = std::function<LiveFacts(const document::ObjectId& id, std::string_view version)>;

enum class Action {
  Create,     ///< not there yet, as far as we know
  Configure,  ///< differs, or cannot be told without asking
  Unchanged,  ///< nothing to send
  Skip,       ///< a label or annotation says to leave it alone
};
std::string_view ToString(Action action);  ///< "created", "configured", "unchanged", "skipped": Flux's words once it is done

struct PlannedObject {
  document::ObjectId id;
  std::size_t desired = 0;  ///< index into the desired objects
  Action action = Action::Unchanged;
  std::uint64_t fingerprint = 0;  ///< FingerprintDesired, with the rules mixed in: what to remember as settled
  Selectors selectors;            ///< of desired and live together
  std::string why;                ///< for people: `fields differ from the live object`
};

struct PlannedStage {
  Stage stage = Stage::Rest;
  std::vector<PlannedObject> objects;  ///< in apply order
  bool waited = false;                 ///< the next stage begins when all of these are Current
  bool HasChanges() const;
};

enum class PruneAction {
  Delete,  ///< known to be ours and not excluded
  Check,   ///< the server must be asked whether it exists and carries our labels
  Keep,    ///< excluded by a selector: leaves the inventory, stays in the cluster
  Gone,    ///< no object with our labels: nothing to delete
};

struct PlannedPrune {
  InventoryEntry entry;
  PruneAction action = PruneAction::Check;
  std::string why;
};

struct PlanOptions {
  bool prune = true;
  CustomStageKinds custom_stage_kinds;
  /// The guard: more deletions than this hold the whole prune.
  std::size_t max_deletions = std::numeric_limits<std::size_t>::max();
  /// The guard: a build without objects holds the prune of a non-empty inventory.
  bool hold_empty = false;
};

struct Plan {
  std::vector<PlannedStage> stages;  ///< those with objects, in order
  std::vector<PlannedPrune> prune;   ///< reverse apply order
  Inventory
      inventory;  ///< after success: every desired object (skipped ones too) in apply order; while the guard holds, the last one's as well
  std::string held;         ///< why nothing is pruned, "" if it is
  bool HasChanges() const;  ///< something would be written
  /// One line an object that is not unchanged: `Deployment/shop/web configured (fields differ from the live object)`, then the prunes.
  std::string ToString() const;
};

/// `desired` as NormalizeDesired left it; `last` is the inventory of the last apply. Cannot fail. Objects that the plan calls Create or Configure
/// must still be dry-run: the answer of the server may carry selectors of a live object that we did not know.
Plan MakePlan(const Inventory& last, const std::vector<document::Value>& desired, const LiveLookup& lookup,
              const PlanOptions& options = {});

/// The same decision for one object, e.g. after a drift notice. `rules` is a hash of what else the server's answer depended on (fields that are ignored),
/// 0 for nothing: what was settled under other rules does not count. It is mixed into the fingerprint that is to be remembered.
PlannedObject PlanObject(const document::Value& desired, const LiveFacts& live, std::uint64_t rules = 0);

}  // namespace sluice::rollout
