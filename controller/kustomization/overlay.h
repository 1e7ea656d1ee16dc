// controller/kustomization/overlay.h: the kustomization file that a Kustomization really builds: the one in its path, or one generated over
// the manifests there, with the build fields of the spec put into it (Flux's rules: docs/architecture.md, "Building"). Pure; nothing is
// written to the tree, the edited file lies over it in memory.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"
#include "controller/kustomization/spec.h"

namespace sluice::controller::kustomization {

/// A file to be seen at `path` instead of what is there. `replaced` false: the tree's own file serves as it is.
struct RootFile {
  std::string path;
  std::string content;
  bool replaced = false;
  bool generated = false;  ///< there was none
};

/// The kustomization file for `directory` (normalised). Without one, every *.yaml and *.yml below must parse as Kubernetes objects, and a
/// sub-directory with a kustomization file of its own is taken as one resource. One that is there is read as Flux reads it, which ignores what it
/// does not know and makes text of numbers, and built as that if it is not the same. Invalid names the file and the line.
/// `ignore`: BuildInput's; of what is left out of a generated file or taken out of one that is there, nothing is looked at.
base::Result<RootFile> MakeRootFile(const base::Files& files, std::string_view directory, const Spec& spec,
                                    const std::string* ignore = nullptr);

/// `inner` with one file laid over it. `inner` outlives the result.
class OverlayFiles final : public base::Files {
 public:
  OverlayFiles(const base::Files& inner, RootFile file) : inner_(inner), file_(std::move(file)) {}
  base::Result<base::FileInfo> Stat(std::string_view path) const override;
  base::Result<std::string> Read(std::string_view path) const override;
  base::Result<std::vector<base::FileInfo>> List(std::string_view path) const override;
  base::Result<std::string> Resolve(std::string_view path) const override;
  std::string Describe(std::string_view path) const override { return inner_.Describe(path); }

 private:
  bool Covers(std::string_view path) const;
  base::FileInfo Info() const;
  const base::Files& inner_;
  RootFile file_;
};

}  // namespace sluice::controller::kustomization
