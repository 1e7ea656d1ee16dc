#include "helm/release/history.h"

#include <algorithm>

namespace sluice::helm {

using base::Result;

void SortHistory(History& history) {
  std::stable_sort(history.begin(), history.end(),
                   [](const ReleaseRecord& left, const ReleaseRecord& right) { return left.release.version < right.release.version; });
}

const ReleaseRecord* LastOf(const History& history) { return history.empty() ? nullptr : &history.back(); }

const ReleaseRecord* FindRevision(const History& history, int version) {
  const auto found =
      std::find_if(history.begin(), history.end(), [&](const ReleaseRecord& record) { return record.release.version == version; });
  return found == history.end() ? nullptr : &*found;
}

const ReleaseRecord* LastDeployed(const History& history) {
  const auto found = std::find_if(history.rbegin(), history.rend(),
                                  [](const ReleaseRecord& record) { return record.release.info.status == ReleaseStatus::Deployed; });
  return found == history.rend() ? nullptr : &*found;
}

Result<const ReleaseRecord*> CurrentOf(const History& history, const std::string& name) {
  const auto none = [&] { return base::NotFound("\"" + name + "\" has no deployed releases"); };
  const ReleaseRecord* last = LastOf(history);
  if (last == nullptr) return none();
  const ReleaseStatus status = last->release.info.status;
  if (IsPending(status)) return base::MakeError(base::Reason::Conflict, "another operation (install/upgrade/rollback) is in progress");
  if (const ReleaseRecord* deployed = LastDeployed(history)) return deployed;
  if (status != ReleaseStatus::Failed && status != ReleaseStatus::Superseded) return none();
  return last;
}

int NextRevision(const History& history) { return history.empty() ? 1 : history.back().release.version + 1; }

std::vector<int> VersionsToPrune(const History& history, int max) {
  std::vector<int> versions;
  if (max <= 0) return versions;
  const auto room = static_cast<std::size_t>(max - 1);
  const ReleaseRecord* deployed = LastDeployed(history);
  for (const ReleaseRecord& record : history) {
    if (history.size() - versions.size() <= room) break;
    if (&record != deployed) versions.push_back(record.release.version);
  }
  return versions;
}

Result<void> CheckNameIsFree(const History& history, bool replace) {
  const ReleaseRecord* last = LastOf(history);
  if (last == nullptr) return {};
  const ReleaseStatus status = last->release.info.status;
  if (replace && (status == ReleaseStatus::Uninstalled || status == ReleaseStatus::Failed)) return {};
  return base::MakeError(base::Reason::Conflict, "cannot reuse a name that is still in use");
}

}  // namespace sluice::helm
