#include "kustomize/kustomization_parts.h"

#include "document/object.h"

namespace sluice::kustomize {

using document::Value;

GeneratorOptions ReadGeneratorOptions(Decoder& decoder, const Value& value, const std::string& what) {
  GeneratorOptions options;
  decoder.Mapping(value, what,
                  {{"labels", &options.labels},
                   {"annotations", &options.annotations},
                   {"disableNameSuffixHash", &options.disable_name_suffix_hash},
                   {"immutable", &options.immutable}});
  return options;
}

GeneratorArgs ReadGenerator(Decoder& decoder, const Value& value, const std::string& what, bool secret) {
  GeneratorArgs args;
  args.secret = secret;
  args.mark = value.mark();
  std::string env;
  std::vector<Decoder::Field> fields = {
      {"name", &args.name},
      {"namespace", &args.ns},
      {"behavior", &args.behavior},
      {"literals", &args.literals},
      {"files", &args.files},
      {"envs", &args.envs},
      {"env", &env},
      {"options", [&](const Value& options) { args.options = ReadGeneratorOptions(decoder, options, what + ".options"); }}};
  if (secret) fields.push_back({"type", &args.type});
  decoder.Mapping(value, what, fields);
  if (!env.empty()) args.envs.push_back(std::move(env));
  return args;
}

Image ReadImage(Decoder& decoder, const Value& value, const std::string& what) {
  Image image;
  decoder.Mapping(value, what,
                  {{"name", &image.name},
                   {"newName", &image.new_name},
                   {"newTag", &image.new_tag},
                   {"digest", &image.digest},
                   {"tagSuffix", &image.tag_suffix}});
  return image;
}

Replica ReadReplica(Decoder& decoder, const Value& value, const std::string& what) {
  Replica replica;
  decoder.Mapping(value, what, {{"name", &replica.name}, {"count", &replica.count}});
  return replica;
}

std::pair<LabelEntry, document::Mark> ReadLabels(Decoder& decoder, const Value& value, const std::string& what) {
  LabelEntry entry;
  decoder.Mapping(value, what,
                  {{"pairs", &entry.pairs},
                   {"includeSelectors", &entry.include_selectors},
                   {"includeTemplates", &entry.include_templates},
                   {"includeVolumeClaimTemplates", &entry.include_volume_claim_templates},
                   {"fields", [&](const Value& fields) { decoder.FieldSpecs(fields, what + ".fields", entry.fields); }}});
  return {std::move(entry), value.mark()};
}

PatchEntry ReadPatch(Decoder& decoder, const Value& value, const std::string& what) {
  PatchEntry entry;
  entry.mark = value.mark();
  decoder.Mapping(value, what,
                  {{"path", &entry.path},
                   {"patch",
                    [&](const Value& patch) {
                      decoder.Text(patch, what + ".patch", entry.patch);
                      entry.content = decoder.ContentMark(patch);
                    }},
                   {"target", [&](const Value& target) { decoder.SelectorFields(target, what + ".target", entry.target.emplace()); }},
                   {"options", [&](const Value& options) {
                      decoder.Mapping(options, what + ".options",
                                      {{"allowNameChange", &entry.allow_name_change}, {"allowKindChange", &entry.allow_kind_change}});
                    }}});
  return entry;
}

namespace {

ReplacementOptions ReadReplacementOptions(Decoder& decoder, const Value& value, const std::string& what) {
  ReplacementOptions options;
  decoder.Mapping(
      value, what,
      {{"delimiter", &options.delimiter}, {"index", &options.index}, {"encoding", &options.encoding}, {"create", &options.create}});
  return options;
}

ReplacementSource ReadSource(Decoder& decoder, const Value& value, const std::string& what) {
  ReplacementSource source;
  source.mark = value.mark();
  decoder.Mapping(
      value, what,
      {{"group", &source.group},
       {"version", &source.version},
       {"kind", &source.kind},
       {"name", &source.name},
       {"namespace", &source.ns},
       {"fieldPath", &source.field_path},
       {"options", [&](const Value& options) { source.options = ReadReplacementOptions(decoder, options, what + ".options"); }}});
  return source;
}

ReplacementTarget ReadTarget(Decoder& decoder, const Value& value, const std::string& what) {
  ReplacementTarget target;
  target.mark = value.mark();
  decoder.Mapping(
      value, what,
      {{"select",
        [&](const Value& select) {
          target.has_select = true;
          decoder.SelectorFields(select, what + ".select", target.select);
        }},
       {"reject",
        [&](const Value& reject) {
          decoder.List(reject, what + ".reject", [&](const Value& item, const std::string& name) {
            decoder.SelectorFields(item, name, target.reject.emplace_back());
          });
        }},
       {"fieldPaths", &target.field_paths},
       {"options", [&](const Value& options) { target.options = ReadReplacementOptions(decoder, options, what + ".options"); }}});
  return target;
}

std::vector<Decoder::Field> ReplacementFields(Decoder& decoder, const std::string& what, Replacement& replacement) {
  return {{"source", [&](const Value& source) { replacement.source = ReadSource(decoder, source, what + ".source"); }},
          {"sourceValue", [&](const Value& value) { decoder.Text(value, what + ".sourceValue", replacement.source_value.emplace()); }},
          {"targets", [&](const Value& targets) {
             replacement.has_targets = true;
             replacement.targets.clear();
             decoder.List(targets, what + ".targets", [&](const Value& item, const std::string& name) {
               replacement.targets.push_back(ReadTarget(decoder, item, name));
             });
           }}};
}

}  // namespace

Replacement ReadReplacement(Decoder& decoder, const Value& value, const std::string& what) {
  Replacement replacement;
  replacement.mark = value.mark();
  decoder.Mapping(value, what, ReplacementFields(decoder, what, replacement));
  return replacement;
}

ReplacementEntry ReadReplacementEntry(Decoder& decoder, const Value& value, const std::string& what) {
  ReplacementEntry entry;
  entry.mark = entry.replacement.mark = value.mark();
  auto fields = ReplacementFields(decoder, what, entry.replacement);
  fields.push_back({"path", &entry.path});
  decoder.Mapping(value, what, fields);
  return entry;
}

Var ReadVar(Decoder& decoder, const Value& value, const std::string& what) {
  Var var;
  var.mark = value.mark();
  std::string api_version;
  const auto read_object = [&](const Value& object) {
    decoder.Mapping(object, what + ".objref",
                    {{"apiVersion", &api_version},
                     {"group", &var.gvk.group},
                     {"version", &var.gvk.version},
                     {"kind", &var.gvk.kind},
                     {"name", &var.object_name},
                     {"namespace", &var.object_namespace}});
  };
  const auto read_field = [&](const Value& field) { decoder.Mapping(field, what + ".fieldref", {{"fieldPath", &var.field_path}}); };
  decoder.Mapping(value, what, {{"name", &var.name}, {"objref", read_object}, {"fieldref", read_field}});
  if (!api_version.empty()) std::tie(var.gvk.group, var.gvk.version) = document::SplitApiVersion(api_version);
  if (var.field_path.empty()) var.field_path = "metadata.name";
  return var;
}

HelmGlobals ReadHelmGlobals(Decoder& decoder, const Value& value, const std::string& what) {
  HelmGlobals globals;
  decoder.Mapping(value, what, {{"chartHome", &globals.chart_home}, {"configHome", &globals.config_home}});
  return globals;
}

HelmChart ReadHelmChart(Decoder& decoder, const Value& value, const std::string& what) {
  HelmChart chart;
  chart.mark = value.mark();
  decoder.Mapping(value, what,
                  {{"name", &chart.name},
                   {"version", &chart.version},
                   {"repo", &chart.repo},
                   {"releaseName", &chart.release_name},
                   {"namespace", &chart.ns},
                   {"nameTemplate", &chart.name_template},
                   {"valuesFile", &chart.values_file},
                   {"additionalValuesFiles", &chart.additional_values_files},
                   {"valuesInline", [&](const Value& values) { chart.values_inline = values; }},
                   {"valuesMerge", &chart.values_merge},
                   {"includeCRDs", &chart.include_crds},
                   {"skipHooks", &chart.skip_hooks},
                   {"skipTests", &chart.skip_tests},
                   {"apiVersions", &chart.api_versions},
                   {"kubeVersion", &chart.kube_version},
                   {"debug", &chart.debug},
                   {"devel", &chart.devel}});
  return chart;
}

HelmChart ReadOldHelmChart(Decoder& decoder, const Value& value, const std::string& what, HelmGlobals& globals) {
  HelmChart chart;
  chart.mark = value.mark();
  std::string chart_home, repo_name, helm_bin, helm_home, release_namespace;
  std::vector<std::string> extra_args;
  decoder.Mapping(value, what,
                  {{"chartName", &chart.name},
                   {"chartVersion", &chart.version},
                   {"chartRepoUrl", &chart.repo},
                   {"chartHome", &chart_home},
                   {"chartRepoName", &repo_name},
                   {"helmBin", &helm_bin},
                   {"helmHome", &helm_home},
                   {"values", &chart.values_file},
                   {"valuesLocal", [&](const Value& values) { chart.values_inline = values; }},
                   {"valuesMerge", &chart.values_merge},
                   {"releaseName", &chart.release_name},
                   {"releaseNamespace", &release_namespace},
                   {"extraArgs", &extra_args}});
  if (!chart_home.empty()) globals.chart_home = chart_home;
  if (!helm_home.empty()) globals.config_home = helm_home;
  return chart;
}

}  // namespace sluice::kustomize
