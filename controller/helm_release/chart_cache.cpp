#include "controller/helm_release/chart_cache.h"

#include "helm/chart/load.h"
#include "net/await.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;

helm::Value Isolated(const helm::Value& value) {
  switch (value.type()) {
    case helm::Type::String: return helm::Value::String(value.AsString());
    case helm::Type::Bytes: return helm::Value::Bytes(value.AsString());
    case helm::Type::Map: {
      helm::Value out = helm::Value::NewMap(value.map()->type);
      auto& entries = out.map()->entries;
      for (const auto& [key, item] : value.map()->entries) entries.emplace_hint(entries.end(), key, Isolated(item));
      return out;
    }
    case helm::Type::List: {
      helm::Value out = helm::Value::NewList({}, value.list()->type);
      out.list()->is_nil = value.list()->is_nil;
      for (const helm::Value& item : value.list()->items) out.list()->items.push_back(Isolated(item));
      return out;
    }
    case helm::Type::Bool: return helm::Value::Bool(value.AsBool());
    case helm::Type::Float64: return helm::Value::Float64(value.AsFloat());
    case helm::Type::Int64: return helm::Value::Int64(value.AsSigned());
    case helm::Type::Int: return helm::Value::Int(value.AsSigned());
    case helm::Type::Uint64: return helm::Value::Uint64(value.AsUnsigned());
    case helm::Type::Nil: return helm::Value::Nil();
    default: return {};  // charts are read from YAML, which has nothing else
  }
}

helm::Dependency Isolated(const helm::Dependency& from) {
  helm::Dependency out{.name = from.name,
                       .version = from.version,
                       .repository = from.repository,
                       .condition = from.condition,
                       .tags = from.tags,
                       .enabled = from.enabled,
                       .import_values = {},
                       .alias = from.alias};
  for (const helm::Value& value : from.import_values) out.import_values.push_back(Isolated(value));
  return out;
}

std::vector<helm::Dependency> Isolated(const std::vector<helm::Dependency>& from) {
  std::vector<helm::Dependency> out;
  for (const helm::Dependency& each : from) out.push_back(Isolated(each));
  return out;
}

helm::Metadata Isolated(const helm::Metadata& from) {
  helm::Metadata out{.name = from.name,
                     .home = from.home,
                     .sources = from.sources,
                     .version = from.version,
                     .description = from.description,
                     .keywords = from.keywords,
                     .maintainers = from.maintainers,
                     .icon = from.icon,
                     .api_version = from.api_version,
                     .condition = from.condition,
                     .tags = from.tags,
                     .app_version = from.app_version,
                     .deprecated = from.deprecated,
                     .annotations = from.annotations,
                     .kube_version = from.kube_version,
                     .dependencies = {},
                     .type = from.type,
                     .null_maintainer = from.null_maintainer,
                     .null_dependency = from.null_dependency};
  if (from.dependencies) out.dependencies = Isolated(*from.dependencies);
  return out;
}

/// Says that a load is under way for as long as it lives, and lets those go who wait for its end.
class UnderWay {
 public:
  UnderWay(std::map<std::string, std::shared_ptr<net::Event>>& all, std::string key) : all_(all), key_(std::move(key)) {
    all_[key_] = std::make_shared<net::Event>(net::Event::Kind::Latch);
  }
  ~UnderWay() {
    const auto at = all_.find(key_);
    at->second->Set();
    all_.erase(at);
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  std::map<std::string, std::shared_ptr<net::Event>>& all_;
  const std::string key_;
};

}  // namespace

helm::Chart Isolated(const helm::Chart& chart) {
  helm::Chart out;
  out.metadata = Isolated(chart.metadata);
  if (chart.lock) {
    out.lock =
        helm::Lock{.generated = chart.lock->generated, .digest = chart.lock->digest, .dependencies = Isolated(chart.lock->dependencies)};
  }
  out.values = Isolated(chart.values);
  out.values_text = chart.values_text;
  out.schema = chart.schema;
  out.templates = chart.templates;
  out.files = chart.files;
  for (const helm::Chart& dependency : chart.dependencies) out.dependencies.push_back(Isolated(dependency));
  return out;
}

std::shared_ptr<const helm::Chart> ChartCache::Find(const std::string& key) {
  const auto at = cache_.find(key);
  if (at == cache_.end()) return nullptr;
  order_.splice(order_.begin(), order_, at->second.place);
  return at->second.chart;
}

void ChartCache::Put(const std::string& key, std::shared_ptr<const helm::Chart> chart, std::uint64_t bytes) {
  if (bytes > max_bytes_ || cache_.contains(key)) return;
  order_.push_front(key);
  bytes_ += bytes;
  cache_[key] = Cached{.chart = std::move(chart), .bytes = bytes, .place = order_.begin()};
  while (bytes_ > max_bytes_) {
    const auto oldest = cache_.find(order_.back());
    bytes_ -= oldest->second.bytes;
    cache_.erase(oldest);
    order_.pop_back();
  }
}

net::Task<ChartCache::Answer> ChartCache::Get(std::shared_ptr<const SourceArtifact> artifact) {
  const std::string key = artifact->digest + " " + artifact->url;
  while (true) {
    if (auto chart = Find(key)) co_return Answer{.chart = std::move(chart)};
    const auto other = under_way_.find(key);
    if (other == under_way_.end()) break;
    const std::shared_ptr<net::Event> end = other->second;
    net::Task<Result<void>> waiting = end->Wait(std::chrono::minutes(2));
    const Result<void> waited = co_await std::move(waiting);
    if (!waited) co_return Answer{.error = waited.error()};
  }
  const UnderWay mark(under_way_, key);
  net::Task<Answer> loading = Load(key, std::move(artifact));
  co_return co_await std::move(loading);
}

net::Task<ChartCache::Answer> ChartCache::Load(std::string key, std::shared_ptr<const SourceArtifact> artifact) {
  net::Task<ArtifactLoader::PackedAnswer> fetching = loader_.LoadPacked(std::move(artifact));
  ArtifactLoader::PackedAnswer packed = co_await std::move(fetching);
  if (!packed.bytes) co_return Answer{.error = std::move(packed.error), .again = packed.again, .quiet = packed.quiet};
  using Parsed = std::shared_ptr<const helm::Chart>;
  auto parse = [bytes = packed.bytes]() -> Result<Parsed> {
    TRY(helm::Chart chart, helm::LoadArchive(*bytes, helm::Dialect::Helm4));
    return std::make_shared<const helm::Chart>(std::move(chart));
  };
  net::Task<Result<Parsed>> parsing = workers_.Run(std::move(parse));
  Result<Parsed> chart = co_await std::move(parsing);
  if (!chart) {
    base::Error error = std::move(chart).error();
    if (error.reason == base::Reason::NotFound) error.reason = base::Reason::Invalid;  // the file is there, its content is not a chart
    co_return Answer{.error = std::move(error)};
  }
  ++loads_;
  Put(key, *chart, packed.bytes->size());
  co_return Answer{.chart = std::move(*chart)};
}

}  // namespace sluice::controller::helm_release
