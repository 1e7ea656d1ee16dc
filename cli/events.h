// cli/events.h: core/v1 Events about Flux's objects as rows. Pure.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/table.h"
#include "document/value.h"

namespace sluice::cli {

/// Which events are shown.
struct EventFilter {
  /// Kind, namespace and name of an object; "" stands for any. No entry: every Flux object.
  struct About {
    std::string kind, ns, name;
  };
  std::vector<About> about;
  std::vector<std::string> types;  ///< "Normal", "Warning", in any case; none: both
};

bool Shown(const document::Value& event, const EventFilter& filter);
/// When it was last seen: the newest of its times; the epoch if it has none that can be read.
base::TimePoint LastSeen(const document::Value& event);
/// LAST SEEN, TYPE, REASON, OBJECT, MESSAGE, with the namespace first if asked for.
Row EventRow(const document::Value& event, bool with_namespace, base::TimePoint now);

}  // namespace sluice::cli
