// cli/shown.h: what commands make of objects before they print them. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/kinds.h"
#include "cli/table.h"
#include "document/value.h"

namespace sluice::cli {

/// What belongs into Git: apiVersion, kind, name, namespace, labels, annotations and spec.
document::Value Exported(const document::Value& object);

/// `ready=false`, or `ready!=true`: a condition, and the status that it has or has not. Without a type it selects everything.
struct StatusSelector {
  std::string type, status;  ///< in lower case
  bool negated = false;
};
/// "" selects everything. Invalid quotes the text.
base::Result<StatusSelector> ParseStatusSelector(const std::string& text);
/// As the flux CLI decides, but Ready is what `get` shows of it. An object without the condition has none of its statuses.
bool Selects(const StatusSelector& selector, const document::Value& object);

/// A row for each kind: running (not suspended), failing (Ready=False), suspended, and the bytes of the artifacts.
std::vector<Row> StatsTable(std::span<const FluxKind> kinds, const std::vector<document::Value>& objects);

}  // namespace sluice::cli
