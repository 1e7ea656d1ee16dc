// sources/git/submodules.h: a commit's tree with its submodules in place, and theirs (gitmodules(5)). Of `.gitmodules` only `path` and `url` count: no other
// setting of a repository is ever acted upon, no name of one becomes a path on disk. A submodule is a repository of the cache like any other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "sources/git/credentials.h"
#include "sources/git/repository.h"
#include "sources/git/url.h"

namespace sluice::sources {

struct Submodule {
  std::string name, path, url;
  friend bool operator==(const Submodule&, const Submodule&) = default;
};

/// The entries of a `.gitmodules` that have a path, in its order; `url` is "" where there is none. Of an option given twice the last counts. Pure.
/// Invalid (`.gitmodules:LINE: …`, or `submodule "NAME": …`): malformed; a name or path that is empty, absolute, holds `..`, a control character or begins
/// with `-`, a path through `.git`, a name or path inside another's (Git keeps repositories by name), a URL that begins with `-` or holds a control character.
/// TooLarge: over 1 MiB, or more than `max_count` entries.
base::Result<std::vector<Submodule>> ParseGitmodules(std::string_view text, std::size_t max_count);

/// Where a submodule of `parent` is: `./` and `../` are relative to its URL and stay on its host; `user@host:path` means ssh. Invalid: as ParseGitUrl, and
/// a relative URL that leaves the host.
base::Result<GitUrl> SubmoduleUrl(const GitUrl& parent, std::string_view url);

/// What of `credentials`, which belong to `parent`, may go to `child`: all of it if scheme, host and port are the same; else only the proxy and the trusted
/// authorities, which are nobody's identity.
Credentials CredentialsFor(const GitUrl& parent, const GitUrl& child, const Credentials& credentials);

/// A tree, and the addresses of the submodules in it (`GitUrl::text`).
struct WithSubmodules {
  std::shared_ptr<const base::Files> files;
  std::vector<std::string> urls;
};

/// The files of a fetched `commit` of `repository`, with its submodules in place to every depth; those of `limits` that are not in the cache are fetched.
/// `wanted` (may be empty) says by path of the superproject which are; what is not wanted, or has no entry in `.gitmodules`, is absent. An entry without a url is Invalid
/// where the commit has that submodule, as for `git submodule update`.
/// Errors: of ParseGitmodules, SubmoduleUrl, Resolve and Fetch, with the submodule's path in front; TooLarge: deeper, or more, or more bytes on disk than
/// GitLimits has it. `call` bounds all of it.
base::Result<WithSubmodules> OpenWithSubmodules(GitCache& cache, const Repository& repository, std::string_view commit,
                                                const Credentials& credentials, const std::function<bool(std::string_view path)>& wanted,
                                                const GitCall& call);

}  // namespace sluice::sources
