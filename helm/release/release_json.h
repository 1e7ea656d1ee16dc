// helm/release/release_json.h: parts of a release as Go marshals them, for this folder.
#pragma once

#include <string>
#include <vector>

#include "helm/release/record.h"

namespace sluice::helm {

std::string InfoJson(const ReleaseInfo& info);
std::string HooksJson(const std::vector<ReleaseHook>& hooks);

}  // namespace sluice::helm
