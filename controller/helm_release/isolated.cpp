// A chart with values of its own.
#include "controller/helm_release/renderer.h"

namespace sluice::controller::helm_release {
namespace {

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

}  // namespace sluice::controller::helm_release
