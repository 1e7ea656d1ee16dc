// kustomize/transformers.h: namespace, namePrefix, nameSuffix, labels, annotations, images and replicas over a whole list of objects. The
// value side is in names.h, labels.h and image.h; here are identities: what an object was called before, and which two would collide.
// What they write is paid for from the build's budget (TooLarge), which outlives the step.
// Rules: contract §8, §9, §10.
#pragma once

#include <string>

#include "kustomize/field_spec.h"
#include "kustomize/labels.h"
#include "kustomize/names.h"
#include "kustomize/step.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

/// Every object but Helm's; two objects with one id afterwards are an error.
Transform NamespaceStep(std::string ns, const FieldSpecs& specs, Budget& budget, NamespaceOptions options = {});
Transform PrefixStep(std::string prefix, const FieldSpecs& specs, Budget& budget);
Transform SuffixStep(std::string suffix, const FieldSpecs& specs, Budget& budget);
/// Labels and annotations alike: sets `pairs` wherever `specs` reach.
Transform PairsStep(StringMap pairs, const FieldSpecs& specs, Budget& budget);
Transform ImageStep(Image image, const FieldSpecs& specs, Budget& budget);
/// Errors: Invalid when no object of a fitting kind has or had the name.
Transform ReplicaStep(Replica replica, const FieldSpecs& specs);
/// Appends the content hash to the names of objects that want it.
Transform HashStep();

}  // namespace sluice::kustomize
