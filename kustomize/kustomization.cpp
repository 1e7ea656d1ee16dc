#include "kustomize/kustomization.h"

#include <algorithm>
#include <array>

#include "base/files.h"
#include "document/object.h"
#include "document/yaml.h"
#include "kustomize/decode.h"
#include "kustomize/generator.h"
#include "kustomize/kustomization_parts.h"

namespace sluice::kustomize {

using document::Mark;
using document::Value;

namespace {

constexpr std::string_view kVersion = "kustomize.config.k8s.io/v1beta1";
constexpr std::string_view kComponentVersion = "kustomize.config.k8s.io/v1alpha1";

/// Fields that go away once they are folded into others: an empty list of them leaves nothing behind.
constexpr std::array<std::string_view, 3> kFolded = {"bases", "imageTags", "helmChartInflationGenerator"};

struct Deprecated {
  std::string_view field, instead;
  bool experimental = false;
};
constexpr std::array<Deprecated, 6> kDeprecated = {{{"bases", "resources"},
                                                    {"commonLabels", "labels"},
                                                    {"imageTags", "images"},
                                                    {"patchesJson6902", "patches"},
                                                    {"patchesStrategicMerge", "patches"},
                                                    {"vars", "replacements", true}}};

/// What the file says before deprecated fields are folded.
struct Raw {
  std::string kind, api_version;
  Mark kind_mark, version_mark;
  std::vector<Entry> bases;
  std::vector<std::pair<Image, Mark>> image_tags;
  GeneratorOptions generator_options;
  std::vector<HelmChart> old_charts;
  HelmGlobals old_globals;
  bool has_globals = false;
  std::map<std::string, std::string> openapi;
  Mark openapi_mark;
  bool anything = false;  ///< some field besides apiVersion and kind is set
};

Decoder::Read Into(Decoder& decoder, std::string_view what, std::vector<Entry>& to) {
  return [&decoder, what, &to](const Value& list) {
    to.clear();
    decoder.List(list, what, [&](const Value& item, const std::string& name) {
      Entry& entry = to.emplace_back();
      entry.mark = item.mark();
      entry.content = decoder.ContentMark(item);
      decoder.Text(item, name, entry.text);
    });
  };
}

Decoder::Read Into(Decoder& decoder, std::string_view what, Entry& to) {
  return [&decoder, what, &to](const Value& value) {
    to.mark = value.mark();
    decoder.Text(value, what, to.text);
  };
}

template <class T, class Each>
Decoder::Read IntoList(Decoder& decoder, std::string_view what, std::vector<T>& to, Each each) {
  return [&decoder, what, &to, each](const Value& list) {
    to.clear();
    decoder.List(list, what, [&](const Value& item, const std::string& name) { to.push_back(each(decoder, item, name)); });
  };
}

std::pair<Image, Mark> ReadImageEntry(Decoder& decoder, const Value& item, const std::string& name) {
  return {ReadImage(decoder, item, name), item.mark()};
}

std::pair<Replica, Mark> ReadReplicaEntry(Decoder& decoder, const Value& item, const std::string& name) {
  return {ReadReplica(decoder, item, name), item.mark()};
}

void ReadMetadata(Decoder& decoder, const Value& value) {
  std::string name, ns;
  std::map<std::string, std::string> labels, annotations;
  decoder.Mapping(value, "metadata", {{"name", &name}, {"namespace", &ns}, {"labels", &labels}, {"annotations", &annotations}});
}

SortOptions ReadSortOptions(Decoder& decoder, const Value& value) {
  SortOptions options;
  options.mark = value.mark();
  decoder.Mapping(value, "sortOptions", {{"order", &options.order}, {"legacySortOptions", [&](const Value& legacy) {
                                                                       options.has_legacy = true;
                                                                       decoder.Mapping(
                                                                           legacy, "sortOptions.legacySortOptions",
                                                                           {{"orderFirst", &options.first}, {"orderLast", &options.last}});
                                                                     }}});
  return options;
}

std::vector<Decoder::Field> OperandFields(Decoder& decoder, Kustomization& k, Raw& raw) {
  return {
      {"resources", Into(decoder, "resources", k.resources)},
      {"bases", Into(decoder, "bases", raw.bases)},
      {"components", Into(decoder, "components", k.components)},
      {"crds", Into(decoder, "crds", k.crds)},
      {"configurations", Into(decoder, "configurations", k.configurations)},
      {"generators", Into(decoder, "generators", k.generators)},
      {"transformers", Into(decoder, "transformers", k.transformers)},
      {"validators", Into(decoder, "validators", k.validators)},
      {"openapi",
       [&](const Value& value) {
         raw.openapi_mark = value.mark();
         decoder.Pairs(value, "openapi", raw.openapi);
       }},
      {"configMapGenerator",
       IntoList(decoder, "configMapGenerator", k.config_maps,
                [](Decoder& d, const Value& item, const std::string& name) { return ReadGenerator(d, item, name, false); })},
      {"secretGenerator",
       IntoList(decoder, "secretGenerator", k.secrets,
                [](Decoder& d, const Value& item, const std::string& name) { return ReadGenerator(d, item, name, true); })},
      {"generatorOptions", [&](const Value& value) { raw.generator_options = ReadGeneratorOptions(decoder, value, "generatorOptions"); }},
      {"helmCharts", IntoList(decoder, "helmCharts", k.helm_charts, ReadHelmChart)},
      {"helmGlobals",
       [&](const Value& value) {
         raw.has_globals = true;
         k.helm_globals = ReadHelmGlobals(decoder, value, "helmGlobals");
       }},
      {"helmChartInflationGenerator", IntoList(decoder, "helmChartInflationGenerator", raw.old_charts,
                                               [&raw](Decoder& d, const Value& item, const std::string& name) {
                                                 return ReadOldHelmChart(d, item, name, raw.old_globals);
                                               })},
  };
}

std::vector<Decoder::Field> OperatorFields(Decoder& decoder, Kustomization& k, Raw& raw) {
  return {
      {"namePrefix", Into(decoder, "namePrefix", k.name_prefix)},
      {"nameSuffix", Into(decoder, "nameSuffix", k.name_suffix)},
      {"namespace", Into(decoder, "namespace", k.ns)},
      {"commonLabels", &k.common_labels},
      {"commonAnnotations", &k.common_annotations},
      {"labels", IntoList(decoder, "labels", k.labels, ReadLabels)},
      {"patchesStrategicMerge", Into(decoder, "patchesStrategicMerge", k.patches_strategic_merge)},
      {"patchesJson6902", IntoList(decoder, "patchesJson6902", k.patches_json6902, ReadPatch)},
      {"patches", IntoList(decoder, "patches", k.patches, ReadPatch)},
      {"images", IntoList(decoder, "images", k.images, ReadImageEntry)},
      {"imageTags", IntoList(decoder, "imageTags", raw.image_tags, ReadImageEntry)},
      {"replacements", IntoList(decoder, "replacements", k.replacements, ReadReplacementEntry)},
      {"replicas", IntoList(decoder, "replicas", k.replicas, ReadReplicaEntry)},
      {"vars", IntoList(decoder, "vars", k.vars, ReadVar)},
      {"sortOptions", [&](const Value& value) { k.sort_options = ReadSortOptions(decoder, value); }},
      {"buildMetadata", &k.build_metadata},
  };
}

void ReadAll(Decoder& decoder, const Value& root, Kustomization& k, Raw& raw) {
  std::vector<Decoder::Field> fields = {
      {"kind",
       [&](const Value& value) {
         raw.kind_mark = value.mark();
         decoder.Text(value, "kind", raw.kind);
       }},
      {"apiVersion",
       [&](const Value& value) {
         raw.version_mark = value.mark();
         decoder.Text(value, "apiVersion", raw.api_version);
       }},
      {"metadata", [&](const Value& value) { ReadMetadata(decoder, value); }},
  };
  for (auto& field : OperandFields(decoder, k, raw)) fields.push_back(std::move(field));
  for (auto& field : OperatorFields(decoder, k, raw)) fields.push_back(std::move(field));
  decoder.Mapping(root, "", fields);
}

/// Whether anything but apiVersion and kind is set: null, "" and folded empty lists are not.
bool HasContent(const Value& root) {
  return std::any_of(root.members().begin(), root.members().end(), [](const document::Member& member) {
    if (member.key == "apiVersion" || member.key == "kind" || member.value.IsNull()) return false;
    if (member.value.IsString() && member.value.text().empty()) return false;
    const bool folded = std::find(kFolded.begin(), kFolded.end(), member.key) != kFolded.end();
    return !(folded && member.value.empty());
  });
}

void Warn(const Value& root, std::vector<std::string>& warnings) {
  for (const Deprecated& deprecated : kDeprecated) {
    const Value* value = root.Find(deprecated.field);
    if (value == nullptr || value->IsNull()) continue;
    warnings.push_back("# Warning: '" + std::string(deprecated.field) + "' is deprecated. Please use '" + std::string(deprecated.instead) +
                       "' instead. " + (deprecated.experimental ? "[EXPERIMENTAL] " : "") +
                       "Run 'kustomize edit fix' to update your Kustomization automatically.");
  }
}

void Fold(Kustomization& k, Raw& raw) {
  std::move(raw.bases.begin(), raw.bases.end(), std::back_inserter(k.resources));
  std::move(raw.image_tags.begin(), raw.image_tags.end(), std::back_inserter(k.images));
  std::move(raw.old_charts.begin(), raw.old_charts.end(), std::back_inserter(k.helm_charts));
  if (!raw.has_globals) k.helm_globals = raw.old_globals;
  for (auto* list : {&k.config_maps, &k.secrets})
    for (GeneratorArgs& args : *list) args.options = MergeOptions(raw.generator_options, args.options);
  if (auto path = raw.openapi.find("path"); path != raw.openapi.end()) k.openapi_path = Entry{path->second, raw.openapi_mark};
  if (auto version = raw.openapi.find("version"); version != raw.openapi.end())
    k.openapi_version = Entry{version->second, raw.openapi_mark};
}

void CheckKind(Decoder& decoder, const Raw& raw) {
  if (!raw.kind.empty() && raw.kind != "Kustomization" && raw.kind != "Component")
    decoder.Fail(raw.kind_mark, "kind should be Kustomization or Component, not \"" + raw.kind + "\"");
  const std::string_view wanted = raw.kind == "Component" ? kComponentVersion : kVersion;
  if (!raw.api_version.empty() && raw.api_version != wanted)
    decoder.Fail(raw.version_mark, "apiVersion for " + (raw.kind.empty() ? "Kustomization" : raw.kind) + " should be " +
                                       std::string(wanted) + ", not \"" + raw.api_version + "\"");
}

}  // namespace

base::Result<Kustomization> ParseKustomization(std::string_view text, std::string_view file, std::vector<std::string>& warnings) {
  document::YamlOptions options;
  options.resolver = document::Resolver::Yaml11;
  options.duplicate_keys = document::DuplicateKeys::LastWins;
  options.file = file;
  TRY(Value root, document::ParseYaml(text, options));
  Kustomization k;
  k.file = file;
  k.file_name = base::BaseName(file);
  Raw raw;
  Decoder decoder(file, Strictness::Strict, text);
  ReadAll(decoder, root, k, raw);
  TRY(decoder.Finish());
  Warn(root, warnings);
  if (!HasContent(root))
    return base::Invalid(std::string(file) + ": the kustomization is empty; name its resources, e.g. `resources: [deployment.yaml]`");
  CheckKind(decoder, raw);
  TRY(decoder.Finish());
  k.component = raw.kind == "Component";
  Fold(k, raw);
  return k;
}

}  // namespace sluice::kustomize
