#include "controller/helm_release/links.h"

#include "controller/helm_release/spec.h"

namespace sluice::controller::helm_release {

void Links::Update(const document::Value& object) {
  ReferenceReader reader(object);
  if (const document::Value* source = object.At({"spec", "chartRef"})) {
    reader.references.source = {std::string(source->StringAt({"kind"})), reader.NamespaceIn(*source),
                                std::string(source->StringAt({"name"}))};
  } else if (const document::Value* of = object.At({"spec", "chart", "spec", "sourceRef"})) {
    reader.references.source = {"HelmChart", reader.NamespaceIn(*of), HelmChartName(object)};
  }
  reader.AddDependencies();
  reader.AddConfigs(object.At({"spec", "valuesFrom"}));
  reader.AddKubeConfig();
  Update(reader.key(), std::move(reader.references));
}

}  // namespace sluice::controller::helm_release
