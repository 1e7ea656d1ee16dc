// kustomize/node_text.h: a tree as YAML text the way go-yaml v3 prints nodes: keys in their order, every scalar and collection in the style it was
// read with. Used where kustomize looks at, or stores, the text of a node. Pure.
#pragma once

#include <string>
#include <string_view>

#include "document/value.h"

namespace sluice::kustomize {

/// One scalar, list or mapping without a final newline. Where a scalar's text is not of its kind, the kind is written as a tag (`!!int abc`).
std::string NodeText(const document::Value& value);

}  // namespace sluice::kustomize
