#include "cli/session.h"

#include <algorithm>
#include <cctype>
#include <iostream>

#include "cli/environment.h"
#include "controller/gather.h"
#include "document/json.h"
#include "document/yaml.h"
#include "net/await.h"

namespace sluice::cli {

using base::Result;
using document::Value;

namespace {

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// Of several values for a key all count, as with kubectl.
Result<kube::OnBehalf> OnBehalfOf(const ClusterFlags& flags) {
  kube::OnBehalf out{.user = flags.as, .uid = flags.as_uid, .groups = flags.as_groups, .extra = {}};
  for (const std::string& one : flags.as_extra) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos || equals == 0)
      return base::Invalid("--as-user-extra: \"" + one + "\" is not KEY=VALUE, such as reason=rollout");
    out.extra[one.substr(0, equals)].push_back(one.substr(equals + 1));
  }
  return out;
}

}  // namespace

Session::Session() : random(base::SystemSeed()) {}

std::unique_ptr<Session> Session::Make(kube::ClusterConfig config, base::Duration patience, kube::TransportOptions options) {
  std::unique_ptr<Session> session(new Session());
  const kube::Environment environment{session->runtime.io(), session->clock, session->random, base::Logger::Null()};
  if (patience.count() > 0) {
    options.deadline = std::chrono::ceil<std::chrono::milliseconds>(patience);
    options.timeout = std::min(options.timeout, options.deadline);
  }
  session->client = std::make_unique<kube::Client>(environment, std::move(config), std::move(options));
  return session;
}

Result<std::unique_ptr<Session>> Session::Open(const ClusterFlags& flags, base::Duration patience) {
  TRY(const kube::OnBehalf as, OnBehalfOf(flags));
  TRY(kube::ClusterConfig config, LoadUserConfig(flags.kubeconfig, flags.context, as));
  return Make(std::move(config), patience, {});
}

Result<std::unique_ptr<Session>> Session::OpenOnce(const ClusterFlags& flags, base::Duration patience) {
  TRY(const kube::OnBehalf as, OnBehalfOf(flags));
  const auto login = std::chrono::ceil<std::chrono::milliseconds>(patience);
  TRY(kube::ClusterConfig config, LoadUserConfig(flags.kubeconfig, flags.context, as, login));
  kube::TransportOptions options;
  options.max_tries = 1;
  return Make(std::move(config), patience, std::move(options));
}

Value WithoutManagedFields(Value object) {
  if (Value* metadata = object.Find("metadata")) metadata->Erase("managedFields");
  return object;
}

Result<Value> Session::Get(const kube::ObjectRef& ref) {
  TRY(Value object, runtime.BlockOn(client->Get(ref)));
  return WithoutManagedFields(std::move(object));
}

Result<std::vector<Value>> Session::Fetch(std::span<const FluxKind* const> kinds, const Query& query) {
  std::vector<Value> out;
  if (!query.name.empty() && !query.ns.empty()) {
    TRY(Value object, Get({.gvk = kinds.front()->Gvk(), .ns = query.ns, .name = query.name}));
    out.push_back(std::move(object));
    return out;
  }
  std::vector<Result<std::vector<Value>>> lists(kinds.size(), std::vector<Value>());
  const std::string field = query.name.empty() ? "" : "metadata.name=" + query.name;
  const kube::ListOptions options{.ns = query.ns, .label_selector = query.label_selector, .field_selector = field};
  const auto each = [&](std::size_t index) -> net::Task<void> {
    const document::GroupVersionKind gvk = kinds[index]->Gvk();
    net::Task<Result<std::vector<Value>>> listing = client->ListAll(gvk, options);
    lists[index] = co_await std::move(listing);
  };
  TRY(runtime.BlockOn(controller::ForEach(runtime.io(), kinds.size(), kinds.size(), each)));
  for (Result<std::vector<Value>>& list : lists) {
    if (!list && list.error().reason == base::Reason::NotFound && kinds.size() > 1) continue;
    if (!list) return std::move(list).error();
    for (Value& object : *list) out.push_back(WithoutManagedFields(std::move(object)));
  }
  if (out.empty() && !query.name.empty())
    return base::NotFound(std::string(kinds.front()->kind) + " object '" + query.name + "' not found in any namespace");
  return out;
}

Result<document::GroupVersionKind> Session::KindOnServer(const std::string& word) {
  TRY(const std::vector<kube::ResourcePtr> all, runtime.BlockOn(client->mapper().All()));
  const std::string lower = Lower(word);
  for (const kube::ResourcePtr& resource : all) {
    const bool short_name = std::ranges::find(resource->short_names, lower) != resource->short_names.end();
    if (short_name || lower == Lower(resource->gvk.kind) || lower == resource->plural || lower == resource->GroupResource())
      return resource->gvk;
  }
  return base::NotFound("the server has no kind \"" + word + "\"");
}

int Ended(const base::Result<void>& result) {
  if (result) return 0;
  std::cout << std::flush;
  std::cerr << "✗ " << result.error().message << "\n";
  return 1;
}

int PrintError(const base::Error& error, int code) {
  std::cout << std::flush;
  std::cerr << "Error: " << error.message << "\n";
  return code;
}

Result<base::Duration> ParseDurationFlag(std::string_view flag, const std::string& text) {
  const auto parsed = base::ParseGoDuration(text);
  if (!parsed || parsed->count() < 0) return base::Invalid(std::string(flag) + ": \"" + text + "\" is not a duration such as 5m");
  return *parsed;
}

void PrintObjects(const std::vector<Value>& objects, std::string_view output, bool as_list) {
  if (output == "json") {
    Value list = Value::Mapping();
    list.Set("apiVersion", "v1");
    list.Set("kind", "List");
    list.Set("items", Value::Sequence(objects));
    const Value& shown = as_list || objects.size() != 1 ? list : objects.front();
    std::cout << document::EmitJson(shown, {.sort_keys = true, .indent = 2}) << "\n";
    return;
  }
  bool first = true;
  for (const Value& object : objects) {
    std::cout << (first ? "" : "---\n") << document::EmitYaml(object);
    first = false;
  }
}

}  // namespace sluice::cli
