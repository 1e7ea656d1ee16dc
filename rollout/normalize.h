// rollout/normalize.h: from the documents of a build to the objects that are applied (flux-contract 6.4). Every consumer of a build calls this
// once, before it plans, diffs or applies.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"

namespace sluice::rollout {

using StringPairs = std::vector<std::pair<std::string, std::string>>;

struct NormalizeOptions {
  /// Who owns the objects: sets the labels <label_group>/name and /namespace. No name: no labels.
  document::NamespacedName owner;
  std::string label_group = "kustomize.toolkit.fluxcd.io";
  StringPairs common_labels;  ///< commonMetadata; they overwrite, also the owner's
  StringPairs common_annotations;
};

/// The objects to apply, in the order of `documents`, lists expanded, kustomize.config.k8s.io objects and null documents left out.
/// Errors: Invalid, `object 3 (web.yaml:12): missing metadata.name`; a Secret whose stringData is not text.
base::Result<std::vector<document::Value>> NormalizeDesired(std::vector<document::Value> documents, const NormalizeOptions& options);

/// One object: of the kinds built into Kubernetes what typed.h says (custom resources stay to the letter), then ports get `protocol: TCP`, stringData goes into
/// data, `status` (but of a CRD) and metadata.creationTimestamp vanish, and so does the caBundle of a CRD's webhook that is none.
base::Result<void> NormalizeObject(document::Value& object);

/// Of a Secret what its stringData holds goes into data, as the server would have it. Invalid: it is not text.
base::Result<void> MergeStringData(document::Value& secret);

/// Whether `group` is one that Kubernetes itself defines types for (client-go's scheme), so that its objects pass through Go structs.
bool IsBuiltInGroup(std::string_view group);

}  // namespace sluice::rollout
