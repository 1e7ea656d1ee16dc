// kustomize/node_text.h: a tree as YAML text the way go-yaml v3 prints nodes: keys in their order, every scalar and collection in the style it was
// read with. Used where kustomize looks at, or stores, the text of a node. Pure.
#pragma once

#include <string>
#include <string_view>

#include "document/value.h"
#include "kustomize/yaml_comments.h"

namespace sluice::kustomize {

/// One scalar, list or mapping without a final newline. Where a scalar's text is not of its kind, the kind is written as a tag (`!!int abc`).
/// `comments` are those of the text that the tree was read from (FindComments); what has no mark has none. Comments inside flow collections are lost.
std::string NodeText(const document::Value& value, const YamlComments& comments = {});

}  // namespace sluice::kustomize
