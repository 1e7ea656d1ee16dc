// controller/helm_release/values.h: the values of a release: what spec.valuesFrom names, in order, and spec.values above it (flux-contract 7.6). The rules are
// those of fluxcd/pkg chartutil, its quirk with maps that are shared between the inline values and the result included.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "controller/helm_release/spec.h"
#include "document/value.h"
#include "helm/template/value.h"
#include "kube/client.h"

namespace sluice::controller::helm_release {

/// A reference with the text that it led to.
struct ReadReference {
  ValuesReference reference;
  std::string text;
};

/// Reads what spec.valuesFrom names, each ConfigMap or Secret once, live and with the controller's own identity, as Flux does. What is optional and not there
/// is left out. Errors: NotFound `could not resolve Secret chart values reference 'ns/name' with key 'values.yaml': secrets "name" not found`, Invalid.
net::Task<base::Result<std::vector<ReadReference>>> ReadReferences(kube::Client& client, std::string ns,
                                                                   std::vector<ValuesReference> references);

/// Values of their own: nobody else has a reference to any part of them, so the holder may hand them to another thread.
struct Composed {
  helm::Value values;                  ///< a map
  std::string config;                  ///< as helm::ConfigOf says it; "" for none
  std::string digest;                  ///< `sha256:…` of it, for status.lastAttemptedConfigDigest
  std::vector<std::string> secrets{};  ///< what came from Secrets: see Concealed
};

/// `inline_values` is spec.values, a mapping or null. Errors: Invalid `could not resolve ConfigMap chart values reference '…' with key '…': …`. Pure.
base::Result<Composed> Compose(const std::string& ns, const std::vector<ReadReference>& references, const document::Value& inline_values);

}  // namespace sluice::controller::helm_release
