#include "bench/floor/kubeconfig.h"

#include <fstream>
#include <iterator>

#include "base/digest.h"
#include "document/yaml.h"

namespace sluice::bench {

namespace {

using document::Value;

/// The `field` of the item of `list` that is called `name`; null if there is none.
const Value* Named(const Value& config, std::string_view list, std::string_view name, std::string_view field) {
  const Value* items = config.Find(list);
  if (items == nullptr || !items->IsSequence()) return nullptr;
  for (const Value& item : items->items()) {
    const Value* called = item.Find("name");
    if (called != nullptr && called->text() == name) return item.Find(field);
  }
  return nullptr;
}

std::string Text(const Value* mapping, std::string_view key) {
  const Value* value = mapping != nullptr ? mapping->Find(key) : nullptr;
  return value != nullptr ? std::string(value->text()) : "";
}

}  // namespace

base::Result<std::string> ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return base::NotFound("no file " + path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

base::Result<Access> ReadAccess(const std::string& path) {
  TRY(const std::string text, ReadAll(path));
  TRY(const Value config, document::ParseYaml(text, {.file = path}));
  const Value* context = Named(config, "contexts", Text(&config, "current-context"), "context");
  const Value* cluster = Named(config, "clusters", Text(context, "cluster"), "cluster");
  const Value* user = Named(config, "users", Text(context, "user"), "user");
  if (cluster == nullptr) return base::Invalid(path + ": the current context names no cluster");
  Access access{.server = Text(cluster, "server"), .bearer_token = Text(user, "token")};
  TRY(access.tls.ca_pem, base::Base64Decode(Text(cluster, "certificate-authority-data")));
  TRY(access.tls.client_cert_pem, base::Base64Decode(Text(user, "client-certificate-data")));
  TRY(access.tls.client_key_pem, base::Base64Decode(Text(user, "client-key-data")));
  return access;
}

}  // namespace sluice::bench
