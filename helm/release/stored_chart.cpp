#include "helm/release/stored_chart.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/archive.h"
#include "base/clock.h"
#include "base/digest.h"
#include "document/json.h"
#include "helm/functions/json.h"
#include "helm/release/json_text.h"

namespace sluice::helm {
namespace {

using base::Result;

constexpr std::size_t kMaxDepth = 256;
constexpr std::string_view kZeroTime = "0001-01-01T00:00:00Z";

std::string JsonOf(const Value& value) {
  auto json = EncodeJson(value);
  return json ? *std::move(json) : "null";
}

std::string DependencyJson(const Dependency& dependency) {
  JsonObject object;
  object.Text("name", dependency.name);
  object.TextUnlessEmpty("version", dependency.version);
  object.Text("repository", dependency.repository);
  object.TextUnlessEmpty("condition", dependency.condition);
  object.TextsUnlessEmpty("tags", dependency.tags);
  if (dependency.enabled) object.Raw("enabled", "true");
  std::vector<std::string> imports;
  for (const Value& import : dependency.import_values) imports.push_back(JsonOf(import));
  if (!imports.empty()) object.Raw("import-values", JsonList(imports));
  object.TextUnlessEmpty("alias", dependency.alias);
  return std::move(object).Take();
}

std::string DependenciesJson(const std::vector<Dependency>& dependencies) {
  std::vector<std::string> items;
  for (const Dependency& dependency : dependencies) items.push_back(DependencyJson(dependency));
  return JsonList(items);
}

std::string MaintainersJson(const std::vector<Maintainer>& maintainers) {
  std::vector<std::string> items;
  for (const Maintainer& maintainer : maintainers) {
    JsonObject object;
    object.TextUnlessEmpty("name", maintainer.name);
    object.TextUnlessEmpty("email", maintainer.email);
    object.TextUnlessEmpty("url", maintainer.url);
    items.push_back(std::move(object).Take());
  }
  return JsonList(items);
}

std::string AnnotationsJson(const std::map<std::string, std::string>& annotations) {
  JsonObject object;
  for (const auto& [key, value] : annotations) {
    const std::string name = JsonString(key);
    object.Text(std::string_view(name).substr(1, name.size() - 2), value);
  }
  return std::move(object).Take();
}

/// In the order of Helm's struct.
std::string MetadataJson(const Metadata& metadata) {
  JsonObject object;
  object.TextUnlessEmpty("name", metadata.name);
  object.TextUnlessEmpty("home", metadata.home);
  object.TextsUnlessEmpty("sources", metadata.sources);
  object.TextUnlessEmpty("version", metadata.version);
  object.TextUnlessEmpty("description", metadata.description);
  object.TextsUnlessEmpty("keywords", metadata.keywords);
  if (!metadata.maintainers.empty()) object.Raw("maintainers", MaintainersJson(metadata.maintainers));
  object.TextUnlessEmpty("icon", metadata.icon);
  object.TextUnlessEmpty("apiVersion", metadata.api_version);
  object.TextUnlessEmpty("condition", metadata.condition);
  object.TextUnlessEmpty("tags", metadata.tags);
  object.TextUnlessEmpty("appVersion", metadata.app_version);
  if (metadata.deprecated) object.Raw("deprecated", "true");
  if (!metadata.annotations.empty()) object.Raw("annotations", AnnotationsJson(metadata.annotations));
  object.TextUnlessEmpty("kubeVersion", metadata.kube_version);
  if (metadata.dependencies && !metadata.dependencies->empty()) object.Raw("dependencies", DependenciesJson(*metadata.dependencies));
  object.TextUnlessEmpty("type", metadata.type);
  return std::move(object).Take();
}

std::string LockJson(const Lock& lock) {
  JsonObject object;
  object.Text("generated", base::ParseRfc3339(lock.generated) ? lock.generated : std::string(kZeroTime));
  object.Text("digest", lock.digest);
  object.Raw("dependencies", lock.dependencies.empty() ? "null" : DependenciesJson(lock.dependencies));
  return std::move(object).Take();
}

std::string FilesJson(const std::vector<ChartFile>& files) {
  if (files.empty()) return "null";
  std::vector<std::string> items;
  for (const ChartFile& file : files) {
    JsonObject object;
    object.Text("name", file.name);
    object.Raw("data", "\"" + base::Base64Encode(*file.data) + "\"");
    items.push_back(std::move(object).Take());
  }
  return JsonList(items);
}

std::string WholeJson(const Chart& chart, ChartDetail detail) {
  const bool sources = detail != ChartDetail::NoSources;
  JsonObject object;
  object.Raw("metadata", MetadataJson(chart.metadata));
  object.Raw("lock", chart.lock ? LockJson(*chart.lock) : "null");
  object.Raw("templates", sources ? FilesJson(chart.templates) : "null");
  object.Raw("values", chart.values.IsMap() ? JsonOf(chart.values) : "null");
  object.Raw("schema", sources && chart.schema != nullptr ? "\"" + base::Base64Encode(*chart.schema) + "\"" : "null");
  object.Raw("files", detail == ChartDetail::Whole ? FilesJson(chart.files) : "null");
  return std::move(object).Take();
}

/// The bytes of its files, which copies of a chart share.
std::vector<std::shared_ptr<const std::string>> DataOf(const Chart& chart) {
  std::vector<std::shared_ptr<const std::string>> data;
  for (const auto* files : {&chart.templates, &chart.files})
    for (const ChartFile& file : *files) data.push_back(file.data);
  data.push_back(chart.schema);
  return data;
}

/// What is shown of a chart, from its metadata's JSON.
Result<void> ReadShown(std::string_view metadata_json, StoredChart& stored) {
  TRY(const document::Value metadata, document::ParseJson(metadata_json, {.max_depth = kMaxDepth}));
  stored.name = metadata.StringAt({"name"});
  stored.version = metadata.StringAt({"version"});
  stored.app_version = metadata.StringAt({"appVersion"});
  const document::Value* deprecated = metadata.Find("deprecated");
  stored.deprecated = deprecated != nullptr && deprecated->AsBool().value_or(false);
  return {};
}

std::shared_ptr<const StoredChart> Pack(StoredChart stored, std::string_view json) {
  stored.json_size = json.size();
  stored.packed = base::Gzip(json);
  return std::make_shared<const StoredChart>(std::move(stored));
}

Result<std::shared_ptr<const StoredChart>> Unread(std::string_view json) {
  TRY(document::ParseJson(json, {.max_depth = kMaxDepth}));
  TRY(const auto members, JsonMembers(json, kMaxDepth));
  StoredChart stored;
  stored.metadata_json = "null";
  for (const auto& [key, value] : members)
    if (key == "metadata") stored.metadata_json = value;
  if (stored.metadata_json != "null") TRY(ReadShown(stored.metadata_json, stored));
  return Pack(std::move(stored), json);
}

}  // namespace

std::shared_ptr<const StoredChart> StoreChart(const Chart& chart, ChartDetail detail) {
  StoredChart stored{.name = chart.metadata.name,
                     .version = chart.metadata.version,
                     .app_version = chart.metadata.app_version,
                     .deprecated = chart.metadata.deprecated,
                     .metadata_json = MetadataJson(chart.metadata)};
  return Pack(std::move(stored), WholeJson(chart, detail));
}

std::string JsonOfChart(const Chart& chart) { return WholeJson(chart, ChartDetail::Whole); }

std::string ChartJson(const StoredChart& chart) {
  auto json = base::Gunzip(base::SourceOf(chart.packed), {.max_ratio = 100'000});
  return json ? *std::move(json) : "null";
}

std::shared_ptr<const StoredChart> Reduce(const StoredChart& chart, ChartDetail detail) {
  const std::string json = ChartJson(chart);
  const auto members = JsonMembers(json, kMaxDepth);
  JsonObject object;
  if (members) {
    for (const auto& [key, value] : *members) {
      const bool files = key == "files" && detail != ChartDetail::Whole;
      const bool sources = (key == "templates" || key == "schema") && detail == ChartDetail::NoSources;
      object.Raw(key, files || sources ? "null" : value);
    }
  }
  StoredChart reduced = chart;
  return Pack(std::move(reduced), std::move(object).Take());
}

Value StoredValues(const StoredChart& chart) {
  const std::string json = ChartJson(chart);
  if (const auto members = JsonMembers(json, kMaxDepth)) {
    for (const auto& [key, value] : *members) {
      if (key != "values") continue;
      if (auto values = DecodeJson(value); values && values->IsMap()) return *std::move(values);
    }
  }
  return Value::NewMap();
}

Result<std::shared_ptr<const StoredChart>> ChartPool::Get(std::string_view json) {
  const std::string key = base::Sha256Hex(json);
  {
    const base::MutexLock lock(mutex_);
    const auto found = charts_.find(key);
    if (found != charts_.end())
      if (auto known = found->second.lock()) return known;
  }
  TRY(std::shared_ptr<const StoredChart> chart, Unread(json));
  return Keep(key, std::move(chart));
}

bool ChartPool::IsOf(const Known& known, const std::vector<std::shared_ptr<const std::string>>& data) {
  return known.data.size() == data.size() &&
         std::equal(data.begin(), data.end(), known.data.begin(), [](const auto& file, const auto& weak) { return weak.lock() == file; });
}

std::shared_ptr<const StoredChart> ChartPool::Store(const Chart& chart) {
  const std::string metadata = MetadataJson(chart.metadata), values = chart.values.IsMap() ? JsonOf(chart.values) : "null";
  const std::vector<std::shared_ptr<const std::string>> data = DataOf(chart);
  {
    const base::MutexLock lock(mutex_);
    for (const Known& known : known_) {
      if (known.metadata_json != metadata || known.values_json != values || !IsOf(known, data)) continue;
      if (auto stored = known.stored.lock()) return stored;
    }
  }
  std::shared_ptr<const StoredChart> stored = StoreChart(chart);
  stored = Keep(base::Sha256Hex(ChartJson(*stored)), std::move(stored));
  const base::MutexLock lock(mutex_);
  std::erase_if(known_, [](const Known& known) { return known.stored.expired(); });
  known_.push_back({.metadata_json = metadata, .values_json = values, .data = {data.begin(), data.end()}, .stored = stored});
  return stored;
}

std::shared_ptr<const StoredChart> ChartPool::Keep(const std::string& key, std::shared_ptr<const StoredChart> chart) {
  const base::MutexLock lock(mutex_);
  std::erase_if(charts_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<const StoredChart>& known = charts_[key];
  if (auto there = known.lock()) return there;
  known = chart;
  return chart;
}

std::size_t ChartPool::size() const {
  const base::MutexLock lock(mutex_);
  return charts_.size();
}

}  // namespace sluice::helm
