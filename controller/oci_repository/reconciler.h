// controller/oci_repository/reconciler.h: what an OCIRepository asks for becomes an artifact: which tag, which digest, signed by whom, its layer pulled,
// unpacked (or kept), packed, said. The rules are flux-contract 5.2. An unchanged digest costs one HEAD. The status is what consumers read: who
// builds from it is woken by its write (ForeignSources), and finds the tree in ArtifactLoader.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controller/artifact_loader.h"
#include "controller/oci_repository/spec.h"
#include "controller/oci_repository/status.h"
#include "controller/services.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "sources/artifact/store.h"
#include "sources/oci/client.h"

namespace sluice::controller::oci_repository {

class Reconciler {
 public:
  struct Parts {
    boost::asio::io_context& io;
    Services& services;
    kube::ObjectStore& store;
    const sources::ArtifactStore& artifacts;
    std::string artifact_directory;  ///< of that store
    ArtifactLoader& loader;
    kube::EventRecorder& events;
  };
  explicit Reconciler(Parts parts);

  /// One look. Cancelled, it leaves everything as it was.
  net::Task<Outcome> Reconcile(Key key, Triggers why);

 private:
  struct Run {
    Key key;
    kube::SharedObject object;
    Spec spec;
    sources::oci::Repository repository;
    std::unique_ptr<sources::oci::Client> client;
    std::optional<sources::Artifact> previous;  ///< whose file is in the store, whole
    std::string revision, digest;
  };
  struct Trouble {
    Failure failure;
    bool stalled = false, canceled = false;
    std::optional<base::Duration> again;  ///< as the registry asked
  };
  using Data = std::map<std::string, std::string>;

  net::Task<Outcome> Look(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> Prepare(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> ReadLogins(std::shared_ptr<Run> run, sources::oci::DockerConfig& logins);
  net::Task<std::optional<Trouble>> FindRevision(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> Verify(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> Pull(std::shared_ptr<Run> run, sources::Artifact& artifact);
  net::Task<Outcome> Succeed(std::shared_ptr<Run> run, sources::Artifact artifact, bool fresh);
  net::Task<Outcome> Fail(kube::SharedObject object, Trouble trouble);
  static Trouble FetchFailed(std::string_view reason, const base::Error& error, std::string_view what);

  Parts parts_;
  StatusWriter writer_;
};

}  // namespace sluice::controller::oci_repository
