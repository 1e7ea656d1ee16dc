// What a watch event costs: the fingerprint and the status of a Deployment as a real server sends it (7 KB), beside parsing it.
#include <benchmark/benchmark.h>

#include <fstream>
#include <sstream>

#include "document/json.h"
#include "document/yaml.h"
#include "rollout/fingerprint.h"
#include "rollout/status.h"

namespace {

using namespace sluice;

document::Value Load(const std::string& name) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/tests/rollout/testdata/fingerprint/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return document::ParseYaml(text.str()).value();
}

void Parse(benchmark::State& state) {
  const std::string json = document::EmitJson(Load("deployment.applied.yaml"));
  for (auto _ : state) benchmark::DoNotOptimize(document::ParseJson(json));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * json.size()));
}
BENCHMARK(Parse);

void FingerprintLive(benchmark::State& state) {
  const document::Value live = Load("deployment.applied.yaml");
  for (auto _ : state) benchmark::DoNotOptimize(rollout::FingerprintLive(live, "kustomize-controller"));
}
BENCHMARK(FingerprintLive);

void FingerprintDesired(benchmark::State& state) {
  const document::Value desired = Load("deployment.desired.yaml");
  for (auto _ : state) benchmark::DoNotOptimize(rollout::FingerprintDesired(desired));
}
BENCHMARK(FingerprintDesired);

void ComputeStatus(benchmark::State& state) {
  const document::Value live = Load("deployment.applied.yaml");
  for (auto _ : state) benchmark::DoNotOptimize(rollout::ComputeStatus(live, {}));
}
BENCHMARK(ComputeStatus);

}  // namespace
