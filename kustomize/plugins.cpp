#include "kustomize/plugins.h"

#include <map>
#include <utility>

#include "document/yaml.h"
#include "kustomize/apply_patches.h"
#include "kustomize/apply_replacements.h"
#include "kustomize/decode.h"
#include "kustomize/generator.h"
#include "kustomize/helm_charts.h"
#include "kustomize/iam_policy.h"
#include "kustomize/kustomization_parts.h"
#include "kustomize/nearest.h"
#include "kustomize/select.h"
#include "kustomize/transformers.h"
#include "kustomize/value_add.h"

namespace sluice::kustomize {

using base::Result;
using document::Value;

namespace {

/// What the reader of one plugin's configuration has at hand.
struct Plugin {
  const Resource& config;
  Loader::Ptr loader;
  const Context& context;
  std::string file;
  std::string place;  ///< `labels.yaml:1:1: LabelTransformer "x"`

  Decoder decoder() const { return Decoder(file, Strictness::Lenient); }
};

using Steps = std::vector<Transform>;

/// `fieldSpecs`, and whether there are any: prefixes and suffixes insist.
struct Specs {
  FieldSpecs list;
  bool given = false;

  Decoder::Field Field(Decoder& decoder) {
    return {"fieldSpecs", [this, &decoder](const Value& value) {
              given = true;
              decoder.FieldSpecs(value, "fieldSpecs", list);
            }};
  }
};

Result<Steps> Pairs(const Plugin& plugin, std::string_view field) {
  Decoder decoder = plugin.decoder();
  StringMap pairs;
  Specs specs;
  decoder.Mapping(plugin.config.value, "", {{field, &pairs}, specs.Field(decoder)});
  TRY(decoder.Finish());
  return Steps{PairsStep(std::move(pairs), specs.list, plugin.context.budget)};
}

Result<Steps> Annotations(const Plugin& plugin) { return Pairs(plugin, "annotations"); }
Result<Steps> Labels(const Plugin& plugin) { return Pairs(plugin, "labels"); }

Result<Steps> Namespace(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  std::string ns, subjects;
  NamespaceOptions options;
  Specs specs;
  const auto metadata = [&](const Value& value) { decoder.Mapping(value, "metadata", {{"namespace", &ns}}); };
  decoder.Mapping(
      plugin.config.value, "",
      {{"metadata", metadata}, {"unsetOnly", &options.unset_only}, {"setRoleBindingSubjects", &subjects}, specs.Field(decoder)});
  TRY(decoder.Finish());
  TRY(options.subjects, ParseRoleBindingSubjects(subjects));
  return Steps{NamespaceStep(std::move(ns), specs.list, plugin.context.budget, options)};
}

struct Affixes {
  std::string prefix, suffix;
  Specs specs;
};

Result<Affixes> ReadAffixes(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  Affixes affixes;
  decoder.Mapping(plugin.config.value, "", {{"prefix", &affixes.prefix}, {"suffix", &affixes.suffix}, affixes.specs.Field(decoder)});
  TRY(decoder.Finish());
  if (!affixes.specs.given) return base::Invalid("fieldSpecs is needed, e.g. `fieldSpecs: [{path: metadata/name}]`");
  return affixes;
}

Result<Steps> Prefix(const Plugin& plugin) {
  TRY(const Affixes affixes, ReadAffixes(plugin));
  return Steps{PrefixStep(affixes.prefix, affixes.specs.list, plugin.context.budget)};
}

Result<Steps> Suffix(const Plugin& plugin) {
  TRY(const Affixes affixes, ReadAffixes(plugin));
  return Steps{SuffixStep(affixes.suffix, affixes.specs.list, plugin.context.budget)};
}

Result<Steps> PrefixSuffix(const Plugin& plugin) {
  TRY(const Affixes affixes, ReadAffixes(plugin));
  return Steps{PrefixStep(affixes.prefix, affixes.specs.list, plugin.context.budget),
               SuffixStep(affixes.suffix, affixes.specs.list, plugin.context.budget)};
}

Result<Steps> ImageTag(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  Image image;
  Specs specs;
  const auto read = [&](const Value& value) { image = ReadImage(decoder, value, "imageTag"); };
  decoder.Mapping(plugin.config.value, "", {{"imageTag", read}, specs.Field(decoder)});
  TRY(decoder.Finish());
  return Steps{ImageStep(std::move(image), specs.list, plugin.context.budget)};
}

Result<Steps> ReplicaCount(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  Replica replica;
  Specs specs;
  const auto read = [&](const Value& value) { replica = ReadReplica(decoder, value, "replica"); };
  decoder.Mapping(plugin.config.value, "", {{"replica", read}, specs.Field(decoder)});
  TRY(decoder.Finish());
  return Steps{ReplicaStep(std::move(replica), specs.list)};
}

Result<Steps> Patch(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  const PatchEntry entry = ReadPatch(decoder, plugin.config.value, "");
  TRY(decoder.Finish());
  TRY(Transform step, PatchStep(entry, {plugin.file, plugin.place}, *plugin.loader, plugin.context));
  return Steps{std::move(step)};
}

Result<Steps> PatchStrategicMerge(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  std::vector<std::string> paths;
  std::string patches;
  decoder.Mapping(plugin.config.value, "", {{"paths", &paths}, {"patches", &patches}});
  TRY(decoder.Finish());
  std::vector<Entry> items;
  for (std::string& path : paths) items.push_back({std::move(path), {}});
  TRY(Transform step, StrategicMergeStep(items, patches, {plugin.file, plugin.place}, *plugin.loader, plugin.context));
  return Steps{std::move(step)};
}

Result<Steps> PatchJson6902(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  PatchEntry entry;
  const auto target = [&](const Value& value) { decoder.SelectorFields(value, "target", entry.target.emplace()); };
  decoder.Mapping(plugin.config.value, "", {{"target", target}, {"path", &entry.path}, {"jsonOp", &entry.patch}});
  TRY(decoder.Finish());
  TRY(Transform step, Json6902Step(entry, {plugin.file, plugin.place}, *plugin.loader, plugin.context));
  return Steps{std::move(step)};
}

Result<Steps> Replacements(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  std::vector<ReplacementEntry> entries;
  const auto read = [&](const Value& list) {
    decoder.List(list, "replacements",
                 [&](const Value& item, const std::string& name) { entries.push_back(ReadReplacementEntry(decoder, item, name)); });
  };
  decoder.Mapping(plugin.config.value, "", {{"replacements", read}});
  TRY(decoder.Finish());
  TRY(Transform step, ReplacementStep(entries, plugin.file, *plugin.loader, plugin.context));
  return Steps{std::move(step)};
}

struct ValueTarget {
  std::optional<Selector> selector;
  std::string field_path;
  std::int64_t file_path_position = 0;
};

void ReadValueTargets(Decoder& decoder, const Value& list, std::vector<ValueTarget>& targets) {
  decoder.List(list, "targets", [&](const Value& item, const std::string& name) {
    ValueTarget& target = targets.emplace_back();
    const auto selector = [&](const Value& value) { decoder.SelectorFields(value, name + ".selector", target.selector.emplace()); };
    decoder.Mapping(item, name,
                    {{"selector", selector}, {"fieldPath", &target.field_path}, {"filePathPosition", &target.file_path_position}});
    if (target.field_path.empty()) decoder.Fail(item.mark(), name + ".fieldPath is needed");
    if (target.file_path_position < 0) decoder.Fail(item.mark(), name + ".filePathPosition cannot be negative");
  });
}

Result<void> ReadTargetFile(const Plugin& plugin, const std::string& path, std::vector<ValueTarget>& targets) {
  if (path.empty()) return {};
  TRY(const std::string text, plugin.loader->LoadNamed(path));
  const std::string file = plugin.loader->Describe(path);
  TRY(const Value content,
      document::ParseYaml(text,
                          {.resolver = document::Resolver::Yaml11, .duplicate_keys = document::DuplicateKeys::LastWins, .file = file}));
  Decoder decoder(file, Strictness::Lenient);
  decoder.Mapping(content, "", {{"targets", [&](const Value& list) { ReadValueTargets(decoder, list, targets); }}});
  return decoder.Finish();
}

Result<void> AddValueTo(ResMap& map, const std::string& value, const ValueTarget& target) {
  std::vector<Resource*> selected;
  if (target.selector) {
    TRY(selected, Select(map, *target.selector));
  } else {
    for (const auto& resource : map.list()) selected.push_back(resource.get());
  }
  const NamespaceTransformer set_namespace(value, {});
  const int position = static_cast<int>(std::min<std::int64_t>(target.file_path_position, 1 << 20));
  for (Resource* resource : selected) {
    auto done = target.field_path == "metadata/namespace" ? set_namespace.Apply(resource->value)
                                                          : AddValue(resource->value, value, target.field_path, position);
    if (!done) return std::move(done).error().Wrap(resource->Place());
    SyncShared(*resource);
    map.Touch(*resource);
  }
  return {};
}

std::string_view TrimSpace(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

Result<Steps> ValueAdd(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  std::string value, target_file;
  std::vector<ValueTarget> targets;
  decoder.Mapping(plugin.config.value, "", {{"value", &value}, {"targetFilePath", &target_file}, {"targets", [&](const Value& list) {
                                                                                                    ReadValueTargets(decoder, list,
                                                                                                                     targets);
                                                                                                  }}});
  TRY(decoder.Finish());
  value = std::string(TrimSpace(value));
  if (value.empty()) value = base::BaseName(plugin.loader->Describe("."));
  TRY(ReadTargetFile(plugin, target_file, targets));
  if (targets.empty()) return base::Invalid("at least one target is needed");
  return Steps{[value, targets](ResMap& map) -> Result<void> {
    for (const ValueTarget& target : targets) TRY(AddValueTo(map, value, target));
    return {};
  }};
}

Result<Steps> Hash(const Plugin&) { return Steps{HashStep()}; }

using TransformerReader = Result<Steps> (*)(const Plugin&);
constexpr std::pair<std::string_view, TransformerReader> kTransformers[] = {
    {"AnnotationsTransformer", Annotations},
    {"HashTransformer", Hash},
    {"ImageTagTransformer", ImageTag},
    {"LabelTransformer", Labels},
    {"NamespaceTransformer", Namespace},
    {"PatchJson6902Transformer", PatchJson6902},
    {"PatchStrategicMergeTransformer", PatchStrategicMerge},
    {"PatchTransformer", Patch},
    {"PrefixTransformer", Prefix},
    {"PrefixSuffixTransformer", PrefixSuffix},
    {"ReplacementTransformer", Replacements},
    {"ReplicaCountTransformer", ReplicaCount},
    {"SuffixTransformer", Suffix},
    {"ValueAddTransformer", ValueAdd},
};

Generated Single(std::unique_ptr<Resource> resource) {
  Generated all;
  all.push_back(std::move(resource));
  return all;
}

Result<Generator> ReadMapGenerator(const Plugin& plugin, bool secret) {
  Decoder decoder = plugin.decoder();
  Value config = plugin.config.value;
  config.Erase("env");  // folded into envs in a kustomization only
  GeneratorArgs args = ReadGenerator(decoder, config, "", secret);
  TRY(decoder.Finish());
  if (args.name.empty()) args.name = plugin.config.Name();
  if (args.ns.empty()) args.ns = plugin.config.Namespace();
  return MapGenerator(std::move(args), plugin.place, plugin.loader);
}

Result<Generator> ConfigMap(const Plugin& plugin) { return ReadMapGenerator(plugin, false); }
Result<Generator> Secret(const Plugin& plugin) { return ReadMapGenerator(plugin, true); }

Result<Generator> IamPolicy(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  IamPolicyArgs args;
  const auto service = [&](const Value& value) {
    decoder.Mapping(value, "kubernetesService", {{"namespace", &args.kubernetes_namespace}, {"name", &args.kubernetes_name}});
  };
  const auto account = [&](const Value& value) {
    decoder.Mapping(value, "serviceAccount", {{"name", &args.account_name}, {"projectId", &args.account_project_id}});
  };
  decoder.Mapping(plugin.config.value, "", {{"cloud", &args.cloud}, {"kubernetesService", service}, {"serviceAccount", account}});
  TRY(decoder.Finish());
  return Generator{[args]() -> Result<Generated> {
                     TRY(Value object, GenerateIamPolicy(args));
                     return Single(std::make_unique<Resource>(std::move(object)));
                   },
                   plugin.place,
                   {}};
}

/// An entry of helmCharts and the helmGlobals for it, in one mapping. The namespaces of kustomizations do not reach it.
Result<Generator> Helm(const Plugin& plugin) {
  Decoder decoder = plugin.decoder();
  const HelmGlobals globals = ReadHelmGlobals(decoder, plugin.config.value, "");
  const HelmChart chart = ReadHelmChart(decoder, plugin.config.value, "");
  TRY(decoder.Finish());
  return ChartGenerator(chart, globals, "", plugin.place, plugin.loader, plugin.context);
}

using GeneratorReader = Result<Generator> (*)(const Plugin&);
constexpr std::pair<std::string_view, GeneratorReader> kGenerators[] = {
    {"ConfigMapGenerator", ConfigMap},
    {"HelmChartInflationGenerator", Helm},
    {"IAMPolicyGenerator", IamPolicy},
    {"SecretGenerator", Secret},
};

template <class Table>
auto Find(const Table& table, std::string_view kind) -> decltype(std::begin(table)->second) {
  for (const auto& [name, reader] : table)
    if (name == kind) return reader;
  return nullptr;
}

/// Why no reader was found.
base::Error NotLoadable(const Resource& config, std::string_view wanted) {
  const std::string kind(config.Kind());
  if (config.ApiVersion() != "builtin")
    return base::MakeError(base::Reason::Unsupported, "external plugins are not run (" + std::string(config.ApiVersion()) + " " + kind +
                                                          "); only `apiVersion: builtin` is");
  if (Find(kTransformers, kind) != nullptr || Find(kGenerators, kind) != nullptr)
    return base::Invalid(kind + " is no " + std::string(wanted));
  std::vector<std::string> known;
  for (const auto& [name, reader] : kTransformers) known.emplace_back(name);
  for (const auto& [name, reader] : kGenerators) known.emplace_back(name);
  const std::string near = Nearest(kind, known);
  return base::Invalid("there is no built-in " + kind + (near.empty() ? "" : "; did you mean " + near + "?"));
}

std::optional<Origin> PluginOrigin(const Resource& config) {
  if (!config.origin) return std::nullopt;
  Origin origin;
  origin.repo = config.origin->repo;
  origin.ref = config.origin->ref;
  origin.configured_in = config.origin->path;
  origin.by_api_version = config.ApiVersion();
  origin.by_kind = config.Kind();
  origin.by_name = config.Name();
  origin.by_namespace = config.Namespace();
  return origin;
}

Plugin MakePlugin(const Resource& config, const Loader::Ptr& loader, const Context& context) {
  return {config, loader, context, config.file ? *config.file : "",
          config.Place() + ": " + std::string(config.Kind()) + " \"" + std::string(config.Name()) + "\""};
}

}  // namespace

Generator MapGenerator(GeneratorArgs args, std::string place, Loader::Ptr loader) {
  auto run = [args = std::move(args), loader = std::move(loader)]() -> Result<Generated> {
    TRY(Value object, Generate(args, [&](std::string_view path) { return loader->LoadNamed(path); }));
    auto resource = std::make_unique<Resource>(std::move(object));
    resource->behavior = ParseBehavior(args.behavior);
    resource->behavior_word = BehaviorWord(args.behavior);
    resource->needs_hash = !args.options.disable_name_suffix_hash;
    return Single(std::move(resource));
  };
  return {std::move(run), std::move(place), {}};
}

Generator ChartGenerator(HelmChart chart, HelmGlobals globals, std::string ns, std::string place, Loader::Ptr loader,
                         const Context& context) {
  auto run = [chart = std::move(chart), globals = std::move(globals), ns = std::move(ns), loader = std::move(loader), &context] {
    return InflateChart(chart, globals, ns, *loader, context.options);
  };
  return {std::move(run), std::move(place), {}};
}

Result<std::vector<Generator>> LoadGenerators(const ResMap& configs, const Loader::Ptr& loader, const Context& context) {
  std::vector<Generator> generators;
  for (const auto& config : configs.list()) {
    const Plugin plugin = MakePlugin(*config, loader, context);
    const GeneratorReader reader = config->ApiVersion() == "builtin" ? Find(kGenerators, config->Kind()) : nullptr;
    if (reader == nullptr) return NotLoadable(*config, "generator").Wrap(plugin.place);
    auto generator = reader(plugin);
    if (!generator) return std::move(generator).error().Wrap(plugin.place);
    generator->origin = PluginOrigin(*config);
    generators.push_back(std::move(*generator));
  }
  return generators;
}

Result<std::vector<Step>> LoadTransformers(const ResMap& configs, const Loader::Ptr& loader, const Context& context) {
  std::vector<Step> steps;
  for (const auto& config : configs.list()) {
    const Plugin plugin = MakePlugin(*config, loader, context);
    const TransformerReader reader = config->ApiVersion() == "builtin" ? Find(kTransformers, config->Kind()) : nullptr;
    if (reader == nullptr) return NotLoadable(*config, "transformer").Wrap(plugin.place);
    auto transforms = reader(plugin);
    if (!transforms) return std::move(transforms).error().Wrap(plugin.place);
    auto run = [transforms = std::move(*transforms)](ResMap& map) -> Result<void> {
      for (const Transform& transform : transforms) TRY(transform(map));
      return {};
    };
    steps.push_back({std::move(run), plugin.place, PluginOrigin(*config)});
  }
  return steps;
}

}  // namespace sluice::kustomize
