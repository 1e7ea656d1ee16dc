// Chart.yaml, values.yaml and charts/.
#include <algorithm>

#include "document/value.h"
#include "document/yaml.h"
#include "helm/chart/metadata.h"
#include "helm/chart/values.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/semver.h"
#include "helm/functions/yaml.h"
#include "helm/lint/rules.h"
#include "helm/template/print.h"
#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

using base::Result;

constexpr auto kInfo = LintSeverity::Info;
constexpr auto kWarning = LintSeverity::Warning;
constexpr auto kError = LintSeverity::Error;

/// The rules that need a Chart.yaml that could be read.
class ChartFileRules {
 public:
  ChartFileRules(LintRun& run, const std::string& text, const Metadata& metadata) : run_(run), text_(text), metadata_(metadata) {}

  void Check() {
    if (!run_.Helm3()) Strict();
    Name();
    ApiVersion();
    TypeOf("version");
    Version();
    TypeOf("appVersion");
    Maintainers();
    Sources();
    if (metadata_.icon.empty()) Say(kInfo, "icon is recommended");
    if (!run_.Helm3() && !ParseStrictSemver(metadata_.version))
      Say(kWarning, "version '" + metadata_.version + "' is not a valid SemVerV2");
    if (!metadata_.icon.empty() && !IsRequestUrl(metadata_.icon)) Say(kError, "invalid icon URL '" + metadata_.icon + "'");
    OnlyInV2();
  }

 private:
  void Say(LintSeverity severity, std::string text) { run_.Say(severity, "Chart.yaml", std::move(text)); }

  void Strict() {
    if (const auto read = CheckMetadataStrictly(text_); !read)
      Say(kWarning, "failed to strictly parse chart metadata file\n\t" + read.error().message);
  }

  void Name() {
    const std::string& name = metadata_.name;
    if (name.empty()) return Say(kError, "name is required");
    if (name.find('/') != std::string::npos) Say(kError, "chart name " + GoQuote(name) + " is invalid");
  }

  void ApiVersion() {
    const std::string& version = metadata_.api_version;
    if (version.empty()) return Say(kError, "apiVersion is required. The value must be either \"v1\" or \"v2\"");
    if (version != "v1" && version != "v2")
      Say(kError, "apiVersion '" + version + "' is not valid. The value must be either \"v1\" or \"v2\"");
  }

  /// A version that YAML reads as a number has lost its text.
  void TypeOf(const std::string& key) {
    const auto values = ParseYaml(text_);
    if (!values || !values->IsMap()) return;
    const auto& entries = values->map()->entries;
    const auto found = entries.find(key);
    if (found == entries.end() || found->second.IsString()) return;
    Say(kError, key + " should be of type string but it's of type " + Sprintf("%T", std::span(&found->second, 1)));
  }

  void Version() {
    const std::string& version = metadata_.version;
    if (version.empty()) return Say(kError, "version is required");
    const auto parsed = ParseSemver(version);
    if (!parsed) return Say(kError, "version '" + version + "' is not a valid SemVer");
    if (const auto least = ParseSemver("0.0.0-0"); least && !(*parsed > *least))
      Say(kError, "version " + GoQuote(parsed->ToString()) + " is less than or equal to \"0.0.0-0\"");
  }

  void Maintainers() {
    if (metadata_.null_maintainer) return Say(kError, "a maintainer entry is empty");
    for (const Maintainer& maintainer : metadata_.maintainers) {
      if (maintainer.name.empty()) return Say(kError, "each maintainer requires a name");
      if (!maintainer.email.empty() && !IsEmail(maintainer.email))
        return Say(kError, "invalid email '" + maintainer.email + "' for maintainer '" + maintainer.name + "'");
      if (!maintainer.url.empty() && !IsUrl(maintainer.url))
        return Say(kError, "invalid url '" + maintainer.url + "' for maintainer '" + maintainer.name + "'");
    }
  }

  void Sources() {
    for (const std::string& source : metadata_.sources)
      if (!IsRequestUrl(source)) return Say(kError, "invalid source URL '" + source + "'");
  }

  void OnlyInV2() {
    const std::string& version = metadata_.api_version;
    if (version == "v2") return;
    if (!metadata_.type.empty()) Say(kError, "chart type is not valid in apiVersion '" + version + "'. It is valid in apiVersion 'v2'");
    if (metadata_.dependencies && !metadata_.dependencies->empty())
      Say(kError, "dependencies are not valid in the Chart file with apiVersion '" + version + "'. They are valid in apiVersion 'v2'");
  }

  LintRun& run_;
  const std::string& text_;
  const Metadata& metadata_;
};

/// What is no map cannot become the type that lint reads values.yaml into.
std::string OfType(std::string message, bool helm3) {
  constexpr std::string_view kMap = "into Go value of type map[string]interface {}";
  if (message.ends_with(kMap))
    message.replace(message.size() - kMap.size(), kMap.size(),
                    helm3 ? "into Go value of type chartutil.Values" : "into Go value of type common.Values");
  return message;
}

std::string Joined(std::vector<std::string> names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

}  // namespace

void LintChartFile(LintRun& run) {
  const auto info = run.Stat("Chart.yaml");
  const bool is_directory = info && info->type == base::FileType::Directory;
  if (is_directory) run.Say(kError, "Chart.yaml", "should be a file, not a directory");
  const auto text = run.Read("Chart.yaml");
  if (!text) {
    const std::string why = is_directory ? "read " + run.options.directory + "/Chart.yaml: is a directory" : text.error().message;
    return run.Say(kError, "Chart.yaml", "unable to parse YAML\n\t" + why);
  }
  Metadata metadata;
  if (const auto read = ReadMetadata(*text, metadata, run.options.render.dialect); !read)
    return run.Say(kError, "Chart.yaml", "unable to parse YAML\n\t" + read.error().message);
  ChartFileRules(run, *text, metadata).Check();
}

void LintValues(LintRun& run) {
  const auto text = run.Read("values.yaml");
  if (!text) return run.Say(kInfo, "values.yaml", "file does not exist");
  const auto values = ParseValues(*text, Dialect::Helm3);  // the first document alone, in either dialect
  if (!values) return run.Say(kError, "values.yaml", "unable to parse YAML: " + OfType(values.error().message, run.Helm3()));
  const Value all = Value::NewMap();
  if (run.user.IsMap()) CoalesceTables(*all.map(), *run.user.map(), Nulls::Remove);  // shares the maps in it
  CoalesceTables(*all.map(), *values->map(), Nulls::Remove, run.options.render.notify);
  const auto schema = run.Read("values.schema.json");
  if (!schema || schema->empty() || (!run.Helm3() && run.options.render.skip_schema_validation)) return;
  if (const auto valid = ValidateSchema(all, *schema, run.options.render.schema_file); !valid)
    run.Say(kError, "values.yaml", valid.error().message);
}

void LintDependencies(LintRun& run) {
  const auto chart = run.Load();
  if (!chart) return run.Say(kError, "", "unable to load chart\n\t" + chart.error().message);
  std::vector<std::string> unknown, absent, twice;
  const std::vector<Dependency> wanted = chart->metadata.dependencies.value_or(std::vector<Dependency>());
  const auto is_wanted = [&](const Chart& c) {
    return std::any_of(wanted.begin(), wanted.end(), [&](const Dependency& d) { return d.name == c.name(); });
  };
  for (const Chart& dependency : chart->dependencies)
    if (!is_wanted(dependency)) unknown.push_back(dependency.name());
  std::vector<std::string> keys;
  for (const Dependency& entry : wanted) {
    const auto is_it = [&](const Chart& c) { return c.name() == entry.name; };
    if (std::none_of(chart->dependencies.begin(), chart->dependencies.end(), is_it)) absent.push_back(entry.name);
    const std::string& key = entry.alias.empty() ? entry.name : entry.alias;
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) twice.push_back(key);
    keys.push_back(key);
  }
  const std::string& directory = run.options.directory;
  if (!unknown.empty()) run.Say(kError, directory, "chart metadata is missing these dependencies: " + Joined(unknown));
  if (!twice.empty()) run.Say(kError, directory, "multiple dependencies with name or alias: " + Joined(twice));
  if (!absent.empty()) run.Say(kWarning, directory, "chart directory is missing these dependencies: " + Joined(absent));
}

}  // namespace sluice::helm
