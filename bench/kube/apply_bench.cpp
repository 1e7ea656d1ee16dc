// What this layer costs on top of the bare requests, in one process and against a real API server: the same server-side applies sent by net::HttpClient
// alone, and by kube::Client with the owned-object index watching. usage: kube_apply_bench KUBECONFIG [COUNT [PARALLEL]]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "document/json.h"
#include "document/yaml.h"
#include "kube/client.h"
#include "kube/index.h"
#include "net/await.h"

namespace {

using namespace sluice;
using Steady = std::chrono::steady_clock;

constexpr const char* kManager = "kustomize-controller";

document::Value Deployment(const std::string& ns, int i) {
  const std::string name = "podinfo-" + std::to_string(i);
  auto value = document::ParseYaml(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: " + name + ", namespace: " + ns +
      ", labels: {kustomize.toolkit.fluxcd.io/name: " + name +
      ", kustomize.toolkit.fluxcd.io/namespace: flux}}, spec: {replicas: 0, minReadySeconds: 3, revisionHistoryLimit: 5, "
      "progressDeadlineSeconds: 60, "
      "selector: {matchLabels: {app: " +
      name + "}}, template: {metadata: {annotations: {prometheus.io/scrape: 'true'}, labels: {app: " + name +
      "}}, spec: {containers: [{name: podinfod, image: 'ghcr.io/stefanprodan/podinfo:6.7.0', imagePullPolicy: IfNotPresent, ports: [{name: "
      "http, "
      "containerPort: 9898, protocol: TCP}, {name: metrics, containerPort: 9797, protocol: TCP}], command: [./podinfo, --port=9898, "
      "--level=info], env: "
      "[{name: PODINFO_UI_COLOR, value: '#34577c'}], livenessProbe: {exec: {command: [podcli, check, http, 'localhost:9898/healthz']}, "
      "initialDelaySeconds: 5, timeoutSeconds: 5}, resources: {limits: {cpu: 2000m, memory: 512Mi}, requests: {cpu: 100m, memory: "
      "64Mi}}}]}}}}");
  return std::move(value).value();
}

struct Usage {
  Steady::time_point at = Steady::now();
  double cpu = 0;
  static Usage Now() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return {.cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime)};
  }
  static long PeakKilobytes() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  }
};

void Report(const char* what, const Usage& before, int count, int failed) {
  const Usage after = Usage::Now();
  const double seconds = std::chrono::duration<double>(after.at - before.at).count();
  std::printf("%-22s %6d objects %7.2f s %7.0f /s %6.2f CPU-s %7.1f us CPU each, peak RSS %ld MB, %d failed\n", what, count, seconds,
              count / seconds, after.cpu - before.cpu, (after.cpu - before.cpu) / count * 1e6, Usage::PeakKilobytes() / 1024, failed);
}

struct Work {
  int next = 0, count = 0, failed = 0;
  std::string ns;
};

net::Task<void> BareWorker(net::HttpClient& http, const std::string& server, Work& work) {
  while (work.next < work.count) {
    const int i = work.next++;
    net::Request request;
    request.method = "PATCH";
    request.url = server + "/apis/apps/v1/namespaces/" + work.ns + "/deployments/podinfo-" + std::to_string(i) +
                  "?fieldManager=" + kManager + "&force=true";
    request.headers = {{"Content-Type", "application/apply-patch+yaml"}, {"Accept", "application/json"}};
    request.body = document::EmitJson(Deployment(work.ns, i));
    auto answer = co_await http.Send(std::move(request));
    if (!answer || answer->status >= 300) ++work.failed;
  }
}

net::Task<void> ClientWorker(kube::Client& client, kube::OwnedIndex& index, Work& work) {
  const kube::ApplyOptions options{.manager = kManager};
  while (work.next < work.count) {
    const document::Value object = Deployment(work.ns, work.next++);
    const kube::ObjectRef ref = kube::ObjectRef::Of(object);
    kube::OwnedIndex::WriteGuard guard = index.BeginWrite(ref);
    auto stored = co_await client.Apply(object, options);
    if (stored) guard.Applied(*stored, 1);
    if (!stored) ++work.failed;
  }
}

class Silent : public kube::OwnedListener {
  void OnChanged(const kube::Owner&, const kube::ObjectRef&, kube::Changes) override {}
};

void MakeNamespace(net::Runtime& runtime, kube::Client& client, const std::string& ns) {
  const document::Value object = document::ParseYaml("{apiVersion: v1, kind: Namespace, metadata: {name: " + ns + "}}").value();
  const kube::ApplyOptions options{.manager = "bench"};
  if (auto made = runtime.BlockOn(client.Apply(object, options)); !made) std::fprintf(stderr, "%s\n", made.error().message.c_str());
}

int Run(const std::string& kubeconfig, int count, int parallel) {
  auto config = kube::LoadKubeconfig(kubeconfig, "", {});
  if (!config) return std::fprintf(stderr, "%s\n", config.error().message.c_str()), 1;
  net::Runtime runtime;
  const base::SystemClock clock;
  base::SeededRandom random(base::SystemSeed());
  const kube::Environment environment{runtime.io(), clock, random, base::Logger::Null()};
  kube::TransportOptions transport;
  transport.max_in_flight = static_cast<std::size_t>(parallel);
  kube::Client client(environment, *config, transport);
  const std::string run = std::to_string(random.Next() % 1'000'000);
  Work bare{.count = count, .ns = "bench-bare-" + run}, ours{.count = count, .ns = "bench-ours-" + run};
  MakeNamespace(runtime, client, bare.ns);
  MakeNamespace(runtime, client, ours.ns);

  net::HttpClient http(runtime.io(), net::ClientOptions{.tls = config->tls});
  net::Scope scope(runtime.io());
  Usage begun = Usage::Now();
  for (int i = 0; i < parallel; ++i) scope.Spawn(BareWorker(http, config->server, bare));
  if (!runtime.BlockOn(scope.Drained())) return 1;
  Report("bare HTTP/2", begun, count, bare.failed);

  Silent silent;
  kube::OwnedIndex index(client, kube::IndexOptions{}, silent);
  const document::GroupVersionKind deployment{"apps", "v1", "Deployment"};
  if (!runtime.BlockOn(index.EnsureWatched(deployment, std::chrono::seconds(60)))) return 1;
  begun = Usage::Now();
  for (int i = 0; i < parallel; ++i) scope.Spawn(ClientWorker(client, index, ours));
  if (!runtime.BlockOn(scope.Drained())) return 1;
  Report("client, create", begun, count, ours.failed);
  ours.next = 0;
  begun = Usage::Now();
  for (int i = 0; i < parallel; ++i) scope.Spawn(ClientWorker(client, index, ours));
  if (!runtime.BlockOn(scope.Drained())) return 1;
  Report("client, unchanged", begun, count, ours.failed);
  const kube::OwnedIndex::Stats stats = index.stats();
  std::printf("index: %zu objects, %zu bytes each\n", stats.objects, stats.bytes / std::max<std::size_t>(stats.objects, 1));
  runtime.BlockOn(index.Close());
  runtime.BlockOn(scope.Close());
  for (const std::string& ns : {bare.ns, ours.ns}) {
    const kube::ObjectRef ref{{"", "v1", "Namespace"}, "", ns};
    const kube::DeleteOptions gone;
    (void)runtime.BlockOn(client.Delete(ref, gone));
  }
  return bare.failed + ours.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: %s KUBECONFIG [COUNT [PARALLEL]]\n", argv[0]), 2;
  return Run(argv[1], argc > 2 ? std::atoi(argv[2]) : 1000, argc > 3 ? std::atoi(argv[3]) : 64);
}
