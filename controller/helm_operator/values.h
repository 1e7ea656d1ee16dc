// controller/helm_operator/values.h: the values of a release: what spec.valuesFrom names, in order, and spec.values above it. The rules are the operator's
// (fluxcd/helm-operator, pkg/release/values.go), but no message repeats what a source holds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "controller/helm_operator/charts.h"
#include "controller/helm_operator/spec.h"
#include "document/value.h"
#include "helm/template/value.h"
#include "net/http.h"

namespace sluice::controller::helm_operator {

/// A source with the text that it led to.
struct ReadSource {
  ValuesSource source;
  std::string text;
};

/// Where sources are read from; all outlive the call.
struct ValuesParts {
  Services& services;
  net::HttpClient& http;
};

/// Reads the sources, live. What is optional and not there is left out. Errors: NotFound `ConfigMap team/base not found`, `could not find key values.yaml in
/// Secret team/base`; `unable to read value file from URL …: why`, `unable to read value file from path …: why`; those of kube::Client.
net::Task<base::Result<std::vector<ReadSource>>> ReadSources(ValuesParts parts, std::vector<ValuesSource> sources,
                                                             std::shared_ptr<const LoadedChart> chart);

/// The values merged: maps are, all else replaces. What is optional and no YAML mapping is left out; Invalid names what else is not. The result shares nothing, so
/// that its holder may hand it to another thread. Pure.
base::Result<helm::Value> Compose(const std::vector<ReadSource>& sources, const document::Value& inline_values);

/// `ConfigMap team/base, key values.yaml`, `URL https://…`, `path prod.yaml`: a source in messages.
std::string Describe(const ValuesSource& source);

}  // namespace sluice::controller::helm_operator
