#include "sources/git/submodules.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "sources/artifact/composed_files.h"

namespace sluice::sources {
namespace {

using base::Error;
using base::Files;
using base::FileType;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::string_view kGitmodules = ".gitmodules";

/// `user@host:path`, which has no scheme and a colon before any slash.
bool IsScpForm(std::string_view url) {
  const std::size_t colon = url.find(':');
  return colon != std::string_view::npos && colon > 0 && url.find('/') > colon && url.find("://") == std::string_view::npos &&
         !url.substr(colon).starts_with("::");
}

/// `parent`'s path, a name shorter for each `../` of `url`.
Result<GitUrl> Relative(const GitUrl& parent, std::string_view url) {
  std::string text = parent.text;
  while (text.ends_with('/')) text.pop_back();
  std::size_t left = parent.path.size() - (parent.text.size() - text.size());  // of the path
  while (url.starts_with("./") || url.starts_with("../") || url == "." || url == "..") {
    const bool up = url.starts_with("..");
    url.remove_prefix(std::min(url.find('/') + 1, url.size()));
    if (!up) continue;
    const std::size_t slash = text.rfind('/');
    if (left == 0 || text.size() - slash > left) return Invalid("the relative URL leaves the host " + parent.host);
    left -= text.size() - slash;
    text.resize(slash);
  }
  return ParseGitUrl(text + "/" + std::string(url));
}

/// One run over all submodules of a commit, and theirs.
class Walk {
 public:
  Walk(GitCache& cache, const std::function<bool(std::string_view)>& wanted, const GitCall& call)
      : cache_(cache), wanted_(wanted), stop_(call.stop), deadline_(std::chrono::steady_clock::now() + call.timeout) {}

  Result<std::shared_ptr<const Files>> Open(const Repository& repository, std::string_view commit, const Credentials& credentials,
                                            std::size_t depth, const std::string& prefix);
  std::vector<std::string> Urls() const {
    std::vector<std::string> out;
    for (const auto& [url, bytes] : bytes_) out.push_back(url);
    return out;
  }
  /// Adds a repository; the bytes on disk of all so far.
  std::uint64_t Count(const Repository& repository) {
    bytes_[repository.url().text] = repository.DiskBytes();
    std::uint64_t sum = 0;
    for (const auto& [url, bytes] : bytes_) sum += bytes;
    return sum;
  }

 private:
  Result<Mount> OpenOne(const Repository& parent, const Submodule& module, std::string commit, const Credentials& credentials,
                        std::size_t depth, const std::string& path);
  Result<std::vector<Submodule>> ReadModules(const Files& files) const;
  GitCall Call() const {
    const auto left = deadline_ - std::chrono::steady_clock::now();
    return {.timeout = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(left), std::chrono::milliseconds(1)), .stop = stop_};
  }

  GitCache& cache_;
  const std::function<bool(std::string_view)>& wanted_;
  const std::stop_token stop_;
  const std::chrono::steady_clock::time_point deadline_;
  std::size_t count_ = 0;
  std::map<std::string, std::uint64_t> bytes_;  ///< by URL
};

Result<std::vector<Submodule>> Walk::ReadModules(const Files& files) const {
  TRY(const std::vector<base::FileInfo> entries, files.List("."));
  const auto entry = std::find_if(entries.begin(), entries.end(), [](const base::FileInfo& info) { return info.name == kGitmodules; });
  if (entry == entries.end()) return std::vector<Submodule>();
  if (entry->type != FileType::Regular) return Invalid(".gitmodules is not a regular file");
  TRY(const std::string text, files.Read(kGitmodules));
  return ParseGitmodules(text, cache_.limits().max_submodules);
}

Result<std::shared_ptr<const Files>> Walk::Open(const Repository& repository, std::string_view commit, const Credentials& credentials,
                                                std::size_t depth, const std::string& prefix) {
  TRY(std::shared_ptr<const Files> files, repository.OpenTree(commit));
  TRY(const std::vector<Submodule> modules, ReadModules(*files));
  std::vector<Mount> mounts;
  for (const Submodule& module : modules) {
    const std::string path = prefix + module.path;
    if (depth == 0 && wanted_ && !wanted_(path)) continue;
    auto pinned = repository.SubmoduleAt(commit, module.path);
    if (!pinned && pinned.error().reason == Reason::NotFound) continue;  // an entry of a submodule that was removed
    if (!pinned) return std::move(pinned).error();
    auto mount = OpenOne(repository, module, *std::move(pinned), credentials, depth + 1, path);
    if (!mount) return std::move(mount).error().Wrap("submodule '" + path + "'");
    mounts.push_back(*std::move(mount));
  }
  return WithMounts(std::move(files), std::move(mounts));
}

Result<Mount> Walk::OpenOne(const Repository& parent, const Submodule& module, std::string commit, const Credentials& credentials,
                            std::size_t depth, const std::string& path) {
  const GitLimits& limits = cache_.limits();
  if (depth > limits.max_submodule_depth)
    return MakeError(Reason::TooLarge, "submodules are nested deeper than " + std::to_string(limits.max_submodule_depth) + " levels");
  if (++count_ > limits.max_submodules)
    return MakeError(Reason::TooLarge, "there are more than " + std::to_string(limits.max_submodules) + " submodules");
  if (module.url.empty())
    return Invalid(
        ".gitmodules has no url for it, so that its files cannot be fetched: add `url = …` to its section, or remove the submodule");
  TRY(const GitUrl url, SubmoduleUrl(parent.url(), module.url));
  const Credentials own = CredentialsFor(parent.url(), url, credentials);
  if (url.scheme == GitScheme::Ssh && own.identity.empty())
    return MakeError(Reason::Unauthorized,
                     url.text + ": ssh needs an identity, and that of the superproject is not sent to another host: use a https URL");
  const std::shared_ptr<Repository> repository = cache_.Open(url);
  const Resolution resolution{.commit = commit, .ref_name = "", .tag_object = "", .revision = "sha1:" + commit};
  TRY(repository->Fetch(resolution, own, Call()));
  if (Count(*repository) > limits.max_disk_bytes)
    return MakeError(Reason::TooLarge, "the repository and its submodules need more than " + std::to_string(limits.max_disk_bytes) +
                                           " bytes of disk: make them smaller, or raise the limit");
  Mount mount{.path = module.path, .files = nullptr};
  TRY(mount.files, Open(*repository, commit, own, depth, path + "/"));
  return mount;
}

}  // namespace

Result<GitUrl> SubmoduleUrl(const GitUrl& parent, std::string_view url) {
  if (url.starts_with("./") || url.starts_with("../") || url == "." || url == "..") return Relative(parent, url);
  if (!IsScpForm(url)) return ParseGitUrl(url);
  const std::size_t colon = url.find(':');
  const std::string_view path = url.substr(colon + 1);
  return ParseGitUrl("ssh://" + std::string(url.substr(0, colon)) + (path.starts_with('/') ? "" : "/") + std::string(path));
}

Credentials CredentialsFor(const GitUrl& parent, const GitUrl& child, const Credentials& credentials) {
  if (parent.scheme == child.scheme && parent.host == child.host && parent.port == child.port) return credentials;
  Credentials out;
  out.ca_pem = credentials.ca_pem;
  out.proxy_address = credentials.proxy_address;
  out.proxy_username = credentials.proxy_username;
  out.proxy_password = credentials.proxy_password;
  return out;
}

Result<WithSubmodules> OpenWithSubmodules(GitCache& cache, const Repository& repository, std::string_view commit,
                                          const Credentials& credentials, const std::function<bool(std::string_view path)>& wanted,
                                          const GitCall& call) {
  Walk walk(cache, wanted, call);
  walk.Count(repository);
  WithSubmodules out;
  TRY(out.files, walk.Open(repository, commit, credentials, 0, ""));
  out.urls = walk.Urls();
  return out;
}

}  // namespace sluice::sources
