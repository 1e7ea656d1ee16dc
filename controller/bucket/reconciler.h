// controller/bucket/reconciler.h: what a Bucket asks for becomes an artifact: which objects there are in which version, those that are not ignored
// fetched, packed, said. The rules are flux-contract 5.5. A bucket in which nothing changed costs a HEAD and a listing. The status is what consumers
// read: who builds from it is woken by its write (ForeignSources), and finds the tree in ArtifactLoader.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/ignore.h"
#include "controller/artifact_loader.h"
#include "controller/bucket/spec.h"
#include "controller/bucket/status.h"
#include "controller/secret_data.h"
#include "controller/services.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "sources/artifact/store.h"
#include "sources/bucket/client.h"

namespace sluice::controller::bucket {

struct BucketLimits {
  std::uint64_t max_bytes = 1u << 30;  ///< of all objects together
  std::size_t max_objects = 200'000;
};

class Reconciler {
 public:
  struct Parts {
    boost::asio::io_context& io;
    Services& services;
    kube::ObjectStore& store;
    const sources::ArtifactStore& artifacts;
    ArtifactLoader& loader;
    kube::EventRecorder& events;
  };
  Reconciler(Parts parts, BucketLimits limits);

  /// One look. Cancelled, it leaves everything as it was.
  net::Task<Outcome> Reconcile(Key key, Triggers why);

 private:
  struct Run {
    Key key;
    kube::SharedObject object;
    Spec spec;
    std::unique_ptr<sources::bucket::Client> client;
    std::optional<sources::Artifact> previous;  ///< whose file is in the store, whole
    EtagIndex index;
    std::uint64_t listed_bytes = 0;
    std::map<std::string, std::string> files;  ///< key to bytes
  };
  struct Trouble {
    Failure failure;
    bool stalled = false, canceled = false;
    std::optional<base::Duration> again;  ///< as the service asked
  };

  net::Task<Outcome> Look(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> Prepare(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> ListObjects(std::shared_ptr<Run> run);
  net::Task<base::Result<void>> FillIndex(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> Fetch(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> Pack(std::shared_ptr<Run> run, sources::Artifact& artifact);
  net::Task<Outcome> Succeed(std::shared_ptr<Run> run, sources::Artifact artifact, bool fresh);
  net::Task<Outcome> Fail(kube::SharedObject object, Trouble trouble);
  static Trouble FetchFailed(std::string_view reason, const base::Error& error, std::string_view what);

  Parts parts_;
  const BucketLimits limits_;
  StatusWriter writer_;
};

}  // namespace sluice::controller::bucket
