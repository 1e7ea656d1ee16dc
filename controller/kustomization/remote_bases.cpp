#include "controller/kustomization/remote_bases.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "controller/git_hosts.h"
#include "net/await.h"
#include "sources/git/submodules.h"

namespace sluice::controller::kustomization {
namespace {

namespace fs = std::filesystem;
using base::Reason;
using base::Result;
using FilesPtr = std::shared_ptr<const base::Files>;

/// Whatever `?timeout=` asks for.
constexpr std::chrono::milliseconds kLongestFetch = std::chrono::minutes(5);

std::string Variable(const std::string& name, std::string otherwise = "") {
  const char* value = std::getenv(name.c_str());
  return value == nullptr || *value == '\0' ? std::move(otherwise) : value;
}

/// The variable in lower case (curl's and git's way), else in upper case.
std::string EitherCase(std::string name) {
  const std::string lower = Variable(name);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return lower.empty() ? Variable(name) : lower;
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
  std::string proxy = EitherCase(https ? "https_proxy" : "http_proxy");
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
  const std::string path = Variable("GIT_SSL_CAINFO", Variable("SSL_CERT_FILE"));
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

Result<sources::GitUrl> Parse(const kustomize::GitUrl& url) {
  if (url.host == "file://")
    return base::MakeError(Reason::Unsupported, "repositories at file:// are not read; name the directory in place of the URL");
  return sources::ParseGitUrl(WithScheme(url.CloneUrl()));
}

Result<sources::Credentials> SshCredentials() {
  const fs::path folder = fs::path(Variable("HOME", "/")) / ".ssh";
  sources::Credentials credentials;
  credentials.known_hosts = ReadText(folder / "known_hosts");
  for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"})
    if (credentials.identity.empty()) credentials.identity = ReadText(folder / name);
  if (credentials.identity.empty())
    return base::MakeError(Reason::Unauthorized, "ssh needs a key: there is no id_ed25519, id_ecdsa or id_rsa in " + folder.string());
  if (credentials.known_hosts.empty())
    return base::MakeError(Reason::Unauthorized, "ssh needs the host's key: " + (folder / "known_hosts").string() +
                                                     " is not there (`ssh-keyscan HOST` prints it)");
  return credentials;
}

Result<sources::Credentials> AmbientCredentials(const sources::GitUrl& url) {
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
    if (resolution || resolution.error().reason != Reason::NotFound) return resolution;
    if (url.ref.empty() || !reference.commit.empty()) return resolution;
  }
  return base::NotFound(repository.url().text + ": there is no tag, branch or reference \"" + url.ref + "\"");
}

/// Directories and modes of one repository at one reference have one tree.
std::string KeyOf(const kustomize::GitUrl& url) { return url.CloneUrl() + "\n" + url.ref + (url.submodules ? "" : "\nwithout submodules"); }

}  // namespace

Result<RemoteTree> FetchRemoteTree(sources::GitCache& cache, const kustomize::GitUrl& url, std::stop_token stop) {
  TRY(const sources::GitUrl parsed, Parse(url));
  TRY(const sources::Credentials credentials, AmbientCredentials(parsed));
  RemoteTree tree{.files = nullptr, .repository = cache.Open(parsed)};
  const sources::GitCall call{.timeout = std::min(url.timeout, kLongestFetch), .stop = std::move(stop)};
  TRY(const sources::Resolution resolution, Resolve(*tree.repository, url, credentials, call));
  TRY(tree.repository->Fetch(resolution, credentials, call));
  if (url.submodules) {
    TRY(sources::WithSubmodules whole, sources::OpenWithSubmodules(cache, *tree.repository, resolution.commit, credentials, {}, call));
    tree.files = std::move(whole.files);
  } else {
    TRY(tree.files, tree.repository->OpenTree(resolution.commit));
  }
  return tree;
}

Result<RemoteFileCall> CallForRemoteFile(std::string_view url) {
  RemoteFileCall call;
  call.request.url = url;
  call.request.max_redirects = 10;
  const bool https = url.starts_with("https:");
  const std::string_view rest = url.substr(https ? 8 : 7);
  TRY(call.client.tls.ca_pem, ExtraRoots());
  call.client.tls.system_roots = true;
  call.client.proxy = ProxyFor(https, rest.substr(0, rest.find_first_of(":/?#")));
  return call;
}

Result<std::string> BodyOf(const RemoteFileCall& call, Result<net::Response> answer) {
  if (!answer) return std::move(answer).error();
  if (answer->status < 200 || answer->status > 299)
    return base::NotFound("GET " + call.request.url + ": status " + std::to_string(answer->status));
  return std::move(answer->body);
}

const Result<RemoteTree>* RemoteBases::FindTree(const kustomize::GitUrl& url) const {
  const auto at = trees_.find(KeyOf(url));
  return at == trees_.end() ? nullptr : &at->second;
}

const Result<std::string>* RemoteBases::FindFile(std::string_view url) const {
  const auto at = files_.find(url);
  return at == files_.end() ? nullptr : &at->second;
}

void RemoteBases::Add(const kustomize::GitUrl& url, Result<RemoteTree> tree) { trees_.insert_or_assign(KeyOf(url), std::move(tree)); }

void RemoteBases::Add(std::string_view url, Result<std::string> file) { files_.insert_or_assign(std::string(url), std::move(file)); }

std::vector<std::shared_ptr<sources::Repository>> RemoteBases::Repositories() const {
  std::vector<std::shared_ptr<sources::Repository>> all;
  for (const auto& [key, tree] : trees_)
    if (tree) all.push_back(tree->repository);
  return all;
}

Result<FilesPtr> HeldRemotes::FetchTree(const kustomize::GitUrl& url) {
  const Result<RemoteTree>* known = missing_ ? nullptr : bases_.FindTree(url);
  if (known == nullptr) {
    if (!missing_) missing_ = RemoteName{.repository = url, .file = ""};
    return base::MakeError(Reason::Unavailable, url.raw + " is not fetched yet");
  }
  if (!*known) return known->error();
  return (*known)->files;
}

Result<std::string> HeldRemotes::FetchFile(std::string_view url) {
  const Result<std::string>* known = missing_ ? nullptr : bases_.FindFile(url);
  if (known != nullptr) return *known;
  if (!missing_) missing_ = RemoteName{.repository = std::nullopt, .file = std::string(url)};
  return base::MakeError(Reason::Unavailable, std::string(url) + " is not fetched yet");
}

net::Task<Result<void>> RemoteFetcher::Fetch(RemoteName name, std::shared_ptr<RemoteBases> bases, std::function<void(bool)> on_wait) const {
  if (bases->size() >= kMaxRemotes)
    co_return base::MakeError(Reason::TooLarge, "it names more than " + std::to_string(kMaxRemotes) + " files and repositories elsewhere");
  if (name.repository) {
    const kustomize::GitUrl url = *std::move(name.repository);
    const Result<sources::GitUrl> parsed = Parse(url);
    if (!parsed) {
      bases->Add(url, parsed.error());
      co_return Result<void>();
    }
    std::function<Result<RemoteTree>(std::stop_token)> call = [url, &cache = parts_.cache](std::stop_token stop) {
      return FetchRemoteTree(cache, url, std::move(stop));
    };
    net::Task<Result<RemoteTree>> asking = AskHost<RemoteTree>(parts_.hosts, HostOf("fetch", *parsed), std::move(on_wait), std::move(call));
    Result<RemoteTree> tree = co_await std::move(asking);
    if (!tree && tree.error().reason == Reason::Canceled) co_return std::move(tree).error();
    bases->Add(url, std::move(tree));
    co_return Result<void>();
  }
  const Result<RemoteFileCall> call = CallForRemoteFile(name.file);
  if (!call) {
    bases->Add(name.file, call.error());
    co_return Result<void>();
  }
  net::HttpClient client(parts_.io, call->client);
  on_wait(true);
  net::Task<Result<net::Response>> sending = client.Send(call->request);
  Result<net::Response> answer = co_await std::move(sending);
  on_wait(false);
  if (!answer && answer.error().reason == Reason::Canceled) co_return std::move(answer).error();
  bases->Add(name.file, BodyOf(*call, std::move(answer)));
  co_return Result<void>();
}

}  // namespace sluice::controller::kustomization
