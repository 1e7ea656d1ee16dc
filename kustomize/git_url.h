// kustomize/git_url.h: which entries of a kustomization name a Git repository, and what they say of it. Pure; nothing is fetched here.
// Rules: kustomize v5.8.2, api/internal/git/repospec.go (contract §4).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::kustomize {

/// A repository and a directory in it.
struct GitUrl {
  std::string raw;         ///< as written, for cycles and messages
  std::string host;        ///< with scheme and user: "https://github.com/", "git@host:"
  std::string repository;  ///< path of the repository on the host
  std::string path;        ///< directory inside it, "" for its root
  std::string ref;         ///< branch, tag or commit; "" for HEAD
  std::chrono::milliseconds timeout{27'000};
  bool submodules = true;
  std::string CloneUrl() const { return host + repository; }
};

/// What `entry` says, if it is a Git URL (https://, http://, ssh://, file://, user@host:path, github.com/…); nullopt for anything else, also
/// for a URL whose inner path would leave the repository.
std::optional<GitUrl> ParseGitUrl(std::string_view entry);

/// `http://…` or `https://…`.
bool IsHttpUrl(std::string_view entry);

}  // namespace sluice::kustomize
