// controller/helm_release/snapshot.h: `status.history` of a HelmRelease: the revisions that were made for it, as Flux keeps them (flux-contract 7.8). Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/helm_release/spec.h"
#include "document/value.h"
#include "helm/release/record.h"

namespace sluice::controller::helm_release {

struct TestHook {
  std::string started, completed;  ///< RFC 3339, "" for none
  std::string phase;
  bool operator==(const TestHook&) const = default;
};

struct Snapshot {
  std::string api_version = "v2";
  std::string digest, name, ns;
  int version = 0;
  std::string status;  ///< Helm's word
  std::string action;  ///< install, upgrade, rollback, uninstall, uninstall-remediation
  std::string chart_name, chart_version, app_version, oci_digest, config_digest;
  std::string first_deployed, last_deployed, deleted;         ///< RFC 3339 in whole seconds, "" for none
  std::optional<std::map<std::string, TestHook>> test_hooks;  ///< nullopt: not tested

  std::string FullName() const { return ns + "/" + name + ".v" + std::to_string(version); }
  std::string ChartText() const { return chart_name + "@" + chart_version; }
  bool HasBeenTested() const;  ///< all its tests have come to an end, or one has failed
  bool HasTestInPhase(std::string_view phase) const;
  bool IsOf(const helm::Release& release) const { return name == release.name && ns == release.ns && version == release.version; }
  bool operator==(const Snapshot&) const = default;
};

/// What `release` is at this moment.
Snapshot SnapshotOf(const helm::Release& release, std::string_view oci_digest, std::string_view action, std::string_view algorithm);
/// The results of the release's tests that `filters` choose.
std::map<std::string, TestHook> TestHooksOf(const helm::Release& release, const std::vector<TestFilter>& filters);
/// Whether `release` is what `snapshot` was taken of. Snapshots of an older kind are believed, as Flux does.
bool Shows(const Snapshot& snapshot, const helm::Release& release);

/// Newest first.
class Snapshots {
 public:
  static Snapshots FromValue(const document::Value* history);  ///< null: none
  document::Value ToValue() const;

  bool empty() const { return all_.empty(); }
  const std::vector<Snapshot>& all() const { return all_; }
  const Snapshot* Latest() const { return all_.empty() ? nullptr : &all_.front(); }
  /// The newest before the latest that was deployed, and unless `ignore_tests` has no failed test; nullptr: there is none.
  const Snapshot* Previous(bool ignore_tests) const;
  void Clear() { all_.clear(); }
  /// Keeps nothing older than Previous(); 5 where there is none.
  void Truncate(bool ignore_tests);
  void TruncateToNewest();  ///< keeps 5
  /// Puts `snapshot` in the place of that of the same revision, whose tests it keeps unless it has some itself, or adds it.
  void Note(Snapshot snapshot);
  /// nullptr: no snapshot of this revision.
  const Snapshot* Of(const helm::Release& release) const;
  bool operator==(const Snapshots&) const = default;

 private:
  std::vector<Snapshot> all_;
};

}  // namespace sluice::controller::helm_release
