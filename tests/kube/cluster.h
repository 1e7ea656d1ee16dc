// tests/kube/cluster.h: a real API server for the tests of this binary. $SLUICE_TEST_KUBECONFIG names one that runs already; without it the first test
// that needs one starts `./dev cluster`, which ends with this process.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "document/value.h"
#include "kube/client.h"
#include "net/await.h"
#include "net/executor.h"

namespace sluice::kube::testing {

/// A cluster that tests start, and what they do to it.
class Cluster {
 public:
  /// Starts (or finds) it; throws std::runtime_error with the words of `./dev cluster` if that fails.
  explicit Cluster(std::string name, std::string_view flags = "");
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  const std::string& kubeconfig() const { return kubeconfig_; }
  void Signal(std::string_view part, std::string_view signal) const;  ///< ./dev cluster signal

 private:
  std::string name_, kubeconfig_;
};

/// The path of the kubeconfig that all tests of this binary share.
const std::string& SharedKubeconfig();
ClusterConfig ConfigFrom(const std::string& kubeconfig);

/// `{"a": 1}` in YAML or JSON; throws if it is neither.
document::Value Parse(std::string_view text);
/// "ok", or `Reason: message`.
template <class T>
std::string Say(const base::Result<T>& result) {
  return result ? "ok" : std::string(base::ToString(result.error().reason)) + ": " + result.error().message;
}
inline bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// A runtime, a client as cluster administrator and a namespace of its own, deleted at the end.
class ClusterTest : public ::testing::Test {
 protected:
  ClusterTest();
  ~ClusterTest() override;

  Environment Env() { return {runtime_.io(), clock_, random_, base::Logger::Null()}; }
  /// Runs the loop until `done` answers true, at most 30 s; whether it did.
  bool Until(const std::function<bool()>& done, std::chrono::seconds limit = std::chrono::seconds(30));
  void RunFor(std::chrono::milliseconds time);
  /// The value of `task`; a failure is the test's, with the error's words.
  template <class T>
  T Must(net::Task<base::Result<T>> task) {
    base::Result<T> result = runtime_.BlockOn(std::move(task));
    if (!result) throw std::runtime_error(Say(result));
    if constexpr (!std::is_void_v<T>) return std::move(result).value();
  }
  template <class T>
  base::Result<T> Run(net::Task<base::Result<T>> task) {
    return runtime_.BlockOn(std::move(task));
  }
  document::Value Create(std::string_view yaml);
  document::Value Apply(std::string_view yaml, std::string manager = "kustomize-controller");
  void Delete(const ObjectRef& ref);
  document::Value ConfigMap(std::string_view name, std::string_view value, std::string_view labels = "") const;
  ObjectRef Ref(std::string kind, std::string name) const { return {{"", "v1", std::move(kind)}, ns_, std::move(name)}; }

  net::Runtime runtime_;
  base::SystemClock clock_;
  base::SeededRandom random_{20260131};
  ClusterConfig config_;
  std::unique_ptr<Client> client_;
  std::string ns_;
};

}  // namespace sluice::kube::testing
