#include "controller/artifact_loader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>

#include "base/archive.h"
#include "base/digest.h"
#include "controller/artifact_value.h"
#include "controller/foreign_sources.h"
#include "document/yaml.h"
#include "net/await.h"
#include "net/server.h"

namespace sluice::controller {
namespace {

using namespace std::chrono_literals;

std::string Pack(const std::map<std::string, std::string>& files) {
  std::string out;
  base::ArchiveWriter writer([&out](std::string_view bytes) -> base::Result<void> {
    out += bytes;
    return {};
  });
  for (const auto& [path, content] : files) EXPECT_TRUE(writer.AddFile(path, content, false));
  EXPECT_TRUE(writer.Finish());
  return out;
}

/// A loader whose server answers what a test says, and counts.
class LoaderTest : public testing::Test {
 protected:
  LoaderTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("sluice-loader-" + std::to_string(getpid()) + "-" + testing::UnitTest::GetInstance()->current_test_info()->name())),
        workers_(runtime_.io(), 2),
        server_(runtime_.io(), {}, [this](net::ServerRequest request) { return Answer(std::move(request)); }),
        artifacts_({.directory = folder_, .advertised_address = "sluice.test"}) {
    EXPECT_TRUE(server_.Start());
    UseOptions({});
  }
  ~LoaderTest() override { std::filesystem::remove_all(folder_); }

  void UseOptions(LoaderOptions options) {
    loader_ = std::make_unique<ArtifactLoader>(ArtifactLoader::Parts{runtime_.io(), workers_, clock_, artifacts_}, std::move(options));
  }

  net::Task<net::ServerResponse> Answer(net::ServerRequest request) {
    ++requests_;
    net::ServerResponse response;
    response.status = status_;
    response.headers = headers_;
    if (const auto at = served_.find(request.target); at != served_.end()) {
      response.body = at->second;
    } else if (status_ == 200) {
      response.status = 404;
    }
    co_return response;
  }

  std::string Url(std::string_view path = "/a.tar.gz") const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + std::string(path);
  }

  std::shared_ptr<const SourceArtifact> Artifact(const std::string& digest, const std::string& url = "") const {
    return std::make_shared<SourceArtifact>(SourceArtifact{.revision = "1", .digest = digest, .url = url.empty() ? Url() : url});
  }

  ArtifactLoader::Answer Load(std::shared_ptr<const SourceArtifact> artifact) {
    return runtime_.BlockOn(loader_->Load(std::move(artifact)));
  }

  std::string folder_;
  net::Runtime runtime_;
  net::WorkerPool workers_;
  net::HttpServer server_;
  base::ManualClock clock_{base::TimePoint(1h)};
  sources::ArtifactStore artifacts_;
  std::unique_ptr<ArtifactLoader> loader_;
  std::map<std::string, std::string> served_;
  net::Headers headers_;
  int status_ = 200;
  std::size_t requests_ = 0;
};

TEST_F(LoaderTest, FetchesVerifiesUnpacksAndRemembers) {
  const std::string packed = Pack({{"deploy/web.yaml", "kind: Web"}});
  served_["/a.tar.gz"] = packed;
  for (const std::string_view algorithm : {"sha1", "sha256", "sha384", "sha512", "blake3"}) {
    requests_ = 0;
    const std::string digest = std::string(algorithm) + ":" + *base::NamedDigestHex(algorithm, packed);
    const ArtifactLoader::Answer first = Load(Artifact(digest));
    ASSERT_TRUE(first.files) << algorithm << ": " << first.error.message;
    EXPECT_EQ(first.files->Read("deploy/web.yaml").value(), "kind: Web");
    EXPECT_NE(base::ContentIdAt(*first.files, "deploy/web.yaml"), "");
    EXPECT_EQ(Load(Artifact(digest)).files, first.files);
    EXPECT_EQ(requests_, 1u) << algorithm;
  }
}

TEST_F(LoaderTest, AnotherAddressIsAnotherArtifact) {
  const std::string packed = Pack({{"a", "1"}});
  served_["/a.tar.gz"] = packed;
  const std::string digest = "sha256:" + base::Sha256Hex(packed);
  ASSERT_TRUE(Load(Artifact(digest)).files);
  EXPECT_FALSE(Load(Artifact(digest, Url("/not/mine.tar.gz"))).files) << "a digest alone gives nobody what another may read";
}

TEST_F(LoaderTest, RefusalsAreNotTriedAgain) {
  const std::string packed = Pack({{"a", "1"}});
  const std::string hostile = Pack({{"a", "1"}, {"b", std::string(2000, 'x')}});
  served_ = {{"/a.tar.gz", packed}, {"/text", "no archive"}, {"/big", hostile}};
  UseOptions({.unpack = {.max_unpacked_bytes = 3000, .max_entries = 100}});
  const std::string sha = base::Sha256Hex(packed);
  struct Row {
    std::string digest, path, want;
  };
  const Row rows[] = {
      {"sha256:" + base::Sha256Hex("x"), "/a.tar.gz",
       "Invalid: failed to verify archive: computed digest sha256:" + sha +
           " doesn't match provided digest sha256:" + base::Sha256Hex("x")},
      {"", "/a.tar.gz", "Invalid: failed to verify archive: empty digest"},
      {"md5:00", "/a.tar.gz", "Unsupported: failed to verify archive: digest algorithm \"md5\" is not supported: use sha256"},
      {"sha256:" + sha, "/absent", "NotFound: file not found"},
  };
  for (const Row& row : rows) {
    const ArtifactLoader::Answer answer = Load(Artifact(row.digest, Url(row.path)));
    EXPECT_FALSE(answer.files);
    EXPECT_FALSE(answer.again) << row.want;
    EXPECT_EQ(std::string(base::ToString(answer.error.reason)) + ": " + answer.error.message, row.want);
  }
  EXPECT_TRUE(
      Load(Artifact("sha256:" + base::Sha256Hex("no archive"), Url("/text"))).error.message.starts_with("failed to extract archive: "));
  EXPECT_EQ(Load(Artifact("sha256:" + base::Sha256Hex(hostile), Url("/big"))).error.reason, base::Reason::TooLarge);
}

TEST_F(LoaderTest, WhatMayPassIsTriedNineTimesMore) {
  status_ = 503;
  const auto artifact = Artifact("sha256:" + base::Sha256Hex("x"));
  const std::string failed = "failed to download archive from " + Url() + " (status: 503)";
  const std::chrono::milliseconds waits[] = {500ms, 1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s};
  for (std::size_t i = 0; i < std::size(waits); ++i) {
    const ArtifactLoader::Answer answer = Load(artifact);
    ASSERT_EQ(answer.again, waits[i]) << i;
    EXPECT_EQ(answer.quiet, i < 2);
    EXPECT_EQ(answer.error.message, failed);
    EXPECT_EQ(Load(artifact).again, waits[i]) << "asked too early";
    EXPECT_EQ(requests_, i + 1) << "nobody is bothered by those who ask too early";
    clock_.Advance(waits[i]);
  }
  const ArtifactLoader::Answer last = Load(artifact);
  EXPECT_FALSE(last.again);
  EXPECT_EQ(last.error.message, failed + " (giving up after 10 attempts)");
  EXPECT_EQ(requests_, 10u);
}

TEST_F(LoaderTest, RecoversAndObeysRetryAfter) {
  const std::string packed = Pack({{"a", "1"}});
  served_["/a.tar.gz"] = packed;
  const auto artifact = Artifact("sha256:" + base::Sha256Hex(packed));
  status_ = 429;
  headers_ = {{"Retry-After", "7"}};
  EXPECT_EQ(Load(artifact).again, 7s);
  status_ = 200;
  clock_.Advance(6s);
  EXPECT_FALSE(Load(artifact).files);
  clock_.Advance(1s);
  EXPECT_TRUE(Load(artifact).files);
}

TEST_F(LoaderTest, NobodyListens) {
  const std::string url = Url();
  server_.Stop();
  runtime_.BlockOn(server_.Close(0ms));
  const ArtifactLoader::Answer answer = Load(Artifact("sha256:" + base::Sha256Hex("x"), url));
  EXPECT_EQ(answer.error.reason, base::Reason::Unavailable);
  EXPECT_TRUE(answer.error.message.starts_with("failed to download archive: GET " + url)) << answer.error.message;
  EXPECT_EQ(answer.again, 500ms);
}

TEST_F(LoaderTest, OneFetchForAllWhoAskTogether) {
  const std::string packed = Pack({{"a", "1"}});
  served_["/a.tar.gz"] = packed;
  const auto artifact = Artifact("sha256:" + base::Sha256Hex(packed));
  net::Scope scope(runtime_.io());
  int arrived = 0;
  const auto ask = [&]() -> net::Task<void> {
    net::Task<ArtifactLoader::Answer> loading = loader_->Load(artifact);
    const ArtifactLoader::Answer answer = co_await std::move(loading);
    arrived += answer.files ? 1 : 0;
  };
  for (int i = 0; i < 20; ++i) scope.Spawn(ask());
  EXPECT_TRUE(runtime_.BlockOn(scope.Drained()));
  EXPECT_EQ(arrived, 20);
  EXPECT_EQ(requests_, 1u);
}

TEST_F(LoaderTest, WhoGivesUpLeavesTheOthersTheirTurn) {
  const std::string packed = Pack({{"a", "1"}});
  served_["/a.tar.gz"] = packed;
  const auto artifact = Artifact("sha256:" + base::Sha256Hex(packed));
  net::Scope scope(runtime_.io());
  std::vector<base::Reason> failures;
  int arrived = 0;
  const auto ask = [&]() -> net::Task<void> {
    net::Task<ArtifactLoader::Answer> loading = loader_->Load(artifact);
    const ArtifactLoader::Answer answer = co_await std::move(loading);
    if (answer.files) ++arrived;
    if (!answer.files) failures.push_back(answer.error.reason);
  };
  const net::CancelHandle first = scope.Spawn(ask());
  scope.Spawn(ask());
  const auto cancel = [first]() -> net::Task<void> {
    first.Cancel();
    co_return;
  };
  scope.Spawn(cancel());
  EXPECT_TRUE(runtime_.BlockOn(scope.Drained()));
  EXPECT_EQ(arrived, 1);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0], base::Reason::Canceled);
}

TEST_F(LoaderTest, KeepsOnlySoMuch) {
  UseOptions({.cache_bytes = 3000});
  std::vector<std::shared_ptr<const SourceArtifact>> artifacts;
  for (const char name : {'a', 'b', 'c', 'd'}) {
    const std::string packed = Pack({{"file", std::string(name == 'd' ? 5000 : 1000, name)}});
    const std::string path = std::string("/") + name;
    served_[path] = packed;
    artifacts.push_back(Artifact("sha256:" + base::Sha256Hex(packed), Url(path)));
  }
  for (const auto& artifact : artifacts) {
    EXPECT_TRUE(Load(artifact).files);
    EXPECT_LE(loader_->cached_bytes(), 3000u);
  }
  requests_ = 0;
  EXPECT_TRUE(Load(artifacts[2]).files);
  EXPECT_EQ(requests_, 0u) << "used last";
  EXPECT_TRUE(Load(artifacts[0]).files);
  EXPECT_EQ(requests_, 1u) << "used least lately";
  EXPECT_TRUE(Load(artifacts[3]).files);
  EXPECT_TRUE(Load(artifacts[3]).files);
  EXPECT_EQ(requests_, 3u) << "too large to be kept";
}

TEST_F(LoaderTest, OurOwnAreReadFromTheDisk) {
  const auto files = base::MemoryFiles({{"a.yaml", "kind: A"}});
  const auto stored =
      artifacts_.Store({.kind = "ExternalArtifact", .namespace_ = "ns", .name = "a"}, "1", "latest@x", *files, clock_.Now());
  ASSERT_TRUE(stored) << stored.error().message;
  SourceArtifact artifact{.revision = "latest@x", .digest = stored->digest, .url = stored->url, .path = stored->path};
  const ArtifactLoader::Answer answer = Load(std::make_shared<SourceArtifact>(artifact));
  ASSERT_TRUE(answer.files) << answer.error.message;
  EXPECT_EQ(answer.files->Read("a.yaml").value(), "kind: A");
  artifact.path = "externalartifact/ns/a/2.tar.gz";
  artifact.url = artifacts_.UrlOf(artifact.path);
  EXPECT_EQ(Load(std::make_shared<SourceArtifact>(artifact)).error.reason, base::Reason::NotFound);
  EXPECT_EQ(requests_, 0u);
}

TEST(FetchUrl, HostsOfLocalRuns) {
  const LoaderOptions options{.localhost = "localhost:30080", .watcher_localhost = "localhost:30081"};
  EXPECT_EQ(FetchUrl("http://source-controller.flux-system.svc.cluster.local./gitrepository/a/b.tar.gz", options),
            "http://localhost:30080/gitrepository/a/b.tar.gz");
  EXPECT_EQ(FetchUrl("http://source-watcher.flux-system/ea/b.tar.gz?x=/y", options), "http://localhost:30081/ea/b.tar.gz?x=/y");
  EXPECT_EQ(FetchUrl("http://host:9090", options), "http://localhost:30080");
  EXPECT_EQ(FetchUrl("nonsense", options), "nonsense");
  EXPECT_EQ(FetchUrl("http://source-watcher/x", {.localhost = "localhost:1"}), "http://source-watcher/x");
  EXPECT_EQ(FetchUrl("http://host/x", {}), "http://host/x");
}

TEST(ForeignSources, WhatAStatusSaysIsRegistered) {
  const auto object = [](const std::string& status) {
    const auto parsed = document::ParseYaml(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: ExternalArtifact\nmetadata: {name: app, namespace: team}\nstatus: " + status);
    EXPECT_TRUE(parsed);
    return std::make_shared<const document::Value>(*parsed);
  };
  SourceRegistry registry;
  std::vector<std::string> told;
  registry.OnChanged([&](const SourceKey& key) { told.push_back(key.kind + "/" + key.ns + "/" + key.name); });
  ForeignSources notes("ExternalArtifact", registry);
  const SourceKey key{"ExternalArtifact", "team", "app"};

  notes.OnAdded(object("{}"));
  EXPECT_FALSE(registry.Find(key));
  EXPECT_TRUE(told.empty());

  const auto first = object(
      "{artifact: {url: http://x/y, path: p, revision: r1, digest: 'sha256:1', lastUpdateTime: '2026-01-01T00:00:00Z', size: 3,"
      " metadata: {org.opencontainers.image.revision: main@sha1:abc}}}");
  notes.OnUpdated(object("{}"), first);
  ASSERT_TRUE(registry.Find(key));
  EXPECT_EQ(registry.Find(key)->revision, "r1");
  EXPECT_EQ(registry.Find(key)->origin_revision, "main@sha1:abc");
  EXPECT_EQ(registry.Find(key)->url, "http://x/y");
  EXPECT_FALSE(registry.Find(key)->files);
  EXPECT_EQ(told.size(), 1u);
  notes.OnUpdated(first, first);
  EXPECT_EQ(told.size(), 1u) << "the same revision wakes nobody";

  const auto value = ArtifactIn(*first);
  ASSERT_TRUE(value);
  EXPECT_EQ(ArtifactValue(*value), *first->At({"status", "artifact"}));

  notes.OnUpdated(first, object("{artifact: {url: http://x/z, revision: r2, digest: 'sha256:2'}}"));
  EXPECT_EQ(told.size(), 2u);
  notes.OnUpdated(first, object("{artifact: {}}"));
  EXPECT_FALSE(registry.Find(key)) << "an artifact without a revision is none";
  EXPECT_EQ(told.size(), 3u);
  notes.OnDeleted(first);
  EXPECT_EQ(told.size(), 3u);
}

}  // namespace
}  // namespace sluice::controller
