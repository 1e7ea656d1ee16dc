#include "cluster.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "document/json.h"
#include "document/yaml.h"

namespace sluice::kube::testing {

namespace {

using document::Value;

std::string Output(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error(command + ": cannot be started");
  std::string out;
  std::array<char, 4096> buffer{};
  while (const std::size_t got = std::fread(buffer.data(), 1, buffer.size(), pipe)) out.append(buffer.data(), got);
  if (const int status = ::pclose(pipe); status != 0) throw std::runtime_error(command + ": status " + std::to_string(status) + ": " + out);
  return out;
}

std::string Dev(const std::string& verb, const std::string& name) { return SLUICE_SOURCE_DIR "/dev cluster " + verb + " --name " + name; }

std::unique_ptr<Cluster>& SharedCluster() {
  static std::unique_ptr<Cluster> cluster;
  return cluster;
}

/// Ends the shared cluster when all tests are done, not only when the process is.
class EndSharedCluster : public ::testing::Environment {
  void TearDown() override { SharedCluster().reset(); }
};
[[maybe_unused]] const auto* const kEnd = ::testing::AddGlobalTestEnvironment(new EndSharedCluster);

}  // namespace

Cluster::Cluster(std::string name, std::string_view flags) : name_(std::move(name)) {
  const std::string up = Dev("up", name_) + " --json --owner-pid " + std::to_string(::getpid()) + " " + std::string(flags);
  const std::string out = Output(up);
  auto state = document::ParseJson(out.substr(0, out.find('\n')));
  if (!state) throw std::runtime_error(up + ": " + out);
  kubeconfig_ = state->StringAt({"kubeconfig"});
}

Cluster::~Cluster() { (void)std::system((Dev("down", name_) + " >&2").c_str()); }

void Cluster::Signal(std::string_view part, std::string_view signal) const {
  Output(Dev("signal", name_) + " " + std::string(part) + " " + std::string(signal));
}

const std::string& SharedKubeconfig() {
  static const std::string path = [] {
    if (const char* given = std::getenv("SLUICE_TEST_KUBECONFIG"); given != nullptr && *given != '\0') return std::string(given);
    SharedCluster() = std::make_unique<Cluster>("kube-test-" + std::to_string(::getpid()));
    return SharedCluster()->kubeconfig();
  }();
  return path;
}

ClusterConfig ConfigFrom(const std::string& kubeconfig) {
  auto config = LoadKubeconfig(kubeconfig, "", {});
  if (!config) throw std::runtime_error(config.error().message);
  return std::move(config).value();
}

Value Parse(std::string_view text) {
  auto value = document::ParseYaml(text);
  if (!value) throw std::runtime_error(value.error().message);
  return std::move(value).value();
}

ClusterTest::ClusterTest() : config_(ConfigFrom(SharedKubeconfig())) {
  static std::atomic<int> number{0};
  client_ = std::make_unique<Client>(Env(), config_);
  ns_ = "kube-" + std::to_string(::getpid()) + "-" + std::to_string(++number);
  Create("{apiVersion: v1, kind: Namespace, metadata: {name: " + ns_ + "}}");
}

ClusterTest::~ClusterTest() {
  const ObjectRef ref{{"", "v1", "Namespace"}, "", ns_};
  const DeleteOptions options;
  (void)runtime_.BlockOn(client_->Delete(ref, options));
}

bool ClusterTest::Until(const std::function<bool()>& done, std::chrono::seconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    RunFor(std::chrono::milliseconds(10));
  }
  return true;
}

void ClusterTest::RunFor(std::chrono::milliseconds time) { (void)runtime_.BlockOn(net::SleepFor(time)); }

Value ClusterTest::Create(std::string_view yaml) {
  const Value object = Parse(yaml);
  const WriteOptions options{.manager = "test"};
  return Must(client_->Create(object, options));
}

Value ClusterTest::Apply(std::string_view yaml, std::string manager) {
  const Value object = Parse(yaml);
  const ApplyOptions options{.manager = std::move(manager)};
  return Must(client_->Apply(object, options));
}

void ClusterTest::Delete(const ObjectRef& ref) {
  const DeleteOptions options;
  Must(client_->Delete(ref, options));
}

Value ClusterTest::ConfigMap(std::string_view name, std::string_view value, std::string_view labels) const {
  return Parse("{apiVersion: v1, kind: ConfigMap, metadata: {name: '" + std::string(name) + "', namespace: '" + ns_ + "'" +
               (labels.empty() ? "" : ", labels: " + std::string(labels)) + "}, data: {key: '" + std::string(value) + "'}}");
}

}  // namespace sluice::kube::testing
