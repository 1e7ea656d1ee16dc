// sources/git/known_hosts.h: is a server's SSH key among those that a `known_hosts` text lists for this host?
// The format and its rules are OpenSSH's (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): patterns with `*`, `?` and `!`, hashed names (`|1|salt|hash`),
// `[host]:port`, `@revoked`. `@cert-authority` lines are skipped: no host certificates here. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::sources {

enum class HostKeyVerdict { Trusted, Unknown, Changed, Revoked };

struct KnownHostsAnswer {
  HostKeyVerdict verdict = HostKeyVerdict::Unknown;
  std::size_t line = 0;  ///< 1-based: the entry that decided; of Changed the first with the same key type; 0 for Unknown
};

/// Judges `key` (the wire format, e.g. "\0\0\0\x0bssh-ed25519…") of type `key_type` for `host` and `port`. An entry without port counts for port 22 only.
/// Changed: the host is listed with another key of the same type. Unknown: it is not listed, or only with keys of other types.
KnownHostsAnswer CheckHostKey(std::string_view known_hosts, std::string_view host, std::uint16_t port, std::string_view key_type,
                              std::string_view key);

/// The key types listed for `host` and `port`, in order, each once: what to ask the server for, so that it does not show a key we do not know.
std::vector<std::string> KeyTypesOf(std::string_view known_hosts, std::string_view host, std::uint16_t port);

/// Invalid: a text without any usable entry, over 1 MiB, or with a line that is no entry (`known_hosts line 3: …`).
base::Result<void> ValidateKnownHosts(std::string_view known_hosts);

}  // namespace sluice::sources
