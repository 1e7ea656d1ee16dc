// How the chart of a look is made: pulled from a repository, or packed from a tree.
#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/helm_chart/dependencies.h"
#include "controller/helm_chart/reconciler.h"
#include "controller/secret_data.h"
#include "controller/spec_reader.h"
#include "net/await.h"
#include "sources/helm/http_repository.h"

namespace sluice::controller::helm_chart {
namespace {

using base::Error;
using base::Invalid;
using base::Result;
using document::Value;

/// Whether an error of a repository is about who we are, or who it is. By its reason alone: an address, a version or a digest holds any digits.
bool IsAboutAccess(const BuildError& error) {
  return (error.step == Step::Pull || error.step == Step::Verification) && error.error.reason == base::Reason::Unauthorized;
}

/// `([-a-z0-9]+/?\.?)+`
bool IsChartName(std::string_view name) {
  bool word = false, slash = false, dot = false;  // of the group that is being read
  for (const char c : name) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-') {
      if (slash || dot) slash = dot = false;
      word = true;
    } else if (c == '/' && word && !slash && !dot) {
      slash = true;
    } else if (c == '.' && word && !dot) {
      dot = true;
    } else {
      return false;
    }
  }
  return word;
}

Error Prefixed(std::string_view what, Error error) {
  error.message.insert(0, what);
  return error;
}

}  // namespace

ChartRepository::Parts Reconciler::RepositoryParts() const {
  return {parts_.io, parts_.services, parts_.artifacts, parts_.indexes, parts_.limits};
}

/// The artifact that is stored, if it is the chart `name` of `version` and the spec has not changed since it was made.
std::optional<Build> Reconciler::Unchanged(const Run& run, const std::string& name, const std::string& version, bool packaged) const {
  const Value* observed = run.object->At({"status", "observedGeneration"});
  if (!run.previous || observed == nullptr || observed->AsInt() != GenerationOf(*run.object)) return std::nullopt;
  if (run.object->StringAt({"status", "observedChartName"}) != name || run.previous->revision != version) return std::nullopt;
  Build build{.name = name, .version = version, .unchanged = true, .packaged = packaged};
  build.values_files = run.spec.EffectiveValuesFiles();
  if (const Value* files = run.object->At({"status", "observedValuesFiles"})) {
    build.values_files.clear();
    for (const Value& file : files->items()) build.values_files.emplace_back(file.text());
  }
  return build;
}

net::Task<Reconciler::Verdict> Reconciler::BuildFromRepository(std::shared_ptr<Run> run) {
  const auto trouble = [](Failure failure) { return Verdict{.trouble = Trouble{.failure = std::move(failure)}}; };
  Result<helm_repository::Spec> spec = helm_repository::ParseSpec(*run->source);
  Result<std::string> url = spec ? sources::helm_repository::NormalizeUrl(spec->url) : Result<std::string>(std::string());
  std::optional<Failure> wrong;
  if (!spec || !url) wrong = UnknownFailure("URLInvalid", "invalid Helm repository URL: " + (spec ? url.error() : spec.error()).message);
  if (!wrong && spec->oci && !url->starts_with("oci://")) {
    wrong = UnknownFailure("Failed", "failed to construct Helm client: invalid OCI registry URL: " + *url);
  }
  if (!wrong && spec->oci && !spec->provider.empty() && spec->secret_name.empty()) {
    wrong = Failure{
        .type = std::string(condition::kFetchFailed),
        .reason = "FeatureGateDisabled",
        .message = RefusedField("spec.provider \"" + spec->provider + "\" of HelmRepository '" + run->spec.source_name + "'").message};
  }
  if (wrong) {
    wrong->stalled = true;
    co_return trouble(*std::move(wrong));
  }
  net::Task<Result<helm_repository::Access>> reading = helm_repository::ReadAccess(parts_.services.client, run->key.ns, *spec);
  Result<helm_repository::Access> access = co_await std::move(reading);
  if (!access) {
    Verdict verdict = trouble(UnknownFailure("AuthenticationFailed", access.error().message));
    verdict.trouble->canceled = access.error().reason == base::Reason::Canceled;
    co_return verdict;
  }
  std::optional<ChartRepository::StoredIndex> index;
  if (run->index) index = {.repository = {run->key.ns, run->spec.source_name}, .artifact = *run->index};
  auto repository = std::make_shared<ChartRepository>(RepositoryParts(), *std::move(spec), *std::move(access), std::move(index));
  net::Task<Choice> choosing = Choose(run, repository);
  Choice choice = co_await std::move(choosing);
  if (choice.trouble) co_return Verdict{.trouble = std::move(choice.trouble)};
  net::Task<Verdict> pulling = PullAndPack(run, repository, *std::move(choice.version));
  co_return co_await std::move(pulling);
}

Reconciler::Trouble Reconciler::TroubleOf(const BuildError& error) {
  Trouble trouble{.failure = FailureOf(error)};
  trouble.canceled = error.error.reason == base::Reason::Canceled;
  if (error.error.retry_after) trouble.again = *error.error.retry_after;
  if (IsAboutAccess(error))
    trouble.failure = UnknownFailure("AuthenticationFailed", "failed to authenticate with the Helm repository: " + error.message());
  return trouble;
}

/// Which version is meant, and that it is signed where it must be.
net::Task<Reconciler::Choice> Reconciler::Choose(std::shared_ptr<Run> run, std::shared_ptr<ChartRepository> repository) {
  const auto failed = [](BuildError error) { return Choice{.trouble = TroubleOf(error)}; };
  const Spec& spec = run->spec;
  if (!IsChartName(spec.chart)) {
    co_return failed({Step::InvalidReference,
                      Invalid("invalid chart name '" + spec.chart +
                              "': a valid name must be lower case letters and numbers and MAY be separated with dashes (-), slashes (/) or "
                              "periods (.)")});
  }
  std::vector<std::string> keys;
  if (spec.verify && !run->index) {
    net::Task<Result<std::vector<std::string>>> reading_keys = ReadKeys(run);
    Result<std::vector<std::string>> read = co_await std::move(reading_keys);
    if (!read) {
      const std::string message = "failed to verify the signature using provider 'cosign': " + read.error().message;
      Choice choice{.trouble = Trouble{.failure = UnknownFailure("VerificationError", message)}};
      choice.trouble->failure.not_verified = message;
      choice.trouble->canceled = read.error().reason == base::Reason::Canceled;
      co_return choice;
    }
    keys = *std::move(read);
  }
  net::Task<Built<ChartVersion>> finding = repository->Find(spec.chart, spec.version);
  Built<ChartVersion> found = co_await std::move(finding);
  if (found.error) {
    found.error->error = Prefixed("failed to get chart version for remote reference: ", std::move(found.error->error));
    co_return failed(*std::move(found.error));
  }
  Choice choice{.version = std::move(found.value)};
  if (!spec.verify) co_return choice;
  net::Task<Result<std::string>> verifying = repository->Verify(*choice.version, keys);
  const Result<std::string> verified = co_await std::move(verifying);
  if (!verified) co_return failed({Step::Verification, verified.error()});
  choice.version->digest = *verified;
  co_return choice;
}

/// The archive of `version`, unless it is stored already; as it is, or packed anew.
net::Task<Reconciler::Verdict> Reconciler::PullAndPack(std::shared_ptr<Run> run, std::shared_ptr<ChartRepository> repository,
                                                       ChartVersion version) {
  const auto failed = [](BuildError error) { return Verdict{.trouble = TroubleOf(error)}; };
  const std::string metadata = VersionMetadata(run->spec, run->source_revision, GenerationOf(*run->object));
  Built<std::string> full = WithMetadata(version.version, metadata);
  if (full.error) co_return failed(*std::move(full.error));
  const bool repackage = !run->spec.EffectiveValuesFiles().empty() || !metadata.empty();
  if (std::optional<Build> unchanged = Unchanged(*run, version.name, *full.value, repackage)) {
    unchanged->verified = run->spec.verify;
    co_return Verdict{.build = std::move(unchanged)};
  }
  net::Task<Result<std::string>> downloading = repository->Download(version);
  Result<std::string> archive = co_await std::move(downloading);
  if (!archive) co_return failed({Step::Pull, Prefixed("failed to download chart for remote reference: ", std::move(archive).error())});
  auto bytes = std::make_shared<std::string>(*std::move(archive));
  auto pack = [run, bytes, repackage, name = version.name, full_version = *full.value,
               limit = parts_.limits.max_chart_file_bytes]() -> Result<Built<Build>> {
    return FromArchive(run->spec, name, full_version, repackage, std::move(*bytes), limit);
  };
  net::Task<Result<Built<Build>>> packing = parts_.services.workers.Run(std::move(pack));
  Result<Built<Build>> packed = co_await std::move(packing);
  if (!packed) co_return failed({Step::Unknown, packed.error()});
  if (packed->error) co_return failed(*std::move(packed->error));
  packed->value->verified = run->spec.verify;
  co_return Verdict{.build = std::move(packed->value)};
}

net::Task<Result<std::vector<std::string>>> Reconciler::ReadKeys(std::shared_ptr<Run> run) {
  net::Task<Result<std::map<std::string, std::string>>> reading =
      ReadSecretData(parts_.services.client, run->key.ns, run->spec.verify_secret);
  CO_TRY(const auto data, co_await std::move(reading));
  std::vector<std::string> keys;
  for (const auto& [name, key] : data)
    if (name.ends_with(".pub")) keys.push_back(key);
  if (keys.empty()) co_return Invalid("no public keys found in secret '" + run->key.ns + "/" + run->spec.verify_secret + "'");
  co_return keys;
}

net::Task<Reconciler::Verdict> Reconciler::BuildFromTree(std::shared_ptr<Run> run) {
  std::shared_ptr<const base::Files> files = run->tree->files;
  if (!files) {
    net::Task<ArtifactLoader::Answer> loading = parts_.loader.Load(run->tree);
    ArtifactLoader::Answer answer = co_await std::move(loading);
    if (!answer.files) {
      Trouble trouble{.failure = UnknownFailure("Failed", "artifact untar error: " + answer.error.message)};
      trouble.canceled = answer.error.reason == base::Reason::Canceled;
      trouble.quiet = answer.again && answer.quiet;
      trouble.again = answer.again.value_or(parts_.services.requeue_dependency);
      co_return Verdict{.trouble = std::move(trouble)};
    }
    files = std::move(answer.files);
  }
  auto job = [this, run, files]() -> Result<TreeLook> { return LookAtTree(*run, *files); };
  net::Task<Result<TreeLook>> looking = parts_.services.workers.Run(std::move(job));
  Result<TreeLook> look = co_await std::move(looking);
  if (!look) co_return Verdict{.trouble = TroubleOf({Step::Pull, look.error()})};
  if (!look->error && look->draft) {
    auto draft = std::make_shared<Draft>(*std::move(look->draft));
    net::Task<Built<Build>> adding = AddRemoteDependencies(run, std::move(draft));
    Built<Build> built = co_await std::move(adding);
    look->error = std::move(built.error);
    if (built.value) look->build = *std::move(built.value);
  }
  if (look->error) co_return Verdict{.trouble = TroubleOf(*look->error)};
  co_return Verdict{.build = std::move(look->build)};
}

/// On a worker. What goes wrong of the chart itself is in the look; an Error is about the tree.
Result<Reconciler::TreeLook> Reconciler::LookAtTree(const Run& run, const base::Files& files) const {
  const Spec& spec = run.spec;
  TreeLook look;
  const std::string path = PathBelow(".", spec.chart);
  Built<helm::Metadata> metadata = ReadChartMetadata(files, path, parts_.limits.max_chart_bytes, parts_.limits.max_chart_file_bytes);
  look.error = std::move(metadata.error);
  if (look.error) return look;
  const std::string added = VersionMetadata(spec, run.source_revision, GenerationOf(*run.object));
  Built<std::string> version = WithMetadata(metadata.value->version, added);
  look.error = std::move(version.error);
  if (look.error) return look;
  TRY(const base::FileInfo info, files.Stat(path));
  const bool repackage = info.type == base::FileType::Directory || !added.empty();
  if (std::optional<Build> same = Unchanged(run, metadata.value->name, *version.value, repackage)) {
    look.build = *std::move(same);
    return look;
  }
  look.build.name = metadata.value->name;
  look.build.version = *version.value;
  if (!repackage) {
    TRY(look.build.archive, files.Read(path));
    return look;
  }
  Built<Draft> draft = FromFiles(spec, files, path, look.build, parts_.limits.max_chart_file_bytes);
  look.draft = std::move(draft.value);
  look.error = std::move(draft.error);
  return look;
}

/// Fetches what the source does not have, one after the other, and packs.
net::Task<Built<Build>> Reconciler::AddRemoteDependencies(std::shared_ptr<Run> run, std::shared_ptr<Draft> draft) {
  const DependencyParts parts{RepositoryParts(), *parts_.sources.at("HelmRepository")};
  net::Task<Result<void>> adding = helm_chart::AddRemoteDependencies(parts, run->key.ns, draft);
  Result<void> added = co_await std::move(adding);
  if (!added) co_return Built<Build>{.error = BuildError{Step::Dependencies, std::move(added).error()}};
  auto pack = [draft]() -> Result<Built<Build>> { return Finish(std::move(*draft)); };
  net::Task<Result<Built<Build>>> packing = parts_.services.workers.Run(std::move(pack));
  Result<Built<Build>> packed = co_await std::move(packing);
  if (!packed) co_return Built<Build>{.error = BuildError{Step::Unknown, packed.error()}};
  co_return *std::move(packed);
}

}  // namespace sluice::controller::helm_chart
