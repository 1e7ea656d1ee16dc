#include "controller/helm_release/snapshot.h"

#include <algorithm>

#include "base/clock.h"
#include "helm/release/codec.h"
#include "helm/release/digest.h"

namespace sluice::controller::helm_release {
namespace {

using document::Value;

constexpr std::size_t kKept = 5;

/// As metav1.Time has it: UTC, whole seconds.
std::string WholeSeconds(const helm::ReleaseTime& time) {
  const auto parsed = base::ParseRfc3339(time);
  return parsed ? base::FormatRfc3339(std::chrono::floor<std::chrono::seconds>(*parsed)) : std::string();
}

void SetText(Value& value, std::string_view field, const std::string& text) {
  if (!text.empty()) value.Set(field, text);
}

Value ToValue(const TestHook& hook) {
  Value out = Value::Mapping();
  SetText(out, "lastStarted", hook.started);
  SetText(out, "lastCompleted", hook.completed);
  SetText(out, "phase", hook.phase);
  return out;
}

Value ToValue(const Snapshot& snapshot) {
  Value out = Value::Mapping();
  SetText(out, "apiVersion", snapshot.api_version);
  out.Set("digest", snapshot.digest);
  out.Set("name", snapshot.name);
  out.Set("namespace", snapshot.ns);
  out.Set("version", snapshot.version);
  out.Set("status", snapshot.status);
  SetText(out, "action", snapshot.action);
  out.Set("chartName", snapshot.chart_name);
  out.Set("chartVersion", snapshot.chart_version);
  SetText(out, "appVersion", snapshot.app_version);
  out.Set("configDigest", snapshot.config_digest);
  SetText(out, "firstDeployed", snapshot.first_deployed);
  SetText(out, "lastDeployed", snapshot.last_deployed);
  SetText(out, "deleted", snapshot.deleted);
  if (snapshot.test_hooks) {
    Value hooks = Value::Mapping();
    for (const auto& [name, hook] : *snapshot.test_hooks) hooks.Set(name, ToValue(hook));
    out.Set("testHooks", std::move(hooks));
  }
  SetText(out, "ociDigest", snapshot.oci_digest);
  return out;
}

Snapshot Read(const Value& value) {
  const auto text = [&value](std::string_view field) { return std::string(value.StringAt({field})); };
  Snapshot out;
  out.api_version = text("apiVersion");
  out.digest = text("digest");
  out.name = text("name");
  out.ns = text("namespace");
  if (const Value* version = value.Find("version")) out.version = static_cast<int>(version->AsInt().value_or(0));
  out.status = text("status");
  out.action = text("action");
  out.chart_name = text("chartName");
  out.chart_version = text("chartVersion");
  out.app_version = text("appVersion");
  out.oci_digest = text("ociDigest");
  out.config_digest = text("configDigest");
  out.first_deployed = text("firstDeployed");
  out.last_deployed = text("lastDeployed");
  out.deleted = text("deleted");
  if (const Value* hooks = value.Find("testHooks"); hooks != nullptr && hooks->IsMapping()) {
    out.test_hooks.emplace();
    for (const document::Member& member : hooks->members()) {
      out.test_hooks->emplace(member.key, TestHook{.started = std::string(member.value.StringAt({"lastStarted"})),
                                                   .completed = std::string(member.value.StringAt({"lastCompleted"})),
                                                   .phase = std::string(member.value.StringAt({"phase"}))});
    }
  }
  return out;
}

bool IsSelected(const std::string& name, const std::vector<TestFilter>& filters) {
  bool has_include = false, included = false;
  for (const TestFilter& filter : filters) {
    if (filter.exclude && filter.name == name) return false;
    if (filter.exclude) continue;
    has_include = true;
    included = included || filter.name == name;
  }
  return !has_include || included;
}

bool WasDeployed(const Snapshot& snapshot) { return snapshot.status == "deployed" || snapshot.status == "superseded"; }

}  // namespace

bool Snapshot::HasBeenTested() const {
  if (!test_hooks) return false;
  if (test_hooks->empty() || HasTestInPhase("Failed")) return true;
  return std::ranges::all_of(*test_hooks, [](const auto& each) { return each.second.phase == "Succeeded"; });
}

bool Snapshot::HasTestInPhase(std::string_view phase) const {
  return test_hooks && std::ranges::any_of(*test_hooks, [&](const auto& each) { return each.second.phase == phase; });
}

Snapshot SnapshotOf(const helm::Release& release, std::string_view oci_digest, std::string_view action, std::string_view algorithm) {
  Snapshot out;
  out.digest = helm::SnapshotDigest(release, oci_digest, algorithm);
  out.name = release.name;
  out.ns = release.ns;
  out.version = release.version;
  out.status = helm::ToString(release.info.status);
  out.action = action;
  if (release.chart) {
    out.chart_name = release.chart->name;
    out.chart_version = release.chart->version;
    out.app_version = release.chart->app_version;
  }
  out.oci_digest = oci_digest;
  out.config_digest = helm::ConfigDigest(release.config);
  out.first_deployed = WholeSeconds(release.info.first_deployed);
  out.last_deployed = WholeSeconds(release.info.last_deployed);
  out.deleted = WholeSeconds(release.info.deleted);
  return out;
}

std::map<std::string, TestHook> TestHooksOf(const helm::Release& release, const std::vector<TestFilter>& filters) {
  std::map<std::string, TestHook> out;
  for (const helm::ReleaseHook& hook : release.hooks) {
    if (!hook.IsFor("test") || !IsSelected(hook.name, filters)) continue;
    out[hook.name] = TestHook{.started = WholeSeconds(hook.last_run.started_at),
                              .completed = WholeSeconds(hook.last_run.completed_at),
                              .phase = hook.last_run.phase};
  }
  return out;
}

bool Shows(const Snapshot& snapshot, const helm::Release& release) {
  if (snapshot.api_version != "v2") return true;
  const std::string algorithm = snapshot.digest.substr(0, snapshot.digest.find(':'));
  return helm::SnapshotDigest(release, snapshot.oci_digest, algorithm) == snapshot.digest;
}

Snapshots Snapshots::FromValue(const Value* history) {
  Snapshots out;
  if (history == nullptr) return out;
  for (const Value& item : history->items()) out.all_.push_back(Read(item));
  std::stable_sort(out.all_.begin(), out.all_.end(), [](const Snapshot& a, const Snapshot& b) { return a.version > b.version; });
  return out;
}

Value Snapshots::ToValue() const {
  Value out = Value::Sequence();
  for (const Snapshot& snapshot : all_) out.Append(helm_release::ToValue(snapshot));
  return out;
}

const Snapshot* Snapshots::Previous(bool ignore_tests) const {
  for (std::size_t i = 1; i < all_.size(); ++i) {
    if (WasDeployed(all_[i]) && (ignore_tests || !all_[i].HasTestInPhase("Failed"))) return &all_[i];
  }
  return nullptr;
}

void Snapshots::Truncate(bool ignore_tests) {
  const Snapshot* previous = Previous(ignore_tests);
  if (previous == nullptr) return TruncateToNewest();
  all_.resize(static_cast<std::size_t>(previous - all_.data()) + 1);
}

void Snapshots::TruncateToNewest() {
  if (all_.size() > kKept) all_.resize(kKept);
}

void Snapshots::Note(Snapshot snapshot) {
  const auto at = std::ranges::find_if(
      all_, [&](const Snapshot& each) { return each.name == snapshot.name && each.ns == snapshot.ns && each.version == snapshot.version; });
  if (at == all_.end()) {
    const auto place = std::ranges::find_if(all_, [&](const Snapshot& each) { return each.version <= snapshot.version; });
    all_.insert(place, std::move(snapshot));
    return;
  }
  if (!snapshot.test_hooks) snapshot.test_hooks = std::move(at->test_hooks);
  *at = std::move(snapshot);
}

const Snapshot* Snapshots::Of(const helm::Release& release) const {
  const auto at = std::ranges::find_if(all_, [&](const Snapshot& each) { return each.IsOf(release); });
  return at == all_.end() ? nullptr : &*at;
}

}  // namespace sluice::controller::helm_release
