// kustomize/shared_nodes.h: labels and annotations that are one node in several places. When kustomize adds a label where it was not, it puts
// one and the same YAML node into every such place of the object; who writes to it in one place later, writes to all of them. That shows
// in the output (`labels` with includeTemplates in a base, another value without it in an overlay), so it is kept here.
// Rule: kustomize v5.8.2, api/filters/labels and kyaml's FieldSetter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "document/value.h"
#include "kustomize/field_spec.h"

namespace sluice::kustomize {

class Resource;

/// Places that pairs are written to, one filter each.
struct PairPlace {
  explicit PairPlace(const FieldSpec& spec);
  FieldSpec spec;
  FieldSpecFilter filter;    ///< for objects of the spec's kind
  FieldSpecFilter any_kind;  ///< the same path in any object
};
using PairPlaces = std::vector<PairPlace>;

/// One node of an object and the places that hold it.
struct SharedNode {
  struct Member {
    std::uint32_t place = 0;    ///< index into `places`
    std::uint32_t ordinal = 0;  ///< of the maps that the place's path leads to
  };
  std::shared_ptr<const PairPlaces> places;
  std::vector<Member> members;  ///< in the order in which a strategic merge walks the object: the last one written counts
  std::string key;
  document::Value value;  ///< as last seen
};

/// What one holder of a shared node was given since the last call, the others get; a holder that lost it no longer counts.
void SyncShared(Resource& resource);
/// The annotations of the object were written anew: they share nothing any more.
void UnshareAnnotations(Resource& resource);

}  // namespace sluice::kustomize
