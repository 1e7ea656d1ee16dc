#include "helm/chart/chart.h"

#include <algorithm>

namespace sluice::helm {
namespace {

std::string Lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool IsCrd(const std::string& name) {
  if (!name.starts_with("crds/")) return false;
  const std::string lower = Lower(name);
  return lower.ends_with(".yaml") || lower.ends_with(".yml") || lower.ends_with(".json");
}

void AddCrds(const Chart& chart, const std::string& parent, std::vector<CrdFile>& out) {
  const std::string path = chart.Path(parent);
  for (const ChartFile& file : chart.files)
    if (IsCrd(file.name)) out.push_back({path + "/" + file.name, file.data});
  for (const Chart& dependency : chart.dependencies) AddCrds(dependency, path, out);
}

}  // namespace

std::vector<CrdFile> Crds(const Chart& chart) {
  std::vector<CrdFile> crds;
  AddCrds(chart, "", crds);
  return crds;
}

}  // namespace sluice::helm
