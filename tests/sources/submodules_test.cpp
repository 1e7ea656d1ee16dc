#include "sources/git/submodules.h"

#include <gtest/gtest.h>

#include "tests/sources/fixture.h"
#include "tests/sources/git_repositories.h"

namespace sluice::sources {
namespace {

std::string Parsed(std::string_view text, std::size_t max = 100) {
  const auto modules = ParseGitmodules(text, max);
  if (!modules) return ReasonOf(modules) + ": " + MessageOf(modules);
  std::string out;
  for (const Submodule& module : *modules) out += module.name + "|" + module.path + "|" + module.url + "\n";
  return out;
}

TEST(Gitmodules, ReadsGitsConfigurationFormat) {
  constexpr std::pair<std::string_view, std::string_view> kRows[] = {
      {"", ""},
      {"[submodule \"a\"]\n\tpath = lib/a\n\turl = ../a.git\n", "a|lib/a|../a.git\n"},
      {"[submodule \"a\"] path = x\r\n URL=u # note\r\n", "a|x|u\n"},
      {"[submodule \"q\\\"\\\\\"]\npath=\"with blank\"  \nurl = \"u;#\" ; note\n", "q\"\\|with blank|u;#\n"},
      {"[submodule \"a\"]\npath = x\\\ny\nurl = u\n", "a|xy|u\n"},
      {"[submodule \"a\"]\npath=x\nurl=u\n[other \"b\"]\npath=z\n[submodule \"a\"]\nurl=v\nupdate = !touch /tmp/x\nshallow\n", "a|x|v\n"},
      {"[submodule \"a\"]\npath=x/\nurl=u\n", "a|x|u\n"},
      {"[submodule \"a\"]\npath=x\n[submodule \"b\"]\nurl=u\n", "a|x|\n"},
      {"[core]\n\tfsmonitor = evil\n\thooksPath = evil\n", ""},
  };
  for (const auto& [text, want] : kRows) EXPECT_EQ(Parsed(text), want) << text;
}

TEST(Gitmodules, T9HostileEntriesAreRefused) {
  const auto module = [](std::string_view name, std::string_view path, std::string_view url) {
    return "[submodule \"" + std::string(name) + "\"]\npath = " + std::string(path) + "\nurl = " + std::string(url) + "\n";
  };
  const std::pair<std::string, std::string_view> rows[] = {
      {module("../x", "a", "u"), "Invalid: submodule \"../x\": the name holds '..'"},
      {module("a/../../hooks", "a", "u"), "Invalid: submodule \"a/../../hooks\": the name holds '..'"},
      {module("a\\\\..\\\\x", "a", "u"), "Invalid: submodule \"a\\..\\x\": the name holds '..'"},
      {module("/etc", "a", "u"), "Invalid: submodule \"/etc\": the name is absolute"},
      {module("-x", "a", "u"), "Invalid: submodule \"-x\": the name begins with '-'"},
      {module("a\rb", "a", "u"), "Invalid: submodule \"a?b\": the name holds a control character"},
      {module("a", "\"x\r\"", "u"), "Invalid: submodule \"a\": the path holds a control character"},
      {module("a", "../x", "u"), "Invalid: submodule \"a\": the path is not a plain path inside the repository"},
      {module("a", "/x", "u"), "Invalid: submodule \"a\": the path is not a plain path inside the repository"},
      {module("a", "x//y", "u"), "Invalid: submodule \"a\": the path is not a plain path inside the repository"},
      {module("a", ".", "u"), "Invalid: submodule \"a\": the path is not a plain path inside the repository"},
      {module("a", ".GIT/hooks", "u"), "Invalid: submodule \"a\": the path leads through .git"},
      {module("a", "-x", "u"), "Invalid: submodule \"a\": the path begins with '-'"},
      {module("a", "x", "-u./p"), "Invalid: submodule \"a\": the URL begins with '-'"},
      {module("a", "x", "\"https://h/\\nx\""), "Invalid: submodule \"a\": the URL holds a control character"},
      {module("a", "x", "u") + module("a/hooks", "y", "u"), "Invalid: submodule \"a/hooks\": the name lies inside of submodule \"a\""},
      {module("a", "x", "u") + module("b", "x/y", "u"), "Invalid: submodule \"b\": the path lies inside of submodule \"a\""},
      {module("a", "x", "u") + module("b", "x", "u"), "Invalid: submodule \"a\": has the path of submodule \"b\""},
      {"[submodule \"a\"\npath=x\n", "Invalid: .gitmodules:1: malformed section"},
      {"path=x\n", "Invalid: .gitmodules:1: an option outside of a section"},
      {"[submodule \"a\"]\npath=\"x\n", "Invalid: .gitmodules:2: a quote is not closed"},
      {"[submodule \"a\"]\npath=\\q\n", "Invalid: .gitmodules:2: malformed value"},
      {"[submodule \"a\"]\n=x\n", "Invalid: .gitmodules:2: malformed option"},
      {"[submodule \"a\"]\npath=" + std::string(5000, 'x') + "\n", "Invalid: .gitmodules:2: a value over 4096 bytes"},
      {std::string((1u << 20) + 1, '\n'), "TooLarge: .gitmodules: over 1048576 bytes"},
  };
  for (const auto& [text, want] : rows) EXPECT_EQ(Parsed(text), want) << text.substr(0, 100);
  EXPECT_EQ(Parsed(module("a", "a", "u") + module("b", "b", "u"), 1), "TooLarge: .gitmodules: more than 1 submodules");
}

TEST(SubmoduleUrls, AreRelativeToTheirParentAndStayOnItsHost) {
  struct Row {
    const char *parent, *url, *want;
  };
  constexpr Row kRows[] = {
      {"https://h/team/app.git", "../lib.git", "https://h/team/lib.git"},
      {"https://h/team/app.git/", "../lib.git", "https://h/team/lib.git"},
      {"https://h/team/app.git", "./sub.git", "https://h/team/app.git/sub.git"},
      {"https://h/team/app.git", "../../other/lib", "https://h/other/lib"},
      {"https://h:8443/app", "../lib", "https://h:8443/lib"},
      {"ssh://git@h/team/app.git", "../lib.git", "ssh://git@h/team/lib.git"},
      {"https://h/app.git", "git@other:team/lib.git", "ssh://git@other/team/lib.git"},
      {"https://h/app.git", "other:/lib.git", "ssh://other/lib.git"},
      {"https://h/app.git", "http://other/lib", "http://other/lib"},
      {"https://h/app.git", "../../evil/x", "the relative URL leaves the host h"},
      {"https://h/team/app.git", "../../../../evil/x", "the relative URL leaves the host h"},
      {"https://h/app.git", "ext::sh -c id",
       "invalid Git URL 'ext::sh?-c?id': control characters, blanks or bytes above ASCII; write them as %XX"},
      {"https://h/app.git", "ext::id", "invalid Git URL 'ext::id': the scheme must be http, https or ssh"},
      {"https://h/app.git", "file:///etc", "invalid Git URL 'file:///etc': the scheme must be http, https or ssh"},
      {"https://h/app.git", "/etc", "invalid Git URL '/etc': the scheme must be http, https or ssh"},
      {"https://h/app.git", "-oProxyCommand=id:x", "invalid Git URL 'ssh://-oProxyCommand=id/x': malformed host or port"},
  };
  for (const Row& row : kRows) {
    const auto url = SubmoduleUrl(ParseGitUrl(row.parent).value(), row.url);
    EXPECT_EQ(url ? url->text : url.error().message, row.want) << row.parent << " " << row.url;
  }
}

TEST(SubmoduleUrls, T9CredentialsStayOnTheirHost) {
  Credentials mine;
  mine.username = "u";
  mine.password = "canary";
  mine.bearer_token = "canary";
  mine.identity = "canary";
  mine.client_key_pem = "canary";
  mine.client_cert_pem = mine.ca_pem = mine.proxy_address = "public";
  const GitUrl parent = ParseGitUrl("https://h/app").value();
  EXPECT_EQ(CredentialsFor(parent, ParseGitUrl("https://H:443/lib").value(), mine).password, "canary");
  for (const char* elsewhere : {"https://other/lib", "http://h/lib", "https://h:8443/lib", "ssh://h/lib", "https://h.other/lib"}) {
    const Credentials theirs = CredentialsFor(parent, ParseGitUrl(elsewhere).value(), mine);
    EXPECT_EQ(theirs.username + theirs.password + theirs.bearer_token + theirs.identity + theirs.client_key_pem + theirs.client_cert_pem,
              "")
        << elsewhere;
    EXPECT_EQ(theirs.ca_pem + theirs.proxy_address, "publicpublic");
  }
}

/// Repositories beside `remote` on the same server, and others that they contain.
class Submodules : public GitRepositories {
 protected:
  static std::string Pin(const TestRepository& repository, const std::string& name, const std::string& path, const std::string& url,
                         const std::string& commit) {
    repository.Git("update-index --add --cacheinfo 160000," + commit + "," + path);
    return "[submodule \"" + name + "\"]\n\tpath = " + path + "\n\turl = " + url + "\n";
  }
  /// Commits what is in the index and `gitmodules`; the commit.
  static std::string CommitIndex(const TestRepository& repository, const std::string& gitmodules) {
    repository.Write(".gitmodules", gitmodules);
    repository.Git("add -f .gitmodules");
    repository.Git("commit -q -m modules");
    return repository.Git("rev-parse HEAD");
  }
  TestRepository Other(const std::string& name) const { return TestRepository(server_->root(), remote.name() + "-" + name); }
  static std::string Sibling(const TestRepository& repository) { return "../" + repository.name() + ".git"; }

  /// All that is shown of main with submodules, or the error without the URL.
  std::string Open(const std::string& scheme, const Credentials& credentials = {},
                   const std::function<bool(std::string_view)>& wanted = {}) {
    const auto repository = GitRepositories::Open(scheme);
    Resolution found;
    const std::string failed = Get(*repository, {.branch = "main"}, credentials, &found);
    if (!failed.empty()) return failed;
    const auto files = OpenWithSubmodules(cache, *repository, found.commit, credentials, wanted, {});
    return files ? Shown(*files->files) : ReasonOf(files) + ": " + MessageOf(files);
  }
};

TEST_F(Submodules, AreInPlaceToEveryDepth) {
  const TestRepository lib = Other("lib"), deep = Other("deep");
  deep.Write("d", "deep");
  const std::string deep_commit = deep.Commit("deep");
  lib.Write("l", "lib");
  lib.Commit("lib");
  const std::string lib_commit = CommitIndex(lib, Pin(lib, "deep", "inner/deep", Sibling(deep), deep_commit));
  lib.Write("l", "newer");
  lib.Commit("not pinned");
  remote.Write("a", "app");
  remote.Commit("app");
  std::string modules = Pin(remote, "lib", "vendor/lib", Sibling(lib), lib_commit);
  modules += "[submodule \"gone\"]\n\tpath = gone\n\turl = ../gone.git\n";  // removed from the tree, its entry was forgotten
  remote.Git("update-index --add --cacheinfo 160000," + lib_commit + ",unnamed");
  CommitIndex(remote, modules);

  const std::string gitmodules = ".gitmodules=" + modules + "\n";
  const std::string inner = "vendor/lib/.gitmodules=[submodule \"deep\"]\n\tpath = inner/deep\n\turl = " + Sibling(deep) + "\n\n";
  const std::string want = gitmodules + "a=app\n" + inner + "vendor/lib/inner/deep/d=deep\nvendor/lib/l=lib\n";
  EXPECT_EQ(Open("http"), want);
  EXPECT_EQ(Open("ssh", server_->Ssh()), want) << "relative to the ssh URL, with the same identity";
  EXPECT_EQ(Open("http", {}, [](std::string_view path) { return path != "vendor/lib"; }), gitmodules + "a=app\nvendor/\n");
}

TEST_F(Submodules, OneWithoutAUrlIsNotLeftOut) {
  const TestRepository lib = Other("lib");
  lib.Write("l", "lib");
  const std::string commit = lib.Commit("lib");
  remote.Write("a", "app");
  remote.Commit("app");
  Pin(remote, "lib", "vendor/lib", Sibling(lib), commit);
  const std::string pathless = "[submodule \"none\"]\n\turl = ../none.git\n";  // of which nothing can be said
  for (const std::string url : {"", "\turl =\n"}) {
    CommitIndex(remote, pathless + "[submodule \"lib\"]\n\tpath = vendor/lib\n" + url);
    EXPECT_EQ(Open("http"),
              "Invalid: submodule 'vendor/lib': .gitmodules has no url for it, so that its files cannot be fetched: add `url = …` to its "
              "section, "
              "or remove the submodule");
  }
  const std::string gone = "[submodule \"gone\"]\n\tpath = gone\n";  // removed from the tree, its entry was forgotten
  CommitIndex(remote, gone + "[submodule \"lib\"]\n\tpath = vendor/lib\n\turl = " + Sibling(lib) + "\n");
  EXPECT_TRUE(Open("http").ends_with("a=app\nvendor/lib/l=lib\n")) << Open("http");
}

TEST_F(Submodules, T9DepthAndNumberAreBounded) {
  std::vector<std::unique_ptr<TestRepository>> chain;
  std::string commit;
  for (int i = 0; i < 12; ++i) {
    chain.push_back(std::make_unique<TestRepository>(server_->root(), remote.name() + "-chain" + std::to_string(i)));
    chain.back()->Write("f", std::to_string(i));
    commit = chain.back()->Commit("one");
    if (i > 0) commit = CommitIndex(*chain[i], Pin(*chain[i], "n", "n", Sibling(*chain[i - 1]), chain[i - 1]->Git("rev-parse HEAD")));
  }
  remote.Write("a", "1");
  remote.Commit("one");
  CommitIndex(remote, Pin(remote, "n", "n", Sibling(*chain[11]), commit));
  EXPECT_NE(Open("http").find("submodules are nested deeper than 10 levels"), std::string::npos);

  GitCache small(directory.path() + "/small", {.max_submodules = 2});
  const auto repository = small.Open(server_->Url("http", remote));
  const auto found = repository->Resolve({.branch = "main"}, {}).value();
  ASSERT_TRUE(repository->Fetch(found, {}));
  const auto many = OpenWithSubmodules(small, *repository, found.commit, {}, {}, {});
  EXPECT_EQ(ReasonOf(many), "TooLarge");
  EXPECT_TRUE(MessageOf(many).ends_with("there are more than 2 submodules")) << MessageOf(many);

  GitCache tiny(directory.path() + "/tiny", {.max_disk_bytes = 1600});
  const auto one = tiny.Open(server_->Url("http", remote));
  ASSERT_TRUE(one->Fetch(found, {}));
  const auto large = OpenWithSubmodules(tiny, *one, found.commit, {}, {}, {});
  EXPECT_EQ(ReasonOf(large), "TooLarge");
}

TEST_F(Submodules, T9IdentitiesAreNotSentElsewhere) {
  const TestServer other("--user deployer --password hunter2222");
  const TestRepository lib(other.root(), "lib");
  lib.Write("l", "lib");
  const std::string commit = lib.Commit("lib");
  remote.Write("a", "app");
  remote.Commit("app");
  CommitIndex(remote, Pin(remote, "lib", "lib", other["http"] + "/lib.git", commit));
  Credentials credentials;
  credentials.username = "deployer";
  credentials.password = "hunter2222";
  const std::string message = Open("http", credentials);
  EXPECT_EQ(message, "Unauthorized: submodule 'lib': " + other["http"] +
                         "/lib.git: authentication required (HTTP 401): name a Secret with credentials");
  CommitIndex(remote, Pin(remote, "lib", "lib", "git@127.0.0.1:lib.git", commit));
  EXPECT_EQ(
      Open("ssh", server_->Ssh()),
      "Unauthorized: submodule 'lib': ssh://git@127.0.0.1/lib.git: ssh needs an identity, and that of the superproject is not sent to "
      "another host: use a https URL");
}

TEST_F(Submodules, T8GitmodulesThatIsALinkIsRefused) {
  remote.Write("real", "[submodule \"a\"]\n\tpath = a\n\turl = ../a.git\n");
  remote.Commit("file");
  // git itself takes no such file into its index, but a tree can be made by hand.
  const std::string target = Shell("printf real | git --git-dir " + remote.bare() + " hash-object -w --stdin");
  const std::string tree = Shell("(git --git-dir " + remote.bare() + " ls-tree main; printf '120000 blob " + target +
                                 "\\t.gitmodules\\n') | git --git-dir " + remote.bare() + " mktree");
  remote.Git("update-ref refs/heads/main $(git -c user.name=F -c user.email=f@example.com commit-tree -m link " + tree + ")");
  EXPECT_EQ(Open("http"), "Invalid: .gitmodules is not a regular file");
}

TEST_F(Submodules, WhatIsNotThereIsNamed) {
  remote.Write("a", "1");
  remote.Commit("one");
  CommitIndex(remote, Pin(remote, "lib", "vendor/lib", "../nowhere.git", std::string(40, '1')));
  EXPECT_EQ(Open("http"), "NotFound: submodule 'vendor/lib': " + (*server_)["http"] +
                              "/nowhere.git: repository not found (HTTP 404): check the URL, and whether it needs credentials");
}

}  // namespace
}  // namespace sluice::sources
