#include "controller/kustomization/variables.h"

#include <algorithm>

#include "base/digest.h"
#include "net/await.h"

namespace sluice::controller::kustomization {
namespace {

using base::Result;
using document::Value;

Result<void> AddData(const Value& object, bool secret, Variables& out) {
  const Value* data = object.Find("data");
  if (data == nullptr) return {};
  for (const document::Member& member : data->members()) {
    std::string text(member.value.AsString().value_or(""));
    if (secret) {
      TRY(text, base::Base64Decode(text));
    }
    out.emplace_back(member.key, OneLine(std::move(text)));
  }
  return {};
}

}  // namespace

std::string OneLine(std::string text) {
  std::erase(text, '\n');
  return text;
}

net::Task<Result<Variables>> ReadVariables(kube::Client& client, std::string ns, const Spec& spec) {
  Variables out;
  if (!spec.post_build) co_return out;
  for (const Substitute::From& from : spec.post_build->from) {
    const std::string kind = from.secret ? "Secret" : "ConfigMap";
    const kube::ObjectRef ref{.gvk = {"", "v1", kind}, .ns = ns, .name = from.name};
    net::Task<Result<Value>> call = client.Get(ref);
    Result<Value> object = co_await std::move(call);
    if (!object && object.error().reason == base::Reason::NotFound) {
      if (from.optional) continue;
      co_return base::NotFound("postBuild.substituteFrom: " + kind + " '" + ns + "/" + from.name + "' not found");
    }
    if (!object) co_return std::move(object).error().Wrap("postBuild.substituteFrom: " + kind + " '" + ns + "/" + from.name + "'");
    Result<void> added = AddData(*object, from.secret, out);
    if (!added) co_return std::move(added).error().Wrap("postBuild.substituteFrom: " + kind + " '" + ns + "/" + from.name + "'");
  }
  for (const auto& [name, value] : spec.post_build->variables) out.emplace_back(name, OneLine(value));
  co_return out;
}

std::string DigestOf(const Variables& variables) {
  base::Sha256 hash;
  for (const auto& [name, value] : variables) {
    hash.Update(std::to_string(name.size()) + ":" + name + std::to_string(value.size()) + ":");
    hash.Update(value);
  }
  return hash.Hex();
}

}  // namespace sluice::controller::kustomization
