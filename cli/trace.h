// cli/trace.h: what `trace` says of an object. Pure.
#pragma once

#include <string>
#include <vector>

#include "document/value.h"

namespace sluice::cli {

/// The object, who applies it (a Kustomization or a HelmRelease), and the sources of that from near to far; the flux CLI's words.
std::string TraceText(const document::Value& object, const document::Value& applier, const std::vector<document::Value>& sources);

}  // namespace sluice::cli
