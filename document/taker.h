// document/taker.h: nodes that leave a tree while its text is read, so that the items of a long list (the charts of a repository's index) are never in
// memory all at once. For ParseYaml and ParseJson.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/json.h"
#include "document/value.h"
#include "document/yaml.h"

namespace sluice::document {

/// `take` is asked about every item of every sequence at `depth` (1 is the root), as soon as it is whole. `path` holds the keys of the mappings on
/// the way to it, "" for a sequence on the way. True: `item` was moved from, and the list goes on without it. An error ends the reading with it.
/// An item that an alias stands for, or whose list is one, is taken only where the alias is the item; what is below a merge key is never taken.
/// Whether the text is sound is known only at its end. Limits count what stays, and what aliases repeat.
struct Taker {
  std::size_t depth = 0;
  std::function<base::Result<bool>(const std::vector<std::string_view>& path, Value& item)> take;
  std::function<void()> restart;  ///< the text is read anew from its beginning: forget what was taken
};

/// As ParseYaml and ParseJson. `taker` outlives the call; `max_values` bounds what is in collections of the JSON at a time (TooLarge).
base::Result<Value> ParseYamlTaking(std::string_view text, const YamlOptions& options, const Taker& taker);
base::Result<Value> ParseJsonTaking(std::string_view text, const JsonOptions& options, const Taker& taker, std::size_t max_values);

}  // namespace sluice::document
