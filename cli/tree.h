// cli/tree.h: objects and what they own, as `tree` prints them. Pure.
#pragma once

#include <string>
#include <vector>

#include "document/object.h"

namespace sluice::cli {

struct Tree {
  document::ObjectId id;
  std::vector<Tree> children;
};

/// One line each, with lines drawn as the flux CLI draws them.
std::string PrintTree(const Tree& tree);
/// The flux CLI's shape: `{resource: {Namespace, Name, GroupKind}, resources: [...]}`.
document::Value TreeValue(const Tree& tree);

}  // namespace sluice::cli
