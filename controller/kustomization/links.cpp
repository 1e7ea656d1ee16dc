#include "controller/kustomization/links.h"

namespace sluice::controller::kustomization {

void Links::Update(const document::Value& object) {
  ReferenceReader reader(object);
  if (const document::Value* source = object.At({"spec", "sourceRef"})) {
    reader.references.source = {std::string(source->StringAt({"kind"})), reader.NamespaceIn(*source),
                                std::string(source->StringAt({"name"}))};
  }
  reader.AddDependencies();
  reader.AddConfigs(object.At({"spec", "postBuild", "substituteFrom"}));
  reader.AddKubeConfig();
  reader.AddConfig(object.At({"spec", "decryption", "secretRef"}), true);
  Update(reader.key(), std::move(reader.references));
}

}  // namespace sluice::controller::kustomization
