#include "controller/helm_operator/charts.h"

#include <algorithm>

#include "controller/git_hosts.h"
#include "controller/helm_chart/repository.h"
#include "controller/helm_repository/spec.h"
#include "helm/chart/dependencies.h"
#include "helm/chart/load.h"
#include "net/await.h"
#include "sources/helm/http_repository.h"

namespace sluice::controller::helm_operator {
namespace {

using base::Result;
using helm_chart::Built;
using helm_chart::ChartRepository;
using helm_chart::ChartVersion;
using helm_release::OpenedChart;
using sources::Credentials;

constexpr auto kDialect = helm::Dialect::Helm3;

base::Error Unavailable(base::Error error) { return std::move(error).Wrap("chart unavailable"); }

bool IsCommit(std::string_view ref) {
  constexpr std::size_t kDigits = 40;
  return ref.size() == kDigits && ref.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A branch unless it looks like something else; what is no branch is tried as a tag.
sources::Reference ReferenceOf(const std::string& ref) {
  if (IsCommit(ref)) return {.commit = ref};
  if (ref.starts_with("refs/")) return {.name = ref};
  return {.branch = ref};
}

std::string PathOf(const GitChart& git) { return helm_chart::PathBelow(".", git.path); }

std::string KeyOf(const GitChart& git, const std::string& ns, const std::string& commit, bool update_deps) {
  return git.url + "\n" + git.secret_ns + "/" + git.secret_name + "\n" + ns + "\n" + PathOf(git) + "\n" + commit +
         (update_deps ? "\ndependencies" : "");
}

std::string KeyOf(const RepositoryChart& chart, const std::string& ns) {
  return chart.url + "\n" + ns + "/" + chart.pull_secret + "\n" + chart.name + "\n" + chart.version;
}

struct Resolving {
  std::shared_ptr<sources::Repository> repository;
  std::string ref;
  Credentials credentials;
  sources::GitCall call;
};

/// The head of the reference, fetched. On a worker.
Result<sources::Resolution> ResolveAndFetch(Resolving job, std::stop_token stop) {
  job.call.stop = std::move(stop);
  sources::Reference reference = ReferenceOf(job.ref);
  Result<sources::Resolution> found = job.repository->Resolve(reference, job.credentials, job.call);
  if (!found && found.error().reason == base::Reason::NotFound && !reference.branch.empty()) {
    reference = {.tag = job.ref};
    Result<sources::Resolution> tagged = job.repository->Resolve(reference, job.credentials, job.call);
    if (tagged) found = std::move(tagged);
  }
  if (!found) return std::move(found).error();
  TRY(job.repository->Fetch(*found, job.credentials, job.call));
  return found;
}

/// The chart of a folder, or one with dependencies still to be fetched. On a worker.
Result<helm_chart::Draft> ReadChart(const base::Files& files, const std::string& path, const helm_repository::Limits& limits,
                                    bool update_deps) {
  if (!update_deps) {
    TRY(helm::Chart chart, helm::LoadChart(files, path, kDialect));
    TRY(helm::CheckDependencies(chart));
    return helm_chart::Draft{.chart = std::move(chart)};
  }
  Built<helm::Metadata> metadata = helm_chart::ReadChartMetadata(files, path, limits.max_chart_bytes, limits.max_chart_file_bytes);
  if (metadata.error) return metadata.error->error;
  helm_chart::Build build{.name = metadata.value->name, .version = metadata.value->version};
  const helm_chart::Spec plain;
  Built<helm_chart::Draft> draft = helm_chart::FromFiles(plain, files, path, std::move(build), limits.max_chart_file_bytes);
  if (draft.error) return draft.error->error;
  return *std::move(draft.value);
}

bool SameEntry(const base::Files& left, const base::Files& right, const std::string& path, const base::FileInfo& a,
               const base::FileInfo& b) {
  if (a.name != b.name || a.type != b.type || a.executable != b.executable) return false;
  if (a.type == base::FileType::Directory) return SameBelow(left, right, path);
  return !a.content_id.empty() && a.content_id == b.content_id;
}

}  // namespace

bool SameBelow(const base::Files& left, const base::Files& right, const std::string& path) {
  const auto a = left.List(path), b = right.List(path);
  if (!a || !b) {  // a packed chart, or nothing
    const std::string id = base::ContentIdAt(left, path);
    return !id.empty() && id != "directory" && id == base::ContentIdAt(right, path);
  }
  return std::equal(a->begin(), a->end(), b->begin(), b->end(), [&](const base::FileInfo& one, const base::FileInfo& other) {
    const std::string below = path == "." ? one.name : path + "/" + one.name;
    return SameEntry(left, right, below, one, other);
  });
}

Result<std::string> ReadChartFile(const LoadedChart& chart, const std::string& where) {
  if (chart.files) {
    const auto path = base::JoinPath(chart.path, where);
    if (!path) return base::Invalid("\"" + where + "\" leads out of the repository");
    return chart.files->Read(*path);
  }
  TRY(const std::vector<helm::ChartFile> files, helm::ReadChartArchive(*chart.archive, kDialect));
  const auto path = base::NormalizePath(where);
  if (!path) return base::Invalid("\"" + where + "\" leads out of the chart");
  const auto at = std::find_if(files.begin(), files.end(), [&](const helm::ChartFile& file) { return file.name == *path; });
  if (at == files.end()) return base::NotFound("the chart has no file \"" + *path + "\"");
  return *at->data;
}

net::Task<Result<Charts::Answer>> Charts::Get(Request request, ChartMemory& memory) {
  net::Task<Result<Answer>> task = request.spec.git ? FromGit(std::move(request), memory) : FromRepository(std::move(request), memory);
  co_return co_await std::move(task);
}

Charts::Shared Charts::Find(const std::string& key) {
  const auto at = charts_.find(key);
  return at == charts_.end() ? nullptr : at->second.lock();
}

void Charts::Keep(const std::string& key, const Shared& chart) {
  std::erase_if(charts_, [](const auto& entry) { return entry.second.expired(); });
  charts_[key] = chart;
}

// ---- Git -----------------------------------------------------------------------------------------------------------------------------

net::Task<Result<Credentials>> Charts::CredentialsOf(const Request& request) {
  const GitChart& git = *request.spec.git;
  CO_TRY(const sources::GitUrl url, sources::ParseGitUrl(git.url));
  git_repository::Spec spec;
  spec.secret_name = git.secret_name;
  document::NamespacedName object{.ns = git.secret_name.empty() ? request.ns : git.secret_ns, .name = ""};
  net::Task<git_repository::Access> reading =
      git_repository::ReadAccess(parts_.services.client, parts_.github, parts_.access, std::move(object), std::move(spec), url);
  git_repository::Access access = co_await std::move(reading);
  if (access.failure) co_return base::MakeError(base::Reason::Unauthorized, "git auth error: " + access.failure->message);
  co_return *std::move(access.credentials);
}

/// The head as it is now, fetched, into `memory`.
net::Task<Result<void>> Charts::Look(const Request& request, Credentials credentials, ChartMemory& memory) {
  const GitChart& git = *request.spec.git;
  CO_TRY(const sources::GitUrl url, sources::ParseGitUrl(git.url));
  auto repository = parts_.cache.Open(url);
  Resolving job{.repository = repository,
                .ref = git.ref.empty() ? options_.git_default_ref : git.ref,
                .credentials = std::move(credentials),
                .call = {.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(options_.git_timeout)}};
  auto work = [job = std::move(job)](std::stop_token stop) { return ResolveAndFetch(job, std::move(stop)); };
  net::Task<Result<sources::Resolution>> looking =
      AskHost<sources::Resolution>(parts_.remotes, HostOf("fetch", url), request.on_wait, std::move(work));
  Result<sources::Resolution> head = co_await std::move(looking);
  if (!head) co_return Unavailable(std::move(head).error());
  memory.repository = std::move(repository);
  memory.head = *std::move(head);
  memory.git = git;
  memory.looked = parts_.services.clock.Now();
  co_return Result<void>();
}

net::Task<Result<Charts::Answer>> Charts::FromGit(Request request, ChartMemory& memory) {
  const GitChart& git = *request.spec.git;
  const auto due = memory.looked + std::chrono::duration_cast<base::TimePoint::duration>(options_.git_poll_interval);
  const bool known = memory.loaded && memory.git == git;
  Answer answer{.loaded = memory.loaded, .revision = memory.head.commit};
  const bool judged = request.last_attempted == memory.head.commit || request.last_attempted == memory.same_as;
  if (known && judged && !request.look && parts_.services.clock.Now() < due) co_return answer;
  net::Task<Result<Credentials>> asking = CredentialsOf(request);
  CO_TRY(const Credentials credentials, co_await std::move(asking));
  if (!known) memory.loaded = nullptr;
  net::Task<Result<void>> looking = Look(request, credentials, memory);
  CO_TRY(co_await std::move(looking));
  const bool update_deps = options_.update_deps && !git.skip_dep_update;
  const std::string key = KeyOf(git, request.ns, memory.head.commit, update_deps);
  answer = Answer{.loaded = Find(key), .revision = memory.head.commit};
  if (!answer.loaded) {
    Result<std::shared_ptr<const base::Files>> files = memory.repository->OpenTree(memory.head.commit);
    if (!files) co_return Unavailable(std::move(files).error());
    net::Task<Result<Shared>> loading = LoadCommit(git, request.ns, *std::move(files));
    CO_TRY(answer.loaded, co_await std::move(loading));
    Keep(key, answer.loaded);
  }
  memory.loaded = answer.loaded;
  net::Task<Result<bool>> comparing = HasChanged(request, credentials, memory);
  CO_TRY(answer.changed, co_await std::move(comparing));
  memory.same_as = answer.changed ? std::string() : request.last_attempted;
  co_return answer;
}

net::Task<Result<Charts::Shared>> Charts::LoadCommit(GitChart git, std::string ns, std::shared_ptr<const base::Files> files) {
  const helm_repository::Limits limits = parts_.dependencies.repository.limits;
  const bool update_deps = options_.update_deps && !git.skip_dep_update;
  auto read = [files, path = PathOf(git), limits, update_deps] { return ReadChart(*files, path, limits, update_deps); };
  net::Task<Result<helm_chart::Draft>> reading = parts_.services.workers.Run(std::move(read));
  Result<helm_chart::Draft> read_draft = co_await std::move(reading);
  if (!read_draft) co_return Unavailable(std::move(read_draft).error());
  auto draft = std::make_shared<helm_chart::Draft>(*std::move(read_draft));
  net::Task<Result<void>> adding = helm_chart::AddRemoteDependencies(parts_.dependencies, std::move(ns), draft);
  Result<void> added = co_await std::move(adding);
  if (!added) co_return Unavailable(std::move(added).error());
  auto open = [draft, files, path = PathOf(git), &renderer = parts_.renderer]() -> Result<Shared> {
    TRY(OpenedChart chart, renderer.Open(std::move(draft->chart), kDialect));
    return std::make_shared<const LoadedChart>(
        LoadedChart{.chart = std::make_shared<const OpenedChart>(std::move(chart)), .files = files, .path = path});
  };
  net::Task<Result<Shared>> opening = parts_.services.workers.Run(std::move(open));
  Result<Shared> opened = co_await std::move(opening);
  if (!opened) co_return Unavailable(std::move(opened).error());
  co_return opened;
}

/// Between the commit that was attempted last and the head. What cannot be told counts as changed.
net::Task<Result<bool>> Charts::HasChanged(const Request& request, const Credentials& credentials, const ChartMemory& memory) {
  const std::string last = request.last_attempted;
  if (last == memory.head.commit) co_return false;
  if (!IsCommit(last)) co_return true;
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(options_.git_timeout);
  auto fetch = [repository = memory.repository, last, credentials, timeout](std::stop_token stop) {
    return repository->Fetch({.commit = last}, credentials, {.timeout = timeout, .stop = std::move(stop)});
  };
  net::Task<Result<void>> fetching =
      AskHost<void>(parts_.remotes, HostOf("fetch", memory.repository->url()), request.on_wait, std::move(fetch));
  const Result<void> fetched = co_await std::move(fetching);
  if (!fetched) co_return true;
  auto work = [repository = memory.repository, now = memory.loaded, last]() -> Result<bool> {
    const auto before = repository->OpenTree(last);
    return !before || !SameBelow(**before, *now->files, now->path);
  };
  net::Task<Result<bool>> comparing = parts_.services.workers.Run(std::move(work));
  co_return co_await std::move(comparing);
}

// ---- Repositories --------------------------------------------------------------------------------------------------------------------

net::Task<Result<Charts::Answer>> Charts::FromRepository(Request request, ChartMemory& memory) {
  const RepositoryChart& wanted = *request.spec.repository;
  const std::string key = KeyOf(wanted, request.ns);
  memory.git.reset();
  Shared loaded = Find(key);
  if (!loaded) {
    net::Task<Result<Shared>> pulling = Pull(wanted, request.ns);
    Result<Shared> pulled = co_await std::move(pulling);
    if (!pulled) co_return Unavailable(std::move(pulled).error());
    loaded = *std::move(pulled);
    if (loaded->chart->facts.version == wanted.version) Keep(key, loaded);  // a range is looked up again each time
  }
  memory.loaded = loaded;
  const std::string version = loaded->chart->facts.version;
  co_return Answer{.loaded = std::move(loaded), .revision = version, .changed = version != request.last_attempted};
}

net::Task<Result<Charts::Shared>> Charts::Pull(RepositoryChart wanted, std::string ns) {
  helm_repository::Spec spec;
  CO_TRY(spec.url, sources::helm_repository::NormalizeUrl(wanted.url));
  spec.oci = spec.url.starts_with("oci://");
  spec.secret_name = wanted.pull_secret;
  net::Task<Result<helm_repository::Access>> reading = helm_repository::ReadAccess(parts_.services.client, std::move(ns), spec);
  CO_TRY(helm_repository::Access access, co_await std::move(reading));
  auto repository = std::make_shared<ChartRepository>(parts_.dependencies.repository, std::move(spec), std::move(access), std::nullopt);
  net::Task<Built<ChartVersion>> finding = repository->Find(wanted.name, wanted.version);
  Built<ChartVersion> found = co_await std::move(finding);
  if (found.error) co_return std::move(found.error->error);
  net::Task<Result<std::string>> downloading = repository->Download(*found.value);
  CO_TRY(std::string bytes, co_await std::move(downloading));
  auto archive = std::make_shared<const std::string>(std::move(bytes));
  auto load = [archive, &renderer = parts_.renderer](std::stop_token stop) -> Result<Shared> {
    TRY(OpenedChart chart, helm_release::ThrowBugs(renderer.Open(archive, kDialect, std::move(stop))));
    return std::make_shared<const LoadedChart>(
        LoadedChart{.chart = std::make_shared<const OpenedChart>(std::move(chart)), .archive = archive});
  };
  net::Task<Result<Shared>> loading = parts_.services.workers.Run(std::move(load));
  co_return co_await std::move(loading);
}

}  // namespace sluice::controller::helm_operator
