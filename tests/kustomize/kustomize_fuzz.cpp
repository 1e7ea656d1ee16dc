// The whole engine over a tree in memory. The input is text: a line `=== path` begins a file, what precedes the first one is kustomization.yaml.
// Nothing may crash, hang or grow without end; what is printed must be read again by our own reader.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "base/files.h"
#include "document/yaml.h"
#include "kustomize/build.h"

namespace {

std::map<std::string, std::string> SplitFiles(std::string_view text) {
  constexpr std::string_view kBegin = "=== ";
  std::map<std::string, std::string> files;
  std::string* file = &files["kustomization.yaml"];
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (!line.starts_with(kBegin)) {
      file->append(line);
      continue;
    }
    line.remove_prefix(kBegin.size());
    if (line.ends_with('\n')) line.remove_suffix(1);
    const auto path = sluice::base::NormalizePath(line);
    if (path && *path != ".") file = &files[*path];
  }
  return files;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxBytes = 64u << 10;
  if (size > kMaxBytes) return 0;
  const auto files = sluice::base::MemoryFiles(SplitFiles({reinterpret_cast<const char*>(data), size}));
  sluice::kustomize::BuildOptions options;
  options.limits.max_depth = 8;
  options.limits.max_kustomizations = 64;
  const auto built = sluice::kustomize::Build(*files, ".", options);
  if (!built) return built.error().message.empty() ? std::abort(), 0 : 0;
  const auto again = sluice::document::ParseYamlStream(sluice::kustomize::Print(built->documents));
  if (!again || again->size() != built->documents.size()) std::abort();
  return 0;
}
