#include "sources/git/credentials.h"

#include <algorithm>

#include "base/utf8.h"
#include "sources/git/known_hosts.h"

namespace sluice::sources {
namespace {

using base::Invalid;
using base::Result;

using Data = std::map<std::string, std::string>;

std::string Get(const Data& data, const char* key) {
  const auto it = data.find(key);
  return it == data.end() ? std::string() : it->second;
}

Result<Credentials> SshCredentials(const Data& data) {
  Credentials out;
  out.identity = Get(data, "identity");
  out.known_hosts = Get(data, "known_hosts");
  out.passphrase = Get(data, "password");
  if (out.identity.empty()) return Invalid("invalid 'ssh' auth option: 'identity' is required");
  if (out.known_hosts.empty()) return Invalid("invalid 'ssh' auth option: 'known_hosts' is required");
  TRY(ValidateKnownHosts(out.known_hosts));
  return out;
}

Result<void> CheckHttp(const Credentials& c, std::string_view transport) {
  const std::string option = "invalid '" + std::string(transport) + "' auth option: ";
  if (c.username.empty() && !c.password.empty()) return Invalid(option + "'password' requires 'username' to be set");
  if (c.client_cert_pem.empty() != c.client_key_pem.empty()) return Invalid(option + "'tls.crt' and 'tls.key' must be set together");
  if (c.bearer_token.find_first_of("\r\n") != std::string::npos) return Invalid(option + "'bearerToken' holds a line break");
  return {};
}

Result<Credentials> HttpCredentials(const GitUrl& url, const Data& data) {
  const std::string_view transport = url.scheme == GitScheme::Http ? "http" : "https";
  Credentials out;
  out.bearer_token = Get(data, "bearerToken");
  out.username = Get(data, "username");
  out.password = Get(data, "password");
  out.client_cert_pem = Get(data, "tls.crt");
  out.client_key_pem = Get(data, "tls.key");
  out.ca_pem = Get(data, "ca.crt");
  if (out.ca_pem.empty()) out.ca_pem = Get(data, "caFile");
  if (!out.bearer_token.empty() && !(out.username.empty() && out.password.empty()))
    return Invalid("invalid '" + std::string(transport) + "' auth option: 'bearerToken' and 'username'/'password' exclude each other");
  if (out.bearer_token.empty() && out.username.empty() && out.password.empty()) {
    out.username = url.user;
    out.password = url.password;  // may be missing: some hosts take a token as the user's name
  } else if (!out.username.empty() && out.password.empty()) {
    return Invalid("invalid '" + std::string(transport) + "' auth option: 'username' requires 'password' to be set");
  }
  TRY(CheckHttp(out, transport));
  return out;
}

constexpr std::size_t kMaxCleaned = 1024;

/// Whether a well-formed character changes how others are shown, or is not shown: controls of C1, marks and overrides of direction, joiners, separators, tags.
bool IsInvisible(std::string_view character) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return at(0) < 0x20 || at(0) == 0x7f;
  if (character.size() == 2) return (at(0) == 0xc2 && at(1) < 0xa0) || character == "\u00ad" || character == "\u061c";
  if (character.size() == 3)
    return (character >= "\u200b" && character <= "\u200f") || (character >= "\u2028" && character <= "\u202e") ||
           (character >= "\u2060" && character <= "\u206f") || character == "\ufeff";
  return character >= "\U000e0000" && character <= "\U000e0fff";
}

/// `text` with `?` for each byte that is no character, and for each character that is none to be seen.
std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = base::Utf8Length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || IsInvisible(character)) {
      out += '?';
    } else {
      out += character;
    }
    text.remove_prefix(character.size());
  }
  return out;
}

void Blot(std::string& text, const std::string& secret) {
  if (secret.size() < 4) return;  // shorter ones would blot out ordinary words, and hide nothing
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += 3) text.replace(at, secret.size(), "***");
}

}  // namespace

Result<Credentials> CredentialsFromSecret(const GitUrl& url, const Data& data) {
  return url.scheme == GitScheme::Ssh ? SshCredentials(data) : HttpCredentials(url, data);
}

Result<Credentials> AnonymousCredentials(const GitUrl& url) { return CredentialsFromSecret(url, {}); }

Result<void> AddProxy(const Data& data, Credentials& credentials) {
  const std::string address = Get(data, "address"), username = Get(data, "username"), password = Get(data, "password");
  if (address.empty()) return Invalid("invalid proxy secret: key 'address' is missing");
  if (address.size() > 2048) return Invalid("invalid proxy secret: 'address' is longer than 2048 bytes");
  const bool known = address.starts_with("http://") || address.starts_with("https://") || address.starts_with("socks5://");
  if (!known) return Invalid("invalid proxy secret: the scheme of 'address' must be http, https or socks5");
  if (std::any_of(address.begin(), address.end(), [](unsigned char c) { return c <= 0x20 || c == 0x7f; }))
    return Invalid("invalid proxy secret: 'address' holds blanks or control characters");
  if (username.empty() && !password.empty()) return Invalid("invalid proxy secret: 'password' requires 'username' to be set");
  credentials.proxy_address = address;
  credentials.proxy_username = username;
  credentials.proxy_password = password;
  return {};
}

std::string Cleaned(std::string_view text, const Credentials& c) {
  std::string out = WithoutUserinfo(text.substr(0, 16384));
  for (const std::string* secret : {&c.password, &c.bearer_token, &c.passphrase, &c.proxy_password, &c.username, &c.proxy_username})
    Blot(out, *secret);
  out = Printable(out);
  while (out.ends_with('?') || out.ends_with(' ')) out.pop_back();  // line ends of servers
  if (out.size() <= kMaxCleaned) return out;
  std::size_t end = kMaxCleaned - 3;
  while ((static_cast<unsigned char>(out[end]) & 0xc0) == 0x80) --end;  // not in the middle of a character
  return out.substr(0, end) + "...";
}

}  // namespace sluice::sources
