// releases/upgrade.h: an upgrade whose record has been created. For this folder.
#pragma once

#include <vector>

#include "document/value.h"
#include "helm/release/secret.h"
#include "releases/actions.h"

namespace sluice::releases {

struct Actions::Upgraded {
  UpgradeOptions options;
  helm::ReleaseRecord original;          ///< the revision it compares with
  helm::ReleaseRecord record;            ///< the new one
  std::vector<document::Value> current;  ///< objects of the original, and those that are adopted
  std::vector<document::Value> target;
};

}  // namespace sluice::releases
