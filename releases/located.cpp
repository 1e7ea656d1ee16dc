#include "releases/located.h"

#include "document/object.h"
#include "helm/release/objects.h"
#include "net/await.h"

namespace sluice::releases {
namespace {

using base::Reason;
using base::Result;
using document::Value;

base::Error NoMapping(const Value& object, const base::Error& error) {
  if (error.reason != Reason::NotFound) return error;
  return base::Invalid("resource mapping not found for name: \"" + std::string(document::NameOf(object)) + "\" namespace: \"" +
                       std::string(document::NamespaceOf(object)) + "\" from \"\": " + error.message + "\nensure CRDs are installed first");
}

}  // namespace

net::Task<Result<void>> Locate(kube::Client& client, std::vector<Value>& objects, std::string ns) {
  for (Value& object : objects) {
    const document::GroupVersionKind gvk = document::GvkOf(object);
    const Result<kube::ResourcePtr> resource = co_await client.mapper().Find(gvk);
    if (!resource) co_return NoMapping(object, resource.error());
    Value& metadata = object["metadata"];
    if (!(*resource)->namespaced) metadata.Erase("namespace");
    if ((*resource)->namespaced && document::NamespaceOf(object).empty()) object["metadata"].Set("namespace", ns);
  }
  co_return Result<void>();
}

net::Task<Result<std::vector<Value>>> Build(kube::Client& client, const std::string& manifest, std::string ns, std::string what) {
  Result<std::vector<Value>> objects = helm::ParseManifest(manifest);
  if (!objects) co_return objects.error().Wrap(what);
  const Result<void> located = co_await Locate(client, *objects, std::move(ns));
  if (!located) co_return located.error().Wrap(what);
  co_return objects;
}

}  // namespace sluice::releases
