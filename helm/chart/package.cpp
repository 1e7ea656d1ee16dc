#include "helm/chart/package.h"

#include <set>

#include "base/archive.h"
#include "document/json.h"
#include "document/yaml.h"
#include "helm/chart/load.h"
#include "helm/chart/metadata.h"
#include "helm/chart/yaml_values.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;

constexpr std::size_t kMaxPackedBytes = 256u << 20;

Result<void> Check(const Chart& chart) {
  Metadata metadata = chart.metadata;
  auto valid = Validate(metadata);
  if (!valid) return std::move(valid).error().Wrap("chart validation");
  if (chart.schema && !document::ParseJson(*chart.schema, document::StrangersJson())) return Invalid("invalid JSON in values.schema.json");
  return {};
}

/// Chart.yaml: of a v1 chart without dependencies, which are in its requirements.yaml.
std::string MetadataText(const Chart& chart) {
  document::Value tree = ToDocument(chart.metadata);
  if (chart.metadata.api_version == "v1") tree.Erase("dependencies");
  return document::EmitYaml(tree);
}

class Packer {
 public:
  Packer() : writer_([this](std::string_view bytes) { return Append(bytes); }) {}

  /// `folder`: with its slash.
  Result<void> Add(const Chart& chart, const std::string& folder, int depth) {
    if (depth > kMaxChartDepth) return base::MakeError(base::Reason::TooLarge, "charts are nested too deeply");
    TRY(Check(chart));
    TRY(writer_.AddFile(folder + "Chart.yaml", MetadataText(chart), false));
    if (chart.lock && chart.metadata.api_version == "v2")
      TRY(writer_.AddFile(folder + "Chart.lock", document::EmitYaml(ToDocument(*chart.lock)), false));
    if (chart.values_text) TRY(writer_.AddFile(folder + "values.yaml", *chart.values_text, false));
    if (chart.schema) TRY(writer_.AddFile(folder + "values.schema.json", *chart.schema, false));
    for (const std::vector<ChartFile>* files : {&chart.templates, &chart.files}) {
      for (const ChartFile& file : *files) TRY(writer_.AddFile(folder + file.name, *file.data, false));
    }
    std::set<std::string> names;  // two versions of one chart, under different aliases, are in folders of their own
    for (const Chart& dependency : chart.dependencies) {
      const std::string& name = dependency.name();
      const std::string own = names.insert(name).second ? name : name + "-" + dependency.metadata.version;
      TRY(Add(dependency, folder + "charts/" + own + "/", depth + 1));
    }
    return {};
  }

  Result<std::string> Finish() {
    TRY(writer_.Finish());
    return std::move(packed_);
  }

 private:
  Result<void> Append(std::string_view bytes) {
    if (packed_.size() + bytes.size() > kMaxPackedBytes) return base::MakeError(base::Reason::TooLarge, "the packed chart is too large");
    packed_ += bytes;
    return {};
  }
  std::string packed_;
  base::ArchiveWriter writer_;
};

}  // namespace

Result<std::string> Package(const Chart& chart) {
  Packer packer;
  TRY(packer.Add(chart, chart.name() + "/", 0));
  return packer.Finish();
}

Result<bool> ReplaceValues(Chart& chart, std::string text) {
  if (!chart.values_text) return Invalid("failed to locate values file: values.yaml");
  if (*chart.values_text == text) return false;
  TRY(chart.values, ParseValues(text, Dialect::Helm4));
  chart.values_text = std::make_shared<const std::string>(std::move(text));
  return true;
}

}  // namespace sluice::helm
