#include "controller/helm_operator/values.h"

#include "base/digest.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/yaml.h"
#include "net/await.h"
#include "sources/git/url.h"

namespace sluice::controller::helm_operator {
namespace {

using base::Result;
using document::Value;
using Kind = ValuesSource::Kind;

constexpr std::size_t kMaxBytes = 4u << 20;
constexpr int kRedirects = 10;
constexpr int kOk = 200;

std::string ObjectName(const ValuesSource& source) {
  return std::string(source.kind == Kind::Secret ? "Secret " : "ConfigMap ") + source.ns + "/" + source.name;
}

net::Task<Result<std::string>> ReadObject(kube::Client& client, ValuesSource source) {
  const bool secret = source.kind == Kind::Secret;
  const kube::ObjectRef ref{.gvk = {"", "v1", secret ? "Secret" : "ConfigMap"}, .ns = source.ns, .name = source.name};
  net::Task<Result<Value>> reading = client.Get(ref);
  Result<Value> object = co_await std::move(reading);
  if (!object && object.error().reason == base::Reason::NotFound) co_return base::NotFound(ObjectName(source) + " not found");
  if (!object) co_return std::move(object).error();
  const Value* data = object->Find("data");
  const Value* entry = data == nullptr ? nullptr : data->Find(source.key);
  const auto text = entry == nullptr ? std::nullopt : entry->AsString();
  if (!text) co_return base::NotFound("could not find key " + source.key + " in " + ObjectName(source));
  if (!secret) co_return std::string(*text);
  co_return base::Base64Decode(*text);
}

net::Task<Result<std::string>> ReadUrl(net::HttpClient& http, std::string url) {
  const std::string what = "unable to read value file from URL " + sources::WithoutUserinfo(url);
  net::Request request{.url = std::move(url), .max_response_bytes = kMaxBytes, .max_redirects = kRedirects};
  net::Task<Result<net::Response>> sending = http.Send(std::move(request));
  Result<net::Response> response = co_await std::move(sending);
  if (!response) co_return std::move(response).error().Wrap(what);
  if (response->status != kOk)
    co_return base::MakeError(base::Reason::Unavailable, what + ": the server answered " + std::to_string(response->status));
  co_return std::move(response->body);
}

net::Task<Result<std::string>> ReadFile(net::WorkerPool& workers, std::shared_ptr<const LoadedChart> chart, std::string where) {
  auto read = [chart = std::move(chart), where] { return ReadChartFile(*chart, where); };
  net::Task<Result<std::string>> reading = workers.Run(std::move(read));
  Result<std::string> text = co_await std::move(reading);
  if (!text) co_return std::move(text).error().Wrap("unable to read value file from path " + where);
  co_return text;
}

net::Task<Result<std::string>> ReadOne(ValuesParts parts, const ValuesSource& source, std::shared_ptr<const LoadedChart> chart) {
  switch (source.kind) {
    case Kind::External: return ReadUrl(parts.http, source.where);
    case Kind::ChartFile: return ReadFile(parts.services.workers, std::move(chart), source.where);
    default: return ReadObject(parts.services.client, source);
  }
}

/// An optional external file or chart file may be away for any reason; a ConfigMap or Secret must not be there, or lack the key.
bool MayBeAbsent(const ValuesSource& source, const base::Error& error) {
  if (!source.optional || error.reason == base::Reason::Canceled) return false;
  return source.kind == Kind::External || source.kind == Kind::ChartFile || error.reason == base::Reason::NotFound;
}

}  // namespace

std::string Describe(const ValuesSource& source) {
  switch (source.kind) {
    case Kind::External: return "URL " + sources::WithoutUserinfo(source.where);
    case Kind::ChartFile: return "path " + source.where;
    default: return ObjectName(source) + ", key " + source.key;
  }
}

net::Task<Result<std::vector<ReadSource>>> ReadSources(ValuesParts parts, std::vector<ValuesSource> sources,
                                                       std::shared_ptr<const LoadedChart> chart) {
  std::vector<ReadSource> out;
  for (ValuesSource& source : sources) {
    net::Task<Result<std::string>> reading = ReadOne(parts, source, chart);
    Result<std::string> text = co_await std::move(reading);
    if (!text && MayBeAbsent(source, text.error())) continue;
    if (!text) co_return std::move(text).error();
    out.push_back({std::move(source), *std::move(text)});
  }
  co_return out;
}

Result<helm::Value> Compose(const std::vector<ReadSource>& sources, const Value& inline_values) {
  helm::Value result = helm::Value::NewMap();
  for (const auto& [source, text] : sources) {
    const Result<helm::Value> read = helm::ParseValues(text, helm::Dialect::Helm3);
    if (!read && source.optional) continue;
    if (!read) return base::Invalid(Describe(source) + ": no YAML mapping: " + read.error().message);
    helm::MergeMaps(*result.map(), *read->map());
  }
  if (!inline_values.IsMapping()) return helm::DeepCopy(result);
  TRY(const helm::Value own, helm::FromDocument(inline_values));
  helm::MergeMaps(*result.map(), *own.map());
  return helm::DeepCopy(result);
}

}  // namespace sluice::controller::helm_operator
