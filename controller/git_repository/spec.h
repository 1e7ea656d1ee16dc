// controller/git_repository/spec.h: the spec of a GitRepository (source.toolkit.fluxcd.io/v1) with its defaults. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::controller::git_repository {

struct Spec {
  std::string url;
  base::Duration interval{}, timeout{};
  std::string branch, tag, semver, name, commit;  ///< `ref`; commit is chosen before name, tag, semver and branch
  std::string secret_name;                        ///< "" for none
  std::string ignore;
  bool suspend = false;
};

/// Reads `object.spec`. Invalid names the field; Unsupported names a field that this version does not act upon (it is never ignored).
base::Result<Spec> ParseSpec(const document::Value& object);

}  // namespace sluice::controller::git_repository
