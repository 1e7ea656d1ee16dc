// releases/hook_runner.h: the hooks of one event of a release, one after the other, each on record before it is created and when it has ended
// (helm-contract 10; docs/architecture.md, "Releases"). For this folder.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "helm/release/secret.h"
#include "kube/client.h"
#include "net/task.h"
#include "releases/follower.h"
#include "releases/storage.h"
#include "releases/writer.h"

namespace sluice::releases {

class HookRunner {
 public:
  struct Parts {
    kube::Client& client;
    const base::Clock& clock;
    Storage& storage;
    Follower& follower;
    base::Logger log;
    WriterOptions writer;  ///< conflicts are never forced
    std::string ns;        ///< of the release
    base::Duration timeout = std::chrono::minutes(5);
    std::function<bool(const helm::ReleaseHook&)> selected;  ///< of `helm test` with filters; may be empty
  };
  /// `record` outlives it; it is what is written.
  HookRunner(Parts parts, helm::ReleaseRecord& record) : parts_(std::move(parts)), record_(record) {}

  /// Runs `event`'s. Those that Succeeded in it before are not run again, one that was Running is waited for if its object is there.
  /// Errors in Helm's words: `warning: Hook pre-install c/templates/x.yaml failed: …`, those of waiting.
  net::Task<base::Result<void>> Run(std::string event);
  const std::string& logs() const { return logs_; }

 private:
  net::Task<base::Result<void>> RunOne(std::size_t index, std::string event, bool& written);
  net::Task<base::Result<void>> Begin(helm::ReleaseHook& hook, std::string event);
  net::Task<base::Result<bool>> IsThere(const std::vector<document::Value>& objects, std::string run);
  net::Task<base::Result<void>> CreateObjects(std::vector<document::Value> objects, std::string run);
  net::Task<base::Result<std::vector<document::Value>>> ObjectsOf(const helm::ReleaseHook& hook, std::string what);
  net::Task<base::Result<void>> DeleteBy(const helm::ReleaseHook& hook, std::string policy);
  net::Task<base::Result<void>> Settle(std::vector<std::size_t> succeeded);
  net::Task<void> OnFailure(std::vector<std::size_t> indices, std::size_t failed);
  net::Task<void> TakeLogs(const helm::ReleaseHook& hook, std::string policy);
  net::Task<void> TakePodLogs(document::Value pod);
  bool InThisEvent(const helm::HookRun& run) const;

  Parts parts_;
  helm::ReleaseRecord& record_;
  bool resumed_ = false;  ///< the event is on record from before
  std::string logs_;
};

}  // namespace sluice::releases
