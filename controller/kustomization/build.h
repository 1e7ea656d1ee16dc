// controller/kustomization/build.h: what a Kustomization applies: the tree built with the spec's fields laid over it, variables put in, every
// object normalised and labelled (docs/architecture.md, "Building"). Pure; the CLI, the diff and the controller call this very function.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "controller/kustomization/decryption.h"
#include "controller/kustomization/spec.h"
#include "controller/time_limit.h"
#include "document/value.h"
#include "kustomize/build.h"

namespace sluice::controller::kustomization {

class RemoteBases;

struct BuildInput {
  const base::Files& files;  ///< the artifact's tree
  const Spec& spec;
  std::string name, ns;  ///< of the Kustomization: the owner labels
  /// Variables in rising precedence: those of substituteFrom in order, then postBuild.substitute.
  std::vector<std::pair<std::string, std::string>> variables = {};
  bool strict_substitution = true;  ///< a variable without value and default is an error
  bool mask_encrypted = false;      ///< SOPS values are shown as **SOPS** (CLI), nothing is decrypted; else an encrypted Secret is an error
  /// The CLI's, which builds from a directory and not from an artifact: `.sourceignore` files at and below the path, and then these lines, say
  /// what stays out of the root kustomization. nullopt: nothing does.
  std::optional<std::string> ignore = {};
  DecryptionKeys decryption = {};  ///< used where the spec asks for decryption
  /// Serves what kustomizations name outside of the tree; nullptr: that is refused. Outlives the build.
  kustomize::RemoteResolver* remote = nullptr;
  kustomize::BuildLimits limits = {};
  std::size_t max_manifests_bytes = 64u << 20;  ///< of what is made, as text
  std::optional<TimeLimits> time = {};          ///< for it, from its begin; takes the place of `interrupt`
  /// kustomize::BuildOptions', also asked between objects afterwards.
  std::function<base::Result<void>()> interrupt = {};
  /// false: as it was built, for people to read (`flux build kustomization`): only labelled, and without what that CLI leaves out.
  bool normalize = true;
};

struct BuildOutput {
  std::vector<document::Value> objects;  ///< in the order of the build
  std::string digest;   ///< `sha256:…` of what `kustomize build` and the variables made, before anything is normalised: Flux's, to the byte
  base::ReadSet reads;  ///< what of the tree this depended on
  std::shared_ptr<const RemoteBases> remotes;  ///< what else it was given, by whoever serves `BuildInput::remote`; may be null
  std::vector<std::string> warnings;
};

/// Errors: NotFound `kustomization path not found: …`, Invalid with file:line:column, Unsupported.
base::Result<BuildOutput> Build(const BuildInput& input);

/// The labels and annotations that each object of a build has: of its owner, and commonMetadata's over them. Twice is once.
void LabelBuilt(document::Value& object, const BuildInput& input);

}  // namespace sluice::controller::kustomization
