#include "sources/oci/docker_config.h"

#include <algorithm>

#include "base/digest.h"
#include "base/glob.h"
#include "document/json.h"
#include "document/value.h"

namespace sluice::sources::oci {
namespace {

using base::Invalid;
using base::Result;
using document::Value;

constexpr std::size_t kMaxConfig = 1u << 20;
constexpr std::string_view kDockerHub = "index.docker.io";

std::string_view WithoutPrefix(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

std::string CanonicalHost(std::string_view host) {
  if (host == "docker.io" || host == "registry-1.docker.io" || host == "registry.hub.docker.com") return std::string(kDockerHub);
  return std::string(host);
}

/// Name by name, as many on either side; the port, if any, belongs to the last.
bool HostMatches(std::string_view pattern, std::string_view host) {
  if (std::count(pattern.begin(), pattern.end(), '.') != std::count(host.begin(), host.end(), '.')) return false;
  while (true) {
    const std::size_t p = std::min(pattern.find('.'), pattern.size()), h = std::min(host.find('.'), host.size());
    const auto glob = base::Glob::Parse(pattern.substr(0, p));
    if (!glob || !glob->Matches(host.substr(0, h))) return false;
    if (p == pattern.size()) return h == host.size();
    pattern.remove_prefix(p + 1);
    host.remove_prefix(h + 1);
  }
}

bool PathMatches(std::string_view prefix, std::string_view path) {
  return prefix.empty() ||
         (path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/' || prefix.ends_with('/')));
}

Result<RegistryLogin> ReadLogin(const Value& entry) {
  RegistryLogin out;
  out.username = entry.StringAt({"username"});
  out.password = entry.StringAt({"password"});
  out.identity_token = entry.StringAt({"identitytoken"});
  out.registry_token = entry.StringAt({"registrytoken"});
  const std::string_view coded = entry.StringAt({"auth"});
  if (coded.empty()) return out;
  const auto decoded = base::Base64Decode(coded);
  if (!decoded) return Invalid("auth is not base64");
  const std::size_t colon = decoded->find(':');
  if (colon == std::string::npos) return Invalid("auth is not username:password");
  out.username = decoded->substr(0, colon);
  out.password = decoded->substr(colon + 1);
  while (!out.password.empty() && out.password.back() == '\0') out.password.pop_back();
  return out;
}

}  // namespace

Result<void> DockerConfig::Add(const std::map<std::string, std::string>& data) {
  if (const auto at = data.find(".dockerconfigjson"); at != data.end()) return AddEntries(at->second, true);
  if (const auto at = data.find(".dockercfg"); at != data.end()) return AddEntries(at->second, false);
  return Invalid("neither .dockerconfigjson nor .dockercfg is in it");
}

Result<void> DockerConfig::AddEntries(std::string_view json, bool with_auths) {
  if (json.size() > kMaxConfig) return base::MakeError(base::Reason::TooLarge, "the docker config is larger than 1 MiB");
  const auto parsed = document::ParseJson(json);
  if (!parsed || !parsed->IsMapping()) return Invalid("the docker config is not a JSON object");
  const Value* auths = with_auths ? parsed->Find("auths") : &*parsed;
  if (auths == nullptr) return {};
  for (const document::Member& member : auths->members()) {
    auto login = ReadLogin(member.value);
    if (!login) return std::move(login).error().Wrap("the docker config's entry for " + member.key);
    std::string_view key = WithoutPrefix(WithoutPrefix(member.key, "https://"), "http://");
    const std::size_t slash = std::min(key.find('/'), key.size());
    std::string_view path = slash < key.size() ? key.substr(slash + 1) : std::string_view();
    if (path == "v1" || path == "v2" || path.starts_with("v1/") || path.starts_with("v2/"))
      path.remove_prefix(std::min<std::size_t>(3, path.size()));
    entries_.push_back({.host = CanonicalHost(key.substr(0, slash)), .path = std::string(path), .login = std::move(*login)});
  }
  return {};
}

RegistryLogin DockerConfig::LoginFor(std::string_view registry, std::string_view repository) const {
  const Entry* best = nullptr;
  for (const Entry& entry : entries_) {
    if (!HostMatches(entry.host, registry) || !PathMatches(entry.path, repository)) continue;
    if (best == nullptr || entry.path.size() > best->path.size()) best = &entry;
  }
  return best == nullptr ? RegistryLogin{} : best->login;
}

bool DockerConfig::Names(std::string_view host) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.host == host; });
}

}  // namespace sluice::sources::oci
