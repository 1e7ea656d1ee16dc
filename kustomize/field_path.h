// kustomize/field_path.h: the dotted paths of replacements (`spec.containers.[name=web].image`, `data.a\.yaml.server.port`).
// Pure; RE2 behind it. Rules: kyaml's PathGetter (sources) and PathMatcher (targets).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

/// Splits at '.': `\.` is a dot inside a key, `[a.b/c]` brackets a key with dots, and `[name=a.b]` stays one segment.
std::vector<std::string> SplitDottedPath(std::string_view path);

/// The node a source names: fields, list indexes, `-` (last), `[key=value]` and `[=value]` (exact). nullptr if it is not there.
/// Errors: Invalid (an index into a mapping, a field of a list or scalar, `*`).
base::Result<const document::Value*> GetField(const document::Value& object, const std::vector<std::string>& path);

/// The scalar at `path`, with what is missing on the way made: mappings, `[key=value]` elements (exact) and the leaf. nullptr below a null, or where an index
/// is beyond the list. Errors: as GetField.
base::Result<document::Value*> GetOrCreateField(document::Value& object, const std::vector<std::string>& path);

/// A node that a target path found.
struct FieldMatch {
  document::Value* node = nullptr;
  bool created = false;   ///< a leaf made just now, which has no type yet
  bool detached = false;  ///< inside the text of a scalar: `node` is in a copy that nobody sees
};

/// The kind of the leaf that is made if a target path leads nowhere.
enum class CreateLeaf { No, Scalar, Mapping, Sequence };

/// What MatchFields found; owns the trees behind detached matches.
class FieldMatches {
 public:
  const std::vector<FieldMatch>& list() const { return list_; }

 private:
  friend class PathMatcher;
  std::vector<FieldMatch> list_;
  std::vector<std::unique_ptr<document::Value>> parsed_;
};

/// Every node a target names: fields, list indexes, `*`, and `[key=value]` or `[=value]` whose value is an unanchored regular expression. With `create`, missing
/// mappings, `[key=value]` elements and the element just behind a list's end are made. Nothing found is an empty list.
/// Errors: Invalid (an index beyond the end, a segment that does not fit what is there, a bad expression).
base::Result<FieldMatches> MatchFields(document::Value& object, const std::vector<std::string>& path, CreateLeaf create);

}  // namespace sluice::kustomize
