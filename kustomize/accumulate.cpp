#include "kustomize/accumulate.h"

#include <algorithm>
#include <array>
#include <utility>

#include "document/yaml.h"
#include "kustomize/decode.h"
#include "kustomize/nearest.h"
#include "kustomize/read_resources.h"
#include "kustomize/reread.h"
#include "kustomize/tables.h"

namespace sluice::kustomize {

using base::Result;
using document::Mark;
using document::Value;

namespace {

constexpr std::array<std::string_view, 3> kFileNames = {"kustomization.yaml", "kustomization.yml", "Kustomization"};

/// A name in a message: inline YAML in the place of a path is cut to its first line.
std::string Shown(std::string_view text) {
  const std::size_t line = text.find('\n');
  return "\"" + std::string(text.substr(0, line)) + (line == text.npos ? "" : " …") + "\"";
}

/// Adds the outer place unless the message begins there already.
base::Error At(const std::string& place, base::Error error) {
  if (place.empty() || error.message.starts_with(place)) return error;
  return std::move(error).Wrap(place);
}

/// The scope of an unknown kind is looked for in the schema, which is read for that.
void NoteKinds(const ResMap& map, Context& context) {
  for (const auto& resource : map.list()) {
    const document::GroupVersionKind gvk = resource->Gvk();
    if (!IsClusterScoped(gvk) && !IsKnownNamespaced(gvk)) context.builtin_schema_seen = true;
  }
}

std::string JoinOriginPath(std::string_view base, std::string_view path) {
  std::vector<std::string_view> parts;
  for (std::string_view rest : {base, path}) {
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('/'), rest.size());
      const std::string_view part = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (part.empty() || part == ".") continue;
      if (part == ".." && !parts.empty() && parts.back() != "..")
        parts.pop_back();
      else
        parts.push_back(part);
    }
  }
  std::string joined;
  for (const std::string_view part : parts) (joined += joined.empty() ? "" : "/") += part;
  return joined;
}

}  // namespace

const TransformerConfig& SharedConfig::get() const {
  static const TransformerConfig kEmpty;
  if (config_) return *config_;
  return has_builtin_ ? BuiltinConfig() : kEmpty;
}

Result<void> SharedConfig::Merge(const SharedConfig& other) {
  if (!other.config_) return other.has_builtin_ ? MergeBuiltin() : Result<void>();
  TRY(Merge(*other.config_));
  has_builtin_ = has_builtin_ || other.has_builtin_;
  return {};
}

Result<void> SharedConfig::MergeBuiltin() {
  if (has_builtin_) return {};
  if (config_) TRY(Merge(BuiltinConfig()));
  has_builtin_ = true;
  return {};
}

Result<void> SharedConfig::MergeWithBuiltin(const TransformerConfig& other) {
  TRY(Merge(other));
  has_builtin_ = true;
  return {};
}

Result<void> SharedConfig::Merge(const TransformerConfig& other) {
  auto merged = std::make_shared<TransformerConfig>(get());
  TRY(MergeConfig(*merged, other));
  config_ = std::move(merged);
  return {};
}

std::string Target::Place(Mark mark, std::string_view what) const { return PlaceOf(kustomization_.file, mark) + ": " + std::string(what); }

Origin Target::Below(std::string_view path) const {
  Origin origin = origin_;
  if (auto url = ParseGitUrl(path)) {
    origin.repo = url->CloneUrl();
    origin.ref = url->ref;
    origin.path = JoinOriginPath("", url->path);
  } else {
    origin.path = JoinOriginPath(origin_.path, path);
  }
  return origin;
}

std::optional<Origin> Target::BuiltinOrigin(std::string_view kind) const {
  if (!context_.track_origins) return std::nullopt;
  Origin origin;
  origin.repo = origin_.repo;
  origin.ref = origin_.ref;
  origin.configured_in = JoinOriginPath(origin_.path, kustomization_.file_name);
  origin.by_api_version = "builtin";
  origin.by_kind = kind;
  return origin;
}

Result<Target> Target::Load(Context& context, Loader::Ptr loader, Origin origin) {
  if (++context.kustomizations > context.options.limits.max_kustomizations)
    return base::MakeError(base::Reason::TooLarge,
                           "more than " + std::to_string(context.options.limits.max_kustomizations) + " kustomizations in one build");
  Target target(context, std::move(loader), std::move(origin));
  TRY(target.ReadFile());
  TRY(target.ChooseSchema());
  return target;
}

Result<void> Target::ReadFile() {
  std::string text, name;
  std::optional<base::Error> failure;
  for (const std::string_view candidate : kFileNames) {
    auto content = loader_->Load(candidate);
    if (!content) {
      if (content.error().reason != base::Reason::NotFound && !failure) failure = content.error();
      continue;
    }
    if (!name.empty())
      return base::Invalid(loader_->Describe(".") + ": both " + name + " and " + std::string(candidate) +
                           " are there; one kustomization file is needed");
    name = candidate;
    text = std::move(*content);
  }
  if (name.empty() && failure) return std::move(*failure).Wrap(loader_->Describe("."));
  if (name.empty())
    return base::NotFound(loader_->Describe(".") + ": no kustomization.yaml, kustomization.yml or Kustomization in this directory");
  TRY(kustomization_, ParseKustomization(text, loader_->Describe(name), context_.warnings));
  kustomization_.file_name = name;
  return {};
}

Result<void> Target::ChooseSchema() {
  const auto& path = kustomization_.openapi_path;
  const auto& version = kustomization_.openapi_version;
  std::optional<Value> document;
  if (path) {
    auto text = loader_->Load(path->text);
    if (!text) return Missing(*path, "openapi.path", std::move(text).error());
    TRY(document, document::ParseYaml(*text, {.resolver = document::Resolver::Yaml11,
                                              .duplicate_keys = document::DuplicateKeys::LastWins,
                                              .file = loader_->Describe(path->text)}));
  }
  if (context_.schema_chosen) return {};
  if (path && version) return base::Invalid(Place(path->mark, "openapi") + ": path and version cannot both be set");
  if (path) {
    auto schema = Schema::FromOpenApi(*document, context_.builtin_schema_seen);
    if (!schema) return At(Place(path->mark, "openapi.path " + Shown(path->text)), std::move(schema).error());
    context_.custom_schema = std::move(*schema);
    context_.schema_chosen = true;
  } else if (version && !version->text.empty()) {
    if (version->text != "v1.21.2")
      return base::Invalid(Place(version->mark, "openapi.version") + ": " + Shown(version->text) + " is not built in; only v1.21.2 is");
    context_.schema_chosen = true;
  }
  return {};
}

/// The file or directory that was not found, with the kustomization that asked for it and what it may have meant.
base::Error Target::Missing(const Entry& entry, std::string_view field, base::Error error) const {
  const std::string place = Place(entry.mark, field);
  if (error.reason != base::Reason::NotFound || IsHttpUrl(entry.text)) return At(place, std::move(error));
  std::string message = place + ": no file or directory " + Shown(entry.text);
  const std::string near = Nearest(entry.text, loader_->Neighbours(entry.text));
  if (!near.empty()) message += "; did you mean \"" + near + "\"?";
  return base::MakeError(base::Reason::NotFound, std::move(message));
}

void Target::AddFile(const Entry& entry, const std::string& text, ResMap& into, ErrorList& errors) {
  const std::string file = loader_->Describe(entry.text);
  auto map = ReadResMap(text, {.file = file, .budget = &context_.budget});
  if (!map) return errors.Add(std::move(map).error());
  NoteKinds(*map, context_);
  context_.objects += map->size();
  if (context_.objects > context_.options.limits.max_objects)
    return errors.Add(base::MakeError(base::Reason::TooLarge,
                                      "more than " + std::to_string(context_.options.limits.max_objects) + " objects in one build"));
  if (context_.track_origins) {
    const Origin origin = Below(entry.text);
    for (const auto& resource : map->list()) resource->origin = origin;
  }
  into.AppendAll(std::move(*map), errors);
}

void Target::AddDirectory(const Entry& entry, Loader::Ptr loader, Accumulator& into, ErrorList& errors) {
  auto target = Load(context_, std::move(loader), Below(entry.text));
  if (!target) return errors.Add(std::move(target).error());
  if (target->kustomization_.component)
    return errors.Add(base::Invalid(target->kustomization_.file + " is a Component; name it under `components`"));
  Accumulator below;
  target->Accumulate(below, errors);
  if (!errors.empty()) return;
  into.resources.AppendAll(std::move(below.resources), errors);
  errors.Check("", into.config.Merge(below.config));
  errors.Check("", JoinVars(into.vars, std::move(below.vars)));
}

void Target::AddResource(const Entry& entry, std::string_view field, Accumulator& into, ErrorList& errors) {
  const bool url = ParseGitUrl(entry.text).has_value();
  ErrorList not_fetched;
  if (!loader_->IsDirectory(entry.text)) {
    auto text = loader_->Load(entry.text);
    if (!text && !url) return errors.Add(Missing(entry, field, std::move(text).error()));
    ErrorList in_file;
    if (text) AddFile(entry, *text, into.resources, in_file);
    if (text && (!url || in_file.empty())) return errors.Add(Place(entry.mark, field), std::move(in_file));
    if (!text && IsHttpUrl(entry.text) && context_.options.remote != nullptr) not_fetched.Add("and it is no file", std::move(text).error());
  }
  ErrorList below;
  auto loader = loader_->Directory(entry.text);
  if (loader) {
    AddDirectory(entry, std::move(*loader), into, below);
  } else {
    const bool fetched = loader.error().reason == base::Reason::Invalid;  // a cycle, or a path in the repository
    below.Add(std::move(loader).error());
    if (!fetched) below.Add("", std::move(not_fetched));
  }
  errors.Add(Place(entry.mark, std::string(field) + " " + Shown(entry.text)), std::move(below));
}

namespace {

/// After a component all is gathered once more into an empty list: objects that became one are found, and of the configuration's specs those go
/// that are broader than one before them.
Result<void> Renew(Accumulator& all) {
  Accumulator fresh;
  TRY(fresh.resources.AppendAll(std::move(all.resources)));
  TRY(fresh.config.Merge(all.config));
  fresh.vars = std::move(all.vars);
  all = std::move(fresh);
  return {};
}

}  // namespace

void Target::AddComponent(const Entry& entry, Accumulator& into, ErrorList& errors) {
  const std::string place = Place(entry.mark, "components " + Shown(entry.text));
  auto loader = loader_->Directory(entry.text);
  if (!loader) return errors.Add(Missing(entry, "components", std::move(loader).error()));
  auto target = Load(context_, std::move(*loader), Below(entry.text));
  if (!target) return errors.Add(place, std::move(target).error());
  if (!target->kustomization_.component)
    return errors.Add(base::Invalid(place + ": " + target->kustomization_.file + " is no Component; name it under `resources`"));
  if (!errors.empty()) return;
  ErrorList below;
  target->Accumulate(into, below);
  if (below.empty()) below.Check("", Renew(into));
  errors.Add(place, std::move(below));
}

Result<Value> Target::ReadConfigFile(const Entry& entry, std::string_view field, document::DuplicateKeys duplicates) const {
  auto text = loader_->Load(entry.text);
  if (!text) return Missing(entry, field, std::move(text).error());
  const std::string file = loader_->Describe(entry.text);
  return document::ParseYaml(*text, {.resolver = document::Resolver::Yaml11, .duplicate_keys = duplicates, .file = file});
}

Result<TransformerConfig> Target::ReadConfiguration(const Entry& entry) const {
  TRY(const Value content, ReadConfigFile(entry, "configurations", document::DuplicateKeys::Refuse));
  return ParseConfiguration(content, loader_->Describe(entry.text));
}

Result<void> Target::AddCrds(const Entry& entry, Accumulator& into) const {
  TRY(const Value content, ReadConfigFile(entry, "crds", document::DuplicateKeys::LastWins));
  TRY(const TransformerConfig config, ParseCrds(content, loader_->Describe(entry.text)));
  return AtEntry(entry, "crds", into.config.Merge(config));
}

// The files are merged with each other, then into the built-in configuration, and that into what came from below: at each merge a broad
// spec goes if a narrower one of the same path is there already, so the order shows.
void Target::AddConfig(Accumulator& into, ErrorList& errors) {
  if (kustomization_.configurations.empty()) {
    errors.Check("", into.config.MergeBuiltin());
  } else {
    TransformerConfig files, own = BuiltinConfig();
    bool whole = true;
    for (const Entry& entry : kustomization_.configurations) {
      auto config = ReadConfiguration(entry);
      whole = errors.Check("", config ? AtEntry(entry, "configurations", MergeConfig(files, *config)) : config.error()) && whole;
    }
    const Entry& first = kustomization_.configurations.front();
    whole = whole && errors.Check("", AtEntry(first, "configurations", MergeConfig(own, files)));
    if (whole) errors.Check("", AtEntry(first, "configurations", into.config.MergeWithBuiltin(own)));
  }
  for (const Entry& entry : kustomization_.crds) errors.Check("", AddCrds(entry, into));
}

Result<void> Target::AtEntry(const Entry& entry, std::string_view field, Result<void> result) const {
  if (result) return result;
  return At(Place(entry.mark, std::string(field) + " " + Shown(entry.text)), std::move(result).error());
}

ResMap Target::PluginConfigs(const std::vector<Entry>& entries, std::string_view field, ErrorList& errors) {
  Accumulator configs;
  std::vector<Entry> paths;
  for (const Entry& entry : entries) {
    const std::string place = entry.content.line != 0 ? kustomization_.file : Place(entry.mark, field);
    auto inline_configs = ReadResMap(entry.text, {.file = place, .first = entry.content, .budget = &context_.budget});
    if (!inline_configs) {
      paths.push_back(entry);
      continue;
    }
    NoteKinds(*inline_configs, context_);
    if (context_.track_origins)
      for (const auto& resource : inline_configs->list()) resource->origin = Below(kustomization_.file_name);
    configs.resources.AppendAll(std::move(*inline_configs), errors);
  }
  for (const Entry& entry : paths) AddResource(entry, field, configs, errors);
  for (const auto& config : configs.resources.list()) {  // a plugin is given JSON
    errors.Check("", Reread(config->value));
    errors.Check("", RoundTripThroughJson(config->value, config->file ? *config->file : ""));
  }
  return std::move(configs.resources);
}

std::vector<Generator> Target::OwnGenerators() const {
  std::vector<Generator> generators;
  for (const auto* list : {&kustomization_.config_maps, &kustomization_.secrets}) {
    const bool secret = list == &kustomization_.secrets;
    for (std::size_t i = 0; i < list->size(); ++i) {
      const GeneratorArgs& args = (*list)[i];
      const std::string what =
          std::string(secret ? "secretGenerator[" : "configMapGenerator[") + std::to_string(i) + "] \"" + args.name + "\"";
      generators.push_back(MapGenerator(args, Place(args.mark, what), loader_));
      generators.back().origin = BuiltinOrigin(secret ? "SecretGenerator" : "ConfigMapGenerator");
    }
  }
  for (const HelmChart& chart : kustomization_.helm_charts) {
    const std::string place = Place(chart.mark, "helmCharts \"" + chart.name + "\"");
    generators.push_back(ChartGenerator(chart, kustomization_.helm_globals, context_.ns, place, loader_, context_));
    generators.back().origin = BuiltinOrigin("HelmChartInflationGenerator");
  }
  return generators;
}

void Target::RunGenerators(Accumulator& into, ErrorList& errors) {
  bool whole = errors.empty();  // else nothing can be said of what is there already
  std::vector<Generator> generators = OwnGenerators();
  ErrorList in_configs;
  const ResMap configs = PluginConfigs(kustomization_.generators, "generators", in_configs);
  if (in_configs.empty()) {
    auto external = LoadGenerators(configs, loader_, context_);
    if (external) std::move(external->begin(), external->end(), std::back_inserter(generators));
    in_configs.Check("", external ? Result<void>() : Result<void>(external.error()));
  }
  errors.Add("", std::move(in_configs));
  for (const Generator& generator : generators) {
    if (errors.full()) return;
    auto resources = generator.run();
    if (!resources) {
      errors.Add(generator.place, std::move(resources).error());
      whole = false;
      continue;
    }
    if (!whole) continue;
    for (auto& resource : *resources) {
      if (!resource->origin) resource->origin = generator.origin;
      errors.Check(generator.place, into.resources.Absorb(std::move(resource)));
    }
  }
}

Result<void> Target::Run(const Step& step, ResMap& map) const {
  TRY(step.run(map));
  if (step.origin) {
    for (const auto& resource : map.list()) {
      if (resource->origin)
        resource->transformations.push_back(*step.origin);
      else
        resource->origin = step.origin;
      RewriteAnnotations(*resource);
      UnshareAnnotations(*resource);
    }
  }
  map.DropEmpty();
  return {};
}

// A step that fails leaves the objects it was about as they are. What later steps say is a mistake of its own only if they would have said so anyway:
// that holds for patches of other objects and for replicas (Step::independent), unless a patch failed that renames.
void Target::RunTransformers(Accumulator& into, ErrorList& errors) {
  std::vector<Step> steps = OwnSteps(into.config.get(), errors);
  ErrorList in_configs;
  const ResMap configs = PluginConfigs(kustomization_.transformers, "transformers", in_configs);
  if (in_configs.empty()) {
    auto external = LoadTransformers(configs, loader_, context_);
    if (external) std::move(external->begin(), external->end(), std::back_inserter(steps));
    in_configs.Check("", external ? Result<void>() : Result<void>(external.error()));
  }
  errors.Add("", std::move(in_configs));
  if (!errors.empty()) return;
  for (const Step& step : steps) {
    auto done = context_.budget.GoOn();
    if (done) done = Run(step, into.resources);
    if (done) continue;
    if (errors.empty() || step.independent) errors.Add(step.place, std::move(done).error());
    if (!step.independent || step.renames || errors.full()) return;
  }
}

namespace {

constexpr std::string_view kValidatedBy = "validated-by";

/// An object as a validator must leave it.
struct Snapshot {
  Value value;
  std::size_t previous = 0, writes = 0;
};

std::vector<Snapshot> SnapshotsOf(const ResMap& map) {
  std::vector<Snapshot> snapshots;
  for (const auto& resource : map.list()) {
    Snapshot& snapshot = snapshots.emplace_back(Snapshot{resource->value, resource->previous.size(), resource->writes});
    Value* labels = snapshot.value.At({"metadata", "labels"});
    if (labels == nullptr || !labels->IsMapping() || !labels->Erase(kValidatedBy)) continue;
    if (labels->empty()) snapshot.value.Find("metadata")->Erase("labels");
  }
  return snapshots;
}

Result<void> Unchanged(const std::vector<Snapshot>& before, const ResMap& map) {
  const std::vector<Snapshot> after = SnapshotsOf(map);
  if (before.size() != after.size()) return base::Invalid("a validator may not add or remove objects");
  for (std::size_t i = 0; i < after.size(); ++i)
    if (before[i].previous != after[i].previous || before[i].writes != after[i].writes || !(before[i].value == after[i].value))
      return base::Invalid("a validator may not change objects, but it changed " + map.list()[i]->CurrentId().Describe() + " (" +
                           map.list()[i]->Place() + ")");
  return {};
}

}  // namespace

void Target::RunValidators(Accumulator& into, ErrorList& errors) {
  ErrorList in_configs;
  const ResMap configs = PluginConfigs(kustomization_.validators, "validators", in_configs);
  auto steps = in_configs.empty() ? LoadTransformers(configs, loader_, context_) : Result<std::vector<Step>>(std::vector<Step>());
  in_configs.Check("", steps ? Result<void>() : Result<void>(steps.error()));
  errors.Add("", std::move(in_configs));
  if (!errors.empty()) return;
  for (const Step& step : *steps) {
    const std::vector<Snapshot> before = SnapshotsOf(into.resources);
    auto done = step.run(into.resources);
    if (done) done = Unchanged(before, into.resources);
    if (!errors.Check(step.place, std::move(done))) return;
  }
}

void Target::Accumulate(Accumulator& into, ErrorList& errors) {
  const std::string above = context_.ns;
  if (!kustomization_.ns.text.empty()) context_.ns = kustomization_.ns.text;
  AccumulateAll(into, errors);
  context_.ns = above;
}

void Target::AccumulateAll(Accumulator& into, ErrorList& errors) {
  for (const Entry& entry : kustomization_.resources) {
    if (errors.full()) return;
    AddResource(entry, "resources", into, errors);
  }
  AddConfig(into, errors);
  RunGenerators(into, errors);
  for (const Entry& entry : kustomization_.components) {
    if (errors.full()) return;
    AddComponent(entry, into, errors);
  }
  RunTransformers(into, errors);
  RunValidators(into, errors);
  if (errors.empty()) errors.Check("", DeclareVars(into.resources, kustomization_.vars, kustomization_.file, into.vars));
}

}  // namespace sluice::kustomize
