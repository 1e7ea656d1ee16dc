#include "sources/git/url.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace sluice::sources {
namespace {

using base::Invalid;
using base::Result;

constexpr std::size_t kMaxUrlBytes = 2048;

struct SchemeRow {
  std::string_view prefix;
  GitScheme scheme;
  std::uint16_t port;
};
constexpr SchemeRow kSchemes[] = {{"http://", GitScheme::Http, 80}, {"https://", GitScheme::Https, 443}, {"ssh://", GitScheme::Ssh, 22}};

bool IsPlain(unsigned char c) { return c > 0x20 && c < 0x7f; }

/// `%41` -> `A`; nullopt for a broken escape or an escaped control character.
std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const char* end = text.data() + i + 3;
    if (std::from_chars(text.data() + i + 1, end, value, 16).ptr != end) return std::nullopt;
    if (value < 0x20 || value == 0x7f) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

bool IsHostName(std::string_view host) {
  return !host.empty() && host.size() <= 253 && host.front() != '-' && host.front() != '.' &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '-' || c == '_'; });
}

bool IsIpv6(std::string_view host) {
  return host.find(':') != std::string_view::npos &&
         std::all_of(host.begin(), host.end(), [](unsigned char c) { return std::isxdigit(c) || c == ':' || c == '.'; });
}

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// The error for `url`, which is shown without userinfo and without bytes that would spoil a log line.
base::Error Refuse(std::string_view url, std::string_view why) {
  std::string shown = WithoutUserinfo(url.substr(0, 200));
  for (char& c : shown)
    if (!IsPlain(static_cast<unsigned char>(c))) c = '?';
  return Invalid("invalid Git URL '" + shown + "': " + std::string(why));
}

/// Splits `host[:port]` into `out`; an IPv6 address stands in brackets. False if malformed.
bool ParseAuthority(std::string_view authority, GitUrl& out) {
  std::string_view host = authority, port;
  bool bracketed = false;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    bracketed = true;
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (!(bracketed ? IsIpv6(host) : IsHostName(host))) return false;
  out.host = Lower(host);
  if (port.empty()) return true;
  if (port.size() < 2 || port.front() != ':') return false;
  const auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), out.port);
  return error == std::errc() && end == port.data() + port.size() && out.port != 0;
}

/// nullptr if `path` is one that every host may be asked for.
const char* PathFault(std::string_view path, GitScheme scheme) {
  const std::optional<std::string> decoded = PercentDecode(path);
  if (!decoded) return "a broken or control-character escape in the path";
  if (path.size() < 2) return "the path of the repository is missing";
  if (path.find_first_of("?#") != std::string_view::npos) return "a query or fragment is not part of a repository's address";
  if (path.starts_with("/-") || decoded->starts_with("/-")) return "a path may not begin with '-'";
  if (scheme == GitScheme::Ssh && decoded->find_first_of("'\"`\\$;&|<>!") != std::string::npos)
    return "a quote or shell character in the path";
  for (std::size_t at = 0; at != std::string::npos; at = decoded->find('/', at + 1))
    if (std::string_view(*decoded).substr(at).starts_with("/..") && (at + 3 == decoded->size() || (*decoded)[at + 3] == '/'))
      return "'..' in the path";
  return nullptr;
}

std::string TextOf(const GitUrl& url, const SchemeRow& row) {
  std::string text(row.prefix);
  if (url.scheme == GitScheme::Ssh && !url.user.empty()) text += url.user + "@";
  text += url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  if (url.port != row.port) text += ":" + std::to_string(url.port);
  return text + url.path;
}

/// An account's name on an ssh host, which stands in the URL's text as it is.
bool IsAccountName(std::string_view user) {
  return std::all_of(user.begin(), user.end(), [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) || std::string_view("._-+").find(static_cast<char>(c)) != std::string_view::npos);
  });
}

/// Takes `user[:password]` apart. False if malformed.
bool ParseUserinfo(std::string_view userinfo, GitUrl& out) {
  const std::size_t colon = userinfo.find(':');
  const auto user = PercentDecode(userinfo.substr(0, colon));
  const auto password = PercentDecode(colon == std::string_view::npos ? "" : userinfo.substr(colon + 1));
  if (!user || !password || user->starts_with('-') || (out.scheme == GitScheme::Ssh && !IsAccountName(*user))) return false;
  out.user = *user;
  out.password = *password;
  return true;
}

}  // namespace

Result<GitUrl> ParseGitUrl(std::string_view url) {
  if (url.size() > kMaxUrlBytes) return Refuse(url, "longer than 2048 bytes");
  if (!std::all_of(url.begin(), url.end(), [](unsigned char c) { return IsPlain(c); }))
    return Refuse(url, "control characters, blanks or bytes above ASCII; write them as %XX");
  const auto* row = std::find_if(std::begin(kSchemes), std::end(kSchemes),
                                 [&](const SchemeRow& r) { return Lower(url.substr(0, r.prefix.size())) == r.prefix; });
  if (row == std::end(kSchemes)) return Refuse(url, "the scheme must be http, https or ssh");
  const std::string_view rest = url.substr(row->prefix.size());
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  std::string_view authority = rest.substr(0, slash);

  GitUrl out;
  out.scheme = row->scheme;
  out.port = row->port;
  out.path = rest.substr(slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (!ParseUserinfo(authority.substr(0, at), out)) return Refuse(url, "malformed userinfo");
    authority = authority.substr(at + 1);
  }
  if (authority.empty()) return Refuse(url, "the host is missing");
  if (!ParseAuthority(authority, out)) return Refuse(url, "malformed host or port");
  if (const char* fault = PathFault(out.path, out.scheme)) return Refuse(url, fault);
  out.text = TextOf(out, *row);
  return out;
}

std::string WithoutUserinfo(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t scheme = text.find("://");
    if (scheme == std::string_view::npos) return out + std::string(text);
    const std::size_t begin = scheme + 3;
    const std::size_t end = std::min(text.find_first_of("/?#'\" \t\r\n<>", begin), text.size());
    const std::size_t at = text.substr(begin, end - begin).rfind('@');
    out += text.substr(0, begin);
    if (at != std::string_view::npos) out += "***@";
    const std::size_t host = at == std::string_view::npos ? begin : begin + at + 1;
    out += text.substr(host, end - host);
    text = text.substr(end);
  }
}

}  // namespace sluice::sources
