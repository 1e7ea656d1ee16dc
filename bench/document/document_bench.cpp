// How fast YAML and JSON go in and out: 2,000 Deployments, 1.5 MB of YAML in one text, and the same as one JSON list.
// Run: build/release/bench/document/document_bench
#include <benchmark/benchmark.h>

#include <string>

#include "document/json.h"
#include "document/yaml.h"

namespace sluice::document {
namespace {

constexpr int kDeployments = 2000;

Value Deployment(int number) {
  const std::string name = "web-" + std::to_string(number);
  Value container = Value::Mapping();
  container["name"] = "main";
  container["image"] = "registry.example.com/team/" + name + ":1.2." + std::to_string(number % 17);
  container["args"].Append("--listen=:8080");
  container["args"].Append("--log-level=info");
  container["ports"].Append(Value::Mapping({Member{.key = "containerPort", .value = 8080}, Member{.key = "name", .value = "http"}}));
  container["env"].Append(Value::Mapping({Member{.key = "name", .value = "REGION"}, Member{.key = "value", .value = "eu-1"}}));
  container["env"].Append(Value::Mapping({Member{.key = "name", .value = "ENABLED"}, Member{.key = "value", .value = "true"}}));
  container["resources"]["limits"]["cpu"] = "500m";
  container["resources"]["limits"]["memory"] = "256Mi";
  Value out;
  out["apiVersion"] = "apps/v1";
  out["kind"] = "Deployment";
  out["metadata"]["name"] = name;
  out["metadata"]["namespace"] = "team-" + std::to_string(number % 50);
  out["metadata"]["labels"]["app.kubernetes.io/name"] = name;
  out["metadata"]["annotations"]["example.com/owner"] = "Somebody: \"the team\" of " + name;
  out["spec"]["replicas"] = 3;
  out["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] = name;
  out["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] = name;
  out["spec"]["template"]["spec"]["containers"].Append(std::move(container));
  return out;
}

std::string YamlText() {
  std::string out;
  for (int i = 0; i < kDeployments; ++i) out += (i == 0 ? "" : "---\n") + EmitYaml(Deployment(i));
  return out;
}

std::string JsonText() {
  Value list = Value::Mapping();
  list["kind"] = "List";
  for (int i = 0; i < kDeployments; ++i) list["items"].Append(Deployment(i));
  return EmitJson(list);
}

void Report(benchmark::State& state, std::size_t bytes) { state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes)); }

void BenchParseYaml(benchmark::State& state) {
  const std::string text = YamlText();
  for (auto _ : state) benchmark::DoNotOptimize(ParseYamlStream(text));
  Report(state, text.size());
}
BENCHMARK(BenchParseYaml)->Unit(benchmark::kMillisecond);

void BenchEmitYaml(benchmark::State& state) {
  const std::string text = YamlText();
  const auto documents = ParseYamlStream(text);
  for (auto _ : state)
    for (const Value& document : *documents) benchmark::DoNotOptimize(EmitYaml(document));
  Report(state, text.size());
}
BENCHMARK(BenchEmitYaml)->Unit(benchmark::kMillisecond);

void BenchParseJson(benchmark::State& state) {
  const std::string text = JsonText();
  for (auto _ : state) benchmark::DoNotOptimize(ParseJson(text));
  Report(state, text.size());
}
BENCHMARK(BenchParseJson)->Unit(benchmark::kMillisecond);

void BenchEmitJson(benchmark::State& state) {
  const std::string text = JsonText();
  const auto value = ParseJson(text);
  for (auto _ : state) benchmark::DoNotOptimize(EmitJson(*value));
  Report(state, text.size());
}
BENCHMARK(BenchEmitJson)->Unit(benchmark::kMillisecond);

void BenchCopy(benchmark::State& state) {
  const std::string text = JsonText();
  const auto value = ParseJson(text);
  for (auto _ : state) benchmark::DoNotOptimize(Value(*value));
  Report(state, text.size());
}
BENCHMARK(BenchCopy)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sluice::document
