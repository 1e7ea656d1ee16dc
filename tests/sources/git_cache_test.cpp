// The cache on disk: restarts, damage, limits, fresh starts, threads, processes.
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "tests/sources/git_repositories.h"

namespace sluice::sources {
namespace {

namespace fs = std::filesystem;

using GitCaches = GitRepositories;

TEST_F(GitCaches, SurvivesARestart) {
  remote.Write("a", "1");
  const std::string commit = remote.Commit("first");
  ASSERT_EQ(Get(*Open(), {.branch = "main"}, {}), "");
  GitCache again(directory.path() + "/cache");
  const auto repository = again.Open(server_->Url("http", remote));
  EXPECT_TRUE(repository->Has(commit));
  EXPECT_EQ(Shown(**repository->OpenTree(commit)), "a=1\n");
  EXPECT_FALSE(repository->Has("1234567890123456789012345678901234567890"));
}

TEST_F(GitCaches, DeletedCacheIsFetchedAgain) {
  remote.Write("a", "1");
  const std::string commit = remote.Commit("first");
  const auto repository = Open();
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "");
  const auto open = repository->OpenTree(commit).value();
  fs::remove_all(directory.path() + "/cache");
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "");
  EXPECT_EQ(Shown(**repository->OpenTree(commit)), "a=1\n");
}

TEST_F(GitCaches, DamagedCacheIsFetchedAgain) {
  const std::string text = Shell("seq 1 20000");
  remote.Write("big", text);
  const std::string commit = remote.Commit("first");
  struct Row {
    std::string_view rule, damage;
  };
  const Row kRows[] = {
      {"bytes of the pack",
       "f=$(ls objects/pack/*.pack); chmod +w $f; printf 'XXXXXXXXXXXXXXXX' | dd of=$f bs=1 seek=2000 conv=notrunc status=none"},
      {"pack cut short", "f=$(ls objects/pack/*.pack); chmod +w $f; truncate -s 500 $f"},
      {"pack gone", "rm -f objects/pack/*.pack"},
      {"index cut short", "f=$(ls objects/pack/*.idx); chmod +w $f; truncate -s 100 $f"},
      {"all objects gone", "rm -rf objects"},
      {"the list of commits", "echo nonsense > commits"},
      {"the list empty", ": > commits"},
      {"the list gone", "rm commits"},
  };
  for (const Row& row : kRows) {
    fs::remove_all(directory.path() + "/cache");
    {
      GitCache before(directory.path() + "/cache");
      ASSERT_EQ(Get(*before.Open(server_->Url("http", remote)), {.branch = "main"}, {}), "");
    }
    Shell("cd " + directory.path() + "/cache/*/1.git && " + std::string(row.damage));
    GitCache after(directory.path() + "/cache");
    const auto repository = after.Open(server_->Url("http", remote));
    std::string seen;
    for (int attempt = 0; attempt < 2 && seen != text + "\n"; ++attempt) {  // the first read may be what finds the damage
      ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "") << row.rule;
      const auto files = repository->OpenTree(commit);
      const auto bytes = files ? (*files)->Read("big") : base::Result<std::string>(files.error());
      EXPECT_TRUE(bytes || bytes.error().reason == base::Reason::Unavailable) << row.rule << ": " << MessageOf(bytes);
      if (bytes) seen = *bytes + "\n";
    }
    EXPECT_EQ(seen, text + "\n") << row.rule;
    EXPECT_EQ(Shell("ls " + directory.path() + "/cache/*/ | grep -c git"), "1") << row.rule << ": the damaged one is gone";
  }
}

TEST_F(GitCaches, OpenTreesOutliveAFreshStart) {
  GitCache small(directory.path() + "/small", {.max_packs = 2});
  const auto repository = small.Open(server_->Url("http", remote));
  std::vector<std::shared_ptr<const base::Files>> open;
  for (int i = 0; i < 6; ++i) {
    remote.Write("a" + std::to_string(i), std::to_string(i));
    const std::string commit = remote.Commit("c");
    ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "");
    open.push_back(repository->OpenTree(commit).value());
  }
  for (int i = 0; i < 6; ++i) EXPECT_EQ(open[static_cast<std::size_t>(i)]->Read("a" + std::to_string(i)).value(), std::to_string(i));
  open.clear();
  EXPECT_EQ(Shell("ls -d " + directory.path() + "/small/*/*.git | wc -l"), "1");
}

TEST_F(GitCaches, TreesOutliveTheObjectTheyCameFrom) {
  GitCache small(directory.path() + "/small", {.max_packs = 1});
  remote.Write("a", "1");
  const std::string first = remote.Commit("first");
  ASSERT_EQ(Get(*small.Open(server_->Url("http", remote)), {.branch = "main"}, {}), "");
  const auto tree = small.Open(server_->Url("http", remote))->OpenTree(first).value();
  remote.Write("a", "2");
  remote.Commit("second");
  ASSERT_EQ(Get(*small.Open(server_->Url("http", remote)), {.branch = "main"}, {}), "");  // a fresh start
  EXPECT_EQ(tree->Read("a").value(), "1");
}

TEST_F(GitCaches, FreshStartTakesOtherReferencesAlong) {
  GitCache small(directory.path() + "/small", {.max_packs = 2});
  const auto repository = small.Open(server_->Url("http", remote));
  remote.Write("a", "1");
  const std::string main = remote.Commit("main");
  remote.Git("branch dev");
  ASSERT_EQ(Get(*repository, {.branch = "main"}, {}), "");
  std::string last;
  remote.Git("checkout -q dev");
  for (int i = 0; i < 3; ++i) {
    remote.Write("b", std::to_string(i));
    last = remote.Commit("dev");
    ASSERT_EQ(Get(*repository, {.branch = "dev"}, {}), "");
  }
  EXPECT_TRUE(repository->Has(main));
  EXPECT_TRUE(repository->Has(last));
  EXPECT_EQ(Shown(**repository->OpenTree(main)), "a=1\n");
}

TEST_F(GitCaches, T15LimitsHold) {
  remote.Write("big", Shell("head -c 300000 /dev/urandom | base64 -w0"));
  remote.Commit("big");
  GitCache small(directory.path() + "/small", {.max_disk_bytes = 100'000});
  const auto repository = small.Open(server_->Url("http", remote));
  EXPECT_EQ(Get(*repository, {.branch = "main"}, {}),
            repository->url().text + ": the repository needs more than 100000 bytes of disk: make it smaller, or raise the limit");
  EXPECT_EQ(Shell("find " + directory.path() + "/small -name '*.pack' -o -name 'pack_*' -o -name '*.git' | wc -l"), "0")
      << "nothing is left behind";
  GitCache tiny(directory.path() + "/tiny", {.max_object_bytes = 1000});
  const auto limited = tiny.Open(server_->Url("http", remote));
  Resolution found;
  ASSERT_EQ(Get(*limited, {.branch = "main"}, {}, &found), "");
  const auto read = limited->OpenTree(found.commit).value()->Read("big");
  EXPECT_EQ(ReasonOf(read), "TooLarge");
  EXPECT_EQ(MessageOf(read), "big: object " + remote.Git("rev-parse HEAD:big") + " has 400000 bytes, over the limit of 1000");
}

TEST_F(GitCaches, T15HugeReferenceCount) {
  remote.Write("a", "1");
  const std::string commit = remote.Commit("first");
  std::string lines = "# pack-refs with: peeled fully-peeled sorted \n";
  for (int i = 0; i < 20'000; ++i) lines += commit + " refs/tags/" + std::to_string(1'000'000 + i) + "\n";
  WriteFile(remote.bare() + "/packed-refs", lines);
  GitCache bounded(directory.path() + "/bounded", {.max_refs = 10'000});
  const auto http = bounded.Open(server_->Url("http", remote)), ssh = bounded.Open(server_->Url("ssh", remote));
  EXPECT_EQ(MessageOf(http->Resolve({.branch = "main"}, {})), "no error") << "protocol 2 sends only what is asked for";
  const std::string want = ": more than 10000 references: delete old ones on the host, or raise the limit";
  EXPECT_EQ(MessageOf(http->Resolve({.semver = ">=1"}, {})), http->url().text + want);
  EXPECT_EQ(MessageOf(ssh->Resolve({.branch = "main"}, server_->Ssh())), ssh->url().text + want) << "version 0 lists all";
  EXPECT_EQ(MessageOf(Open("ssh")->Resolve({.branch = "main"}, server_->Ssh())), "no error") << "under the default limit";
}

TEST_F(GitCaches, ManyThreadsOneRepository) {
  for (int i = 0; i < 20; ++i) remote.Write("f" + std::to_string(i), std::to_string(i));
  std::vector<std::string> commits;
  for (int i = 0; i < 8; ++i) {
    remote.Write("n", std::to_string(i));
    commits.push_back(remote.Commit("c"));
    remote.Git("tag t" + std::to_string(i));
  }
  std::vector<std::string> errors(8);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&, i] {
        const auto repository = Open();
        const auto n = static_cast<std::size_t>(i);
        for (const Reference& reference : {Reference{.tag = "t" + std::to_string(i)}, Reference{.branch = "main"}}) {
          Resolution found;
          errors[n] += Get(*repository, reference, {}, &found);
          const auto files = repository->OpenTree(found.commit);
          if (!files)
            errors[n] += files.error().message;
          else if ((*files)->Read("n").value_or("?") != (reference.branch.empty() ? std::to_string(i) : "7"))
            errors[n] += "wrong content";
          else if ((*files)->List(".").value().size() != 21)
            errors[n] += "wrong listing";
        }
      });
  }
  for (const std::string& error : errors) EXPECT_EQ(error, "");
}

// Two caches over one directory, as two processes have them: the file lock keeps their fetches apart, and each finds what the other has done.
TEST_F(GitCaches, TwoProcessesOneDirectory) {
  GitCache one(directory.path() + "/shared", {.max_packs = 3}), two(directory.path() + "/shared", {.max_packs = 3});
  const GitUrl url = server_->Url("http", remote);
  for (int i = 0; i < 4; ++i) {
    remote.Write("a", std::to_string(i));
    const std::string commit = remote.Commit("c");
    std::string errors[2];
    {
      std::jthread a([&] { errors[0] = Get(*one.Open(url), {.branch = "main"}, {}); }),
          b([&] { errors[1] = Get(*two.Open(url), {.branch = "main"}, {}); });
    }
    EXPECT_EQ(errors[0] + errors[1], "");
    for (GitCache* each : {&one, &two}) {
      auto tree = each->Open(url)->OpenTree(commit);
      if (!tree) {  // the other began afresh in between
        ASSERT_EQ(Get(*each->Open(url), {.branch = "main"}, {}), "");
        tree = each->Open(url)->OpenTree(commit);
      }
      EXPECT_EQ(Shown(**tree), "a=" + std::to_string(i) + "\n");
    }
  }
}

TEST_F(GitCaches, CacheKeepsWhatIsAskedFor) {
  remote.Write("a", "1");
  remote.Commit("first");
  const GitUrl http = server_->Url("http", remote), ssh = server_->Url("ssh", remote);
  ASSERT_EQ(Get(*cache.Open(http), {.branch = "main"}, {}), "");
  ASSERT_EQ(Get(*cache.Open(ssh), {.branch = "main"}, server_->Ssh()), "");
  {
    const auto held = cache.Open(ssh);
    EXPECT_EQ(cache.RemoveOthers({http.text}), 0u) << "somebody holds it";
  }
  {
    const auto tree = cache.Open(ssh)->OpenTree(remote.Git("rev-parse HEAD")).value();
    EXPECT_EQ(cache.RemoveOthers({http.text}), 0u) << "somebody reads it";
    EXPECT_EQ(Shown(*tree), "a=1\n");
  }
  EXPECT_EQ(cache.RemoveOthers({http.text}), 1u);
  EXPECT_EQ(cache.RemoveOthers({}), 1u);
  EXPECT_EQ(cache.Open(http), cache.Open(http)) << "one object a URL";
}

}  // namespace
}  // namespace sluice::sources
