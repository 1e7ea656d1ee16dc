// cli/shown.h: what commands make of objects before they print them. Pure.
#pragma once

#include <span>
#include <vector>

#include "cli/kinds.h"
#include "cli/table.h"
#include "document/value.h"

namespace sluice::cli {

/// What belongs into Git: apiVersion, kind, name, namespace, labels, annotations and spec.
document::Value Exported(const document::Value& object);

/// A row for each kind: running (not suspended), failing (Ready=False), suspended, and the bytes of the artifacts.
std::vector<Row> StatsTable(std::span<const FluxKind> kinds, const std::vector<document::Value>& objects);

}  // namespace sluice::cli
