// Where a release's chart comes from: the HelmChart that is written for it, or the source that it names, and the archive behind that.
#include "base/failpoint.h"
#include "controller/conditions.h"
#include "controller/helm_release/post_render.h"
#include "controller/helm_release/run.h"
#include "document/object.h"
#include "helm/functions/semver.h"
#include "net/await.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;
using document::Value;
using kube::SharedObject;

const document::GroupVersionKind kHelmChart{"source.toolkit.fluxcd.io", "v1", "HelmChart"};
/// How long a source that is on its way is waited for before its absence is reported.
constexpr base::Duration kSourceGrace = std::chrono::seconds(2);
constexpr std::size_t kShortDigest = 12;

Value StringsValue(const Strings& strings) {
  Value out = Value::Mapping();
  for (const auto& [key, value] : strings) out.Set(key, value);
  return out;
}

Value HelmChartOf(const ChartTemplate& chart, const Key& key, const std::string& name) {
  Value out = Value::Mapping();
  out.Set("apiVersion", kHelmChart.ApiVersion());
  out.Set("kind", kHelmChart.kind);
  Value& metadata = out["metadata"];
  metadata.Set("name", name);
  metadata.Set("namespace", chart.source_ns);
  Value labels = StringsValue(chart.labels);
  for (const auto& [label, value] : OwnerLabels(key)) labels.Set(label, value);
  metadata.Set("labels", std::move(labels));
  if (!chart.annotations.empty()) metadata.Set("annotations", StringsValue(chart.annotations));
  Value& spec = out["spec"];
  spec.Set("chart", chart.chart);
  if (!chart.version.empty()) spec.Set("version", chart.version);
  Value& source = spec["sourceRef"];
  source.Set("kind", chart.source_kind);
  source.Set("name", chart.source_name);
  spec.Set("interval", base::FormatGoDuration(chart.interval));
  if (!chart.reconcile_strategy.empty()) spec.Set("reconcileStrategy", chart.reconcile_strategy);
  for (const std::string& file : chart.values_files) spec["valuesFiles"].Append(file);
  if (chart.ignore_missing_values_files) spec.Set("ignoreMissingValuesFiles", true);
  if (!chart.verify_provider.empty()) {
    Value& verify = spec["verify"];
    verify.Set("provider", chart.verify_provider);
    if (!chart.verify_secret.empty()) verify["secretRef"].Set("name", chart.verify_secret);
  }
  return out;
}

/// Whether `live` says all that `wanted` does, and nothing else in its spec.
bool Says(const Value& live, const Value& wanted) {
  const Value *spec = live.Find("spec"), *wish = wanted.Find("spec");
  if (spec == nullptr || !(*spec == *wish)) return false;
  for (const std::string_view field : {"labels", "annotations"}) {
    const Value* strings = wanted.At({"metadata", field});
    if (strings == nullptr) continue;
    const Value* there = live.At({"metadata", field});
    for (const document::Member& member : strings->members()) {
      const Value* value = there == nullptr ? nullptr : there->Find(member.key);
      if (value == nullptr || !(*value == member.value)) return false;
    }
  }
  return true;
}

std::string NotReady(const SourceKey& source, std::string_view why) {
  return source.kind + " '" + source.ns + "/" + source.name + "' is not ready: " + std::string(why);
}

/// Why the source cannot be used; "" if it can.
std::string WhyNotReady(const SourceKey& key, const Value& source) {
  const bool has_artifact = source.At({"status", "artifact"}) != nullptr;
  if (key.kind == "ExternalArtifact") return has_artifact ? "" : NotReady(key, "does not have an artifact");
  const Value* status = source.Find("status");
  const Conditions conditions = status == nullptr ? Conditions() : Conditions::FromStatus(*status);
  const Value* observed = source.At({"status", "observedGeneration"});
  if (observed == nullptr || observed->AsInt() != GenerationOf(source)) {
    const Condition* ready = conditions.Find(condition::kReady);
    const bool told = ready != nullptr && ready->status == ConditionStatus::False;
    return NotReady(key, told ? std::string_view(ready->message) : "latest generation of object has not been reconciled");
  }
  if (conditions.IsTrue(condition::kStalled)) return NotReady(key, conditions.Find(condition::kStalled)->message);
  return has_artifact ? "" : NotReady(key, "does not have an artifact");
}

/// The first 12 digits of `sha256:…`.
Result<std::string> ShortDigest(const std::string& revision) {
  const std::size_t colon = revision.find(':');
  const bool one = colon != std::string::npos && revision.find(':', colon + 1) == std::string::npos;
  if (!one || revision.size() - colon - 1 < kShortDigest) return base::Invalid("invalid artifact revision " + revision);
  return revision.substr(colon + 1, kShortDigest);
}

struct Versioned {
  std::string version, digest;
};

/// A chart's version says the digest of the artifact that it is from, so that a tag that was moved is noticed.
Result<Versioned> WithDigest(const std::string& version, const std::string& revision) {
  auto parsed = helm::ParseSemver(version);
  if (!parsed) return base::Invalid("invalid chart version " + version);
  const std::size_t at = revision.find('@');
  std::string tag = revision.substr(0, at);
  if (at != std::string::npos) std::replace(tag.begin(), tag.end(), '_', '+');
  const auto tagged = helm::ParseSemver(tag);
  std::string digest = revision;
  if (tagged) {
    if (at == std::string::npos || revision.find('@', at + 1) != std::string::npos || !(*tagged == *parsed))
      return base::Invalid("artifact revision " + revision.substr(0, at) + " does not match chart version " + version);
    digest = revision.substr(at + 1);
  }
  TRY(parsed->metadata, ShortDigest(digest));
  return Versioned{.version = parsed->ToString(), .digest = digest};
}

bool HasDigest(const SourceKey& key, const std::string& revision) {
  return key.kind == "OCIRepository" || (key.kind == "ExternalArtifact" && revision.find(':') != std::string::npos);
}

}  // namespace

std::optional<std::string> Reconciler::Refused(const Run& run, const SourceKey& source) const {
  if (options_.no_cross_namespace_refs && source.ns != run.key.ns)
    return "cross-namespace references are not allowed: cannot access " + source.kind + " " + source.ns + "/" + source.name;
  if (source.kind == "ExternalArtifact" && !parts_.services.gates.Enabled(Gate::ExternalArtifact))
    return "can't access 'ExternalArtifact/" + source.ns + "/" + source.name + "', ExternalArtifact feature gate is disabled";
  return std::nullopt;
}

net::Task<Reconciler::Early> Reconciler::WriteHelmChart(RunPtr run) {
  const std::string name = HelmChartName(*run->object);
  const std::string wanted = run->spec.chart ? run->spec.chart->source_ns + "/" + name : std::string();
  if (!run->status.helm_chart.empty() && run->status.helm_chart != wanted) {
    net::Task<Result<void>> deleting = DeleteHelmChart(run);
    const Result<void> deleted = co_await std::move(deleting);
    if (!deleted) {
      net::Task<controller::Outcome> task = Fail(run, reason::kArtifactFailed, deleted.error(), std::nullopt);
      co_return co_await std::move(task);
    }
  }
  if (!run->spec.chart) {
    run->source_key = {run->spec.chart_ref->kind, run->spec.chart_ref->ns, run->spec.chart_ref->name};
    co_return Early();
  }
  run->source_key = {kHelmChart.kind, run->spec.chart->source_ns, name};
  if (const auto refused = Refused(*run, run->source_key)) {
    net::Task<controller::Outcome> task = Stall(run, reason::kAccessDenied, *refused);
    co_return co_await std::move(task);
  }
  if (run->status.helm_chart != wanted) {  // on record before it is made, so that it goes even if this run never comes to its end
    run->status.helm_chart = wanted;
    net::Task<Result<void>> writing = Write(run);
    const Result<void> written = co_await std::move(writing);
    if (!written) co_return controller::Outcome{.again_in = {}, .back_off = true};
  }
  const Value chart = HelmChartOf(*run->spec.chart, run->key, name);
  const SharedObject live = parts_.sources.at(kHelmChart.kind)->Get({run->source_key.ns, name});
  if (!live || !Says(*live, chart)) {
    const kube::ApplyOptions options{.manager = std::string(kFieldManager), .force = true};
    SLUICE_FAILPOINT("helm-chart.write.before");
    net::Task<Result<Value>> applying = parts_.services.client.Apply(chart, options);
    Result<Value> applied = co_await std::move(applying);
    SLUICE_FAILPOINT("helm-chart.write.after");
    if (!applied) {
      base::Error error = std::move(applied).error().Wrap("failed to run server-side apply");
      run->log.Error("HelmChart could not be written", error.message);
      net::Task<controller::Outcome> task = Fail(run, reason::kArtifactFailed, std::move(error), std::nullopt);
      co_return co_await std::move(task);
    }
    parts_.sources.at(kHelmChart.kind)->Remember(*applied);
    run->log.Info("HelmChart written", {{"chart", run->source_key.ns + "/" + name}, {"created", !live}});
  }
  co_return Early();
}

net::Task<Result<void>> Reconciler::DeleteHelmChart(RunPtr run) {
  if (run->status.helm_chart.empty()) co_return Result<void>();
  const std::size_t slash = run->status.helm_chart.find('/');
  const kube::ObjectRef ref{
      .gvk = kHelmChart, .ns = run->status.helm_chart.substr(0, slash), .name = run->status.helm_chart.substr(slash + 1)};
  const kube::DeleteOptions options;
  net::Task<Result<void>> deleting = parts_.services.client.Delete(ref, options);
  Result<void> deleted = co_await std::move(deleting);
  if (!deleted && deleted.error().reason != base::Reason::NotFound)
    co_return std::move(deleted).error().Wrap("failed to delete HelmChart '" + run->status.helm_chart + "'");
  run->log.Info("HelmChart deleted", {{"chart", run->status.helm_chart}});
  run->status.helm_chart.clear();
  co_return Result<void>();
}

net::Task<Reconciler::Early> Reconciler::FindSource(RunPtr run) {
  const SourceKey& key = run->source_key;
  if (const auto refused = Refused(*run, key)) {
    net::Task<controller::Outcome> task = Stall(run, reason::kAccessDenied, *refused);
    co_return co_await std::move(task);
  }
  kube::ObjectStore& store = *parts_.sources.at(key.kind);
  if (parts_.services.gates.Enabled(Gate::DirectSourceFetch)) {
    net::Task<void> reading = ReadSourceLive(parts_.services.client, store, {key.ns, key.name});
    co_await std::move(reading);
  }
  const SharedObject source = store.Get({key.ns, key.name});
  State& state = *run->state;
  const std::string name = key.kind + "/" + key.ns + "/" + key.name;
  std::string missing;
  if (source) missing = WhyNotReady(key, *source);
  run->source = source && missing.empty() ? parts_.registry.Find(key) : nullptr;
  if (run->source) {
    state.waits_for_source.clear();
    run->status.Recover({reason::kAccessDenied, reason::kArtifactFailed, reason::kSourceNotReady}, Now());
    co_return Early();
  }
  if (state.waits_for_source != name) {
    state.waits_for_source = name;
    state.source_missing_since = run->started;
  }
  const bool early = run->started < state.source_missing_since + kSourceGrace;
  if (early && (source || !store.synced())) co_return Next(state, kSourceGrace);
  if (!source) {
    base::Error error =
        base::NotFound("could not get Source object: " + key.kind + ".source.toolkit.fluxcd.io \"" + key.name + "\" not found");
    net::Task<controller::Outcome> task = Fail(run, reason::kArtifactFailed, std::move(error), std::nullopt);
    co_return co_await std::move(task);
  }
  if (missing.empty()) missing = NotReady(key, "does not have an artifact");
  run->log.Info(missing, {});
  run->status.SetFalse(condition::kReady, reason::kSourceNotReady, missing, Now());
  const controller::Outcome outcome =
      Next(state, parts_.services.random.Jitter(parts_.services.requeue_dependency, parts_.services.interval_jitter));
  net::Task<controller::Outcome> task = Finish(run, outcome, false);
  co_return co_await std::move(task);
}

net::Task<Reconciler::Early> Reconciler::LoadChart(RunPtr run) {
  net::Task<ChartCache::Answer> loading = charts_.Get(run->source);
  ChartCache::Answer answer = co_await std::move(loading);
  if (!answer.chart) {
    if (answer.again && answer.quiet) co_return Next(*run->state, *answer.again);
    std::optional<base::Duration> again = answer.again;
    if (answer.error.reason == base::Reason::NotFound) {
      again = parts_.services.requeue_dependency;
      answer.error.message = "Source not ready: artifact not found. Retrying in " + base::FormatGoDuration(*again);
    } else {
      answer.error.message = "Could not load chart: " + answer.error.message;
    }
    net::Task<controller::Outcome> task = Fail(run, reason::kArtifactFailed, std::move(answer.error), again);
    co_return co_await std::move(task);
  }
  run->chart = std::move(answer.chart);
  run->chart_version = run->chart->facts.version;
  if (HasDigest(run->source_key, run->source->revision)) {
    const auto versioned = WithDigest(run->chart_version, run->source->revision);
    if (!versioned) {
      net::Task<controller::Outcome> task = Fail(run, reason::kChartMutateError, versioned.error(), std::nullopt);
      co_return co_await std::move(task);
    }
    run->oci_digest = versioned->digest;
    if (!parts_.services.gates.Enabled(Gate::DisableChartDigestTracking)) run->chart_version = versioned->version;
  }
  run->status.Recover({reason::kArtifactFailed, reason::kChartMutateError}, Now());
  co_return Early();
}

}  // namespace sluice::controller::helm_release
