#include "cli/helm_show.h"

#include <array>

#include "helm/functions/yaml.h"
#include "helm/render/scope.h"

namespace sluice::cli {
namespace {

/// Chart.yaml as helm writes it, without the field that templates alone see.
std::string Metadata(const helm::Chart& chart) {
  std::string yaml = helm::EmitYaml(helm::ChartValue(chart.metadata, true, helm::Dialect::Helm3)).value_or(std::string());
  constexpr std::string_view kRoot = "IsRoot: true\n";
  if (const std::size_t at = yaml.find(kRoot); at != std::string::npos) yaml.erase(at, kRoot.size());
  return yaml;
}

std::string Lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

/// nullptr if the chart has none.
const std::string* Readme(const helm::Chart& chart) {
  constexpr std::array<std::string_view, 3> kNames = {"readme.md", "readme.txt", "readme"};
  for (const helm::ChartFile& file : chart.files)
    for (const std::string_view name : kNames)
      if (Lower(file.name) == name) return file.data.get();
  return nullptr;
}

/// Helm 3 parts the CRDs from what comes before them only, Helm 4 each from the one before it.
std::string CrdText(const helm::Chart& chart, bool all, helm::Dialect dialect) {
  std::string out;
  bool parted = dialect == helm::Dialect::Helm4 || all;
  for (const helm::CrdFile& crd : helm::Crds(chart)) {
    out += (!parted || crd.data->starts_with("---") ? "" : "---\n") + *crd.data + "\n";
    parted = dialect == helm::Dialect::Helm4;
  }
  return out;
}

}  // namespace

std::string Show(const helm::Chart& chart, ShowPart part, helm::Dialect dialect) {
  const bool all = part == ShowPart::All;
  std::string out;
  if (all || part == ShowPart::Chart) out += Metadata(chart) + "\n";
  if ((all || part == ShowPart::Values) && chart.values_text) out += (all ? "---\n" : "") + *chart.values_text + "\n";
  if (const std::string* readme = all || part == ShowPart::Readme ? Readme(chart) : nullptr) out += (all ? "---\n" : "") + *readme + "\n";
  if (all || part == ShowPart::Crds) out += CrdText(chart, all, dialect);
  return out;
}

}  // namespace sluice::cli
