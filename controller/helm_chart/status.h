// controller/helm_chart/status.h: the statuses of a HelmChart, in Flux's words. Pure.
#pragma once

#include <string>

#include "base/clock.h"
#include "controller/helm_chart/build.h"
#include "controller/helm_chart/spec.h"
#include "document/value.h"
#include "sources/artifact/store.h"

namespace sluice::controller::helm_chart {

struct Failure {
  std::string type, reason, message;      ///< type: FetchFailed, BuildFailed, StorageOperationFailed
  std::string said_reason, said_message;  ///< of the event and of Stalled, where they differ from the condition's; "" else
  bool stalled = false;                   ///< only another spec, or another source, helps
  std::string not_verified;               ///< SourceVerified is False with this message; "" if it is not about that
  bool artifact_gone = false;             ///< what the status names is not in the store any more
  std::string new_chart;                  ///< summary of a chart that would take the place of the stored one; "" if there is none
};

/// What a failed build shows.
Failure FailureOf(const BuildError& error);
/// Of what Flux takes for no failure of the build: the condition calls it an unknown one, the event by its name.
Failure UnknownFailure(std::string_view reason, const std::string& message);

/// `url`: the stable link, `status.url`. `source_revision`: of the artifact of the source, "" if it has none. `fresh`: the artifact was stored in this run.
document::Value StatusAfterSuccess(const document::Value& object, const Spec& spec, const Build& build, const sources::Artifact& artifact,
                                   const std::string& url, const std::string& source_revision, bool fresh, base::TimePoint now);
document::Value StatusAfterFailure(const document::Value& object, bool verifies, const Failure& failure, const std::string& source_revision,
                                   base::TimePoint now);
/// Whether a failure is shown that a success ends.
bool ShowsFailure(const document::Value& object);

}  // namespace sluice::controller::helm_chart
