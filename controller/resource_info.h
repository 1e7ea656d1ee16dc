// controller/resource_info.h: the labels of gotk_resource_info for one Flux object: what kube-state-metrics, configured as in
// fluxcd/flux2-monitoring-example, says of it, so that those dashboards and alerts need no kube-state-metrics.
#pragma once

#include "base/prometheus.h"
#include "document/value.h"

namespace sluice::controller {

/// `name`, `exported_namespace`, `ready`, `suspended`, what the kind has beyond that (`revision`, `source_name`, `url` …), and
/// `customresource_group`, `_version`, `_kind`. What the object does not have is left out. Pure.
base::PrometheusPage::Labels ResourceInfo(const document::Value& object);

}  // namespace sluice::controller
