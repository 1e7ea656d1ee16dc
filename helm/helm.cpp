#include "helm/helm.h"

#include "helm/chart/dependencies.h"
#include "helm/chart/metadata.h"
#include "helm/chart/values.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;

constexpr std::string_view kNotes = "NOTES.txt";

void SayDeprecated(const NoticeSink& notify) {
  if (!notify) return;
  notify({.text = "WARNING: This chart is deprecated", .level = "WARN", .message = "this chart is deprecated"});
}

Result<void> CheckInstallable(const Chart& chart, const RenderOptions& options) {
  const std::string& type = chart.metadata.type;
  if (!type.empty() && type != "application") return base::MakeError(base::Reason::Unsupported, type + " charts are not installable");
  if (chart.metadata.deprecated) SayDeprecated(options.notify);
  if (const auto there = CheckDependencies(chart); !there)
    return there.error().Wrap(
        options.dialect == Dialect::Helm3
            ? "An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to "
              "fetch missing dependencies"
            : "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to "
              "fetch missing dependencies");
  return {};
}

Value ReleaseValue(const RenderOptions& options) {
  Value release = Value::NewMap();
  auto& entries = release.map()->entries;
  entries["Name"] = Value::String(options.name);
  entries["Namespace"] = Value::String(options.ns);
  entries["IsUpgrade"] = Value::Bool(options.is_upgrade);
  entries["IsInstall"] = Value::Bool(options.is_install && !options.is_upgrade);
  entries["Revision"] = Value::Int(options.revision);
  entries["Service"] = Value::String("Helm");
  return release;
}

struct Prepared {
  Value values;
  std::map<std::string, std::string> files;
};

/// `rendering` becomes true once the values are good.
Result<Prepared> RenderFiles(Chart& chart, const Value& user, const RenderOptions& options, bool& rendering) {
  if (auto done = ProcessDependencies(chart, user, options.dialect, options.notify); !done)
    return options.dialect == Dialect::Helm3 ? done.error() : done.error().Wrap("chart dependencies processing failed");
  TRY(Value values, Coalesce(chart, user, options.dialect, Nulls::Remove, options.notify));
  if (!options.skip_schema_validation) TRY(ValidateAgainstSchemas(chart, values, options.schema_file));
  rendering = true;
  const KubeVersion& kube = options.capabilities.kube_version;
  if (!chart.metadata.kube_version.empty() && !IsCompatibleRange(chart.metadata.kube_version, kube.Text()))
    return Invalid("chart requires kubeVersion: " + chart.metadata.kube_version + " which is incompatible with Kubernetes " + kube.version);
  TRY(auto files, RenderCoalesced(chart, values, options));
  return Prepared{.values = std::move(values), .files = std::move(files)};
}

/// Takes the NOTES.txt out of `files`.
std::string TakeNotes(std::map<std::string, std::string>& files, const Chart& chart, bool sub_notes) {
  const std::string own = chart.name() + "/templates/" + std::string(kNotes);
  std::string notes;
  for (auto it = files.begin(); it != files.end();) {
    if (!it->first.ends_with(kNotes)) {
      ++it;
      continue;
    }
    if (sub_notes || it->first == own) notes += (notes.empty() ? "" : "\n") + it->second;
    it = files.erase(it);
  }
  return notes;
}

std::string Document(const std::string& path, const std::string& content) { return "---\n# Source: " + path + "\n" + content + "\n"; }

}  // namespace

Result<std::map<std::string, std::string>> RenderCoalesced(const Chart& chart, const Value& values, const RenderOptions& options) {
  EngineOptions engine = options.engine;
  engine.functions.dialect = options.dialect;
  engine.notify = options.notify;
  auto templates =
      CollectTemplates(chart, values, ReleaseValue(options), CapabilitiesValue(options.capabilities, options.dialect), options.dialect);
  return RenderTemplates(std::move(templates), engine);
}

Result<Rendered> Render(Chart chart, const Value& values, const RenderOptions& options, bool* rendering) {
  bool started = false;
  bool& flag = rendering == nullptr ? started : *rendering;
  flag = false;
  TRY(CheckInstallable(chart, options));
  TRY(Prepared prepared, RenderFiles(chart, values, options, flag));
  Rendered rendered;
  rendered.notes = TakeNotes(prepared.files, chart, options.sub_notes);
  if (options.rewrite) {
    TRY(prepared.files, options.rewrite(std::move(prepared.files)));
  }
  TRY(SortedManifests sorted,
      SortManifests(prepared.files, {.dialect = options.dialect, .show_lines = options.show_lines, .notify = &options.notify}));
  rendered.manifests = std::move(sorted.manifests);
  rendered.hooks = std::move(sorted.hooks);
  rendered.crds = Crds(chart);
  rendered.values = std::move(prepared.values);
  rendered.chart = std::move(chart);
  return rendered;
}

std::string PrintRelease(const Rendered& rendered, const PrintOptions& options) {
  std::string out;
  if (options.include_crds)
    for (const CrdFile& crd : rendered.crds) out += Document(crd.path, *crd.data);
  out += Print(rendered.manifests);
  out = TrimSpace(out);
  out += '\n';
  if (options.skip_hooks) return out;
  for (const Hook& hook : rendered.hooks)
    if (!options.skip_tests || !hook.IsTest()) out += Document(hook.path, hook.content);
  return out;
}

Result<std::map<std::string, std::string>> RenderRaw(Chart chart, const Value& values, const RenderOptions& options) {
  bool rendering = false;
  TRY(Prepared prepared, RenderFiles(chart, values, options, rendering));
  return std::move(prepared.files);
}

}  // namespace sluice::helm
