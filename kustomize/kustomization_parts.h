// kustomize/kustomization_parts.h: the entries of a kustomization file, one reader each. The kustomization file and the plugin
// configurations (plugins.cpp) share them. Mistakes go to the decoder; what is returned then is not to be used.
#pragma once

#include <string>
#include <utility>

#include "document/value.h"
#include "kustomize/decode.h"
#include "kustomize/kustomization.h"

namespace sluice::kustomize {

GeneratorOptions ReadGeneratorOptions(Decoder& decoder, const document::Value& value, const std::string& what);
/// `env` is appended to `envs`.
GeneratorArgs ReadGenerator(Decoder& decoder, const document::Value& value, const std::string& what, bool secret);
Image ReadImage(Decoder& decoder, const document::Value& value, const std::string& what);
Replica ReadReplica(Decoder& decoder, const document::Value& value, const std::string& what);
std::pair<LabelEntry, document::Mark> ReadLabels(Decoder& decoder, const document::Value& value, const std::string& what);
PatchEntry ReadPatch(Decoder& decoder, const document::Value& value, const std::string& what);
Replacement ReadReplacement(Decoder& decoder, const document::Value& value, const std::string& what);
ReplacementEntry ReadReplacementEntry(Decoder& decoder, const document::Value& value, const std::string& what);
Var ReadVar(Decoder& decoder, const document::Value& value, const std::string& what);
HelmChart ReadHelmChart(Decoder& decoder, const document::Value& value, const std::string& what);
HelmGlobals ReadHelmGlobals(Decoder& decoder, const document::Value& value, const std::string& what);
/// An entry of the deprecated helmChartInflationGenerator; its chartHome and helmHome, if set, go to `globals`.
HelmChart ReadOldHelmChart(Decoder& decoder, const document::Value& value, const std::string& what, HelmGlobals& globals);

}  // namespace sluice::kustomize
