// helm/release/record.h: a release as Helm keeps it: one revision of one name (helm-contract 11 and 21). A Release is data without helm::Values, so it
// may cross threads; what is large in it is shared.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "helm/release/stored_chart.h"

namespace sluice::helm {

enum class ReleaseStatus : std::uint8_t {
  Unknown,
  Deployed,
  Uninstalled,
  Superseded,
  Failed,
  Uninstalling,
  PendingInstall,
  PendingUpgrade,
  PendingRollback,
};
std::string_view ToString(ReleaseStatus status);          ///< "pending-install"
ReleaseStatus ParseReleaseStatus(std::string_view text);  ///< what is no status is Unknown
inline bool IsPending(ReleaseStatus status) { return status >= ReleaseStatus::PendingInstall; }

/// A time as the record says it: RFC 3339 with up to nine digits of a second and any zone, "" for none. It is kept as text, because the snapshot's digest
/// covers it to the letter. Read it with base::ParseRfc3339.
using ReleaseTime = std::string;
/// `2026-01-02T03:04:05.6789Z`, as Go writes it; "" for the epoch of base::TimePoint.
ReleaseTime ReleaseTimeOf(base::TimePoint time);

/// A hook's last run. Phases are Helm's words: "", "Unknown", "Running", "Succeeded", "Failed".
struct HookRun {
  ReleaseTime started_at, completed_at;
  std::string phase;
  bool operator==(const HookRun&) const = default;
};

struct ReleaseHook {
  std::string name, kind, path, manifest;
  std::vector<std::string> events;  ///< "pre-install" ... "test"
  HookRun last_run;
  int weight = 0;
  std::vector<std::string> delete_policies, output_log_policies;

  bool IsFor(std::string_view event) const;
  bool DeletesOn(std::string_view policy) const;  ///< "before-hook-creation", "hook-succeeded", "hook-failed"
  bool LogsOn(std::string_view policy) const;
  bool operator==(const ReleaseHook&) const = default;
};

struct ReleaseInfo {
  ReleaseTime first_deployed, last_deployed, deleted;
  std::string description;
  ReleaseStatus status = ReleaseStatus::Unknown;
  std::string notes;
  int rollback_revision = 0;  ///< of a rollback: the revision it went back to
};

struct Release {
  std::string name, ns;
  int version = 0;
  ReleaseInfo info;
  std::shared_ptr<const StoredChart> chart;     ///< null: the record has none
  std::string config;                           ///< the user's values: a JSON object as Go marshals it, "" for none
  std::shared_ptr<const std::string> manifest;  ///< never null in a record that was read or made; "" is possible
  std::vector<ReleaseHook> hooks;
  std::string apply_method;                   ///< "ssa", "csa", "" (of helm 3: client-side)
  std::map<std::string, std::string> labels;  ///< the user's, of the Secret; none of Helm's own six

  const std::string& manifest_text() const;
  bool ServerSide() const { return apply_method == "ssa"; }
  void SetStatus(ReleaseStatus status, std::string description) {
    info.status = status;
    info.description = std::move(description);
  }
};

/// 1 to 53 bytes of a DNS subdomain; Errors: Invalid, in Helm's words (`invalid release name, must match regex ... and the length must not be longer than 53`).
base::Result<void> ValidateReleaseName(std::string_view name);

}  // namespace sluice::helm
