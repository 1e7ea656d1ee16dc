// Builds in other processes, against the same builds in this one.
#include "controller/kustomization/builder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/sanitized.h"
#include "controller/kustomization/build_protocol.h"
#include "controller/kustomization/remote_bases.h"
#include "document/json.h"
#include "isolation/packed.h"
#include "net/await.h"
#include "net/host_pool.h"
#include "sources/git/library.h"
#include "tests/base/source_tree.h"
#include "tests/sops/vectors.h"

namespace sluice::controller::kustomization {
namespace {

namespace fs = std::filesystem;
using base::Reason;
using base::Result;
using document::Value;
using isolation::Frame;
using isolation::Packer;
using Tree = std::map<std::string, std::string>;

constexpr const char* kConfigMap =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {size: \"${size:=1}\", on: \"yes\"}\n";

isolation::PoolOptions Workers(std::size_t count = 1) {
  isolation::PoolOptions options;
  options.command = {SLUICE_BUILD_WORKER};
  options.workers = count;
  return options;
}

/// Everything of a result that anybody could see, but the read set.
std::string Text(const Result<BuildOutput>& built) {
  if (!built) return std::string(ToString(built.error().reason)) + ": " + built.error().message;
  std::string out = built->digest + "\n";
  for (const std::string& warning : built->warnings) out += "# " + warning + "\n";
  for (const Value& object : built->objects) out += document::EmitJson(object) + "\n";
  return out;
}

std::string Text(Builder& builder, const Tree& tree, const Spec& spec = {}) {
  const auto files = base::MemoryFiles(tree);
  return Text(builder.Build({.files = *files, .spec = spec, .name = "apps", .ns = "flux"}));
}

TEST(Builder, BuildsWhatWeBuild) {
  Builder here, there(Workers(), base::Logger::Null());
  Spec spec;
  spec.path = "./apps";
  spec.target_namespace = "web";
  spec.name_prefix = "a-";
  spec.name_suffix = "-z";
  spec.patches =
      *document::ParseJson(R"([{"target":{"kind":"ConfigMap"},"patch":"[{\"op\":\"add\",\"path\":\"/data/more\",\"value\":\"1e3\"}]"}])");
  spec.images = *document::ParseJson(R"([{"name":"nginx","newTag":"2"}])");
  spec.components = {"../extra", "../absent"};
  spec.ignore_missing_components = true;
  spec.build_metadata = {"originAnnotations"};
  spec.common_labels = {{"team", "x"}};
  spec.common_annotations = {{"note", "y"}};
  spec.post_build.emplace();
  const Tree tree = {
      {"apps/a.yaml", kConfigMap},
      {"apps/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {priority: 0x10, containers: [{name: c, image: nginx}]}\n"},
      {"extra/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonLabels: {a: b}\n"},
  };
  const auto files = base::MemoryFiles(tree);
  const BuildInput input{
      .files = *files, .spec = spec, .name = "apps", .ns = "flux", .variables = {{"size", "07"}, {"bytes", std::string("\xff\0", 2)}}};
  const std::string want = Text(here.Build(input));
  EXPECT_NE(want.find("team"), std::string::npos) << want;
  EXPECT_EQ(Text(there.Build(input)), want);
}

TEST(Builder, FailsAsWeFail) {
  Builder here, there(Workers(), base::Logger::Null());
  Spec missing;
  missing.path = "./nowhere";
  EXPECT_EQ(Text(there, {{"a.yaml", kConfigMap}}, missing), "NotFound: kustomization path not found: ./nowhere");
  for (const Tree& tree : {Tree{{"kustomization.yaml", "resources: [absent.yaml]\n"}}, Tree{{"kustomization.yaml", "resources:\n- a: [\n"}},
                           Tree{{"a.yaml", "apiVersion: v1\nkind: ConfigMap\n"}},
                           Tree{{"kustomization.yaml", "resources: [a.yaml]\npatches: [{path: p.yaml}]\n"}, {"a.yaml", kConfigMap}}}) {
    const std::string want = Text(here, tree);
    EXPECT_EQ(Text(there, tree), want);
    EXPECT_EQ(want.find("sha256:"), std::string::npos) << want;
  }
}

// Every case of the kustomize engine, all of them through one worker.
TEST(Builder, EveryKustomizeCaseComesOutTheSame) {
  Builder here, there(Workers(), base::Logger::Null());
  std::size_t cases = 0, good = 0;
  for (const auto& entry : fs::directory_iterator(base::kSourceRoot / "tests/kustomize/cases")) {
    if (!fs::is_directory(entry.path() / "in")) continue;
    const auto files = base::OpenDirectory((entry.path() / "in").string());
    const Spec spec;
    const BuildInput input{.files = *files, .spec = spec, .name = "apps", .ns = "flux"};
    const auto want = here.Build(input), got = there.Build(input);
    EXPECT_EQ(Text(got), Text(want)) << entry.path();
    ++cases;
    if (!want || !got) continue;
    ++good;
    EXPECT_EQ(got->reads.files, want->reads.files) << entry.path();
    EXPECT_EQ(got->reads.directories, want->reads.directories) << entry.path();
    EXPECT_EQ(got->reads.links, want->reads.links) << entry.path();
  }
  EXPECT_GT(good, 40u) << "of " << cases;
}

TEST(Builder, SharesAProcessOnlyAmongEquals) {
  const auto files = base::MemoryFiles(Tree{});
  const auto key = [&](const std::string& ns, const std::function<void(Spec&)>& change, bool masked = false) {
    Spec spec;
    spec.source = {.api_version = "", .kind = "GitRepository", .name = "fleet", .ns = "flux"};
    change(spec);
    return SharedBy({.files = *files, .spec = spec, .name = "apps", .ns = ns, .mask_encrypted = masked});
  };
  const auto same = [](Spec&) {};
  const std::string plain = key("flux", same);
  EXPECT_NE(plain, "");
  EXPECT_EQ(key("flux", [](Spec& spec) { spec.path = "./other"; }), plain);
  EXPECT_NE(key("tenant", same), plain);
  EXPECT_NE(key("flux", [](Spec& spec) { spec.source.name = "other"; }), plain);
  EXPECT_NE(key("flux", [](Spec& spec) { spec.service_account_name = "admin"; }), plain);
  EXPECT_NE(key("flux", [](Spec& spec) { spec.kube_config.emplace(); }), plain);
  EXPECT_EQ(key("flux", [](Spec& spec) { spec.decryption.emplace(); }), "");
  EXPECT_EQ(key("flux", [](Spec& spec) { spec.post_build.emplace().from = {{.secret = true, .name = "s"}}; }), "");
  EXPECT_NE(key("flux", [](Spec& spec) { spec.post_build.emplace().from = {{.name = "c"}}; }), "");
  EXPECT_NE(key("flux", [](Spec& spec) { spec.decryption.emplace(); }, true), "") << "nothing is decrypted";
}

// Each of the sealed files by itself, with an age identity, with an OpenPGP key ring and with neither.
TEST(Builder, DecryptsWithKeysThatTheProcessDoesNotHave) {
  Builder here, there(Workers(), base::Logger::Null());
  Spec spec;
  spec.decryption.emplace();
  DecryptionKeys age, pgp, none;
  age.now = pgp.now = none.now = *base::ParseRfc3339("2026-01-01T00:00:00Z");
  age.keys = sops::KeysOf({"first", "second"});
  pgp.keys = sops::KeysOf({}, true);
  int opened_by_age = 0, opened_by_pgp = 0;
  for (const auto& entry : fs::directory_iterator(base::kSourceRoot / "tests/sops/vectors/sealed")) {
    const std::string name = entry.path().filename().string();
    const auto files = base::MemoryFiles(
        Tree{{"kustomization.yaml", "secretGenerator: [{name: a, files: [" + name + "]}]\n"}, {name, base::ReadFile(entry.path())}});
    const auto agree = [&](const DecryptionKeys& keys) {
      const BuildInput input{.files = *files, .spec = spec, .name = "apps", .ns = "flux", .decryption = keys};
      const auto want = here.Build(input), got = there.Build(input);
      EXPECT_EQ(Text(got), Text(want)) << name;
      return want.has_value() ? 1 : 0;
    };
    opened_by_age += agree(age);
    opened_by_pgp += agree(pgp);
    agree(none);
  }
  EXPECT_GT(opened_by_age, 5);
  EXPECT_GT(opened_by_pgp, 0);
}

/// Two repositories and a file, and what was asked for.
class Shelf final : public kustomize::RemoteResolver {
 public:
  Result<std::shared_ptr<const base::Files>> FetchTree(const kustomize::GitUrl& url) override {
    asked.push_back(url.CloneUrl() + "@" + url.ref);
    if (url.raw.find("gone") != url.raw.npos) return base::NotFound(url.CloneUrl() + ": there is no such repository");
    if (url.repository == "org/base.git")
      return std::shared_ptr<const base::Files>(base::MemoryFiles(Tree{
          {"deploy/kustomization.yaml", "resources: [objects.yaml, 'https://example.org/org/deep.git//.?ref=v2']\nnamePrefix: base-\n"},
          {"deploy/objects.yaml", kConfigMap}}));
    return std::shared_ptr<const base::Files>(
        base::MemoryFiles(Tree{{"kustomization.yaml", "resources: [sub/../sub/pod.yaml]\n"},
                               {"sub/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: deep}\n"}}));
  }
  Result<std::string> FetchFile(std::string_view url) override {
    asked.emplace_back(url);
    if (!url.ends_with("/note.yaml")) return base::NotFound("GET " + std::string(url) + ": status 404");
    return std::string("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}\n");
  }
  std::vector<std::string> asked;
};

TEST(Builder, AsksForWhatIsElsewhere) {
  Builder here, there(Workers(), base::Logger::Null());
  const Spec spec;
  const auto build = [&](Builder& builder, const std::string& entry, kustomize::RemoteResolver* remote) {
    const auto files =
        base::MemoryFiles(Tree{{"kustomization.yaml", "resources: [a.yaml, '" + entry + "']\nnameSuffix: -z\n"}, {"a.yaml", kConfigMap}});
    return builder.Build({.files = *files, .spec = spec, .name = "apps", .ns = "flux", .remote = remote});
  };
  for (const std::string entry : {"https://example.org/org/base.git//deploy?ref=v1", "https://example.org/note.yaml"}) {
    Shelf wanted, got;
    const std::string want = Text(build(here, entry, &wanted));
    EXPECT_NE(want.find(entry.ends_with("yaml") ? "note-z" : "deep-z"), std::string::npos) << want;
    const Result<BuildOutput> built = build(there, entry, &got);
    EXPECT_EQ(got.asked, wanted.asked);
    ASSERT_EQ(Text(built), want);
    EXPECT_EQ(built->reads.files.count("deploy/objects.yaml"), 0u) << "of another tree";
  }
  for (const std::string entry : {"https://example.org/org/gone.git", "https://example.org/org/base.git//nowhere"}) {
    Shelf shelf;
    const std::string want = Text(build(here, entry, &shelf));
    EXPECT_EQ(Text(build(there, entry, &shelf)), want);
    EXPECT_EQ(want.find("sha256:"), std::string::npos) << want;
  }
  const std::string refused = Text(build(there, "https://example.org/org/base.git//deploy", nullptr));
  EXPECT_NE(refused.find("not allowed in this build"), std::string::npos) << refused;
  EXPECT_EQ(refused, Text(build(here, "https://example.org/org/base.git//deploy", nullptr)));
}

TEST(HeldRemotes, NameTheFirstThatIsMissing) {
  RemoteBases bases;
  bases.Add("https://example.org/a.yaml", std::string("a"));
  bases.Add("https://example.org/b.yaml", base::NotFound("status 404"));
  const auto tree = [](const std::string& entry) { return *kustomize::ParseGitUrl(entry); };
  bases.Add(tree("https://example.org/org/a.git//one?ref=v1"),
            RemoteTree{.files = base::MemoryFiles(Tree{{"x", "y"}}), .repository = nullptr});
  HeldRemotes held(bases);
  EXPECT_EQ(held.FetchFile("https://example.org/a.yaml").value(), "a");
  EXPECT_EQ(held.FetchFile("https://example.org/b.yaml").error().message, "status 404");
  EXPECT_TRUE(held.FetchTree(tree("https://example.org/org/a.git//two?ref=v1"))) << "one tree, whatever directory of it";
  EXPECT_FALSE(held.missing());
  EXPECT_FALSE(held.FetchTree(tree("https://example.org/org/a.git//one?ref=v2")));
  ASSERT_TRUE(held.missing() && held.missing()->repository);
  EXPECT_EQ(held.missing()->repository->ref, "v2");
  EXPECT_FALSE(held.FetchFile("https://example.org/c.yaml"));
  EXPECT_FALSE(held.FetchFile("https://example.org/a.yaml")) << "nothing any more: what comes of this build is not wanted";
  EXPECT_TRUE(held.missing()->repository) << "the first";
}

TEST(RemoteFetcher, RefusesFilesOfThisMachineAndMoreThanAHundred) {
  char folder[] = "/tmp/sluice-remotes-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  net::Runtime runtime;
  net::HostPool hosts(runtime.io());
  const sources::GitLibrary library;
  sources::GitCache cache(folder);
  const RemoteFetcher fetcher({runtime.io(), cache, hosts});
  const auto bases = std::make_shared<RemoteBases>();
  const auto fetch = [&](RemoteName name) { return runtime.BlockOn(fetcher.Fetch(std::move(name), bases, [](bool) {})); };
  const auto local = *kustomize::ParseGitUrl("file:///etc");
  ASSERT_TRUE(fetch({.repository = local, .file = ""}));
  ASSERT_NE(bases->FindTree(local), nullptr);
  EXPECT_EQ(bases->FindTree(local)->error().reason, Reason::Unsupported);
  while (bases->size() < RemoteFetcher::kMaxRemotes) bases->Add("https://example.org/" + std::to_string(bases->size()), std::string("a"));
  const auto refused = fetch({.repository = std::nullopt, .file = "https://example.org/one-more"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::TooLarge);
  EXPECT_EQ(bases->FindFile("https://example.org/one-more"), nullptr) << "nobody was asked";
  fs::remove_all(folder);
}

/// A tree of which somebody is told when a file is read.
class WatchedFiles final : public base::Files {
 public:
  WatchedFiles(const base::Files& inner, std::function<void()> on_read) : inner_(inner), on_read_(std::move(on_read)) {}
  Result<base::FileInfo> Stat(std::string_view path) const override { return inner_.Stat(path); }
  Result<std::string> Read(std::string_view path) const override {
    on_read_();
    return inner_.Read(path);
  }
  Result<std::vector<base::FileInfo>> List(std::string_view path) const override { return inner_.List(path); }
  Result<std::string> Resolve(std::string_view path) const override { return inner_.Resolve(path); }

 private:
  const base::Files& inner_;
  std::function<void()> on_read_;
};

/// The processes whose parent is `pid`.
std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  std::ifstream file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

TEST(Builder, T78AProcessThatIsKilledFailsOneBuild) {
  Builder there(Workers(), base::Logger::Null());
  const std::string large = kConfigMap + ("# " + std::string(kMaxForeseenFile, 'x'));  // so it is asked for
  const auto tree = base::MemoryFiles(Tree{{"a.yaml", large}});
  const WatchedFiles files(*tree, [] {
    for (const pid_t server : ChildrenOf(getpid()))
      for (const pid_t job : ChildrenOf(server)) kill(job, SIGKILL);
  });
  Spec spec;
  spec.path = "./apps/../";
  EXPECT_EQ(Text(there.Build({.files = files, .spec = spec, .name = "apps", .ns = "flux"})),
            "Internal: building ./apps/../: the process ended by SIGKILL");
  EXPECT_EQ(Text(there, {{"a.yaml", kConfigMap}}).substr(0, 7), "sha256:");
}

TEST(Builder, ABuildThatNeedsTooMuchMemoryFailsAlone) {
#ifdef SLUICE_SANITIZED
  GTEST_SKIP() << "the limit is off under sanitizers";
#endif
  Builder there(Workers(), base::Logger::Null());
  Tree tree;  // each of the copies below carries the whole text
  tree["big.txt"] = std::string(30u << 20, 'x');
  std::string file = "configMapGenerator:\n";
  for (int i = 0; i < 12; ++i) file += "- {name: c" + std::to_string(i) + ", files: [big.txt]}\n";
  tree["kustomization.yaml"] = file;
  const std::string said = Text(there, tree);
  EXPECT_EQ(said, "Internal: building .: the process met an exception: std::bad_alloc: a build may take 256 MiB");
  EXPECT_EQ(Text(there, {{"a.yaml", kConfigMap}}).substr(0, 7), "sha256:");
}

TEST(Builder, WithoutProcessesThereIsNoBuild) {
  isolation::PoolOptions options = Workers();
  options.command = {"/nonexistent/sluice"};
  Builder there(options, base::Logger::Null());
  EXPECT_EQ(Text(there, {{"a.yaml", kConfigMap}}),
            "Unavailable: building .: a worker process cannot be started: /nonexistent/sluice: No such file or directory");
}

// ---- What a captured child may say -----------------------------------------------------------------------------------------------------

/// What a host says to `frame`: an answer, an outcome or an error.
struct Heard {
  std::string text;
  bool outcome = false;
};

Heard Hear(const Frame& frame, const std::function<void(Spec&)>& change = {}, BuildProtocolLimits limits = {}, int times = 1,
           kustomize::RemoteResolver* remote = nullptr) {
  const auto files = base::MemoryFiles(Tree{{"a.yaml", "text"}});
  Spec spec;
  if (change) change(spec);
  const BuildInput input{.files = *files, .spec = spec, .name = "apps", .ns = "flux", .remote = remote};
  BuildHost host(input, *files, limits);
  auto answer = host.Hear(frame);
  for (int i = 1; i < times; ++i) answer = host.Hear(frame);
  if (!answer) return {answer.error().message, false};
  if (*answer) return {**answer, false};
  return {Text(*host.outcome()), true};
}

Frame Say(BuildFrame type, std::string bytes) { return {static_cast<std::uint8_t>(type), std::move(bytes)}; }
Frame SayBuilt(std::string_view json, std::string_view digest = "sha256:00") {
  return Say(BuildFrame::Built, Packer().Text(digest).Number(0).Number(0).Number(0).Number(0).Text(json).Take());
}
constexpr std::string_view kNoBuild = "the process said what no build says: ";

TEST(BuildHost, T84TakesNothingOnTrust) {
  EXPECT_EQ(Hear(Say(BuildFrame::Read, "a.yaml")).text, Packer().Number(0).Text("text").Take());
  EXPECT_NE(Hear(Say(BuildFrame::Read, "../../etc/passwd")).text.find("leads outside"), std::string::npos);
  EXPECT_EQ(Hear(Say(BuildFrame::Read, std::string(70'000, 'x'))).text, "the process asks too long a question");
  EXPECT_EQ(Hear(Say(BuildFrame::Read, "a.yaml"), {}, {.max_questions = 3}, 4).text, "the process asks too many questions");
  EXPECT_EQ(Hear(Say(BuildFrame::Read, "a.yaml"), {}, {.max_answered_bytes = 50}, 3).text, "the process reads too much");
  EXPECT_EQ(Hear(Say(static_cast<BuildFrame>(99), "")).text, std::string(kNoBuild) + "frame 99");
  EXPECT_EQ(Hear(Say(BuildFrame::Job, "")).text, std::string(kNoBuild) + "frame 1");
  EXPECT_EQ(Hear(Say(BuildFrame::Failed, Packer().Number(99).Text("x").Take())).text, std::string(kNoBuild) + "a damaged error");
  EXPECT_EQ(Hear(Say(BuildFrame::Failed, Packer().Number(0).Text("x").Take())).text, "Invalid: x");
  EXPECT_EQ(Hear(Say(BuildFrame::Threw, Packer().Text("x").Take())).text, "Internal: the process met an exception: x");
}

TEST(BuildHost, T84OpensKeysOnlyForWhoDecrypts) {
  const std::string question = Packer().Number(0).Text("age").Take();
  EXPECT_EQ(Hear(Say(BuildFrame::OpenKey, question)).text, std::string(kNoBuild) + "it asks for keys, and decrypts nothing");
  const auto decrypts = [](Spec& spec) { spec.decryption.emplace(); };
  EXPECT_NE(Hear(Say(BuildFrame::OpenKey, question), decrypts).text.find("no age identity is configured"), std::string::npos);
  EXPECT_EQ(Hear(Say(BuildFrame::OpenKey, Packer().Number(2).Text("x").Take()), decrypts).text,
            std::string(kNoBuild) + "a damaged question");
  EXPECT_EQ(Hear(Say(BuildFrame::OpenKey, question + "x"), decrypts).text, std::string(kNoBuild) + "a damaged question");
}

TEST(BuildHost, T84FetchesOnlyWhereThatIsAllowed) {
  const std::string entry = "https://example.org/org/base.git//deploy";
  const std::string of_tree = Packer().Number(0).Number(static_cast<std::uint64_t>(BuildFrame::Read)).Text("x").Take();
  for (const Frame& frame : {Say(BuildFrame::FetchTree, entry), Say(BuildFrame::FetchFile, "https://example.org/note.yaml")})
    EXPECT_EQ(Hear(frame).text, std::string(kNoBuild) + "it asks for what is elsewhere, and may not");
  Shelf shelf;
  const auto ask = [&](const Frame& frame, int times = 1) { return Hear(frame, {}, {.max_trees = 2}, times, &shelf).text; };
  EXPECT_EQ(ask(Say(BuildFrame::FetchTree, entry)), Packer().Number(0).Number(0).Take());
  EXPECT_EQ(ask(Say(BuildFrame::FetchTree, entry), 2), Packer().Number(0).Number(1).Take());
  EXPECT_EQ(ask(Say(BuildFrame::FetchTree, entry), 3), "the process asks for too many repositories");
  EXPECT_EQ(ask(Say(BuildFrame::FetchTree, "./deploy")), std::string(kNoBuild) + "it asks for a repository without an address");
  EXPECT_EQ(ask(Say(BuildFrame::OfTree, of_tree)), std::string(kNoBuild) + "a damaged question") << "there is none yet";
  EXPECT_EQ(ask(Say(BuildFrame::OfTree, "x")), std::string(kNoBuild) + "a damaged question");
}

TEST(BuildHost, T84ResultsAreTheOwnersAndWithinLimits) {
  const std::string object = R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"x","labels":{)"
                             R"("kustomize.toolkit.fluxcd.io/name":"other","kustomize.toolkit.fluxcd.io/namespace":"them"}}})";
  const std::string want = R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"x","labels":{)"
                           R"("kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux"}}})";
  const Heard heard = Hear(SayBuilt("[" + object + "]"));
  EXPECT_TRUE(heard.outcome);
  EXPECT_EQ(heard.text, "sha256:00\n" + want + "\n");
  EXPECT_EQ(Hear(SayBuilt("[]", "sha256:<b>")).text, std::string(kNoBuild) + "a damaged result");
  EXPECT_EQ(Hear(SayBuilt("{}")).text, std::string(kNoBuild) + "no list of objects");
  EXPECT_EQ(Hear(SayBuilt("[1]")).text, std::string(kNoBuild) + "an object without apiVersion, kind or name");
  EXPECT_EQ(Hear(SayBuilt("[")).text.substr(0, kNoBuild.size()), kNoBuild);
  EXPECT_EQ(Hear(SayBuilt("[[],[],[]]"), {}, {.max_values = 3}).text, "the process built more than we take");
  EXPECT_EQ(Hear(SayBuilt("[\"[[[[\\\"[[\"]"), {}, {.max_values = 3}).text,
            std::string(kNoBuild) + "an object without apiVersion, kind or name");
  EXPECT_NE(Hear(SayBuilt(std::string(5000, '[') + std::string(5000, ']'))).text.find("nested"), std::string::npos);
  EXPECT_EQ(Hear(SayBuilt("[" + std::string(100, ' ') + "]"), {}, {.max_objects_bytes = 50}).text.substr(0, kNoBuild.size()), kNoBuild);
  EXPECT_EQ(Hear(Say(BuildFrame::Built, Packer().Text("sha256:00").Number(1ULL << 60).Take())).text,
            std::string(kNoBuild) + "a damaged result");
}

// ---- What it costs ---------------------------------------------------------------------------------------------------------------------

/// Of this process and of those that it has waited for, with theirs.
}  // namespace
}  // namespace sluice::controller::kustomization
