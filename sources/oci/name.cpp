#include "sources/oci/name.h"

#include <algorithm>
#include <cstdio>

#include "net/url.h"

namespace sluice::sources::oci {
namespace {

using base::Invalid;
using base::Result;

constexpr std::string_view kScheme = "oci://";
constexpr std::string_view kDockerHub = "index.docker.io";
constexpr std::size_t kMaxUrl = 2048, kMaxRepository = 255, kMaxTag = 128, kHexDigits = 64;

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return IsLower(c) || IsUpper(c) || IsDigit(c) || c == '_'; }

/// Names between slashes, none of them empty or of dots alone: a path that means itself.
bool IsPath(std::string_view path) {
  while (true) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    if (name.find_first_not_of('.') == std::string_view::npos) return false;
    if (slash == path.size()) return true;
    path.remove_prefix(slash + 1);
  }
}

Result<std::string> CheckRegistry(std::string_view registry) {
  const std::string shown(registry);
  const auto url = net::ParseUrl("https://" + shown + "/");
  if (!url || url->has_userinfo() || url->path != "/" || !url->query.empty())
    return Invalid("registries must be valid RFC 3986 URI authorities: " + shown);
  return shown == "docker.io" ? std::string(kDockerHub) : shown;
}

}  // namespace

Result<Repository> ParseRepositoryUrl(std::string_view url) {
  if (!url.starts_with(kScheme)) return Invalid("URL must be in format 'oci://<domain>/<org>/<repo>'");
  if (url.size() > kMaxUrl) return Invalid("URL must be no more than 2048 characters");
  const std::string_view name = url.substr(kScheme.size());
  const std::size_t slash = std::min(name.find('/'), name.size());
  const std::string_view first = name.substr(0, slash);
  const bool has_registry = slash < name.size() && (first.find_first_of(".:[") != std::string_view::npos || first == "localhost");
  std::string_view path = has_registry ? name.substr(slash + 1) : name;
  if (const std::size_t at = path.find('@'); at != std::string_view::npos)
    return Invalid("URL must not contain a digest; remove '" + std::string(path.substr(at)) + "'");
  if (const std::size_t colon = path.find(':'); colon != std::string_view::npos)
    return Invalid("URL must not contain a tag; remove '" + std::string(path.substr(colon)) + "'");
  Repository out;
  TRY(out.registry, CheckRegistry(has_registry ? first : kDockerHub));
  if (path.size() < 2 || path.size() > kMaxRepository)
    return Invalid("repository must be between 2 and 255 characters in length: " + std::string(path));
  const auto fits = [](char c) { return IsLower(c) || IsDigit(c) || c == '_' || c == '-' || c == '.' || c == '/'; };
  if (!std::all_of(path.begin(), path.end(), fits))
    return Invalid("repository can only contain the characters `abcdefghijklmnopqrstuvwxyz0123456789_-./`: " + std::string(path));
  if (!IsPath(path)) return Invalid("repository is not a path of names: " + std::string(path));
  const bool implicit = path.find('/') == std::string_view::npos && out.registry == kDockerHub;
  out.repository = (implicit ? "library/" : "") + std::string(path);
  return out;
}

bool IsTag(std::string_view text) {
  return !text.empty() && text.size() <= kMaxTag && IsWord(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsWord(c) || c == '.' || c == '-'; });
}

bool IsDigest(std::string_view text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  if (!text.starts_with(kAlgorithm)) return false;
  text.remove_prefix(kAlgorithm.size());
  return text.size() == kHexDigits && std::all_of(text.begin(), text.end(), [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

bool IsLocalRegistry(std::string_view registry) {
  const auto url = net::ParseUrl("http://" + std::string(registry) + "/");
  if (!url) return false;
  const std::string& host = url->host;
  if (host == "localhost" || host.ends_with(".local") || host.ends_with(".localhost") || host == "::1") return true;
  unsigned a = 0, b = 0, c = 0, d = 0;
  char more = 0;
  if (std::sscanf(host.c_str(), "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &more) != 4) return false;
  return a == 127 || a == 10 || (a == 172 && b >= 16 && b <= 31) || (a == 192 && b == 168);
}

}  // namespace sluice::sources::oci
