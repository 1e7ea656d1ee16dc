// kustomize/read_resources.h: the text of a resource or patch file becomes objects (contract §5): documents cut as kustomize cuts them, lists
// expanded, what is no object refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kustomize/budget.h"
#include "kustomize/resmap.h"
#include "kustomize/resource.h"

namespace sluice::kustomize {

/// How messages name places in a text.
struct TextPlace {
  std::string_view file;  ///< "" for none
  document::Mark first = {
      1, 1};  ///< of the text's first character in the file; line 0: its lines are not the file's, `file` is all that is known
  Budget* budget = nullptr;  ///< of the build; null: one of the text's own
};

/// Objects of `text` in order; items of lists come after the rest.
/// Errors: Invalid `file:line:column: what` — malformed YAML, text behind `---`, a document that is no object, no kind, no name; TooLarge.
base::Result<std::vector<std::unique_ptr<Resource>>> ReadResources(std::string_view text, const TextPlace& place);

/// The same as a ResMap: two objects with one id are an error.
base::Result<ResMap> ReadResMap(std::string_view text, const TextPlace& place);

/// What is left of `value` after JSON: strings in double quotes, canonical numbers, dates as strings; marks stay.
/// Errors: Invalid `file:line:column: what` — a key that is no string, one that comes twice.
base::Result<void> RoundTripThroughJson(document::Value& value, std::string_view file);

}  // namespace sluice::kustomize
