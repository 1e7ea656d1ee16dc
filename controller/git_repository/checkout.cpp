#include "controller/git_repository/checkout.h"

#include <utility>

#include "base/failpoint.h"
#include "base/utf8.h"
#include "controller/conditions.h"
#include "sources/artifact/composed_files.h"
#include "sources/artifact/ignored_files.h"
#include "sources/git/submodules.h"

namespace sluice::controller::git_repository {
namespace {

using base::Error;
using base::Files;
using base::Reason;
using base::Result;
using sources::Artifact;
using FilesPtr = std::shared_ptr<const Files>;

constexpr std::size_t kTitleLength = 50;

std::optional<std::string> IgnoreOf(const Spec& spec) { return spec.ignore.empty() ? std::nullopt : std::optional(spec.ignore); }

/// The commit in `main@sha1:…` or `sha1:…`; "" for any other form.
std::string CommitOf(std::string_view revision) {
  const std::size_t at = revision.rfind('@');
  const std::string_view digest = at == std::string_view::npos ? revision : revision.substr(at + 1);
  return digest.starts_with("sha1:") ? std::string(digest.substr(5)) : std::string();
}

/// The paths of sparseCheckout, clamped, for deciding which submodules are wanted. A path that is none is refused later.
std::vector<std::string> ChosenPaths(const Spec& spec) {
  std::vector<std::string> out;
  for (const std::string& path : spec.sparse_checkout)
    if (auto clamped = sources::ClampPath(path)) out.push_back(*std::move(clamped));
  return out;
}

/// The steps of one job behind the fetch; the first that fails leaves its Failure.
class Checkout {
 public:
  explicit Checkout(const CheckoutJob& job) : job_(job) {}

  CheckoutOutcome Run(FetchedTree tree) {
    FilesPtr files = std::move(tree.files);
    done_.submodule_urls = std::move(tree.submodule_urls);
    if (Sparse(files) && Verify() && CopyIncludes(files) && Ignore(files) && Pack(*files)) {
      Describe();
      done_.files = std::move(files);
      return {.done = std::move(done_), .failure = std::nullopt, .error = std::nullopt};
    }
    return {.done = std::nullopt, .failure = std::move(failure_), .error = std::move(error_)};
  }

 private:
  bool Fail(Step step, std::string_view type, std::string_view reason, Error error) {
    failure_ = Failure{.step = step, .type = std::string(type), .reason = std::string(reason), .message = error.message};
    if (step == Step::Storage) failure_.revision = job_.resolution.revision;
    error_ = std::move(error);
    return false;
  }
  bool FailFetch(Error error) {
    failure_ = FetchFailureOf(error);
    error_ = std::move(error);
    return false;
  }
  bool FailStorage(std::string_view reason, Error error) {
    return Fail(Step::Storage, condition::kStorageOperationFailed, reason, std::move(error));
  }

  bool Sparse(FilesPtr& files) {
    if (job_.spec.sparse_checkout.empty()) return true;
    auto chosen = sources::OnlyPaths(std::move(files), job_.spec.sparse_checkout);
    if (!chosen && chosen.error().reason == Reason::Unavailable) return FailFetch(std::move(chosen).error());
    if (!chosen)
      return Fail(Step::Fetch, condition::kFetchFailed, "InvalidPath",
                  std::move(chosen).error().Wrap("failed to sparse checkout directories "));
    files = *std::move(chosen);
    return true;
  }

  bool Verify() {
    if (!job_.spec.verify || !job_.keys) return true;
    auto commit = job_.repository->ReadCommit(job_.resolution.commit);
    if (!commit) return FailFetch(std::move(commit).error());
    auto tag = ReadTag();
    if (!tag) return FailFetch(std::move(tag).error());
    Verification verification = VerifySignatures(job_.spec.verify->mode, *job_.keys, *commit, *tag, job_.now);
    if (verification.failure) {
      failure_ = *std::move(verification.failure);
      return false;
    }
    done_.verified = std::move(verification.message);
    return true;
  }

  /// The tag that the spec names, or that its range chose.
  Result<std::optional<ReferencingTag>> ReadTag() const {
    constexpr std::string_view kTags = "refs/tags/";
    const std::string& name = job_.resolution.ref_name;
    if (!job_.spec.commit.empty() || !name.starts_with(kTags)) return std::optional<ReferencingTag>();
    ReferencingTag tag{.name = name.substr(kTags.size()), .info = std::nullopt};
    if (!job_.resolution.tag_object.empty()) {
      TRY(tag.info, job_.repository->ReadTag(job_.resolution.tag_object));
    }
    return std::optional<ReferencingTag>(std::move(tag));
  }

  bool CopyIncludes(FilesPtr& files) {
    for (std::size_t i = 0; i < job_.spec.include.size(); ++i) {
      const Include& include = job_.spec.include[i];
      if (auto to = sources::ClampPath(include.to_path); !to)
        return FailStorage("IllegalPath", std::move(to).error().Wrap("path calculation for include '" + include.repository + "' failed"));
      auto copied = CopyOne(std::move(files), include, job_.included[i]);
      if (!copied)
        return FailStorage("CopyFailure", std::move(copied).error().Wrap("failed to copy '" + include.repository + "' include from " +
                                                                         include.from_path + " to " + include.to_path));
      files = *std::move(copied);
    }
    return true;
  }

  Result<FilesPtr> CopyOne(FilesPtr files, const Include& include, const IncludedTree& tree) const {
    FilesPtr content = tree.files;
    if (!content) {
      TRY(content, job_.artifacts->Open(tree.artifact));
    }
    return sources::WithCopy(std::move(files), std::move(content), include.from_path, include.to_path);
  }

  bool Ignore(FilesPtr& files) {
    auto filtered = sources::WithoutIgnored(std::move(files), IgnoreOf(job_.spec), job_.artifacts->limits());
    if (!filtered)
      return FailStorage("SourceIgnoreError", std::move(filtered).error().Wrap("failed to load source ignore patterns from repository"));
    files = *std::move(filtered);
    return true;
  }

  bool Pack(const Files& files) {
    const bool same = job_.previous && job_.previous->revision == job_.resolution.revision &&
                      job_.artifacts->Verify(job_.previous->path, job_.previous->digest);
    if (same) {
      done_.artifact = *job_.previous;
      done_.artifact.url = job_.artifacts->UrlOf(job_.previous->path);
    } else {
      sources::StoreStep step{};
      auto stored = job_.artifacts->Store(OwnerOf(job_.key), job_.resolution.commit, job_.resolution.revision, files, job_.now, &step);
      if (!stored) return FailStore(step, std::move(stored).error());
      done_.artifact = *std::move(stored);
    }
    SLUICE_FAILPOINT("artifact.collect.before");
    auto removed = job_.artifacts->GarbageCollect(OwnerOf(job_.key), done_.artifact.path, job_.now);
    SLUICE_FAILPOINT("artifact.collect.after");
    if (removed) done_.collected = removed->size();
    if (!removed) done_.uncollected = removed.error().message;
    return true;
  }

  bool FailStore(sources::StoreStep step, Error error) {
    if (sources::IsDiskFull(error)) {  // what is there is served on; what is not needed makes room for the next try
      if (job_.previous) (void)job_.artifacts->GarbageCollect(OwnerOf(job_.key), job_.previous->path, job_.now + std::chrono::hours(24));
      return FailStorage("StorageFull", std::move(error).Wrap("unable to archive artifact to storage"));
    }
    switch (step) {
      case sources::StoreStep::Directory:
        return FailStorage("DirectoryCreationFailed", std::move(error).Wrap("failed to create artifact directory"));
      case sources::StoreStep::Link:
        return FailStorage("SymlinkUpdateFailed", std::move(error).Wrap("failed to update the link to the latest artifact"));
      case sources::StoreStep::Archive: break;
    }
    return FailStorage("ArchiveOperationFailed", std::move(error).Wrap("unable to archive artifact to storage"));
  }

  void Describe() {
    if (const auto commit = job_.repository->ReadCommit(job_.resolution.commit)) done_.commit_title = ShortMessage(commit->message);
  }

  const CheckoutJob& job_;
  CheckedOut done_;
  Failure failure_;
  std::optional<Error> error_;
};

}  // namespace

sources::ArtifactOwner OwnerOf(const Key& key) { return {.kind = "GitRepository", .namespace_ = key.ns, .name = key.name}; }

std::string ShortMessage(const std::string& message) {
  const std::string line = message.substr(0, message.find('\n'));
  std::size_t end = 0, count = 0;
  for (; end < line.size() && count < kTitleLength; ++count)
    end += std::max<std::size_t>(1, base::Utf8Length(std::string_view(line).substr(end)));
  return end >= line.size() ? line : line.substr(0, end) + "...";
}

Failure FetchFailureOf(const Error& error) {
  return Failure{.step = Step::Fetch,
                 .type = std::string(condition::kFetchFailed),
                 .reason = std::string(sources::FetchFailedReason(error)),
                 .message = error.message};
}

Result<FetchedTree> FetchTree(const CheckoutJob& job, std::stop_token stop) {
  sources::GitCall call = job.call;
  call.stop = std::move(stop);
  SLUICE_FAILPOINT("git.fetch.before");
  TRY(job.repository->Fetch(job.resolution, job.credentials, call));
  SLUICE_FAILPOINT("git.fetch.after");
  FetchedTree tree;
  const std::string& commit = job.resolution.commit;
  if (!job.spec.recurse_submodules) {
    TRY(tree.files, job.repository->OpenTree(commit));
    return tree;
  }
  std::function<bool(std::string_view)> wanted;
  if (!job.spec.sparse_checkout.empty())
    wanted = [chosen = ChosenPaths(job.spec)](std::string_view path) { return sources::IsChosen(chosen, path); };
  TRY(sources::WithSubmodules opened, sources::OpenWithSubmodules(*job.cache, *job.repository, commit, job.credentials, wanted, call));
  tree.submodule_urls = std::move(opened.urls);
  tree.files = std::move(opened.files);
  return tree;
}

CheckoutOutcome CheckOut(const CheckoutJob& job, FetchedTree tree) { return Checkout(job).Run(std::move(tree)); }

Result<FilesPtr> Restore(const sources::Repository& repository, const sources::ArtifactStore& artifacts, const Artifact& artifact,
                         const Spec& spec, bool plain) {
  TRY(artifacts.Verify(artifact.path, artifact.digest));
  if (!plain) return artifacts.Open(artifact);
  TRY(FilesPtr whole, repository.OpenTree(CommitOf(artifact.revision)));
  if (!spec.sparse_checkout.empty()) {
    TRY(whole, sources::OnlyPaths(std::move(whole), spec.sparse_checkout));
  }
  return sources::WithoutIgnored(std::move(whole), IgnoreOf(spec), artifacts.limits());
}

}  // namespace sluice::controller::git_repository
