// What a build in a confined process costs beside one in this process: CPU and time of thousands of builds of four objects, here, in a process that they share, and in a
// process each (as with secrets), three rounds of each; and the memory of a worker. Started again as its own worker (`builder_bench worker`).
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "controller/kustomization/builder.h"
#include "controller/worker.h"

namespace {

using namespace sluice;
using namespace sluice::controller::kustomization;

constexpr int kBuilds = 3000, kRounds = 3;

/// Of this process and of those of its children that have ended.
double CpuMicroseconds() {
  double all = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const timeval& part : {usage.ru_utime, usage.ru_stime})
      all += static_cast<double>(part.tv_sec) * 1e6 + static_cast<double>(part.tv_usec);
  }
  return all;
}

/// Of the first child, if there is one.
std::string MemoryOfWorker() {
  const std::string self = std::to_string(getpid());
  pid_t worker = 0;
  if (!(std::ifstream("/proc/" + self + "/task/" + self + "/children") >> worker)) return "";
  std::string found;
  std::ifstream status("/proc/" + std::to_string(worker) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS") || line.starts_with("RssAnon")) found += " " + line;
  return found;
}

bool Measure(const char* what, std::unique_ptr<Builder> builder, const base::Files& files, const Spec& spec) {
  const BuildInput input{.files = files, .spec = spec, .name = "apps", .ns = "flux"};
  const double cpu = CpuMicroseconds();
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kBuilds; ++i) {
    const auto built = builder->Build(input);
    if (built) continue;
    std::fprintf(stderr, "builder_bench: %s\n", built.error().message.c_str());
    return false;
  }
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  const std::string memory = MemoryOfWorker();
  builder.reset();
  std::printf("%s: %.0f us of CPU, %.0f us a build%s\n", what, (CpuMicroseconds() - cpu) / kBuilds, took.count() / kBuilds, memory.c_str());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == std::string_view("worker")) return controller::ServeJobs();
  const auto files = base::MemoryFiles(
      {{"apps/kustomization.yaml", "resources: [d.yaml, s.yaml, c.yaml, a.yaml]\n"},
       {"apps/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {size: \"1\", on: \"yes\"}\n"},
       {"apps/a.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n"},
       {"apps/s.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}], selector: {app: web}}\n"},
       {"apps/d.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n"
        "  template:\n    metadata: {labels: {app: web}}\n    spec:\n      containers:\n      - name: web\n        image: nginx:1\n"
        "        ports: [{containerPort: 80}]\n        resources: {requests: {cpu: 10m, memory: 16Mi}}\n"}});
  Spec plain, secret;
  plain.path = secret.path = "apps";
  secret.decryption.emplace();
  const auto worker = [] {
    return std::make_unique<Builder>(isolation::PoolOptions{.command = {"/proc/self/exe", "worker"}, .workers = 1}, base::Logger::Null());
  };
  for (int round = 0; round < kRounds; ++round) {
    const bool measured = Measure("in this process", std::make_unique<Builder>(), *files, plain) &&
                          Measure("in a shared process", worker(), *files, plain) && Measure("in a process each", worker(), *files, secret);
    if (!measured) return 1;
  }
  return 0;
}
