// urlParse and urlJoin: Go's net/url.
#include "helm/functions/url.h"

#include <optional>

#include "helm/functions/registry.h"
#include "helm/template/quote.h"

namespace sluice::helm {

namespace {

using base::Invalid;
using base::Result;

enum class Mode { Path, Host, UserPassword, Fragment };

struct Url {
  std::string scheme, opaque, host, path, query, fragment;
  bool has_user = false, has_password = false;
  std::string user, password;
};

bool IsAlphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool OneOf(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool ShouldEscape(char c, Mode mode) {
  if (IsAlphanumeric(c) || OneOf(c, "-_.~")) return false;
  if (mode == Mode::Host && OneOf(c, "!$&'()*+,;=:[]<>\"")) return false;
  if (OneOf(c, "$&+,/:;=?@")) {
    switch (mode) {
      case Mode::Path: return c == '?';
      case Mode::UserPassword: return OneOf(c, "@/?:");
      case Mode::Fragment: return false;
      case Mode::Host: break;
    }
  }
  return !(mode == Mode::Fragment && OneOf(c, "!()*"));
}

std::string Escape(std::string_view text, Mode mode) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (!ShouldEscape(c, mode)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Result<std::string> Unescape(std::string_view text, Mode mode) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '%') {
      if (mode == Mode::Host && static_cast<unsigned char>(c) < 0x80 && ShouldEscape(c, mode)) {
        return Invalid("invalid character " + GoQuote(text.substr(i, 1)) + " in host name");
      }
      out += c;
      continue;
    }
    const std::string_view escape = text.substr(i, 3);
    const int high = escape.size() == 3 ? HexValue(escape[1]) : -1, low = escape.size() == 3 ? HexValue(escape[2]) : -1;
    const bool in_host = mode == Mode::Host && high >= 0 && high < 8 && escape != "%25";
    if (high < 0 || low < 0 || in_host) return Invalid("invalid URL escape " + GoQuote(escape));
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool IsOptionalPort(std::string_view port) {
  return port.empty() || (port[0] == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

Result<std::string> ParseHost(std::string_view host) {
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t end = host.rfind(']');
    if (end == std::string_view::npos) return Invalid("missing ']' in host");
    port = host.substr(end + 1);
  } else if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
  }
  if (!IsOptionalPort(port)) return Invalid("invalid port " + GoQuote(port) + " after host");
  return Unescape(host, Mode::Host);
}

Result<void> ParseAuthority(std::string_view authority, Url& url) {
  const std::size_t at = authority.rfind('@');
  TRY(url.host, ParseHost(at == std::string_view::npos ? authority : authority.substr(at + 1)));
  if (at == std::string_view::npos) return {};
  const std::string_view info = authority.substr(0, at);
  for (const char c : info) {
    if (!IsAlphanumeric(c) && !OneOf(c, "-._:~!$&'()*+,;=%@")) return Invalid("net/url: invalid userinfo");
  }
  const std::size_t colon = info.find(':');
  url.has_user = true;
  url.has_password = colon != std::string_view::npos;
  TRY(url.user, Unescape(info.substr(0, colon), Mode::UserPassword));
  if (url.has_password) {
    TRY(url.password, Unescape(info.substr(colon + 1), Mode::UserPassword));
  }
  return {};
}

/// Takes `scheme:` off the front, if there is one.
Result<std::string> TakeScheme(std::string_view& text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter = IsAlphanumeric(c) && !(c >= '0' && c <= '9');
    if (letter) continue;
    if (c == ':') {
      if (i == 0) return Invalid("missing protocol scheme");
      std::string scheme(text.substr(0, i));
      for (char& s : scheme) s = s >= 'A' && s <= 'Z' ? static_cast<char>(s + 32) : s;
      text.remove_prefix(i + 1);
      return scheme;
    }
    if (i == 0 || !(OneOf(c, "+-.") || (c >= '0' && c <= '9'))) break;
  }
  return std::string();
}

Result<Url> ParseParts(std::string_view text) {
  Url url;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return Invalid("net/url: invalid control character in URL");
  }
  if (text == "*") {
    url.path = "*";
    return url;
  }
  TRY(url.scheme, TakeScheme(text));
  if (const std::size_t question = text.find('?'); question != std::string_view::npos) {
    url.query = text.substr(question + 1);
    text = text.substr(0, question);
  }
  if (!text.starts_with('/')) {
    if (!url.scheme.empty()) {
      url.opaque = text;
      return url;
    }
    if (text.substr(0, text.find('/')).find(':') != std::string_view::npos)
      return Invalid("first path segment in URL cannot contain colon");
  }
  if ((!url.scheme.empty() || !text.starts_with("///")) && text.starts_with("//")) {
    const std::string_view rest = text.substr(2);
    const std::size_t slash = rest.find('/');
    TRY(ParseAuthority(rest.substr(0, slash), url));
    text = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
  }
  TRY(url.path, Unescape(text, Mode::Path));
  return url;
}

Result<Url> ParseUrl(std::string_view text) {
  const std::size_t hash = text.find('#');
  const std::string_view before = text.substr(0, hash);
  auto url = ParseParts(before);
  if (!url) return Invalid("parse " + GoQuote(before) + ": " + url.error().message);
  if (hash == std::string_view::npos) return url;
  auto fragment = Unescape(text.substr(hash + 1), Mode::Fragment);
  if (!fragment) return Invalid("parse " + GoQuote(text) + ": " + fragment.error().message);
  url->fragment = std::move(*fragment);
  return url;
}

std::string UserInfo(const Url& url) {
  std::string out = Escape(url.user, Mode::UserPassword);
  if (url.has_password) out += ":" + Escape(url.password, Mode::UserPassword);
  return out;
}

std::string HostName(std::string_view host) {
  if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos && IsOptionalPort(host.substr(colon)))
    host = host.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

std::string ToText(const Url& url) {
  std::string out;
  if (!url.scheme.empty()) out += url.scheme + ":";
  if (!url.opaque.empty()) {
    out += url.opaque;
  } else {
    const bool authority = !url.host.empty() || url.has_user;
    if (authority || (!url.scheme.empty() && !url.path.empty())) out += "//";
    if (url.has_user) out += UserInfo(url) + "@";
    out += Escape(url.host, Mode::Host);
    const std::string path = url.path == "*" ? url.path : Escape(url.path, Mode::Path);
    if (!path.empty() && path[0] != '/' && !url.host.empty()) out += '/';
    if (out.empty() && path.substr(0, path.find('/')).find(':') != std::string::npos) out += "./";
    out += path;
  }
  if (!url.query.empty()) out += "?" + url.query;
  if (!url.fragment.empty()) out += "#" + Escape(url.fragment, Mode::Fragment);
  return out;
}

Result<Value> UrlParse(Arguments a) {
  const auto url = ParseUrl(a[0].AsString());
  if (!url) return Invalid("unable to parse url: " + url.error().message);
  auto map = MakeRef<Map>();
  const auto put = [&](const char* key, std::string text) { map->entries.emplace(key, Value::String(std::move(text))); };
  put("scheme", url->scheme);
  put("host", url->host);
  put("hostname", HostName(url->host));
  put("path", url->path);
  put("query", url->query);
  put("opaque", url->opaque);
  put("fragment", url->fragment);
  put("userinfo", url->has_user ? UserInfo(*url) : "");
  return Value::Of(map);
}

Result<std::string> Part(const Value& dict, const std::string& key) {
  const auto& entries = EntriesOf(dict);
  const auto found = entries.find(key);
  if (found == entries.end()) return std::string();
  if (found->second.IsNil()) return Invalid("runtime error: invalid memory address or nil pointer dereference");
  if (found->second.IsString()) return found->second.AsString();
  return Invalid("unable to parse " + key + " key, must be of type string, but " + KindName(found->second) + " found");
}

Result<Value> UrlJoin(Arguments a) {
  Url url;
  TRY(url.scheme, Part(a[0], "scheme"));
  TRY(url.host, Part(a[0], "host"));
  TRY(url.path, Part(a[0], "path"));
  TRY(url.query, Part(a[0], "query"));
  TRY(url.opaque, Part(a[0], "opaque"));
  TRY(url.fragment, Part(a[0], "fragment"));
  TRY(const std::string info, Part(a[0], "userinfo"));
  if (!info.empty()) {
    const auto user = ParseUrl("proto://" + info + "@host");
    if (!user) return Invalid("unable to parse userinfo in dict: " + user.error().message);
    url.has_user = user->has_user;
    url.has_password = user->has_password;
    url.user = user->user;
    url.password = user->password;
  }
  return TextResult(ToText(url));
}

}  // namespace

Result<UrlParts> SplitUrl(std::string_view text) {
  TRY(Url url, ParseUrl(text));
  return UrlParts{.scheme = std::move(url.scheme), .host = std::move(url.host), .path = std::move(url.path)};
}

Result<std::string> RequestScheme(std::string_view text) {
  TRY(Url url, ParseParts(text));
  return std::move(url.scheme);
}

void AddUrl(FunctionMap& map) {
  Add(map, {"urlParse"}, {kString}, UrlParse);
  Add(map, {"urlJoin"}, {kDict}, UrlJoin);
}

}  // namespace sluice::helm
