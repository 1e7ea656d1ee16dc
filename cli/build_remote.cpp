#include "cli/build_remote.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "cli/environment.h"
#include "net/await.h"
#include "net/executor.h"
#include "net/http.h"
#include "sources/git/library.h"
#include "sources/git/repository.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using base::Result;
using FilesPtr = std::shared_ptr<const base::Files>;

/// The variable in lower case (curl's and git's way), else in upper case.
std::string EitherCase(std::string name) {
  const std::string lower = EnvironmentOr(name.c_str(), "");
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return lower.empty() ? EnvironmentOr(name.c_str(), "") : lower;
}

/// Whether no_proxy names the host: `*`, the host itself, or a domain above it.
bool IsDirect(std::string_view host) {
  std::istringstream list(EitherCase("no_proxy"));
  for (std::string entry; std::getline(list, entry, ',');) {
    std::erase_if(entry, [](unsigned char c) { return std::isspace(c) != 0; });
    if (entry == "*" || entry == host) return true;
    if (entry.starts_with('.')) entry.erase(0, 1);
    if (!entry.empty() && host.ends_with("." + entry)) return true;
  }
  return false;
}

std::string ProxyFor(bool https, std::string_view host) {
  if (IsDirect(host)) return "";
  const std::string proxy = EitherCase(https ? "https_proxy" : "http_proxy");
  return proxy.empty() ? EitherCase("all_proxy") : proxy;
}

std::string ReadText(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Certificates that are trusted as well; "" for none.
Result<std::string> ExtraRoots() {
  const std::string path = EnvironmentOr("GIT_SSL_CAINFO", EnvironmentOr("SSL_CERT_FILE", ""));
  if (path.empty()) return std::string();
  std::string pem = ReadText(path);
  if (pem.empty()) return base::NotFound(path + " (GIT_SSL_CAINFO or SSL_CERT_FILE): cannot be read, or is empty");
  return pem;
}

/// `git@host:path` as a URL; anything else as it is.
std::string WithScheme(const std::string& clone_url) {
  const std::size_t at = clone_url.find('@'), colon = clone_url.find(':');
  if (clone_url.find("://") != clone_url.npos || at == clone_url.npos || colon == clone_url.npos || colon < at) return clone_url;
  return "ssh://" + clone_url.substr(0, colon) + "/" + clone_url.substr(colon + 1);
}

Result<sources::Credentials> SshCredentials() {
  const fs::path folder = fs::path(EnvironmentOr("HOME", "/")) / ".ssh";
  sources::Credentials credentials;
  credentials.known_hosts = ReadText(folder / "known_hosts");
  for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"})
    if (credentials.identity.empty()) credentials.identity = ReadText(folder / name);
  if (credentials.identity.empty())
    return base::MakeError(base::Reason::Unauthorized, "ssh needs a key: there is no id_ed25519, id_ecdsa or id_rsa in " + folder.string());
  if (credentials.known_hosts.empty())
    return base::MakeError(base::Reason::Unauthorized, "ssh needs the host's key: " + (folder / "known_hosts").string() +
                                                           " is not there (`ssh-keyscan HOST` prints it)");
  return credentials;
}

Result<sources::Credentials> CredentialsFor(const sources::GitUrl& url) {
  if (url.scheme == sources::GitScheme::Ssh) return SshCredentials();
  TRY(sources::Credentials credentials, sources::AnonymousCredentials(url));
  TRY(credentials.ca_pem, ExtraRoots());
  credentials.proxy_address = ProxyFor(url.scheme == sources::GitScheme::Https, url.host);
  return credentials;
}

bool IsCommitId(std::string_view ref) {
  return ref.size() == 40 && std::all_of(ref.begin(), ref.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// What `git fetch origin <ref>` may mean, in its order.
std::vector<sources::Reference> Meanings(const std::string& ref) {
  std::vector<sources::Reference> meanings;
  const auto name = [&](std::string full) { meanings.emplace_back().name = std::move(full); };
  if (ref.empty()) return name("HEAD"), meanings;
  if (IsCommitId(ref)) return meanings.emplace_back().commit = ref, meanings;
  if (ref.starts_with("refs/")) name(ref);
  for (const char* prefix : {"refs/", "refs/tags/", "refs/heads/"}) name(prefix + ref);
  return meanings;
}

Result<sources::Resolution> Resolve(sources::Repository& repository, const kustomize::GitUrl& url, const sources::Credentials& credentials,
                                    const sources::GitCall& call) {
  for (const sources::Reference& reference : Meanings(url.ref)) {
    auto resolution = repository.Resolve(reference, credentials, call);
    if (resolution || resolution.error().reason != base::Reason::NotFound) return resolution;
    if (url.ref.empty() || !reference.commit.empty()) return resolution;
  }
  return base::NotFound(repository.url().text + ": there is no tag, branch or reference \"" + url.ref + "\"");
}

class Resolver final : public kustomize::RemoteResolver {
 public:
  ~Resolver() override {
    trees_.clear();
    cache_.reset();
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }

  Result<FilesPtr> FetchTree(const kustomize::GitUrl& url) override {
    const std::string key = url.CloneUrl() + "\n" + url.ref;
    if (const auto known = trees_.find(key); known != trees_.end()) return known->second;
    TRY(FilesPtr tree, Clone(url));
    trees_[key] = tree;
    return tree;
  }

  Result<std::string> FetchFile(std::string_view url) override;

 private:
  Result<FilesPtr> Clone(const kustomize::GitUrl& url);
  Result<void> MakeFolder();

  std::unique_ptr<sources::GitLibrary> library_;  // before what uses it
  std::unique_ptr<sources::GitCache> cache_;
  fs::path folder_;
  std::map<std::string, FilesPtr> trees_;
  std::map<std::string, std::string, std::less<>> files_;
};

Result<void> Resolver::MakeFolder() {
  if (cache_) return {};
  std::error_code error;
  std::string name = (fs::temp_directory_path(error) / "sluice-build-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr)
    return base::MakeError(base::Reason::Unavailable, "no temporary directory can be made for " + name);
  folder_ = name;
  library_ = std::make_unique<sources::GitLibrary>();
  cache_ = std::make_unique<sources::GitCache>(name);
  return {};
}

Result<FilesPtr> Resolver::Clone(const kustomize::GitUrl& url) {
  if (url.host == "file://")
    return base::MakeError(base::Reason::Unsupported, "repositories at file:// are not read; name the directory in place of the URL");
  TRY(const sources::GitUrl parsed, sources::ParseGitUrl(WithScheme(url.CloneUrl())));
  TRY(const sources::Credentials credentials, CredentialsFor(parsed));
  TRY(MakeFolder());
  const auto repository = cache_->Open(parsed);
  const sources::GitCall call{.timeout = url.timeout, .stop = {}};
  TRY(const sources::Resolution resolution, Resolve(*repository, url, credentials, call));
  TRY(repository->Fetch(resolution, credentials, call));
  return repository->OpenTree(resolution.commit);
}

Result<std::string> Resolver::FetchFile(std::string_view url) {
  if (const auto known = files_.find(url); known != files_.end()) return known->second;
  net::Request request;
  request.url = url;
  request.max_redirects = 10;
  net::ClientOptions options;
  const bool https = url.starts_with("https:");
  const std::string_view rest = url.substr(https ? 8 : 7);
  TRY(options.tls.ca_pem, ExtraRoots());
  options.tls.system_roots = true;
  options.proxy = ProxyFor(https, rest.substr(0, rest.find_first_of(":/?#")));
  net::Runtime runtime;
  net::HttpClient client(runtime.io(), options);
  TRY(net::Response response, runtime.BlockOn(client.Send(request)));
  if (response.status < 200 || response.status > 299)
    return base::NotFound("GET " + std::string(url) + ": status " + std::to_string(response.status));
  return files_[std::string(url)] = std::move(response.body);
}

}  // namespace

std::unique_ptr<kustomize::RemoteResolver> MakeRemoteResolver() { return std::make_unique<Resolver>(); }

}  // namespace sluice::cli
