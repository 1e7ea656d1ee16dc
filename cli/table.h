// cli/table.h: columns of text. Pure.
#pragma once

#include <string>
#include <vector>

#include "document/value.h"

namespace sluice::cli {

using Row = std::vector<std::string>;

/// The rows with their cells padded to the widest of each column (by characters), two blanks between, none at the end of a line.
std::string FormatTable(const std::vector<Row>& rows);

/// "False" or another word for Ready, and what is said about it, as `get` shows them: without a condition False and `waiting to be reconciled`.
struct Readiness {
  std::string status, message;
};
Readiness ReadinessOf(const document::Value& object);
/// By spec.suspend; an ArtifactGenerator by its annotation.
bool IsSuspended(const document::Value& object);

/// "3d4h", "5m10s", "42s": the two largest units, as kubectl shows an age.
std::string FormatAge(long long seconds);
/// "512 B", "1.5 KiB": binary units, one digit behind the point.
std::string FormatBytes(double bytes);

}  // namespace sluice::cli
