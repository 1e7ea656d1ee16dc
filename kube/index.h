// kube/index.h: the owned-object index. One watch a kind over the objects that carry an owner's labels; of each it keeps only what tells
// drift and health: uid, resourceVersion, a fingerprint of the fields we own, readiness and its cause (bench/kube measures the bytes).
// From the same stream come drift (another writer changed our fields) and health (a waiting reconcile wakes). Belongs to the I/O thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kube/client.h"
#include "kube/watch.h"
#include "rollout/annotations.h"
#include "rollout/plan.h"
#include "rollout/status.h"

namespace sluice::kube {

/// Who applied an object, as its labels say: the namespace and name of a Kustomization.
using Owner = document::NamespacedName;

/// What the index knows of one live object.
struct OwnedObject {
  ObjectRef ref;
  std::string uid;
  std::uint64_t resource_version = 0;
  std::uint64_t fingerprint = 0;  ///< rollout::FingerprintLive for our manager; 0: no field is ours
  Owner owner;
  rollout::Status status;                   ///< of a Current object reason and message are not kept
  bool deleting = false;                    ///< has a deletionTimestamp
  rollout::Selectors selectors;             ///< what its labels and annotations ask of us
  bool leftovers = false;                   ///< rollout::HasLeftovers
  std::optional<rollout::Settled> settled;  ///< as recorded with RecordApplied or Settle, while the live fingerprint is still that one
};

/// What happened to an object; several at once may be set.
enum class Change : std::uint8_t {
  Added = 1,       ///< seen for the first time, and not by our own apply
  Drift = 2,       ///< the fields we own changed, or some were left that are to be undone, and not by our own apply
  Readiness = 4,   ///< the status changed, in phase or words
  Deleted = 8,     ///< gone, or no longer labelled as this owner's, and not by our own doing
  Selectors = 16,  ///< a steering annotation changed
  Gone = 32,       ///< the end of an object that we deleted (WriteGuard::Deleted)
  Taken = 64,      ///< an apply of ours made it another owner's; told to the one that had it
};
using Changes = std::uint8_t;
inline bool Has(Changes changes, Change change) { return (changes & static_cast<std::uint8_t>(change)) != 0; }

/// Told on the I/O thread, after the index has changed. Must not wait. Not told of what the first list of a kind finds: whoever called
/// EnsureWatched looks it up.
class OwnedListener {
 public:
  virtual ~OwnedListener() = default;
  virtual void OnChanged(const Owner& owner, const ObjectRef& ref, Changes changes) = 0;
  /// The status of `object` by rules of its owner's own; nullopt: kstatus's hold. Asked for every object that is read; pure, and quick. Where the
  /// answer for an object that did not change would be another one now, Rejudge tells the index.
  virtual std::optional<rollout::Status> Judge(std::string_view owner_ns, std::string_view owner_name,
                                               const document::Value& object) const {
    (void)owner_ns, (void)owner_name, (void)object;
    return std::nullopt;
  }
};

struct IndexOptions {
  std::string label_prefix = "kustomize.toolkit.fluxcd.io";        ///< of the labels /name and /namespace and the steering annotations
  std::string manager = "kustomize-controller";                    ///< whose fields the fingerprint covers
  std::vector<std::string> overridden_managers;                    ///< rollout::TakeoverRules::overridden
  ReflectorOptions reflector{.relist = std::chrono::minutes(30)};  ///< label_selector is set from label_prefix
};

class OwnedIndex {
  struct Impl;

 public:
  /// `client` and `listener` outlive it.
  OwnedIndex(Client& client, IndexOptions options, OwnedListener& listener);
  ~OwnedIndex();
  OwnedIndex(const OwnedIndex&) = delete;
  OwnedIndex& operator=(const OwnedIndex&) = delete;
  net::Task<void> Close();

  /// Ok once the objects of this kind are known and followed; at once if they are already. NotFound (no such kind; not remembered),
  /// Forbidden (our own identity may not list it), Timeout after `timeout`, Canceled. A kind that cannot be listed and watched
  /// (say, a review) is Unsupported: its objects have no entries.
  net::Task<base::Result<void>> EnsureWatched(document::GroupVersionKind gvk, std::chrono::nanoseconds timeout);
  bool IsWatched(const document::GroupVersionKind& gvk) const;  ///< and synced
  /// Ends the watch of a kind that nobody owns any more (its CRD is gone) and forgets its objects, silently.
  void Forget(const document::GroupVersionKind& gvk);

  /// nullopt: there is no such object with owner labels (if its kind is watched).
  std::optional<OwnedObject> Lookup(const ObjectRef& ref) const;
  /// Of all watched kinds, sorted by ref.
  std::vector<OwnedObject> ListOwned(const Owner& owner) const;

  /// Held around a write of ours to `ref`: events that arrive meanwhile are judged only at its end, since the watch may be faster than the
  /// answer. Applied() makes what we wrote the new normal. A later change by somebody else is still drift.
  class WriteGuard {
   public:
    WriteGuard(WriteGuard&& other) noexcept;
    WriteGuard& operator=(WriteGuard&&) = delete;
    ~WriteGuard();  ///< without Applied(): judged against what was there before
    /// `stored`: what the server answered, whole. `desired`: rollout::FingerprintDesired of what was applied.
    void Applied(const document::Value& stored, std::uint64_t desired);
    /// We deleted the object with this `uid`: its end, now or once its finalizers are done, is Gone, not Deleted. That of another object of
    /// this name, which somebody made meanwhile, is not ours.
    void Deleted(std::string_view uid);

   private:
    friend class OwnedIndex;
    WriteGuard(std::weak_ptr<Impl> index, ObjectRef ref) : index_(std::move(index)), ref_(std::move(ref)) {}
    std::weak_ptr<Impl> index_;
    ObjectRef ref_;
  };
  WriteGuard BeginWrite(ObjectRef ref);
  /// As a guard's Applied() outside of one. An older version than the known one changes nothing.
  void RecordApplied(const document::Value& stored, std::uint64_t desired);
  /// Asks the listener's Judge anew about the object that `live` shows, whole; only if that is the version that is known. Nobody is told.
  void Rejudge(const document::Value& live);
  /// The server said in a dry run that applying `desired` would change nothing while the fields we own are as they are now.
  void Settle(const ObjectRef& ref, rollout::Settled settled);

  struct Stats {
    std::size_t kinds = 0, objects = 0, bytes = 0;  ///< `bytes`: heap held by the entries and the names they share
  };
  Stats stats() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace sluice::kube
