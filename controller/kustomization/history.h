// controller/kustomization/history.h: `status.history`: the last results of a Kustomization, newest first. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "document/value.h"

namespace sluice::controller::kustomization {

struct HistoryEntry {
  std::string digest;  ///< of the built manifests, `sha256:…`
  std::string status;  ///< the Ready reason that the run ended with
  std::string revision, origin_revision;
  base::TimePoint at;
  base::Duration duration{};
};

/// `history` (null for none) with `entry` on top. The same digest with the same status is counted up instead of listed twice; at most 5 stay.
document::Value WithEntry(const document::Value* history, const HistoryEntry& entry);

}  // namespace sluice::controller::kustomization
