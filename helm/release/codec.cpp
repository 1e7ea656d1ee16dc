#include "helm/release/codec.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/archive.h"
#include "base/digest.h"
#include "document/json.h"
#include "document/yaml.h"
#include "helm/functions/json.h"
#include "helm/release/json_text.h"
#include "helm/release/release_json.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;
using Tree = document::Value;

constexpr std::string_view kMagic("\x1F\x8B\x08", 3);
constexpr std::string_view kZeroTime = "0001-01-01T00:00:00Z";

/// As Go writes a time it has read: no zeros at the end of the fraction, Z for +00:00.
ReleaseTime Canonical(std::string_view text) {
  std::string time(text);
  if (time.ends_with("+00:00")) time.replace(time.size() - 6, 6, "Z");
  const std::size_t dot = time.find('.');
  if (dot != std::string::npos) {
    std::size_t end = dot + 1;
    while (end < time.size() && time[end] >= '0' && time[end] <= '9') ++end;
    std::size_t keep = end;
    while (keep > dot + 1 && time[keep - 1] == '0') --keep;
    if (keep == dot + 1) keep = dot;
    time.erase(keep, end - keep);
  }
  return time == kZeroTime ? "" : time;
}

/// Reads the fields of one object; the first that has the wrong type is remembered.
class Fields {
 public:
  Fields(const Tree& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.IsMapping()) Fail("");
  }
  std::string Text(std::string_view key) {
    const Tree* value = Find(key);
    if (value == nullptr) return "";
    if (!value->IsString()) Fail(key);
    return value->IsString() ? std::string(value->text()) : std::string();
  }
  int Number(std::string_view key) {
    const Tree* value = Find(key);
    if (value == nullptr) return 0;
    const auto number = value->AsInt();
    if (!number || *number < -2'147'483'648 || *number > 2'147'483'647) {
      Fail(key);
      return 0;
    }
    return static_cast<int>(*number);
  }
  std::vector<std::string> Texts(std::string_view key) {
    std::vector<std::string> texts;
    const Tree* value = Find(key);
    if (value == nullptr) return texts;
    if (!value->IsSequence()) Fail(key);
    for (const Tree& item : value->items()) {
      if (!item.IsString()) Fail(key);
      texts.emplace_back(item.text());
    }
    return texts;
  }
  ReleaseTime Time(std::string_view key) {
    const std::string text = Text(key);
    if (text.empty()) return "";
    if (!base::ParseRfc3339(text)) Fail(key);
    return Canonical(text);
  }
  const Tree* Find(std::string_view key) const {
    const Tree* value = object_.Find(key);
    return value == nullptr || value->IsNull() ? nullptr : value;
  }
  Result<void> Done() const {
    if (error_) return *error_;
    return {};
  }

 private:
  void Fail(std::string_view key) {
    if (!error_) error_ = Invalid("release: " + where_ + (key.empty() ? "" : ".") + std::string(key) + " has the wrong type");
  }
  const Tree& object_;
  std::string where_;
  std::optional<base::Error> error_;
};

Result<ReleaseInfo> ReadInfo(const Tree& value) {
  Fields fields(value, "info");
  ReleaseInfo info;
  info.first_deployed = fields.Time("first_deployed");
  info.last_deployed = fields.Time("last_deployed");
  info.deleted = fields.Time("deleted");
  info.description = fields.Text("description");
  info.status = ParseReleaseStatus(fields.Text("status"));
  info.notes = fields.Text("notes");
  info.rollback_revision = fields.Number("rollback_revision");
  TRY(fields.Done());
  return info;
}

Result<HookRun> ReadRun(const Tree* value) {
  HookRun run;
  if (value == nullptr) return run;
  Fields fields(*value, "hooks.last_run");
  run.started_at = fields.Time("started_at");
  run.completed_at = fields.Time("completed_at");
  run.phase = fields.Text("phase");
  TRY(fields.Done());
  return run;
}

Result<ReleaseHook> ReadHook(const Tree& value) {
  Fields fields(value, "hooks");
  ReleaseHook hook;
  hook.name = fields.Text("name");
  hook.kind = fields.Text("kind");
  hook.path = fields.Text("path");
  hook.manifest = fields.Text("manifest");
  hook.events = fields.Texts("events");
  hook.weight = fields.Number("weight");
  hook.delete_policies = fields.Texts("delete_policies");
  hook.output_log_policies = fields.Texts("output_log_policies");
  TRY(hook.last_run, ReadRun(fields.Find("last_run")));
  TRY(fields.Done());
  return hook;
}

Result<void> ReadChart(std::string_view json, ChartPool* pool, Release& release) {
  if (json == "null") return {};
  ChartPool alone;
  TRY(release.chart, (pool == nullptr ? alone : *pool).Get(json));
  return {};
}

/// One member that is no chart and no config.
Result<void> ReadMember(std::string_view key, const Tree& value, Release& release) {
  Tree one = Tree::Mapping();
  one.Set(key, value);
  Fields fields(one, "release");
  if (key == "name") release.name = fields.Text(key);
  if (key == "namespace") release.ns = fields.Text(key);
  if (key == "apply_method") release.apply_method = fields.Text(key);
  if (key == "version") release.version = fields.Number(key);
  if (key == "manifest") release.manifest = std::make_shared<const std::string>(fields.Text(key));
  TRY(fields.Done());
  if (key == "info" && !value.IsNull()) {
    TRY(release.info, ReadInfo(value));
  }
  if (key != "hooks" || value.IsNull()) return {};
  if (!value.IsSequence()) return Invalid("release: hooks has the wrong type");
  for (const Tree& item : value.items()) {
    if (item.IsNull()) continue;
    TRY(ReleaseHook hook, ReadHook(item));
    release.hooks.push_back(std::move(hook));
  }
  return {};
}

bool IsKnown(std::string_view key) {
  constexpr std::string_view kKeys[] = {"name", "namespace", "apply_method", "version", "manifest", "info", "hooks"};
  return std::find(std::begin(kKeys), std::end(kKeys), key) != std::end(kKeys);
}

/// What stands before the chart's JSON, and what behind it.
std::pair<std::string, std::string> Halves(const Release& release) {
  JsonObject object;
  object.TextUnlessEmpty("name", release.name);
  object.Raw("info", InfoJson(release.info));
  if (release.chart != nullptr) object.Raw("chart", "");
  std::string before = object.TakeOpen();
  if (!release.config.empty()) object.Raw("config", release.config);
  object.TextUnlessEmpty("manifest", release.manifest_text());
  if (!release.hooks.empty()) object.Raw("hooks", HooksJson(release.hooks));
  object.NumberUnlessZero("version", release.version);
  object.TextUnlessEmpty("namespace", release.ns);
  object.TextUnlessEmpty("apply_method", release.apply_method);
  return {std::move(before), std::move(object).Take()};
}

}  // namespace

std::string EncodeReleaseJson(const Release& release) {
  auto [before, after] = Halves(release);
  if (release.chart != nullptr) before += ChartJson(*release.chart);
  return before + after;
}

std::string EncodeRelease(const Release& release) {
  const auto [before, after] = Halves(release);
  std::string packed = base::Gzip(before);
  if (release.chart != nullptr) packed += release.chart->packed;
  packed += base::Gzip(after);
  return base::Base64Encode(packed);
}

Result<Release> DecodeReleaseJson(std::string_view json, ChartPool* pool, const DecodeLimits& limits) {
  if (json.size() > limits.max_json) return base::MakeError(base::Reason::TooLarge, "release: more than the allowed bytes of JSON");
  TRY(const auto members, JsonMembers(json, limits.max_depth));
  Release release;
  release.manifest = std::make_shared<const std::string>();
  for (const auto& [key, text] : members) {
    if (key == "chart") {
      TRY(ReadChart(text, pool, release));
    } else if (key == "config") {
      TRY(release.config, CanonicalConfig(text));
    } else {
      TRY(const Tree value, document::ParseJson(text, {.max_bytes = limits.max_json, .max_depth = limits.max_depth}));
      if (IsKnown(key)) TRY(ReadMember(key, value, release));
    }
  }
  return release;
}

Result<Release> DecodeRelease(std::string_view text, ChartPool* pool, const DecodeLimits& limits) {
  if (text.size() > limits.max_text) return base::MakeError(base::Reason::TooLarge, "release: more than the allowed bytes of text");
  TRY(const std::string bytes, base::Base64Decode(text));
  if (bytes.size() > kMagic.size() && bytes.starts_with(kMagic)) {
    // Manifests of thousands of alike objects pack very well, so the limit is on what comes out.
    TRY(const std::string json, base::Gunzip(base::SourceOf(bytes), {.max_unpacked_bytes = limits.max_json, .max_ratio = 1'000'000}));
    return DecodeReleaseJson(json, pool, limits);
  }
  return DecodeReleaseJson(bytes, pool, limits);
}

Result<std::string> CanonicalConfig(std::string_view json) {
  TRY(const helm::Value values, DecodeJson(json));
  if (values.IsNil()) return std::string();
  TRY(ExpectJsonMap(values));
  return ConfigOf(values);
}

Result<std::string> ConfigOf(const helm::Value& values) {
  if (!values.IsMap() || values.map()->entries.empty()) return std::string();
  return EncodeJson(values);
}

helm::Value ConfigValues(const std::string& config) {
  if (!config.empty())
    if (auto values = DecodeJson(config); values && values->IsMap()) return *std::move(values);
  return helm::Value::NewMap();
}

std::string ConfigDigest(const std::string& config) {
  std::string yaml;
  if (!config.empty()) {
    // The JSON's keys are in the byte order in which Flux sorts them.
    if (const auto values = document::ParseJson(config)) yaml = document::EmitYaml(*values, {.sort_keys = false});
  }
  return "sha256:" + base::Sha256Hex(yaml);
}

}  // namespace sluice::helm
