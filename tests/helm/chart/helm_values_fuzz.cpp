// What becomes the values of a release: the input is cut at NUL bytes into Chart.yaml, values.yaml, values.schema.json and a dependency's values.yaml
// (a chart, loaded as from a directory), a user's values file, and a text of --set, which is read in each of its kinds. Both dialects.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "helm/chart/dependencies.h"
#include "helm/chart/load.h"
#include "helm/chart/schema/schema.h"
#include "helm/chart/set_values.h"
#include "helm/chart/values.h"
#include "helm/chart/yaml_values.h"
#include "tests/base/fuzz_parts.h"

using namespace sluice;
using namespace sluice::helm;

namespace {

ChartFile File(std::string name, std::string_view text) { return {std::move(name), std::make_shared<const std::string>(text)}; }

void Run(const std::array<std::string_view, 6>& parts, Dialect dialect) {
  std::vector<ChartFile> files = {File("Chart.yaml", parts[0]), File("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.2.3\n"),
                                  File("charts/s/values.yaml", parts[3]), File("values.yaml", parts[1])};
  if (!parts[2].empty()) files.push_back(File("values.schema.json", parts[2]));
  auto chart = LoadFiles(std::move(files), dialect);
  auto user = ParseValues(parts[4], dialect);
  if (!user) user = Value::NewMap();
  for (const SetKind kind : {SetKind::Typed, SetKind::String, SetKind::File, SetKind::Json, SetKind::Literal}) {
    (void)SetValues(parts[5], kind, *user->map(), [](const std::string& path) -> base::Result<std::string> { return path; });
  }
  if (!chart) {
    (void)ValidateSchema(*user, parts[2]);
    return;
  }
  if (!ProcessDependencies(*chart, *user, dialect)) return;
  for (const Nulls nulls : {Nulls::Remove, Nulls::Keep}) {
    if (const auto values = Coalesce(*chart, *user, dialect, nulls)) (void)ValidateAgainstSchemas(*chart, *values);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parts = CutAtNul<6>({reinterpret_cast<const char*>(data), size});
  Run(parts, Dialect::Helm3);
  Run(parts, Dialect::Helm4);
  return 0;
}
