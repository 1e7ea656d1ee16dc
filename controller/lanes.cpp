#include "controller/lanes.h"

#include <string_view>

#include "controller/allowed_hosts.h"
#include "controller/source_steps.h"
#include "document/object.h"

namespace sluice::controller {
namespace {

using document::Value;

std::string LaneOfHost(std::string_view address) {
  const net::Url url = HostOf(address);
  return url.host.empty() ? "" : url.host + ":" + std::to_string(url.effective_port());
}

bool AsksNobody(const Value& source) { return IsSuspended(source) || IsDeleting(source); }

/// What `reference` names, seen from `object`; "" without a name.
std::string Named(const Value& object, const Value& reference) {
  const std::string_view name = reference.StringAt({"name"}), ns = reference.StringAt({"namespace"});
  if (name.empty()) return "";
  return std::string(reference.StringAt({"kind"})) + " " + std::string(ns.empty() ? object.StringAt({"metadata", "namespace"}) : ns) + "/" +
         std::string(name);
}

std::string NamedIfForeign(const Value& object, const Value* reference) {
  return reference != nullptr && reference->StringAt({"kind"}) == "ExternalArtifact" ? Named(object, *reference) : "";
}

}  // namespace

std::string LaneOfSource(const Value& object) {
  if (AsksNobody(object)) return "";
  const std::string_view url = object.StringAt({"spec", "url"});
  return LaneOfHost(url.empty() ? object.StringAt({"spec", "endpoint"}) : url);
}

std::string LaneOfGenerator(const Value& object) {
  std::string lane;
  if (AsksNobody(object)) return lane;
  const Value* sources = object.At({"spec", "sources"});
  if (sources == nullptr) return lane;
  for (const Value& source : sources->items()) lane += NamedIfForeign(object, &source);
  return lane;
}

std::string LaneOfChart(const Value& object) {
  const Value* source = object.At({"spec", "sourceRef"});
  return source == nullptr || AsksNobody(object) ? "" : Named(object, *source);
}

std::string LaneOfApplied(const Value& object) {
  std::string lane;
  if (IsSuspended(object)) return lane;
  for (const std::string_view reference : {"secretRef", "configMapRef"}) {
    const Value* config = object.At({"spec", "kubeConfig", reference});
    if (config != nullptr) lane += std::string(reference) + Named(object, *config);
  }
  for (const std::string_view reference : {"sourceRef", "chartRef"}) lane += NamedIfForeign(object, object.At({"spec", reference}));
  return lane;
}

std::string LaneOfOperatorRelease(const Value& object) { return LaneOfHost(object.StringAt({"spec", "chart", "repository"})); }

}  // namespace sluice::controller
