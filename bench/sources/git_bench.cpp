// What a Git source costs against a real server on loopback: a look when nothing changed, a fetch of one commit in a repository of 10,000 files, a
// tree of 10,000 files opened, listed, filtered and packed. Beside them git's own command for the same.
#include <benchmark/benchmark.h>

#include <memory>

#include "base/digest.h"
#include "sources/artifact/ignored_files.h"
#include "sources/artifact/store.h"
#include "sources/git/library.h"
#include "tests/sources/fixture.h"

namespace {

using namespace sluice;
using namespace sluice::sources;

constexpr int kDirectories = 100, kFilesEach = 100;

/// The servers and one large repository, made once.
struct World {
  GitLibrary library;
  TestServer server{"--ssh"};
  TestRepository remote{server.root(), "large"};
  TemporaryDirectory directory;
  GitCache cache{directory.path() + "/cache"};
  int commits = 0;

  World() {
    for (int i = 0; i < kDirectories * kFilesEach; ++i) Write(i, 0);
    remote.Commit("large");
  }
  /// File `i` in its `version`th form: 2 KB, of which one line differs.
  void Write(int i, int version) const {
    const std::string name = "d" + std::to_string(i % kDirectories) + "/f" + std::to_string(i / kDirectories) + ".yaml";
    std::string text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c" + std::to_string(i) + "\n  labels: {version: \"" +
                       std::to_string(version) + "\"}\ndata:\n";
    for (int line = 0; line < 40; ++line)
      text += "  key" + std::to_string(line) + ": " + base::Sha256Hex(std::to_string(i * 40 + line)).substr(0, 36) + "\n";
    remote.Write(name, text);
  }
  std::string Change(int files) {
    ++commits;
    for (int i = 0; i < files; ++i) Write(i, commits);
    return remote.Commit("change");
  }
};

World& TheWorld() {
  static World* const world = new World;
  return *world;
}

void Require(bool ok, const std::string& what) {
  if (ok) return;
  fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

std::shared_ptr<const base::Files> Tree(World& world) {
  const auto repository = world.cache.Open(world.server.Url("http", world.remote));
  const auto found = repository->Resolve({.branch = "main"}, {}).value();
  const auto fetched = repository->Fetch(found, {});
  Require(fetched.has_value(), MessageOf(fetched));
  return repository->OpenTree(found.commit).value();
}

void ResolveUnchanged(benchmark::State& state, const std::string& scheme) {
  World& world = TheWorld();
  const auto repository = world.cache.Open(world.server.Url(scheme, world.remote));
  const Credentials credentials = scheme == "ssh" ? world.server.Ssh() : Credentials{};
  for (auto _ : state) {
    const auto found = repository->Resolve({.branch = "main"}, credentials);
    Require(found.has_value(), MessageOf(found));
  }
}
BENCHMARK_CAPTURE(ResolveUnchanged, http, "http")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ResolveUnchanged, ssh, "ssh")->UseRealTime()->Unit(benchmark::kMillisecond);

void GitLsRemote(benchmark::State& state) {
  World& world = TheWorld();
  for (auto _ : state) Shell("git ls-remote " + world.server.Url("http", world.remote).text + " refs/heads/main");
}
BENCHMARK(GitLsRemote)->UseRealTime()->Unit(benchmark::kMillisecond);

void FetchCommit(benchmark::State& state) {
  World& world = TheWorld();
  const auto repository = world.cache.Open(world.server.Url("http", world.remote));
  Tree(world);
  for (auto _ : state) {
    state.PauseTiming();
    world.Change(static_cast<int>(state.range(0)));
    state.ResumeTiming();
    const auto found = repository->Resolve({.branch = "main"}, {}).value();
    const auto fetched = repository->Fetch(found, {});
    Require(fetched.has_value(), MessageOf(fetched));
  }
}
BENCHMARK(FetchCommit)->Arg(1)->Arg(1000)->Iterations(10)->UseRealTime()->Unit(benchmark::kMillisecond);

void GitFetchCommit(benchmark::State& state) {
  World& world = TheWorld();
  const TemporaryDirectory clone;
  Shell("git clone -q --bare --depth 1 " + world.server.Url("http", world.remote).text + " " + clone.path() + "/c");
  for (auto _ : state) {
    state.PauseTiming();
    world.Change(1);
    state.ResumeTiming();
    Shell("git --git-dir " + clone.path() + "/c fetch -q --depth 1 origin main");
  }
}
BENCHMARK(GitFetchCommit)->Iterations(10)->UseRealTime()->Unit(benchmark::kMillisecond);

void FirstFetch(benchmark::State& state) {
  World& world = TheWorld();
  for (auto _ : state) {
    const TemporaryDirectory directory;
    GitCache cache(directory.path());
    const auto repository = cache.Open(world.server.Url("http", world.remote));
    const auto fetched = repository->Fetch(repository->Resolve({.branch = "main"}, {}).value(), {});
    Require(fetched.has_value(), MessageOf(fetched));
  }
}
BENCHMARK(FirstFetch)->UseRealTime()->Unit(benchmark::kMillisecond);

std::size_t Walk(const base::Files& files, const std::string& directory, bool read) {
  std::size_t count = 0;
  for (const base::FileInfo& entry : files.List(directory).value()) {
    const std::string path = directory == "." ? entry.name : directory + "/" + entry.name;
    count += entry.type == base::FileType::Directory ? Walk(files, path, read) : read ? files.Read(path).value().size() > 0 : 1;
  }
  return count;
}

void OpenTree(benchmark::State& state) {
  World& world = TheWorld();
  const auto repository = world.cache.Open(world.server.Url("http", world.remote));
  const std::string commit = repository->Resolve({.branch = "main"}, {}).value().commit;
  Tree(world);
  for (auto _ : state) benchmark::DoNotOptimize(repository->OpenTree(commit));
}
BENCHMARK(OpenTree)->Unit(benchmark::kMicrosecond);

void ListTree(benchmark::State& state) {
  const auto files = Tree(TheWorld());
  for (auto _ : state) Require(Walk(*files, ".", false) == kDirectories * kFilesEach, "count");
}
BENCHMARK(ListTree)->Unit(benchmark::kMillisecond);

void ReadTree(benchmark::State& state) {
  const auto files = Tree(TheWorld());
  for (auto _ : state) Require(Walk(*files, ".", true) == kDirectories * kFilesEach, "count");
}
BENCHMARK(ReadTree)->Unit(benchmark::kMillisecond);

void FilterTree(benchmark::State& state) {
  const auto files = Tree(TheWorld());
  for (auto _ : state) benchmark::DoNotOptimize(WithoutIgnored(files, std::nullopt));
}
BENCHMARK(FilterTree)->Unit(benchmark::kMillisecond);

void PackTree(benchmark::State& state) {
  const auto files = WithoutIgnored(Tree(TheWorld()), std::nullopt).value();
  const ArtifactStore store({.directory = TheWorld().directory.path() + "/store"});
  for (auto _ : state) {
    const auto artifact = store.Store({"GitRepository", "a", "b"}, "c", "r", *files, {});
    Require(artifact.has_value(), MessageOf(artifact));
  }
}
BENCHMARK(PackTree)->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  delete &TheWorld();
}
