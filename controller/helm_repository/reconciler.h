// controller/helm_repository/reconciler.h: what a HelmRepository asks for becomes an artifact: its index is fetched, read strictly, and kept as JSON. The rules
// are flux-contract 5.3. The revision is the digest of the index as it was served, so an index that has not changed is fetched and not read. A repository
// of type oci is static: nothing is kept of it but its spec.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "controller/helm_repository/access.h"
#include "controller/helm_repository/index_cache.h"
#include "controller/helm_repository/spec.h"
#include "controller/helm_repository/status.h"
#include "controller/services.h"
#include "controller/status_writer.h"
#include "controller/work_queue.h"
#include "sources/artifact/store.h"

namespace sluice::controller::helm_repository {

class Reconciler {
 public:
  struct Parts {
    boost::asio::io_context& io;
    Services& services;
    kube::ObjectStore& store;
    const sources::ArtifactStore& artifacts;
    IndexCache& indexes;
    kube::EventRecorder& events;
    Limits limits;
  };
  explicit Reconciler(Parts parts);

  /// One look. Cancelled, it leaves everything as it was.
  net::Task<Outcome> Reconcile(Key key, Triggers why);

 private:
  struct Run {
    Key key;
    kube::SharedObject object;
    Spec spec;
    std::optional<sources::Artifact> previous;  ///< whose file is in the store, whole
    bool lost = false;                          ///< the status names one whose file is not
    std::unique_ptr<sources::helm_repository::HttpRepository> repository;
  };
  struct Trouble {
    Failure failure;
    bool canceled = false;
    std::optional<base::Duration> again;  ///< as the server asked
  };

  net::Task<Outcome> Look(std::shared_ptr<Run> run);
  net::Task<void> CheckPrevious(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> Prepare(std::shared_ptr<Run> run);
  net::Task<std::optional<Trouble>> Make(std::shared_ptr<Run> run, sources::helm_repository::HttpRepository::Download download,
                                         sources::Artifact& artifact);
  net::Task<Outcome> Succeed(std::shared_ptr<Run> run, sources::Artifact artifact, bool fresh);
  net::Task<Outcome> Fail(std::shared_ptr<Run> run, Trouble trouble);
  net::Task<Outcome> Finalize(kube::SharedObject object);
  net::Task<Outcome> MakeStatic(kube::SharedObject object);
  net::Task<base::Result<void>> Collect(kube::SharedObject object);
  static Trouble FetchFailed(std::string_view reason, const base::Error& error, std::string_view what);

  Parts parts_;
  StatusWriter writer_;
};

}  // namespace sluice::controller::helm_repository
