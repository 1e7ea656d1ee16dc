// controller/git_repository/spec.h: the spec of a GitRepository (source.toolkit.fluxcd.io/v1) with its defaults. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"

namespace sluice::controller::git_repository {

/// Another GitRepository of the same namespace whose artifact is copied into this one's.
struct Include {
  std::string repository, from_path, to_path;  ///< to_path is the repository's name unless set
  friend bool operator==(const Include&, const Include&) = default;
};

enum class VerifyMode { Head, Tag, TagAndHead };
std::string_view ToString(VerifyMode mode);  ///< HEAD, Tag, TagAndHEAD

struct Verify {
  VerifyMode mode = VerifyMode::Head;
  std::string secret_name;
};

struct Spec {
  std::string url;
  base::Duration interval{}, timeout{};
  std::string branch, tag, semver, name, commit;  ///< `ref`; commit is chosen before name, tag, semver and branch
  std::string provider = "generic";
  std::string service_account_name;
  std::string secret_name, proxy_secret_name;  ///< "" for none
  std::string ignore;
  std::vector<Include> include;
  std::vector<std::string> sparse_checkout;
  std::optional<Verify> verify;
  bool recurse_submodules = false;
  bool suspend = false;
};

/// Reads `object.spec`. Invalid names the field; Unsupported names a field that this version does not act upon (it is never ignored).
base::Result<Spec> ParseSpec(const document::Value& object);

/// Why a provider cannot be used as the spec has it; only another spec helps. `object_level_identity` is the gate ObjectLevelWorkloadIdentity.
struct ProviderFault {
  std::string reason, message;  ///< InvalidProviderConfiguration or FeatureGateDisabled
};
std::optional<ProviderFault> CheckProvider(const Spec& spec, bool object_level_identity = false);

}  // namespace sluice::controller::git_repository
