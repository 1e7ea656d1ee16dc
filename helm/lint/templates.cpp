// templates/ and crds/: the chart is rendered with lint's values, and every document is looked at.
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "document/value.h"
#include "helm/chart/dependencies.h"
#include "helm/chart/values.h"
#include "helm/chart/yaml_values.h"
#include "helm/lint/rules.h"
#include "helm/template/quote.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

using base::Result;

constexpr auto kWarning = LintSeverity::Warning;
constexpr auto kError = LintSeverity::Error;

/// From the last dot of the last name on; "" without one.
std::string_view Extension(std::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(dot);
}

bool IsYamlFile(std::string_view path, bool helm3) {
  std::string extension(Extension(path));
  if (helm3) return extension == ".yaml";
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return extension == ".yaml" || extension == ".yml";
}

/// The first line that is not blank must not be indented.
std::string IndentProblem(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!TrimSpaceLeft(line).empty()) {
      if (!line.starts_with(' ') && !line.starts_with('\t')) return "";
      return "document starts with an illegal indent: " + GoQuote(line) + ", which may cause parsing problems";
    }
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return "";
}

bool NeedsSelector(std::string_view kind) {
  return kind == "Deployment" || kind == "ReplicaSet" || kind == "DaemonSet" || kind == "StatefulSet";
}

/// Whether an item of the list in `text` has an annotation that only counts outside of lists.
bool HasPolicyInList(const document::Value& list) {
  for (const document::Member& member : list.members()) {
    std::string key = member.key;
    for (char& c : key)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (key != "items" || !member.value.IsSequence()) continue;
    for (const document::Value& item : member.value.items()) {
      const document::Value* metadata = item.Find("metadata");
      const document::Value* annotations = metadata == nullptr ? nullptr : metadata->Find("annotations");
      if (annotations != nullptr && annotations->Find("helm.sh/resource-policy") != nullptr) return true;
    }
  }
  return false;
}

class TemplateRules {
 public:
  explicit TemplateRules(LintRun& run) : run_(run) {}

  /// False once nothing more may be said.
  bool File(const ChartFile& file, const std::string* rendered) {
    if (!HasGoodExtension(file.name))
      Say(kError, file.name,
          "file extension '" + std::string(Extension(file.name)) + "' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt");
    if (run_.Helm3()) Relics(file);
    if (!IsYamlFile(file.name, run_.Helm3()) || rendered == nullptr || TrimSpaceLeft(*rendered).empty()) return true;
    if (std::string problem = IndentProblem(*rendered); !problem.empty()) Say(kWarning, file.name, std::move(problem));
    return Documents(file.name, *rendered);
  }

 private:
  void Say(LintSeverity severity, const std::string& path, std::string text) { run_.Say(severity, path, std::move(text)); }

  static bool HasGoodExtension(std::string_view path) {
    constexpr std::array<std::string_view, 4> kGood = {".yaml", ".yml", ".tpl", ".txt"};
    return std::find(kGood.begin(), kGood.end(), Extension(path)) != kGood.end();
  }

  /// What Helm 2 knew.
  void Relics(const ChartFile& file) {
    static const re2::RE2 kCrdHook(R"("?helm\.sh/hook"?:\s+crd-install)");
    if (re2::RE2::PartialMatch(*file.data, kCrdHook))
      Say(kWarning, file.name,
          "manifest is a crd-install hook. This hook is no longer supported in v3 and all CRDs should also exist the crds/ directory at "
          "the top level of the chart");
    if (file.data->find(".Release.Time") != std::string::npos)
      Say(kError, file.name, ".Release.Time has been removed in v3, please replace with the `now` function in your templates");
  }

  bool Documents(const std::string& path, const std::string& text) {
    std::optional<base::Error> error;
    for (const auto& object : ReadLintObjects(text, run_.options.render.dialect, error))
      if (object) Object(path, text, *object);
    if (error) Say(kError, path, "unable to parse YAML: " + error->message);
    return !error;
  }

  void Object(const std::string& path, const std::string& text, const LintObject& object) {
    const RenderOptions& render = run_.options.render;
    if (std::string problem = NameProblem(object.kind, object.name, render.dialect); !problem.empty())
      Say(kWarning, path, std::move(problem));
    if (std::string problem = DeprecationOf(object, render.capabilities.kube_version); !problem.empty())
      Say(kWarning, path, std::move(problem));
    if (NeedsSelector(object.kind) && text.find("matchLabels") == std::string::npos && text.find("matchExpressions") == std::string::npos)
      Say(kError, path, "a " + object.kind + " must contain matchLabels or matchExpressions, and " + GoQuote(object.name) + " does not");
    if (object.kind == "List") List(path, text);
  }

  void List(const std::string& path, const std::string& text) {
    const auto tree = ParseChartYaml(text);
    if (!tree) return Say(kError, path, "unable to parse YAML: " + tree.error().message);
    if (tree->IsMapping() && HasPolicyInList(*tree))
      Say(kError, path, std::string(run_.Helm3() ? "A" : "a") + "nnotation 'helm.sh/resource-policy' within List objects are ignored");
  }

  LintRun& run_;
};

/// Whether there is a directory to look into; says what is wrong with it.
bool HasTemplates(LintRun& run) {
  const auto info = run.Stat("templates");
  if (!info) {
    if (run.Helm3()) return true;
    run.Say(kWarning, "templates/", "directory does not exist");
    return false;
  }
  if (info->type == base::FileType::Directory) return true;
  run.Say(run.Helm3() ? kWarning : kError, "templates/", "not a directory");
  return false;
}

/// The texts of the templates; nothing if there are none to look at, what was wrong having been said. Helm coalesces twice here, so that a default that a
/// null has taken away is back.
std::optional<std::map<std::string, std::string>> RenderForLint(LintRun& run, Chart& chart) {
  const RenderOptions& options = run.options.render;
  if (!ProcessDependencies(chart, run.user, options.dialect, options.notify)) return std::nullopt;
  const auto once = Coalesce(chart, run.user, options.dialect, Nulls::Remove, options.notify);
  if (!once) return std::nullopt;
  const auto values = Coalesce(chart, *once, options.dialect, Nulls::Remove, options.notify);
  if (!values) return run.Say(kError, "templates/", values.error().message), std::nullopt;
  if (!options.skip_schema_validation)
    if (const auto valid = ValidateAgainstSchemas(chart, *values, options.schema_file); !valid)
      return run.Say(kError, "templates/", valid.error().message), std::nullopt;
  auto rendered = RenderCoalesced(chart, *values, options);
  if (!rendered) return run.Say(kError, "templates/", rendered.error().message), std::nullopt;
  return *std::move(rendered);
}

}  // namespace

void LintTemplates(LintRun& run) {
  if (!HasTemplates(run)) return;
  auto chart = run.Load();
  if (!chart) return run.Say(kError, "templates/", chart.error().message);
  const auto rendered = RenderForLint(run, *chart);
  if (!rendered) return;
  TemplateRules rules(run);
  for (const ChartFile& file : chart->templates) {
    const auto text = rendered->find(chart->name() + "/" + file.name);
    if (!rules.File(file, text == rendered->end() ? nullptr : &text->second)) return;
  }
}

void LintCrds(LintRun& run) {
  const auto info = run.Stat("crds");
  if (!info) return;
  if (info->type != base::FileType::Directory) return run.Say(kError, "crds/", "not a directory");
  const auto chart = run.Load();
  if (!chart) return run.Say(kError, "crds/", chart.error().message);
  for (const CrdFile& crd : Crds(*chart)) {
    const std::string path = crd.path.substr(crd.path.find("/crds/") + 1);  // within its chart
    std::optional<base::Error> error;
    for (const auto& object : ReadLintObjects(*crd.data, run.options.render.dialect, error)) {
      if (!object) continue;
      if (!object->api_version.starts_with("apiextensions.k8s.io")) run.Say(kError, path, "apiVersion is not in 'apiextensions.k8s.io'");
      if (object->kind != "CustomResourceDefinition") run.Say(kError, path, "object kind is not 'CustomResourceDefinition'");
    }
    if (error) return run.Say(kError, path, "unable to parse YAML: " + error->message);
  }
}

}  // namespace sluice::helm
