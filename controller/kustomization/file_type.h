// controller/kustomization/file_type.h: the Go types that Flux reads YAML into before it builds: kustomize's Kustomization
// (kustomize v5.8.2, api/types) and its own (kustomize-controller v1.9, api/v1). Fields that a build has nothing to do with are checked as well, for a
// file that is wrong there is not read.
#pragma once

#include "document/go_struct.h"

namespace sluice::controller::kustomization {

const document::GoType& KustomizationFileType();
const document::GoType& FluxKustomizationType();

}  // namespace sluice::controller::kustomization
