// What references point at, what is fetched, what a tree shows: against real servers.
#include "sources/git/repository.h"

#include <gtest/gtest.h>

#include "tests/sources/git_repositories.h"

namespace sluice::sources {
namespace {

TEST_F(GitRepositories, EachKindOfReference) {
  remote.Write("a", "1");
  const std::string first = remote.Commit("first");
  remote.Git("tag v1.0.0");
  remote.Git("-c tag.gpgsign=false tag -a v1.1.0 -m annotated");
  remote.Git("tag v2.0.0-rc.1");
  remote.Write("a", "2");
  const std::string second = remote.Commit("second");
  remote.Git("update-ref refs/pull/7/head " + second);
  remote.Git("branch feature/x " + first);
  remote.Git("branch main2 " + first);
  const std::string tag_object = remote.Git("rev-parse v1.1.0");
  struct Row {
    Reference reference;
    std::string commit, ref_name, tag, revision;
  };
  const Row kRows[] = {
      {{.branch = "main"}, second, "refs/heads/main", "", "main@sha1:" + second},
      {{.branch = "feature/x"}, first, "refs/heads/feature/x", "", "feature/x@sha1:" + first},
      {{.tag = "v1.0.0"}, first, "refs/tags/v1.0.0", "", "v1.0.0@sha1:" + first},
      {{.tag = "v1.1.0"}, first, "refs/tags/v1.1.0", tag_object, "v1.1.0@sha1:" + first},
      {{.semver = "1.x"}, first, "refs/tags/v1.1.0", tag_object, "v1.1.0@sha1:" + first},
      {{.semver = ">=1.0.0-0"}, first, "refs/tags/v2.0.0-rc.1", "", "v2.0.0-rc.1@sha1:" + first},
      {{.name = "refs/pull/7/head"}, second, "refs/pull/7/head", "", "refs/pull/7/head@sha1:" + second},
      {{.name = "refs/heads/main"}, second, "refs/heads/main", "", "refs/heads/main@sha1:" + second},
      {{.name = "refs/tags/v1.1.0"}, first, "refs/tags/v1.1.0", tag_object, "refs/tags/v1.1.0@sha1:" + first},
      {{.name = "refs/tags/v1.1.0^{}"}, first, "refs/tags/v1.1.0", tag_object, "refs/tags/v1.1.0^{}@sha1:" + first},
      {{.commit = first}, first, "", "", "sha1:" + first},
      {{.branch = "main", .commit = first}, first, "refs/heads/main", "", "main@sha1:" + first},
  };
  for (const char* scheme : {"http", "ssh"}) {
    const Credentials credentials = scheme == std::string("ssh") ? server_->Ssh() : Credentials{};
    for (const Row& row : kRows) {
      const GitCache fresh(directory.path() + "/" + scheme);
      const auto repository = const_cast<GitCache&>(fresh).Open(server_->Url(scheme, remote));
      Resolution found;
      ASSERT_EQ(Get(*repository, row.reference, credentials, &found), "") << scheme << " " << row.revision;
      EXPECT_EQ(found, (Resolution{row.commit, row.ref_name, row.tag, row.revision})) << scheme;
      EXPECT_EQ(Shown(**repository->OpenTree(row.commit)), row.commit == first ? "a=1\n" : "a=2\n");
      if (!row.tag.empty()) {
        EXPECT_EQ(repository->ReadTag(row.tag).value().message, "annotated\n");
      }
    }
  }
}

TEST_F(GitRepositories, WhatIsNotThereIsNamed) {
  remote.Write("a", "1");
  const std::string commit = remote.Commit("first");
  remote.Git("tag v1.0.0");
  remote.Git("branch dev");
  const std::string other = "1234567890123456789012345678901234567890";
  const std::string url = server_->Url("http", remote).text;
  struct Row {
    Reference reference;
    std::string reason, want;
  };
  const Row kRows[] = {
      {{}, "NotFound", "couldn't find remote ref \"refs/heads/master\": there is no branch \"master\"; the repository has dev, main"},
      {{.branch = "mian"},
       "NotFound",
       "couldn't find remote ref \"refs/heads/mian\": there is no branch \"mian\"; the repository has dev, main"},
      {{.tag = "v2"}, "NotFound", "couldn't find remote ref \"refs/tags/v2\": there is no tag \"v2\"; the repository has v1.0.0"},
      {{.name = "refs/pull/1/head"},
       "NotFound",
       "couldn't find remote ref \"refs/pull/1/head\": there is no reference \"refs/pull/1/head\"; the repository has dev, main"},
      {{.semver = ">=2"}, "NotFound", "no match found for semver: >=2"},
      {{.semver = "x y"}, "Invalid", "semver parse error: improper constraint: \"x y\""},
      {{.branch = "none", .commit = commit},
       "NotFound",
       "couldn't find remote ref \"refs/heads/none\": there is no branch \"none\"; the repository has dev, main"},
      {{.commit = other}, "NotFound", "the commit is not there (any more): the host says 'upload-pack: not our ref " + other + "'"},
      {{.branch = "main", .commit = other},
       "NotFound",
       "unable to resolve commit object for '" + other + "': it is not in the history of branch \"main\""},
  };
  for (const Row& row : kRows) {
    const auto repository = Open();
    const auto found = repository->Resolve(row.reference, {});
    const auto done = found ? repository->Fetch(*found, {}) : base::Result<void>(found.error());
    EXPECT_EQ(MessageOf(done), url + ": " + row.want);
    EXPECT_EQ(ReasonOf(done), row.reason);
    EXPECT_EQ(FetchFailedReason(done.error()), "GitOperationFailed");
  }
  EXPECT_EQ(MessageOf(Open()->Resolve({.branch = "a b"}, {})), "ref.branch: \"a b\" is no valid branch name");
}

TEST_F(GitRepositories, NamesAreShownAsTheyAre) {
  remote.Write("a", "1");
  remote.Commit("first");
  remote.Git("branch ünï/côde");
  EXPECT_TRUE(MessageOf(Open()->Resolve({.branch = "none"}, {})).ends_with("; the repository has main, ünï/côde"));
}

TEST_F(GitRepositories, WhatIsNoCommitIsNamed) {
  remote.Write("a", "1");
  remote.Commit("first");
  const std::string tree = remote.Git("rev-parse main^{tree}"), blob = remote.Git("rev-parse main:a"),
                    url = server_->Url("http", remote).text;
  remote.Git("tag tree main^{tree}");
  remote.Git("tag blob main:a");
  remote.Git("tag -a annotated -m x main^{tree}");
  const std::string end = ", not a commit; name a commit, or a branch or tag of one";
  const std::pair<Reference, std::string> kRows[] = {
      {{.tag = "tree"}, "refs/tags/tree does not point to a commit: object " + tree + " is a tree"},
      {{.tag = "blob"}, "refs/tags/blob does not point to a commit: object " + blob + " is a blob"},
      {{.tag = "annotated"}, "refs/tags/annotated does not point to a commit: object " + tree + " is a tree"},
      {{.commit = blob}, "there is no such commit: object " + blob + " is a blob"},
  };
  for (const auto& [reference, want] : kRows) {
    EXPECT_EQ(Get(*Open(), reference, {}), url + ": " + want + end);
    EXPECT_EQ(Get(*Open("ssh"), {.branch = "main"}, server_->Ssh()), "") << "nothing is the worse for it";
  }
}

TEST_F(GitRepositories, EmptyRepository) {
  const std::string url = server_->Url("http", remote).text;
  for (const char* scheme : {"http", "ssh"}) {
    const Credentials credentials = scheme == std::string("ssh") ? server_->Ssh() : Credentials{};
    const auto found = Open(scheme)->Resolve({.branch = "main"}, credentials);
    EXPECT_EQ(MessageOf(found), server_->Url(scheme, remote).text + ": git repository is empty");
    EXPECT_EQ(FetchFailedReason(found.error()), "EmptyGitRepository");
  }
  const auto tag = Open()->Resolve({.tag = "v1"}, {});
  EXPECT_EQ(MessageOf(tag), url + ": git repository is empty, so there is no tag \"v1\"");
  EXPECT_EQ(FetchFailedReason(tag.error()), "GitOperationFailed");
}

TEST_F(GitRepositories, RepositoryThatIsNotThere) {
  const auto missing = cache.Open(ParseGitUrl((*server_)["http"] + "/none.git").value())->Resolve({.branch = "main"}, {});
  EXPECT_EQ(MessageOf(missing),
            (*server_)["http"] + "/none.git: repository not found (HTTP 404): check the URL, and whether it needs credentials");
  EXPECT_EQ(ReasonOf(missing), "NotFound");
  const auto ssh = cache.Open(ParseGitUrl((*server_)["ssh"] + "/none.git").value())->Resolve({.branch = "main"}, server_->Ssh());
  EXPECT_EQ(ReasonOf(ssh), "Unavailable");
  EXPECT_EQ(MessageOf(ssh), (*server_)["ssh"] + "/none.git: the host ended the connection ('no repository '/none.git'')");
}

TEST_F(GitRepositories, TreeShowsWhatACheckoutWould) {
  remote.Write("dir/file", "content");
  remote.Write("dir.x", "sorts between");
  remote.Write("run", "#!/bin/sh\n");
  remote.Git("submodule --quiet add --name sub " + (*server_)["http"] + "/none.git sub 2>/dev/null || true");
  Shell("cd " + remote.work() +
        " && chmod +x run && ln -s dir/file link && ln -s dir d && ln -s ../run dir/up && ln -s /etc/passwd out && ln -s ../../x away && "
        "ln -s b a && ln -s a b && ln -s none broken");
  const std::string commit = remote.Commit("first");
  remote.Git("update-index --add --cacheinfo 160000," + commit + ",module");
  remote.Git("commit -q -m submodule");
  const auto repository = Open();
  Resolution found;
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}, &found), "");
  const auto files = repository->OpenTree(found.commit).value();

  EXPECT_EQ(Shown(*files),
            "a -> link\naway -> link\nb -> link\nbroken -> link\nd -> link\ndir/file=content\ndir/up -> link\ndir.x=sorts between\nlink -> "
            "link\nout -> link\nrun*=#!/bin/sh\n\n");
  EXPECT_EQ(files->Read("link").value(), "content");
  EXPECT_EQ(files->Read("d/../d/file").value(), "content");
  EXPECT_EQ(files->Read("d/up").value(), "#!/bin/sh\n");
  EXPECT_EQ(files->Resolve("d/up").value(), "run");
  EXPECT_EQ(files->Resolve("d").value(), "dir");
  EXPECT_EQ(files->Resolve(".").value(), ".");
  EXPECT_EQ(files->Stat("run").value().executable, true);
  EXPECT_EQ(files->Stat("dir/file").value().size, 7u);
  EXPECT_EQ(files->Stat("dir/file").value().content_id, remote.Git("rev-parse HEAD:dir/file"));
  EXPECT_EQ(files->Stat("d").value().content_id, remote.Git("rev-parse HEAD:dir"));
  EXPECT_EQ(files->Stat(".").value().content_id, remote.Git("rev-parse HEAD^{tree}"));
  struct Row {
    std::string path, want;
  };
  const Row kRows[] = {
      {"module", "module: no such file or directory"},
      {"none", "none: no such file or directory"},
      {"run/x", "run/x: no such file or directory"},
      {"broken", "broken: no such file or directory"},
      {"out", "out: leads outside of the repository"},
      {"away", "away: leads outside of the repository"},
      {"../x", "../x: leads outside of the repository"},
      {"a", "a: too many levels of symbolic links"},
      {"dir", "dir: is a directory"},
  };
  for (const Row& row : kRows) EXPECT_EQ(MessageOf(files->Read(row.path)), row.want);
  EXPECT_EQ(MessageOf(files->List("run")), "run: not a directory");
}

TEST_F(GitRepositories, CommitInfo) {
  remote.Write("a", "1");
  const std::string first = remote.Commit("subject\n\nbody", 1'700'000'000);
  const std::string second = remote.Commit("next", 1'700'000'123);
  const auto repository = Open();
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "");
  const CommitInfo info = repository->ReadCommit(second).value();
  EXPECT_EQ(info.committer.name + "|" + info.author.email + "|" + info.message, "Fleet|fleet@example.com|next\n");
  EXPECT_EQ(info.committer.time, base::TimePoint(std::chrono::seconds(1'700'000'123)));
  EXPECT_EQ(info.parents, std::vector<std::string>{first});
  EXPECT_EQ(info.tree, remote.Git("rev-parse HEAD^{tree}"));
  EXPECT_EQ(MessageOf(repository->ReadCommit(first)), repository->url().text + ": commit " + first + " is not in the cache");
}

TEST_F(GitRepositories, FetchesOnlyTheDifference) {
  for (int i = 0; i < 200; ++i) remote.Write("dir/" + std::to_string(i), Shell("head -c 2000 /dev/urandom | base64 -w0"));
  remote.Commit("big");
  const auto repository = Open();
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "");
  const std::uint64_t before = repository->DiskBytes();
  EXPECT_GT(before, 400'000u);
  remote.Write("dir/0", "small");
  remote.Write("new", "small");
  const std::string second = remote.Commit("small");
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "");
  EXPECT_LT(repository->DiskBytes() - before, 20'000u) << "only what moved";
  EXPECT_EQ(repository->OpenTree(second).value()->Read("new").value(), "small");
  EXPECT_EQ(repository->OpenTree(second).value()->Read("dir/0").value(), "small");
  EXPECT_EQ(repository->OpenTree(second).value()->Read("dir/1").value().size(), 2668u);
  const std::uint64_t after = repository->DiskBytes();
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "");
  EXPECT_EQ(repository->DiskBytes(), after) << "nothing new, nothing fetched";
  EXPECT_EQ(Shell("git --git-dir " + Folder() + " -c safe.directory='*' rev-list --count main"), "1") << "shallow, and readable by git";
  EXPECT_EQ(Shell("git --git-dir " + Folder() + " -c safe.directory='*' fsck 2>&1 | grep -v '^notice\\|^dangling' | head -3"), "");
}

TEST_F(GitRepositories, CommitPinnedNotAtTheTip) {
  std::vector<std::string> commits;
  for (int i = 0; i < 5; ++i) {
    remote.Write("a", std::to_string(i));
    commits.push_back(remote.Commit("c" + std::to_string(i)));
  }
  remote.Git("checkout -q --orphan other");
  remote.Write("a", "else");
  const std::string elsewhere = remote.Commit("elsewhere");
  for (const char* scheme : {"http", "ssh"}) {
    const Credentials credentials = scheme == std::string("ssh") ? server_->Ssh() : Credentials{};
    const auto repository = Open(scheme);
    ASSERT_EQ(Get(*repository, {.commit = commits[1]}, credentials), "") << scheme;
    EXPECT_EQ(Shown(**repository->OpenTree(commits[1])), "a=1\n");
    ASSERT_EQ(Get(*repository, {.branch = "main", .commit = commits[2]}, credentials), "") << scheme;
    EXPECT_EQ(Shown(**repository->OpenTree(commits[2])), "a=2\n");
    EXPECT_EQ(
        Get(*repository, {.branch = "main", .commit = elsewhere}, credentials),
        repository->url().text + ": unable to resolve commit object for '" + elsewhere + "': it is not in the history of branch \"main\"");
    ASSERT_EQ(Get(*repository, {.branch = "other", .commit = elsewhere}, credentials), "");
  }
}

// R16: history rewritten, branch deleted, tag moved: what is recorded is what was fetched, and an error deletes nothing.
TEST_F(GitRepositories, R16ForcePushAndDeletedBranch) {
  remote.Write("a", "1");
  const std::string first = remote.Commit("first");
  remote.Git("tag moving");
  const auto repository = Open();
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "");
  remote.Git("checkout -q --orphan again");
  remote.Write("a", "2");
  const std::string second = remote.Commit("rewritten");
  remote.Git("update-ref refs/heads/main " + second);
  remote.Git("tag -f moving");
  Resolution found;
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}, &found), "");
  EXPECT_EQ(found.commit, second);
  EXPECT_EQ(Shown(**repository->OpenTree(second)), "a=2\n");
  EXPECT_EQ(Shown(**repository->OpenTree(first)), "a=1\n") << "still held";
  EXPECT_EQ(repository->Resolve({.tag = "moving"}, {}).value().commit, second);

  const auto stale = repository->Resolve({.branch = "main"}, {}).value();
  remote.Git("update-ref refs/heads/main " + first);
  ASSERT_TRUE(repository->Fetch(stale, {})) << "the listed commit, not what the branch is now";
  EXPECT_EQ(Shown(**repository->OpenTree(stale.commit)), "a=2\n");

  remote.Git("update-ref -d refs/heads/main");
  EXPECT_EQ(
      MessageOf(repository->Resolve({.branch = "main"}, {})),
      repository->url().text + ": couldn't find remote ref \"refs/heads/main\": there is no branch \"main\"; the repository has again");
  EXPECT_TRUE(repository->Has(second));
}

TEST_F(GitRepositories, EqualVersionsAreToldApartByTime) {
  remote.Write("a", "old");
  remote.Commit("old", 1'700'000'000);
  remote.Git("tag 1.0.0+b");
  remote.Write("a", "young");
  const std::string young = remote.Commit("young", 1'700'000'900);
  remote.Git("tag 1.0.0+a");
  remote.Write("a", "middle");
  remote.Commit("middle", 1'700'000'500);
  remote.Git("tag v1.0.0");
  const auto repository = Open();
  EXPECT_EQ(repository->Resolve({.semver = "1.0.x"}, {}).value().revision, "1.0.0+a@sha1:" + young);
}

// T10: configuration, hooks, filters and attributes that a repository brings along are files like others.
TEST_F(GitRepositories, T10NothingOfTheRepositoryIsActedUpon) {
  const std::string canary = directory.path() + "/canary", program = "touch " + canary;
  const std::string pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 12345\n";
  remote.Write("model.bin", pointer);
  remote.Write(".gitconfig", "[core]\n\tfsmonitor = " + program + "\n\thooksPath = hooks\n[filter \"x\"]\n\tsmudge = " + program + "\n");
  remote.Write("hooks/post-checkout", "#!/bin/sh\n" + program + "\n");
  remote.Write("config", "[core]\n\tfsmonitor = " + program + "\n");
  std::string attributes = "*.bin filter=lfs -text\n*.txt filter=x text eol=crlf ident\n";
  for (int i = 0; i < 20'000; ++i)
    attributes += "path" + std::to_string(i) + " " + std::string(50, 'a') + "=" + std::string(20, 'b') + "\n";
  remote.Write("a.txt", "$Id$\nline\n");
  remote.Commit("files");
  remote.Write(".gitattributes", attributes);  // after the others, lest git itself acts upon it
  remote.Git("-c core.attributesFile=/dev/null add -f .gitattributes");
  remote.Git("commit -q -m attributes");
  const auto repository = Open();
  Resolution found;
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}, &found), "");
  const auto files = repository->OpenTree(found.commit).value();
  EXPECT_EQ(files->Read("model.bin").value_or("error"), pointer) << "no LFS object is fetched";
  EXPECT_EQ(files->Read("a.txt").value_or("error"), "$Id$\nline\n");
  EXPECT_EQ(files->Read(".gitattributes")->size(), attributes.size());
  EXPECT_FALSE(std::filesystem::exists(canary));
}

}  // namespace
}  // namespace sluice::sources
