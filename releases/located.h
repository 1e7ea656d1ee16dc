// releases/located.h: the text of a manifest becomes objects that the API server knows, each with its namespace. For this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "kube/client.h"
#include "net/task.h"

namespace sluice::releases {

/// Sets the namespace of those that have one and name none to `ns`, and takes it away from those that have none.
/// Errors: Invalid `resource mapping not found for name: "x" namespace: "" from "": no matches for kind "Foo" in version "v1"\nensure CRDs are
/// installed first`; those of discovery.
net::Task<base::Result<void>> Locate(kube::Client& client, std::vector<document::Value>& objects, std::string ns);

/// helm::ParseManifest and Locate; errors are told from `what` on: `unable to build kubernetes objects from release manifest: …`.
net::Task<base::Result<std::vector<document::Value>>> Build(kube::Client& client, const std::string& manifest, std::string ns,
                                                            std::string what);

}  // namespace sluice::releases
