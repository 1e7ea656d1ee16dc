#include "net/url.h"

#include <algorithm>
#include <charconv>

namespace sluice::net {

namespace {

constexpr std::size_t kMaxUrlBytes = 8u << 10;
constexpr std::size_t kMaxQueryPairs = 1000;

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUnreserved(char c) { return IsAlpha(c) || IsDigit(c) || c == '-' || c == '.' || c == '_' || c == '~'; }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), Lower);
  return out;
}

int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = Lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Bytes above 0x7f pass: paths of real servers hold raw UTF-8.
bool IsForbidden(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f || c == '\\' || c == '"' || c == '<' || c == '>';
}

bool IsScheme(std::string_view text) {
  return !text.empty() && IsAlpha(text[0]) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsAlpha(c) || IsDigit(c) || c == '+' || c == '-' || c == '.'; });
}

bool IsHost(std::string_view host, bool bracketed) {
  if (host.empty()) return false;
  return std::all_of(host.begin(), host.end(), [bracketed](char c) {
    if (bracketed) return HexDigit(c) >= 0 || c == ':' || c == '.';
    return IsAlpha(c) || IsDigit(c) || c == '-' || c == '.' || c == '_';
  });
}

/// Cuts `text` at the first of `delimiters`: returns what is before it and leaves the delimiter and what follows in `text`.
std::string_view TakeUntil(std::string_view& text, std::string_view delimiters) {
  const std::size_t end = std::min(text.find_first_of(delimiters), text.size());
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end);
  return head;
}

base::Result<void> SetUserinfo(std::string_view userinfo, Url& url) {
  const std::size_t colon = userinfo.find(':');
  TRY(url.user, Unescape(userinfo.substr(0, colon)));
  if (colon == std::string_view::npos) return {};
  TRY(url.password, Unescape(userinfo.substr(colon + 1)));
  return {};
}

base::Result<void> SetPort(std::string_view text, Url& url) {
  if (text.empty()) return {};
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) return base::Invalid("malformed port in URL");
  url.port = static_cast<std::uint16_t>(port);
  return {};
}

base::Result<void> SetHostAndPort(std::string_view text, Url& url) {
  const bool bracketed = text.starts_with('[');
  std::size_t end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end == std::string_view::npos) return base::Invalid("malformed host in URL");
  const std::string_view host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  if (!IsHost(host, bracketed)) return base::Invalid(host.empty() ? "no host in URL" : "malformed host in URL");
  url.host = Lowered(host);
  std::string_view rest = bracketed ? text.substr(end + 1) : text.substr(std::min(end, text.size()));
  if (rest.empty()) return {};
  if (rest[0] != ':') return base::Invalid("malformed host in URL");
  return SetPort(rest.substr(1), url);
}

base::Result<void> SetAuthority(std::string_view authority, Url& url) {
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return SetHostAndPort(authority, url);
  TRY(SetUserinfo(authority.substr(0, at), url));
  return SetHostAndPort(authority.substr(at + 1), url);
}

void SetPathAndBeyond(std::string_view text, Url& url) {
  url.path = TakeUntil(text, "?#");
  if (text.starts_with('?')) {
    text.remove_prefix(1);
    url.query = TakeUntil(text, "#");
  }
  if (text.starts_with('#')) url.fragment = text.substr(1);
}

std::uint16_t DefaultPort(std::string_view scheme) {
  if (scheme == "https" || scheme == "wss") return 443;
  return scheme == "ssh" ? 22 : 80;
}

std::string Bracketed(const std::string& host) { return host.find(':') == std::string::npos ? host : "[" + host + "]"; }

std::string Escape(std::string_view text, bool query) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (IsUnreserved(c)) {
      out += c;
    } else if (query && c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

// RFC 3986, section 5.2.4, over segments.
std::string RemoveDotSegments(std::string_view path) {
  std::vector<std::string_view> kept;
  bool directory = false;
  for (std::string_view rest = path; !rest.empty();) {
    rest.remove_prefix(rest.starts_with('/') ? 1 : 0);
    const std::string_view segment = TakeUntil(rest, "/");
    directory = segment == "." || segment == "..";
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!directory) kept.push_back(segment);
  }
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  if (directory || out.empty()) out += '/';
  return out;
}

std::string_view WithoutLastSegment(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash + 1);
}

}  // namespace

std::uint16_t Url::effective_port() const { return port != 0 ? port : DefaultPort(scheme); }

base::Result<Url> ParseUrl(std::string_view text) {
  if (text.size() > kMaxUrlBytes) return base::Invalid("URL longer than 8192 bytes");
  if (std::any_of(text.begin(), text.end(), IsForbidden)) return base::Invalid("forbidden character in URL");
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || !IsScheme(text.substr(0, colon))) return base::Invalid("URL without scheme");
  Url url;
  url.scheme = Lowered(text.substr(0, colon));
  text.remove_prefix(colon + 3);
  TRY(SetAuthority(TakeUntil(text, "/?#"), url));
  SetPathAndBeyond(text, url);
  return url;
}

std::string HostHeader(const Url& url) {
  const bool is_default = url.port == 0 || url.port == DefaultPort(url.scheme);
  return is_default ? Bracketed(url.host) : Bracketed(url.host) + ":" + std::to_string(url.port);
}

std::string FormatUrl(const Url& url) {
  std::string out = url.scheme + "://";
  if (url.has_userinfo()) {
    out += EscapePath(url.user);
    if (!url.password.empty()) out += ":" + EscapePath(url.password);
    out += '@';
  }
  out += HostHeader(url);
  out += url.path;
  if (!url.query.empty()) out += "?" + url.query;
  if (!url.fragment.empty()) out += "#" + url.fragment;
  return out;
}

std::string Origin(const Url& url) { return url.scheme + "://" + Bracketed(url.host) + ":" + std::to_string(url.effective_port()); }

base::Result<Url> ResolveReference(const Url& base, std::string_view location) {
  if (std::any_of(location.begin(), location.end(), IsForbidden)) return base::Invalid("forbidden character in URL");
  const std::size_t colon = location.find_first_of(":/?#");
  const bool absolute = colon != std::string_view::npos && location[colon] == ':' && IsScheme(location.substr(0, colon));
  if (location.starts_with("//") || absolute) {
    TRY(Url url, ParseUrl(absolute ? std::string(location) : base.scheme + ":" + std::string(location)));
    url.fragment.clear();
    return url;
  }
  Url relative;
  SetPathAndBeyond(location, relative);
  Url url = base;
  url.fragment.clear();
  if (relative.path.empty()) {
    if (location.find('?') != std::string_view::npos) url.query = relative.query;
    return url;
  }
  url.query = relative.query;
  const bool rooted = relative.path.starts_with('/');
  url.path = RemoveDotSegments(rooted ? relative.path : std::string(WithoutLastSegment(base.path)) + relative.path);
  return url;
}

std::string RedactUrl(std::string_view text) {
  base::Result<Url> url = ParseUrl(text);
  if (!url) return "(malformed URL)";
  url->user.clear();
  url->password.clear();
  url->query.clear();
  url->fragment.clear();
  return FormatUrl(*url);
}

std::string EscapePath(std::string_view text) { return Escape(text, false); }
std::string EscapeQuery(std::string_view text) { return Escape(text, true); }

base::Result<std::string> Unescape(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
      continue;
    }
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return base::Invalid("malformed percent-escape in URL");
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string FormatQuery(const Query& query) {
  std::string out;
  for (const auto& [name, value] : query) {
    if (!out.empty()) out += '&';
    out.append(EscapeQuery(name)).append("=").append(EscapeQuery(value));
  }
  return out;
}

base::Result<Query> ParseQuery(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::string_view pair = TakeUntil(text, "&");
    if (!text.empty()) text.remove_prefix(1);
    if (pair.empty()) continue;
    if (query.size() == kMaxQueryPairs) return base::Invalid("more than 1000 parameters in URL");
    const std::size_t equals = pair.find('=');
    TRY(std::string name, Unescape(pair.substr(0, equals), true));
    std::string value;
    if (equals != std::string_view::npos) {
      TRY(value, Unescape(pair.substr(equals + 1), true));
    }
    query.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

}  // namespace sluice::net
