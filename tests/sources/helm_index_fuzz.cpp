// Any text as an index: it is read or refused; what is read has versions that are versions, and reads again as what it was kept as.
#include <cstdint>
#include <cstdlib>

#include "helm/functions/semver.h"
#include "sources/helm/http_repository.h"
#include "sources/helm/index.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::sources::helm_repository;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = ReadIndex(text, {.max_bytes = 1u << 20, .with_json = true});
  if (!read) return 0;
  std::size_t versions = 0;
  for (const auto& [name, list] : read->index.charts) {
    versions += list.size();
    for (const ChartVersion& one : list) {
      if (!sluice::helm::ParseSemver(one.version) || one.name.find('/') != std::string::npos) std::abort();
      if (const auto url = ChartUrl("https://charts.example/a", one.url); url && url->starts_with("file")) std::abort();
    }
    (void)FindVersion(read->index, name, ">=1.0.0");
  }
  const auto again = ReadIndex(read->json, {.max_bytes = 64u << 20});
  if (!again) std::abort();
  std::size_t kept = 0;
  for (const auto& [name, list] : again->index.charts) kept += list.size();
  if (kept != versions) std::abort();
  return 0;
}
