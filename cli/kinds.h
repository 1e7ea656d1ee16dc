// cli/kinds.h: Flux's kinds as people name them on a command line, in kubectl's words and in the flux CLI's: `ks`, `kustomization/app`,
// `source git fleet`, `all`. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/object.h"

namespace sluice::cli {

struct FluxKind {
  std::string_view group, version, kind;
  std::string_view plural;    ///< "gitrepositories"
  std::string_view family;    ///< the flux CLI's first word: "source", "artifact", "image", or "" for kinds that stand alone
  std::string_view words;     ///< other names, separated by blanks; within a family the flux CLI's second word comes first
  std::string_view revision;  ///< paths of what `get` shows as revision, the first that is there: keys, and places in lists, joined by dots
  bool is_static = false;     ///< no controller writes a status: always ready, nothing to reconcile
  bool is_older = false;  ///< of the Helm operator: another kind has its name, so words name it with its group; not reconciled on request
  document::GroupVersionKind Gvk() const { return {std::string(group), std::string(version), std::string(kind)}; }
  /// The kind in lower case, with its group where that is needed: what may be said of it on a command line.
  std::string Word() const;
  /// The condition that says whether all is well.
  std::string_view ReadyType() const { return is_older ? "Released" : "Ready"; }
};

/// Sources first, then what applies, then images, then notifications: the order of `get all`.
std::span<const FluxKind> FluxKinds();
/// nullptr: not one of Flux's.
const FluxKind* FindKind(std::string_view group, std::string_view kind);

/// No controller writes a status to `object`: one of a static kind, or a HelmRepository of registries (`type: oci`).
bool IsStatic(const document::Value& object);

/// What some words of a command line mean.
struct Target {
  std::vector<const FluxKind*> kinds;  ///< several for `all`, `sources`, `images`
  std::string name;                    ///< "" if none was given
  bool one_kind() const { return kinds.size() == 1; }
};

/// `[kind [name]]`, `kind/name`, `source git [name]`, `sources all`, `all`; no words mean `all`. Invalid names the word and lists what there is.
base::Result<Target> ParseTarget(std::span<const std::string> words);

/// `kind name name …`, as suspend and resume take it: a target each, none twice. Otherwise as ParseTarget.
base::Result<std::vector<Target>> ParseTargets(std::span<const std::string> words);

/// The text at `path` of an object, one path as in FluxKind::revision; "" if there is none.
std::string_view TextAt(const document::Value& object, std::string_view path);
/// What `get` shows as the revision of an object; "" if it has none yet, or is none of Flux's.
std::string_view RevisionOf(const document::Value& object);

}  // namespace sluice::cli
