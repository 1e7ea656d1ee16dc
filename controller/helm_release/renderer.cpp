#include "controller/helm_release/renderer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "controller/helm_release/post_render.h"
#include "controller/helm_release/render_protocol.h"
#include "controller/worker_talk.h"
#include "helm/chart/dependencies.h"
#include "helm/chart/load.h"
#include "helm/chart/package.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/functions.h"
#include "helm/release/codec.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;
using isolation::Channel;
using isolation::Frame;

/// Well within what a frame may have.
constexpr std::size_t kMaxArchiveBytes = 64u << 20;

/// Of bytes that a cache keeps, and a process that has read them.
std::string IdOf(const std::string& archive) { return base::Sha256Hex(archive); }

base::Error OneOfOurs(std::string_view what) {
  return base::MakeError(base::Reason::Internal, "the process said what no render says: " + std::string(what));
}

Result<std::vector<helm::CrdFile>> CrdsHere(const RenderInput& input) {
  helm::Chart chart = Isolated(*input.chart.chart);
  if (input.values.IsMap()) TRY(helm::ProcessDependencies(chart, helm::DeepCopy(input.values), input.chart.dialect));
  return helm::Crds(chart);
}

Result<helm::Draft> DraftHere(const RenderInput& input, helm::ChartPool& pool) {
  helm::DraftOptions options;
  options.render = input.render;
  options.render.engine.limits = input.limits.render;
  options.render.engine.interrupt = RenderTime(input.limits);
  options.pool = &pool;
  options.reuse = input.reuse;
  if (input.post_render != nullptr) {
    options.post_render = MakePostRenderer(*input.post_render, input.owner, input.limits);
    options.strategy = StrategyOf(input.post_render->post_render_strategy);
  }
  helm::Chart chart = Isolated(*input.chart.chart);
  if (!input.version.empty()) chart.metadata.version = input.version;
  return helm::MakeDraft(std::move(chart), input.values, options);
}

/// One task in a process of `pool`. Errors as Renderer has them.
Result<RenderOutcome> Ask(isolation::Pool& pool, RenderTask task, const RenderInput& input, std::stop_token stop) {
  RenderHost host(task, input);
  const auto talk = [&](Channel& child) {
    const Frame job{.type = static_cast<std::uint8_t>(RenderFrame::Job), .bytes = PackJob(task, input)};
    return TalkToJob(child, job, static_cast<std::uint8_t>(RenderFrame::Answer), [&](const Frame& frame) { return host.Hear(frame); });
  };
  const std::string where = task == RenderTask::Open ? "reading the chart" : "rendering chart " + input.chart.facts.name;
  if (Result<void> done = pool.Run(input.shared_by, talk, std::move(stop)); !done) return std::move(done).error().Wrap(where);
  Result<RenderOutcome> outcome = *std::move(host.outcome());
  if (!outcome && outcome.error().reason == base::Reason::Internal) return std::move(outcome).error().Wrap(where);
  return outcome;
}

}  // namespace

Renderer::Renderer(isolation::PoolOptions workers, base::Logger log)
    : pool_(std::make_unique<isolation::Pool>(std::move(workers), std::move(log))) {}

Result<OpenedChart> Renderer::Open(std::shared_ptr<const std::string> archive, helm::Dialect dialect, std::stop_token stop) {
  OpenedChart opened{.facts = {}, .dialect = dialect, .id = IdOf(*archive), .archive = std::move(archive), .chart = nullptr};
  if (!pool_) {
    TRY(helm::Chart chart, helm::LoadArchive(*opened.archive, dialect));
    opened.facts = FactsOf(chart);
    opened.chart = std::make_shared<const helm::Chart>(std::move(chart));
    opened.archive = nullptr;
    return opened;
  }
  if (opened.archive->size() > kMaxArchiveBytes) {
    const std::string most = std::to_string(kMaxArchiveBytes >> 20);
    return base::MakeError(base::Reason::TooLarge, "the chart's archive is larger than " + most + " MiB");
  }
  const helm::Value none;
  const RenderInput input{.chart = opened, .version = "", .values = none, .render = {}, .owner = {}, .shared_by = ""};
  TRY(RenderOutcome outcome, Ask(*pool_, RenderTask::Open, input, std::move(stop)));
  opened.facts = std::move(outcome.facts);
  return opened;
}

Result<OpenedChart> Renderer::Open(helm::Chart chart, helm::Dialect dialect) const {
  OpenedChart opened{.facts = FactsOf(chart), .dialect = dialect, .id = "", .archive = nullptr, .chart = nullptr};
  if (!pool_) {
    opened.chart = std::make_shared<const helm::Chart>(std::move(chart));
    return opened;
  }
  TRY(std::string archive, helm::Package(chart));
  opened.id = IdOf(archive);
  opened.archive = std::make_shared<const std::string>(std::move(archive));
  return opened;
}

Result<std::vector<helm::CrdFile>> Renderer::Crds(const RenderInput& input, std::stop_token stop) {
  if (!pool_) return CrdsHere(input);
  TRY(RenderOutcome outcome, Ask(*pool_, RenderTask::Crds, input, std::move(stop)));
  return std::move(outcome.crds);
}

Result<helm::Draft> Renderer::Draft(const RenderInput& input, helm::ChartPool& pool, std::stop_token stop) {
  if (!pool_) return DraftHere(input, pool);
  TRY(RenderOutcome outcome, Ask(*pool_, RenderTask::Draft, input, std::move(stop)));
  helm::Draft draft = std::move(outcome.draft);
  const std::string& version = input.version.empty() ? input.chart.facts.version : input.version;
  auto chart = pool.Get(outcome.chart_json);
  if (!chart || (*chart)->name != input.chart.facts.name || (*chart)->version != version) return OneOfOurs("another chart");
  draft.chart = *std::move(chart);
  TRY(draft.config, helm::ConfigOf(input.reuse == nullptr ? input.values : helm::LaidOver(*input.reuse, input.values)));
  return draft;
}

std::string SharedBy(const Sharing& sharing) {
  if (sharing.secrets) return "";
  return "helm\n" + sharing.ns + "\n" + sharing.chart + "\n" + sharing.account + "\n" + sharing.cluster;
}

void WarmRenders() {
  helm::LoadLibraries();
  const auto text = [](std::string_view of) { return std::make_shared<const std::string>(of); };
  auto chart = helm::LoadFiles(
      {{"Chart.yaml", text("apiVersion: v2\nname: warm\nversion: 1.0.0\n")},
       {"values.yaml", text("a: {b: [1, x, true]}\n")},
       {"values.schema.json", text(R"({"type": "object", "properties": {"a": {"type": "object"}}})")},
       {"templates/NOTES.txt", text("{{ .Release.Name }}\n")},
       {"templates/_a.tpl", text("{{ define \"a\" }}app: {{ .Values.a.b | first | quote }}{{ end }}")},
       {"templates/a.yaml",
        text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {{ dict \"a\" (randAlphaNum 8 | sha256sum) | toYaml | "
             "nindent 2 }}\n  b: {{ include \"a\" . | trunc 63 | regexFind \"[a-z]+\" | default \"b\" }}\n"
             "  c: {{ semverCompare \">=1.20\" .Capabilities.KubeVersion.Version | toString | quote }}\n")},
       {"templates/b.yaml", text("apiVersion: batch/v1\nkind: Job\nmetadata: {name: b, annotations: {helm.sh/hook: pre-install}}\n")}},
      helm::Dialect::Helm4);
  if (!chart) return;
  const auto packed = helm::Package(*chart);
  auto loaded = packed ? helm::LoadArchive(*packed, helm::Dialect::Helm4) : std::move(packed).error();
  if (!loaded) return;
  Spec spec;
  helm::DraftOptions options;
  options.render.engine.functions.dialect = helm::Dialect::Helm4;
  options.post_render = MakePostRenderer(spec, {.ns = "up", .name = "warm"});
  std::string chart_json;
  options.chart_json = &chart_json;
  [[maybe_unused]] const auto draft = helm::MakeDraft(*std::move(loaded), helm::Value::NewMap(), options);
}

}  // namespace sluice::controller::helm_release
