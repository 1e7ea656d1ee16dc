// The Kustomize engine as a library, in twenty lines: link sluice_kustomize (with sluice_document and sluice_base); no network, no processes, no Kubernetes.
// usage: kustomize_library DIRECTORY [PATH]     builds PATH (default: .) of DIRECTORY; nothing outside of DIRECTORY is read
#include <iostream>

#include "kustomize/build.h"

int main(int argc, char** argv) {
  namespace kustomize = sluice::kustomize;
  const auto directory = sluice::base::OpenDirectory(argc > 1 ? argv[1] : ".");  // or MemoryFiles, a Git tree, an archive
  const sluice::base::RecordingFiles files(*directory);                          // notes what is read
  const auto built = kustomize::Build(files, argc > 2 ? argv[2] : ".", {.load_restrictor = kustomize::LoadRestrictor::None});
  if (!built) {
    std::cerr << built.error().message << "\n";  // `file:line:column: what`, a line for each mistake
    return 1;
  }
  std::cout << kustomize::Print(built->documents);
  for (const auto& [path, id] : files.Take().files)
    std::cerr << "read " << path << " " << id << "\n";  // equal ids: the next build may be skipped
}
