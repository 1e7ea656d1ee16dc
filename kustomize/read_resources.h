// kustomize/read_resources.h: the text of a resource or patch file becomes objects (contract §5): documents cut as kustomize cuts them, lists
// expanded, what is no object refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kustomize/resmap.h"
#include "kustomize/resource.h"

namespace sluice::kustomize {

/// Objects of `text` in order; items of lists come after the rest. `file` names the text in messages ("" for text without a file).
/// Errors: Invalid `file:line:column: what` — malformed YAML, text behind `---`, a document that is no object, no kind, no name.
base::Result<std::vector<std::unique_ptr<Resource>>> ReadResources(std::string_view text, std::string_view file);

/// The same as a ResMap: two objects with one id are an error.
base::Result<ResMap> ReadResMap(std::string_view text, std::string_view file);

}  // namespace sluice::kustomize
