#include "kustomize/git_url.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

#include "base/files.h"

namespace sluice::kustomize {

namespace {

constexpr std::string_view kFile = "file://", kHttps = "https://", kSsh = "ssh://";
constexpr std::array<std::string_view, 4> kSchemes = {kSsh, kHttps, "http://", kFile};

bool HasPrefixFold(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                    [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

std::string_view TakeScheme(std::string_view& rest) {
  for (const std::string_view scheme : kSchemes) {
    if (!HasPrefixFold(rest, scheme)) continue;
    rest.remove_prefix(scheme.size());
    return scheme;
  }
  return {};
}

/// A leading `user@`, where the user is a letter followed by letters, digits and dashes.
std::string_view TakeUser(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && (std::isalnum(static_cast<unsigned char>(rest[end])) || (rest[end] == '-' && end > 0))) ++end;
  if (end == 0 || end == rest.size() || rest[end] != '@' || !std::isalpha(static_cast<unsigned char>(rest[0]))) return {};
  const std::string_view user = rest.substr(0, end + 1);
  rest.remove_prefix(end + 1);
  return user;
}

/// Where the host ends: the first '/', or in scp style (`host:path`) the ':' before it.
std::size_t HostEnd(std::string_view rest, bool scp) {
  const std::size_t slash = rest.find('/');
  if (!scp) return slash;
  const std::size_t colon = rest.find(':');
  if (slash == rest.npos || (colon != rest.npos && colon > 0 && colon < slash)) return colon;
  return slash;
}

/// Splits off scheme, user and host; false if this is no URL.
bool TakeHost(std::string_view& rest, GitUrl& url) {
  if (HasPrefixFold(rest, "git::")) rest.remove_prefix(5);
  const std::string_view scheme = TakeScheme(rest);
  const std::string_view before_user = rest;
  const std::string_view user = TakeUser(rest);
  const bool github = HasPrefixFold(rest, "github.com/") || HasPrefixFold(rest, "github.com:");
  const bool scp = scheme.empty() && (!user.empty() || github);
  if (scheme.empty() && !scp) return false;
  if (scheme == kFile) {
    rest = before_user;
    url.host = kFile;
    return true;
  }
  const std::size_t end = HostEnd(rest, scp);
  const std::string_view host = rest.substr(0, end == rest.npos ? rest.size() : end + 1);
  rest.remove_prefix(host.size());
  if (host.empty()) return false;
  if (github) {
    url.host = scheme == kSsh || !user.empty() ? std::string(user) + "github.com:" : "https://github.com/";
  } else {
    url.host = std::string(scheme) + std::string(user) + std::string(host);
  }
  return true;
}

/// Position just behind the `count`-th path segment; npos if there are fewer.
std::size_t BehindSegments(std::string_view path, int count) {
  std::size_t at = 0;
  for (int i = 0; i < count; ++i) {
    if (i > 0 && at >= path.size()) return path.npos;
    const std::size_t slash = path.find('/', i == 0 ? 0 : at + 1);
    if (slash == path.npos && i + 1 < count) return path.npos;
    at = slash == path.npos ? path.size() : slash;
  }
  return at;
}

/// Repository and inner path; false if there is no repository.
bool SplitRepository(std::string_view rest, GitUrl& url) {
  constexpr std::string_view kAzure = "_git/", kSuffix = ".git";
  std::size_t end = rest.npos, inner = rest.npos;
  if (const std::size_t azure = rest.find(kAzure); azure != rest.npos) {
    end = std::min(rest.find('/', azure + kAzure.size()), rest.size());
    inner = end;
  } else if (const std::size_t twice = rest.find("//"); twice != rest.npos) {
    end = twice;
    inner = twice + 2;
  } else if (const std::size_t suffix = rest.find(kSuffix); suffix != rest.npos) {
    end = inner = suffix + kSuffix.size();
  } else {
    end = inner = url.host.starts_with(kFile) ? rest.size() : BehindSegments(rest, 2);
  }
  if (end == rest.npos || end == 0) return false;
  url.repository = rest.substr(0, end);
  std::string_view path = rest.substr(std::min(inner, rest.size()));
  if (path.starts_with('/')) path.remove_prefix(1);
  url.path = path;
  return base::NormalizePath(path.starts_with('/') ? path.substr(1) : path).has_value();
}

std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(code);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// `61`, `61s`, `1m30s`, `500ms`; nullopt for anything else or nothing positive.
std::optional<std::chrono::milliseconds> ParseTimeout(std::string_view text) {
  double total = 0;
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    double unit = 0;
    if (plain)
      unit = 1000;
    else if (text.starts_with("ms"))
      unit = 1, text.remove_prefix(2);
    else if (text.starts_with("s"))
      unit = 1000, text.remove_prefix(1);
    else if (text.starts_with("m"))
      unit = 60'000, text.remove_prefix(1);
    else if (text.starts_with("h"))
      unit = 3'600'000, text.remove_prefix(1);
    else
      return std::nullopt;
    total += number * unit;
  }
  constexpr double kLongest = 1e12;
  if (!(total > 0) || total > kLongest) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(total));
}

void ReadQuery(std::string_view query, GitUrl& url) {
  std::string version;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string key = Unescape(pair.substr(0, equals)), value = Unescape(pair.substr(std::min(equals + 1, pair.size())));
    if (key == "ref" && url.ref.empty()) url.ref = value;
    if (key == "version" && version.empty()) version = value;
    if (key == "timeout") url.timeout = ParseTimeout(value).value_or(url.timeout);
    if (key == "submodules" && (value == "false" || value == "False" || value == "FALSE" || value == "0" || value == "f" || value == "F"))
      url.submodules = false;
  }
  if (url.ref.empty()) url.ref = version;
}

}  // namespace

std::optional<GitUrl> ParseGitUrl(std::string_view entry) {
  if (entry.starts_with('/')) return std::nullopt;
  GitUrl url;
  url.raw = entry;
  const std::size_t question = entry.find('?');
  if (question != entry.npos) ReadQuery(entry.substr(question + 1), url);
  std::string_view rest = entry.substr(0, question);
  if (!TakeHost(rest, url) || !SplitRepository(rest, url)) return std::nullopt;
  return url;
}

bool IsHttpUrl(std::string_view entry) { return HasPrefixFold(entry, kHttps) || HasPrefixFold(entry, "http://"); }

}  // namespace sluice::kustomize
