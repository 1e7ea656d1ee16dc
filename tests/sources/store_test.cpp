#include "sources/artifact/store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/digest.h"
#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

namespace fs = std::filesystem;

const ArtifactOwner kOwner{"GitRepository", "flux-system", "app"};

base::TimePoint At(long seconds) { return base::TimePoint(std::chrono::seconds(seconds)); }

class Store : public testing::Test {
 protected:
  ArtifactStore Make() const {
    return ArtifactStore({.directory = directory_.path() + "/data/", .advertised_address = "source-controller.flux.svc.cluster.local."});
  }
  std::string Path(const std::string& below) const { return directory_.path() + "/data/" + below; }
  TemporaryDirectory directory_;
};

TEST_F(Store, KeepsTheContractsForm) {
  const ArtifactStore store = Make();
  const auto files = base::MemoryFiles({{"a/b.yaml", "b: 1\n"}, {"c.yaml", ""}});
  const auto artifact = store.Store(kOwner, "4f2a", "main@sha1:4f2a", *files, At(1'700'000'000) + std::chrono::milliseconds(900));
  ASSERT_TRUE(artifact) << MessageOf(artifact);
  EXPECT_EQ(artifact->path, "gitrepository/flux-system/app/4f2a.tar.gz");
  EXPECT_EQ(artifact->url, "http://source-controller.flux.svc.cluster.local./gitrepository/flux-system/app/4f2a.tar.gz");
  EXPECT_EQ(artifact->revision, "main@sha1:4f2a");
  EXPECT_EQ(artifact->last_update_time, At(1'700'000'000));
  const std::string bytes = ReadFile(Path(artifact->path));
  EXPECT_EQ(artifact->digest, "sha256:" + base::Sha256Hex(bytes));
  EXPECT_EQ(artifact->size, bytes.size());
  EXPECT_EQ(fs::read_symlink(Path("gitrepository/flux-system/app/latest.tar.gz")), "4f2a.tar.gz");
  EXPECT_TRUE(store.Verify(artifact->path, artifact->digest));
  EXPECT_EQ(Shell("tar -tvzf " + Path(artifact->path) + " | awk '{print $1, $2, $6}'"),
            "drwxr-x--- 0/0 .\ndrwxr-x--- 0/0 a\n-rw------- 0/0 a/b.yaml\n-rw------- 0/0 c.yaml");
}

TEST_F(Store, DigestsByEachOfFluxsAlgorithms) {
  const auto files = base::MemoryFiles({{"a", "1"}});
  for (const std::string algorithm : {"sha256", "sha1", "sha384", "sha512", "blake3"}) {
    const ArtifactStore store({.directory = directory_.path() + "/data", .advertised_address = "x", .digest_algorithm = algorithm});
    const auto artifact = store.Store(kOwner, algorithm, "r", *files, At(1));
    ASSERT_TRUE(artifact) << MessageOf(artifact);
    EXPECT_EQ(artifact->digest, algorithm + ":" + base::NamedDigestHex(algorithm, ReadFile(Path(artifact->path))).value_or("none"));
    EXPECT_TRUE(store.Verify(artifact->path, artifact->digest));
    EXPECT_TRUE(store.Exists(*artifact));
    EXPECT_TRUE(store.Open(*artifact));
  }
}

TEST_F(Store, SaysWhichStepFailedAndWhetherTheDiskIsFull) {
  const auto files = base::MemoryFiles({{"a", "1"}});
  StoreStep step{};
  WriteFile(directory_.path() + "/data/gitrepository", "in the way");
  EXPECT_FALSE(Make().Store(kOwner, "x", "r", *files, At(1), &step));
  EXPECT_EQ(step, StoreStep::Directory);
  fs::remove(Path("gitrepository"));
  fs::create_directories(Path("gitrepository/flux-system/app/x.tar.gz"));
  EXPECT_FALSE(Make().Store(kOwner, "x", "r", *files, At(1), &step));
  EXPECT_EQ(step, StoreStep::Archive);
  fs::create_directories(Path("gitrepository/flux-system/app/latest.tar.gz/x"));
  EXPECT_FALSE(Make().Store(kOwner, "y", "r", *files, At(1), &step));
  EXPECT_EQ(step, StoreStep::Link);
  EXPECT_TRUE(IsDiskFull(base::MakeError(base::Reason::Unavailable, "/data/x: cannot write: No space left on device")));
  EXPECT_TRUE(IsDiskFull(base::MakeError(base::Reason::Unavailable, "/data/x: cannot sync: Disk quota exceeded")));
  EXPECT_FALSE(IsDiskFull(base::MakeError(base::Reason::Unavailable, "/data/x: cannot write: Input/output error")));
}

TEST_F(Store, TheSameTreeGivesTheSameDigest) {
  const ArtifactStore store = Make();
  const auto files = base::MemoryFiles({{"a", "1"}, {"b/c", "2"}}), other = base::MemoryFiles({{"a", "1"}, {"b/c", "3"}});
  const auto first = store.Store(kOwner, "one", "r", *files, At(1)), second = store.Store(kOwner, "two", "r", *files, At(99)),
             third = store.Store(kOwner, "three", "r", *other, At(1));
  EXPECT_EQ(first->digest, second->digest);
  EXPECT_NE(first->digest, third->digest);
  EXPECT_EQ(fs::read_symlink(Path("gitrepository/flux-system/app/latest.tar.gz")), "three.tar.gz");
}

TEST_F(Store, OpensWhatItStored) {
  const ArtifactStore store = Make();
  const auto artifact = store.Store(kOwner, "x", "r", *base::MemoryFiles({{"a/b", "1"}, {"c", "2"}}), At(1));
  const auto opened = store.Open(*artifact);
  ASSERT_TRUE(opened) << MessageOf(opened);
  EXPECT_EQ(Shown(**opened), "a/b=1\nc=2\n");
}

TEST_F(Store, LossAndDamageAreToldApart) {
  const ArtifactStore store = Make();
  const auto artifact = store.Store(kOwner, "x", "r", *base::MemoryFiles({{"a", "1"}}), At(1));
  EXPECT_EQ(ReasonOf(store.Verify("gitrepository/flux-system/app/y.tar.gz", artifact->digest)), "NotFound");
  EXPECT_EQ(MessageOf(store.Verify("gitrepository/flux-system/app/y.tar.gz", artifact->digest)),
            "artifact gitrepository/flux-system/app/y.tar.gz is not in the store");
  WriteFile(Path(artifact->path), "other");
  EXPECT_EQ(MessageOf(store.Open(*artifact)), "artifact gitrepository/flux-system/app/x.tar.gz: computed digest sha256:" +
                                                  base::Sha256Hex("other") + " doesn't match provided digest " + artifact->digest);
  EXPECT_EQ(ReasonOf(store.Verify(artifact->path, artifact->digest)), "Invalid");
  EXPECT_FALSE(fs::exists(Path(artifact->path))) << "a damaged file is not served on";
  EXPECT_EQ(ReasonOf(store.Verify("../../etc/passwd", artifact->digest)), "Invalid");
}

TEST_F(Store, FailedPackingLeavesTheOldFile) {
  const ArtifactStore store({.directory = Path("")});
  const auto artifact = store.Store(kOwner, "x", "r", *base::MemoryFiles({{"a", "1"}}), At(1));
  const ArtifactStore small({.directory = Path(""), .limits = {.max_unpacked_bytes = 10, .max_entries = 3}});
  const auto big = small.Store(kOwner, "x", "r", *base::MemoryFiles({{"a", std::string(11, 'x')}}), At(1));
  EXPECT_EQ(MessageOf(big), "a: the tree holds more than 10 bytes: leave files out with .sourceignore, or raise the limit");
  EXPECT_EQ(ReasonOf(big), "TooLarge");
  const auto many = small.Store(kOwner, "x", "r", *base::MemoryFiles({{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}}), At(1));
  EXPECT_EQ(MessageOf(many), ".: the tree holds more than 3 files and directories: leave some out, or raise the limit");
  EXPECT_TRUE(store.Verify(artifact->path, artifact->digest));
  EXPECT_EQ(Shell("ls -A " + Path("gitrepository/flux-system/app")), "latest.tar.gz\nx.tar.gz");
}

TEST_F(Store, DiskErrorsAreNamed) {
  WriteFile(Path("gitrepository"), "a file where a directory should be");
  const ArtifactStore store = Make();
  const auto artifact = store.Store(kOwner, "x", "r", *base::MemoryFiles({}), At(1));
  EXPECT_EQ(MessageOf(artifact), Path("gitrepository/flux-system/app") + ": cannot create the directory: Not a directory");
  EXPECT_EQ(ReasonOf(artifact), "Unavailable");
  const ArtifactStore full({.directory = "/dev/shm/../full"});
  EXPECT_EQ(ReasonOf(full.Store(kOwner, "x", "r", *base::MemoryFiles({}), At(1))), "Unavailable");
}

TEST_F(Store, GarbageGoesByAgeAndNumber) {
  const ArtifactStore store = Make();
  const auto files = base::MemoryFiles({{"a", "1"}});
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(store.Store(kOwner, "v" + std::to_string(i), "r", *files, At(1000 + i * 20)));
  WriteFile(Path("gitrepository/flux-system/app/dead.tar.gz.unfinished"), "half");
  const std::string current = "gitrepository/flux-system/app/v4.tar.gz";
  // now = 1090: v0..v2 are past the minute's retention or beyond the two records; v3 (30 s old) is the second record
  const auto removed = store.GarbageCollect(kOwner, current, At(1090));
  ASSERT_TRUE(removed) << MessageOf(removed);
  EXPECT_EQ(*removed, (std::vector<std::string>{"gitrepository/flux-system/app/v0.tar.gz", "gitrepository/flux-system/app/v1.tar.gz",
                                                "gitrepository/flux-system/app/v2.tar.gz"}));
  EXPECT_EQ(Shell("ls -A " + Path("gitrepository/flux-system/app")), "latest.tar.gz\nv3.tar.gz\nv4.tar.gz");
  EXPECT_TRUE(store.GarbageCollect(kOwner, current, At(1090))->empty());
  EXPECT_EQ(store.GarbageCollect(kOwner, current, At(1060 + 61))->size(), 1u) << "v3 is 61 s old now";
  EXPECT_TRUE(store.GarbageCollect(kOwner, current, At(9999))->empty()) << "the current one stays, however old";
  EXPECT_TRUE(store.GarbageCollect({"GitRepository", "flux-system", "none"}, "x", At(1))->empty());
}

TEST_F(Store, OneAtATimeWorksOnAnOwnersFiles) {
  const ArtifactStore store = Make();
  std::mutex mutex;
  std::vector<std::string> order;
  const auto note = [&](const char* what) {
    const std::lock_guard lock(mutex);
    order.emplace_back(what);
  };
  std::jthread second;
  {
    const auto first = store.Lock(kOwner, {});
    ASSERT_TRUE(first) << MessageOf(first);
    ASSERT_TRUE(store.Lock({"GitRepository", "flux-system", "other"}, {})) << "of another owner";
    second = std::jthread([&] {
      const auto lock = store.Lock({"gitrepository", "flux-system", "app"}, {});
      note(lock ? "second" : "refused");
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    note("first");
  }
  second.join();
  EXPECT_EQ(order, (std::vector<std::string>{"first", "second"}));
  EXPECT_TRUE(store.Lock(kOwner, {}));
  EXPECT_EQ(ReasonOf(store.Lock({"GitRepository", "..", "app"}, {})), "Invalid");
}

TEST_F(Store, WhoWasToldToStopNeverBegins) {
  const ArtifactStore store = Make();
  std::stop_source stop;
  {
    const auto first = store.Lock(kOwner, {});
    ASSERT_TRUE(first) << MessageOf(first);
    std::jthread stopper([&] { stop.request_stop(); });
    EXPECT_EQ(ReasonOf(store.Lock(kOwner, stop.get_token())), "Canceled") << "while it waits";
  }
  EXPECT_EQ(ReasonOf(store.Lock(kOwner, stop.get_token())), "Canceled") << "when it could begin";
  EXPECT_TRUE(store.Lock(kOwner, {}));
}

TEST_F(Store, RemoveAll) {
  const ArtifactStore store = Make();
  const auto files = base::MemoryFiles({{"a", "1"}});
  ASSERT_TRUE(store.Store(kOwner, "v1", "r", *files, At(1)));
  ASSERT_TRUE(store.Store(kOwner, "v2", "r", *files, At(1)));
  ASSERT_TRUE(store.Store({"GitRepository", "flux-system", "app2"}, "v1", "r", *files, At(1)));
  EXPECT_EQ(store.RemoveAll(kOwner).value(), 2u);
  EXPECT_EQ(store.RemoveAll(kOwner).value(), 0u);
  EXPECT_EQ(Shell("ls " + Path("gitrepository/flux-system")), "app2");
}

TEST_F(Store, NamesThatWouldLeaveAreRefused) {
  const ArtifactStore store = Make();
  const auto files = base::MemoryFiles({});
  for (const ArtifactOwner& owner : {ArtifactOwner{"GitRepository", "..", "app"}, ArtifactOwner{"GitRepository", "a/b", "app"},
                                     ArtifactOwner{"", "a", "b"}, ArtifactOwner{"K", "a", ".b"}})
    EXPECT_EQ(MessageOf(store.RemoveAll(owner)),
              "artifact owner '" + owner.kind + "/" + owner.namespace_ + "/" + owner.name + "' is not allowed as a path");
  for (const std::string& stem : {"../x", "a/b", ".x", "", "latest", "x\ny"})
    EXPECT_EQ(MessageOf(store.Store(kOwner, stem, "r", *files, At(1))), "artifact name '" + stem + ".tar.gz' is not allowed");
}

TEST_F(Store, ServesOnlyItsOwnFiles) {
  const ArtifactStore store = Make();
  const auto files = base::MemoryFiles({{"a", "1"}});
  ASSERT_TRUE(store.Store(kOwner, "v1", "r", *files, At(1)));
  const std::string file = Path("gitrepository/flux-system/app/v1.tar.gz");
  WriteFile(Path("secret"), "s");
  WriteFile(Path("gitrepository/flux-system/app/v2.tar.gz.unfinished"), "s");
  fs::create_symlink("/etc/passwd", Path("gitrepository/flux-system/app/v3.tar.gz"));
  fs::create_symlink("../../../secret", Path("gitrepository/flux-system/app/latest.txt"));
  fs::create_directory_symlink("flux-system", Path("gitrepository/link"));
  for (std::string_view good : {"/gitrepository/flux-system/app/v1.tar.gz", "/gitrepository/flux-system/app/latest.tar.gz",
                                "/gitrepository/flux-system/app/v1.tar.gz?x=/y", "/gitrepository/flux%2dsystem/app/v1.tar.gz"})
    EXPECT_EQ(store.FileFor(good).value_or("404"), file) << good;
  for (std::string_view bad : {"",
                               "/",
                               "gitrepository/flux-system/app/v1.tar.gz",
                               "//gitrepository/flux-system/app/v1.tar.gz",
                               "/gitrepository/flux-system/app",
                               "/gitrepository/flux-system/app/",
                               "/secret",
                               "/gitrepository/flux-system/app/../app/v1.tar.gz",
                               "/gitrepository/flux-system/app/..%2fapp%2fv1.tar.gz",
                               "/gitrepository/flux-system/app/%2e%2e/v1.tar.gz",
                               "/gitrepository/flux-system/app/v3.tar.gz",
                               "/gitrepository/flux-system/app/latest.txt",
                               "/gitrepository/link/app/v1.tar.gz",
                               "/gitrepository/flux-system/app/v2.tar.gz.unfinished",
                               "/gitrepository/flux-system/app/none.tar.gz",
                               "/gitrepository/flux-system/app/v1.tar.gz%00",
                               "/gitrepository/flux-system/app/v1.tar.gz%",
                               "/gitrepository/flux-system/app/v1.tar.gz/x",
                               "http://host/gitrepository/flux-system/app/v1.tar.gz",
                               "/gitrepository\\flux-system\\app\\v1.tar.gz"})
    EXPECT_FALSE(store.FileFor(bad)) << bad;
}

TEST(Address, ComesFromTheFlagsOrTheHost) {
  struct Row {
    std::string_view advertised, listen, hostname, want;
  };
  constexpr Row kRows[] = {
      {"source-controller.flux.svc.cluster.local.", ":9090", "pod", "source-controller.flux.svc.cluster.local."},
      {"", ":9090", "pod", "localhost:9090"},
      {"", "0.0.0.0:9090", "pod", "pod:9090"},
      {"", "0.0.0.0:9090", "", "localhost:9090"},
      {"", "127.0.0.1:80", "pod", "127.0.0.1:80"},
      {"", "[::1]:9090", "pod", "[::1]:9090"},
      {"", "[::1]", "pod", "[::1]"},
  };
  for (const Row& row : kRows) EXPECT_EQ(AdvertisedAddress(row.advertised, row.listen, row.hostname), row.want);
  EXPECT_EQ(ArtifactStore({.directory = "x", .advertised_address = "https://h"}).UrlOf("a/b"), "https://h/a/b");
}

}  // namespace
}  // namespace sluice::sources
