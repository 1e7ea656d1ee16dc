// kube/answer.h: is what the API server sent what it was asked for? A proxy or a load balancer between us and it may answer 200 with anything, and a
// status or a deletion that is believed of the wrong object does harm. Internal to kube/ and pure.
#pragma once

#include <string>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kube/mapper.h"

namespace sluice::kube {

/// What an object must be.
struct Wanted {
  document::GroupVersionKind gvk;
  bool namespaced = false;
  std::string ns, name;        ///< empty: any
  bool metadata_only = false;  ///< PartialObjectMetadata was asked for
  bool may_lack_kind = false;  ///< as items of lists do

  /// Any object of `resource` in `ns`, or in all namespaces.
  static Wanted Of(const Resource& resource, std::string ns, bool metadata_only);
};

/// Unavailable if `object` is another one, or none, or has no name: `Status, not ConfigMap shop/web`, `ConfigMap shop/web, not a Secret`.
base::Result<void> CheckObject(const document::Value& object, const Wanted& wanted);
/// The same for what answers a deletion: a Status that tells of success, or the object.
base::Result<void> CheckDeleted(const document::Value& answer, const Wanted& wanted);
/// The same for the head of a list, its `items` left empty. `kindless` of them did not tell their kind, so that the list's own has to.
base::Result<void> CheckList(const document::Value& head, const Wanted& wanted, std::size_t kindless);

}  // namespace sluice::kube
