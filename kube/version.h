// kube/version.h: resourceVersions, internal to kube/. They are etcd's revisions: one rising sequence for all objects of a server, which
// Kubernetes promises to be comparable numbers since 1.35 (KEP-5504) and which they always were.
#pragma once

#include <cstdint>
#include <string_view>

#include "document/value.h"

namespace sluice::kube {

/// 0 if `text` is no number; then nothing may be concluded from it.
std::uint64_t ParseVersion(std::string_view text);
std::uint64_t VersionOf(const document::Value& object);

}  // namespace sluice::kube
