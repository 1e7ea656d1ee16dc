// controller/artifact_generator/run.h: what one run is about and found so far. Private to the reconciler's files.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/artifact_generator/reconciler.h"

namespace sluice::controller::artifact_generator {

struct Reconciler::Run {
  Key key;
  kube::SharedObject object;
  Spec spec;
  std::map<std::string, std::shared_ptr<const SourceArtifact>> sources;  ///< by alias, as all of these
  std::map<std::string, ObservedSource> observed;
  SourceTrees trees;
  std::string sources_digest;
  std::vector<Reference> inventory;  ///< on record
};

struct Reconciler::Built {
  OutputArtifact output;
  sources::Artifact artifact;
  std::shared_ptr<const base::Files> files;
  std::uint64_t bytes = 0;
};

struct Reconciler::BuildOutcome {
  std::vector<Built> built;
  std::optional<Failure> failure;
};

}  // namespace sluice::controller::artifact_generator
