#include "controller/helm_chart/dependencies.h"

#include "controller/artifact_value.h"
#include "net/await.h"
#include "sources/git/url.h"
#include "sources/helm/http_repository.h"

namespace sluice::controller::helm_chart {
namespace {

using base::Error;
using base::Invalid;
using base::Result;
using kube::SharedObject;

constexpr std::size_t kMaxDependencies = 256;

Error Prefixed(std::string_view what, Error error) {
  error.message.insert(0, what);
  return error;
}

/// The repository at `url` with the access of the HelmRepository in `ns` that has the same URL, if there is one.
net::Task<Result<std::shared_ptr<ChartRepository>>> RepositoryFor(DependencyParts parts, std::string ns, std::string url) {
  CO_TRY(const std::string normalized, sources::helm_repository::NormalizeUrl(url));
  helm_repository::Spec spec;
  spec.url = normalized;
  std::optional<ChartRepository::StoredIndex> index;
  for (const SharedObject& object : parts.helm_repositories.ListNamespace(ns)) {
    const Result<std::string> theirs = sources::helm_repository::NormalizeUrl(object->StringAt({"spec", "url"}));
    if (!theirs || *theirs != normalized) continue;
    CO_TRY(spec, helm_repository::ParseSpec(*object));
    auto artifact = ArtifactIn(*object);
    if (artifact && parts.repository.artifacts.Exists(*artifact))
      index = {.repository = {ns, std::string(document::NameOf(*object))}, .artifact = *std::move(artifact)};
    break;
  }
  if (spec.oci && !spec.provider.empty() && spec.secret_name.empty())
    co_return Invalid("failed to get credential from '" + spec.provider +
                      "': cloud identities are not supported by this version of Sluice");
  net::Task<Result<helm_repository::Access>> reading = helm_repository::ReadAccess(parts.repository.services.client, ns, spec);
  CO_TRY(helm_repository::Access access, co_await std::move(reading));
  co_return std::make_shared<ChartRepository>(parts.repository, std::move(spec), std::move(access), std::move(index));
}

net::Task<Result<void>> AddRemoteDependency(DependencyParts parts, std::string ns, std::shared_ptr<Draft> draft, Missing missing) {
  const helm::Dependency& wanted = missing.dependency;
  const std::string url = wanted.repository, shown = sources::WithoutUserinfo(url);
  if (url.starts_with('@')) co_return Invalid("aliased repository dependency is not supported: " + shown);
  if (!url.starts_with("oci://") && !url.starts_with("https://") && !url.starts_with("http://"))
    co_return Invalid("invalid dependency repository URL: " + shown);
  net::Task<Result<std::shared_ptr<ChartRepository>>> opening = RepositoryFor(parts, std::move(ns), url);
  Result<std::shared_ptr<ChartRepository>> repository = co_await std::move(opening);
  if (!repository) co_return Prefixed("failed to get chart repository for URL '" + shown + "': ", std::move(repository).error());
  net::Task<Built<ChartVersion>> finding = (*repository)->Find(wanted.name, wanted.version);
  Built<ChartVersion> found = co_await std::move(finding);
  if (found.error) {
    co_return Prefixed("failed to get chart '" + wanted.name + "' version '" + wanted.version + "' from '" + shown + "': ",
                       std::move(found.error->error));
  }
  const std::string version = found.value->version;
  net::Task<Result<std::string>> downloading = (*repository)->Download(*found.value);
  Result<std::string> archive = co_await std::move(downloading);
  if (!archive) co_return Prefixed("chart download of version '" + version + "' failed: ", std::move(archive).error());
  auto bytes = std::make_shared<const std::string>(*std::move(archive));
  auto add = [draft, version, bytes, limit = parts.repository.limits.max_chart_file_bytes]() -> Result<void> {
    return AddDependency(*draft, version, *bytes, limit);
  };
  net::Task<Result<void>> adding = parts.repository.services.workers.Run(std::move(add));
  co_return co_await std::move(adding);
}

}  // namespace

net::Task<Result<void>> AddRemoteDependencies(DependencyParts parts, std::string ns, std::shared_ptr<Draft> draft) {
  const std::vector<Missing> remote = draft->remote;
  if (remote.size() > kMaxDependencies) co_return Invalid("more than " + std::to_string(kMaxDependencies) + " dependencies");
  for (const Missing& one : remote) {
    net::Task<Result<void>> adding = AddRemoteDependency(parts, ns, draft, one);
    const Result<void> added = co_await std::move(adding);
    if (!added) co_return Prefixed("failed to add remote dependency '" + one.name + "': ", added.error());
  }
  co_return Result<void>();
}

}  // namespace sluice::controller::helm_chart
