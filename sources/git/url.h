// sources/git/url.h: the address of a Git repository, taken apart and judged before any connection is made.
// Only http, https and ssh: no local paths, no `git@host:path` form, no helper schemes (`ext::…`), as the GitRepository contract says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::sources {

enum class GitScheme { Http, Https, Ssh };

/// A judged address. `user` and `password` are the URL's userinfo, percent-decoded; they are no part of `text` and of no message.
struct GitUrl {
  GitScheme scheme = GitScheme::Https;
  std::string user;        ///< "" if the URL names none (ssh then uses "git")
  std::string password;    ///< of http(s) only
  std::string host;        ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;  ///< effective: 80, 443 or 22 unless the URL says otherwise
  std::string path;        ///< as written, with its leading slash
  std::string text;        ///< `scheme://[user@ of ssh]host[:port]path`, fit for messages; also what the cache is keyed by

  friend bool operator==(const GitUrl&, const GitUrl&) = default;
};

/// Parses `url`. Invalid (the message begins with the cleaned URL) for another scheme, an empty host, control characters, blanks, a user, host or path that begins
/// with `-` (an option to whoever runs a command), a quote in an ssh path, `..` in a path, a bad port, over 2,048 bytes.
base::Result<GitUrl> ParseGitUrl(std::string_view url);

/// `text` with the userinfo of every URL in it replaced by `***`; for messages of libraries and servers.
std::string WithoutUserinfo(std::string_view text);

}  // namespace sluice::sources
