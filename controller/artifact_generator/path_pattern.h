// controller/artifact_generator/path_pattern.h: `spec.pathPattern`: one artifact for each directory of a source that matches. The rules are
// source-watcher's: `{name}` captures a part of one directory's name; captured values are lower-cased where they become names and labels, and stay
// as they are in `from` and `to`; they must be label values, the rendered names names of objects, and distinct. Pure.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "controller/artifact_generator/spec.h"

namespace sluice::controller::artifact_generator {

/// By alias.
using SourceTrees = std::map<std::string, std::shared_ptr<const base::Files>, std::less<>>;

/// At most so many artifacts come of one pattern.
inline constexpr std::size_t kMaxArtifacts = 5000;

/// The artifacts to make, in the order of a walk by name; `spec.artifacts` itself where there is no pattern. Invalid: what no other try can mend (the
/// message begins with the pattern). Else: errors of reading the tree.
base::Result<std::vector<OutputArtifact>> ExpandArtifacts(const Spec& spec, const SourceTrees& trees);

}  // namespace sluice::controller::artifact_generator
