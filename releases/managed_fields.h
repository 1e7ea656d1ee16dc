// releases/managed_fields.h: from client-side to server-side apply (client-go's util/csaupgrade). Pure. For this folder.
#pragma once

#include <optional>
#include <string_view>

#include "document/value.h"

namespace sluice::releases {

/// The JSON Patch that makes what `manager` owns by Update its by Apply, so that the next apply removes what is no longer wanted; nullopt if it owns
/// nothing by Update. Holds only for the resourceVersion of `live`.
std::optional<document::Value> UpgradeManagedFields(const document::Value& live, std::string_view manager);

}  // namespace sluice::releases
