#include "sources/git/known_hosts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "base/digest.h"

namespace sluice::sources {
namespace {

using base::Invalid;
using base::Result;

constexpr std::size_t kMaxBytes = 1u << 20;
constexpr std::size_t kMaxPatterns = 1024;  // of one line

enum class Marker { None, Revoked, CertAuthority };

struct Entry {
  Marker marker = Marker::None;
  std::string_view hosts;  ///< as written: patterns or one hashed name
  std::string_view key_type;
  std::string key;  ///< decoded
};

std::string_view NextWord(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
  const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

/// The wire form begins with its own type's name, which must be the written one.
bool KeyIsOfType(std::string_view key, std::string_view type) {
  if (key.size() < 4 + type.size()) return false;
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(key[i])); };
  const std::size_t length = at(0) << 24 | at(1) << 16 | at(2) << 8 | at(3);
  return length == type.size() && key.substr(4, length) == type;
}

/// Parses one line that is neither blank nor a comment.
std::optional<Entry> ParseEntry(std::string_view line) {
  Entry entry;
  entry.hosts = NextWord(line);
  if (entry.hosts.starts_with('@')) {
    if (entry.hosts == "@revoked")
      entry.marker = Marker::Revoked;
    else if (entry.hosts == "@cert-authority")
      entry.marker = Marker::CertAuthority;
    else
      return std::nullopt;
    entry.hosts = NextWord(line);
  }
  entry.key_type = NextWord(line);
  auto key = base::Base64Decode(NextWord(line));
  if (entry.hosts.empty() || entry.key_type.empty() || !key) return std::nullopt;
  entry.key = *std::move(key);
  if (!KeyIsOfType(entry.key, entry.key_type)) return std::nullopt;
  return entry;
}

/// Calls `visit(line number, entry or nullopt)` for each line that means something.
template <class Visit>
void ForEachEntry(std::string_view text, const Visit& visit) {
  if (text.size() > kMaxBytes) return;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line[first] == '#') continue;
    visit(number, ParseEntry(line));
  }
}

std::string FromHex(std::string_view hex) {
  std::string out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) out += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return out;
}

/// RFC 2104 over SHA-1; `key` is at most one block long here (a salt of 20 bytes).
std::string HmacSha1(std::string_view key, std::string_view message) {
  std::string inner(64, '\x36'), outer(64, '\x5c');
  for (std::size_t i = 0; i < key.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ key[i]);
    outer[i] = static_cast<char>(outer[i] ^ key[i]);
  }
  return FromHex(base::Sha1Hex(outer + FromHex(base::Sha1Hex(inner + std::string(message)))));
}

/// `|1|<base64 of the salt>|<base64 of HMAC-SHA1(salt, name)>`
bool MatchesHashed(std::string_view pattern, std::string_view name) {
  pattern.remove_prefix(3);
  const std::size_t bar = pattern.find('|');
  if (bar == std::string_view::npos) return false;
  const auto salt = base::Base64Decode(pattern.substr(0, bar));
  const auto hash = base::Base64Decode(pattern.substr(bar + 1));
  return salt && hash && salt->size() == 20 && hash->size() == 20 && HmacSha1(*salt, name) == *hash;
}

/// `*` any run, `?` any one character, letters in any case. Linear but for one restart point.
bool MatchesPattern(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    const bool same = p < pattern.size() && (pattern[p] == '?' || std::tolower(static_cast<unsigned char>(pattern[p])) == name[n]);
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (same) {
      ++p, ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// A list of patterns matches if one of them does and none with `!` does.
bool MatchesHosts(std::string_view hosts, std::string_view name) {
  if (hosts.starts_with("|1|")) return MatchesHashed(hosts, name);
  bool matched = false;
  for (std::size_t count = 0; !hosts.empty() && count < kMaxPatterns; ++count) {
    const std::size_t comma = hosts.find(',');
    std::string_view pattern = hosts.substr(0, comma);
    hosts = comma == std::string_view::npos ? std::string_view() : hosts.substr(comma + 1);
    const bool negated = pattern.starts_with('!');
    if (negated) pattern.remove_prefix(1);
    if (!MatchesPattern(pattern, name)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

/// What the file calls a host: its bare name on port 22, `[name]:port` elsewhere.
std::string NameInFile(std::string_view host, std::uint16_t port) {
  std::string name(host);
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return port == 22 ? name : "[" + name + "]:" + std::to_string(port);
}

}  // namespace

KnownHostsAnswer CheckHostKey(std::string_view known_hosts, std::string_view host, std::uint16_t port, std::string_view key_type,
                              std::string_view key) {
  const std::string name = NameInFile(host, port);
  KnownHostsAnswer answer;
  ForEachEntry(known_hosts, [&](std::size_t line, const std::optional<Entry>& entry) {
    if (!entry || entry->marker == Marker::CertAuthority || answer.verdict == HostKeyVerdict::Revoked) return;
    if (entry->key_type != key_type || !MatchesHosts(entry->hosts, name)) return;
    const bool same = entry->key == key;
    if (entry->marker == Marker::Revoked) {
      if (same) answer = {HostKeyVerdict::Revoked, line};
    } else if (same && answer.verdict != HostKeyVerdict::Trusted) {
      answer = {HostKeyVerdict::Trusted, line};
    } else if (!same && answer.verdict == HostKeyVerdict::Unknown) {
      answer = {HostKeyVerdict::Changed, line};
    }
  });
  return answer;
}

std::vector<std::string> KeyTypesOf(std::string_view known_hosts, std::string_view host, std::uint16_t port) {
  const std::string name = NameInFile(host, port);
  std::vector<std::string> types;
  ForEachEntry(known_hosts, [&](std::size_t, const std::optional<Entry>& entry) {
    if (!entry || entry->marker != Marker::None || !MatchesHosts(entry->hosts, name)) return;
    if (std::find(types.begin(), types.end(), entry->key_type) == types.end()) types.emplace_back(entry->key_type);
  });
  return types;
}

Result<void> ValidateKnownHosts(std::string_view known_hosts) {
  if (known_hosts.size() > kMaxBytes) return Invalid("known_hosts is larger than 1 MiB");
  std::size_t usable = 0, broken = 0;
  ForEachEntry(known_hosts, [&](std::size_t line, const std::optional<Entry>& entry) {
    if (!entry && broken == 0) broken = line;
    if (entry && entry->marker == Marker::None) ++usable;
  });
  if (broken != 0) return Invalid("known_hosts line " + std::to_string(broken) + ": not an entry of the form 'host key-type base64-key'");
  if (usable == 0) return Invalid("known_hosts holds no entry");
  return {};
}

}  // namespace sluice::sources
