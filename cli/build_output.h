// cli/build_output.h: one file a resource, as `kustomize build -o DIRECTORY` names them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "document/value.h"

namespace sluice::cli {

struct OutputFile {
  std::string name, text;
};

/// `apps_v1_deployment_web.yaml`, in lower case; where the namespaced objects have several namespaces, `shop_apps_v1_deployment_web.yaml` (none is
/// "default"; kinds known to be cluster-scoped have no such part). Of two of one name the later is the one that stays. Rule: kustomize v5.8.2,
/// commands/build/writer.go. Errors: Invalid, a name that would not be a file of the directory (kustomize writes it wherever it leads).
base::Result<std::vector<OutputFile>> OutputFiles(const std::vector<document::Value>& documents);

}  // namespace sluice::cli
