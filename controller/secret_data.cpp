#include "controller/secret_data.h"

#include "base/digest.h"
#include "net/await.h"

namespace sluice::controller {

using base::Result;
using Data = std::map<std::string, std::string>;

net::Task<Result<Data>> ReadSecretData(kube::Client& client, std::string ns, std::string name) {
  const std::string what = "failed to get secret '" + ns + "/" + name + "'";
  const kube::ObjectRef ref{.gvk = {"", "v1", "Secret"}, .ns = ns, .name = name};
  net::Task<Result<document::Value>> reading = client.Get(ref);
  const Result<document::Value> secret = co_await std::move(reading);
  if (!secret) co_return secret.error().Wrap(what);
  Data out;
  if (const document::Value* data = secret->Find("data")) {
    for (const document::Member& member : data->members()) {
      auto decoded = base::Base64Decode(member.value.AsString().value_or(""));
      if (!decoded) co_return base::Invalid(what + ": data." + member.key + " is not base64");
      out[member.key] = std::move(*decoded);
    }
  }
  co_return out;
}

}  // namespace sluice::controller
