// controller/helm_chart/dependencies.h: the dependencies that a chart of a source names and does not hold: found in their repositories, with the access of the
// HelmRepository of the same URL if there is one, and put into the chart. Belongs to the I/O thread.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "controller/helm_chart/build.h"
#include "controller/helm_chart/repository.h"
#include "kube/store.h"

namespace sluice::controller::helm_chart {

/// All outlive the calls.
struct DependencyParts {
  ChartRepository::Parts repository;
  const kube::ObjectStore& helm_repositories;
};

/// Fetches `draft->remote`, one after the other; `ns` is where HelmRepositories of the same URL are looked for. Errors: Invalid `more than 256 dependencies`,
/// `failed to add remote dependency 'redis': …`.
net::Task<base::Result<void>> AddRemoteDependencies(DependencyParts parts, std::string ns, std::shared_ptr<Draft> draft);

}  // namespace sluice::controller::helm_chart
