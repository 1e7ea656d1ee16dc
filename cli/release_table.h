// cli/release_table.h: the revisions of a release as `helm history` prints them. Pure.
#pragma once

#include <string>

#include "helm/release/history.h"

namespace sluice::cli {

/// `output`: "table", "json" or "yaml". `rollback`: the table shows which revision each went back to.
std::string FormatHistory(const helm::History& history, const std::string& output, bool rollback);

}  // namespace sluice::cli
