// cli/local_build.h: a Kustomization built from a local directory, by the code that the controller builds with: for `build kustomization` and
// `diff kustomization`. The flags mean what they mean to the flux CLI.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"

namespace CLI {
class App;
}

namespace sluice::cli {

class Session;

struct LocalBuildFlags {
  std::string name, ns;
  std::string path;                        ///< the directory that spec.path names
  std::string file;                        ///< with the Kustomization; "" asks the cluster
  std::vector<std::string> ignore_paths;   ///< .gitignore's patterns below `path`, after those of its .sourceignore files
  std::vector<std::string> local_sources;  ///< "Kind/namespace/name=directory"
  bool dry_run = false;                    ///< asks no cluster: variables of ConfigMaps and Secrets stay out
  bool in_memory = false;                  ///< refuses to read outside of the working directory
  bool strict = false, recursive = false, ignore_not_found = false;
};

/// --path, --kustomization-file, --ignore-paths, --local-sources, --strict-substitute, --recursive, --in-memory-build.
void AddLocalBuild(CLI::App& command, LocalBuildFlags& flags);

struct LocalBuild {
  document::Value kustomization;         ///< as it was used, with the status that the cluster has of it
  std::vector<document::Value> objects;  ///< in the order of the build
};

class LocalBuilder {
 public:
  /// `session` is nullptr for a dry run, and outlives it otherwise. Invalid: flags that contradict each other, directories that are none.
  static base::Result<LocalBuilder> Make(LocalBuildFlags flags, Session* session);

  /// The Kustomization that the flags name. `normalize`: as it is applied, else as it was built, for people to read.
  base::Result<LocalBuild> Build(bool normalize) const;
  /// One that was found among the built objects, from --local-sources. Invalid: `cannot get local path for …`.
  base::Result<LocalBuild> BuildNested(const document::Value& kustomization, bool normalize) const;
  /// Build, and with --recursive all that it leads to, one after the other.
  base::Result<std::vector<document::Value>> BuildAll() const;

  const LocalBuildFlags& flags() const { return flags_; }

 private:
  base::Result<document::Value> Find() const;
  base::Result<void> AddNested(const std::vector<document::Value>& objects, std::vector<document::Value>& parents, std::size_t& built,
                               std::vector<document::Value>& out) const;
  base::Result<LocalBuild> BuildOne(document::Value kustomization, const std::string& directory, bool normalize) const;

  LocalBuildFlags flags_;
  Session* session_ = nullptr;
  std::map<std::string, std::string> sources_;
};

/// Whether `object` is a Flux Kustomization.
bool IsKustomization(const document::Value& object);

}  // namespace sluice::cli
