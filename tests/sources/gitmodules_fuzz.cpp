// Any bytes as a `.gitmodules`: what is let through is a plain path inside the repository and a URL that stays a URL.
#include <cstdint>
#include <cstdlib>

#include "sources/git/submodules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::sources;
  static const GitUrl parent = ParseGitUrl("https://host.example/team/app.git").value();
  const auto modules = ParseGitmodules(std::string_view(reinterpret_cast<const char*>(data), size), 100);
  if (!modules) return 0;
  for (const Submodule& module : *modules) {
    if (sluice::base::NormalizePath(module.path) != module.path || module.path == "." || module.name.empty()) std::abort();
    const auto url = SubmoduleUrl(parent, module.url);
    if (url && module.url.starts_with("../") && (url->host != parent.host || url->port != parent.port)) std::abort();
    if (url && url->host.starts_with('-')) std::abort();
  }
  return 0;
}
