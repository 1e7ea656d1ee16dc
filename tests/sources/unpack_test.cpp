#include "sources/artifact/unpack.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

TEST(Unpack, DigestsAreComparedWhole) {
  const std::string sha256 = base::Sha256Hex("abc");
  EXPECT_TRUE(VerifyDigest("abc", "sha256:" + sha256));
  EXPECT_TRUE(VerifyDigest("abc", "sha1:a9993e364706816aba3e25717850c26c9cd0d89d"));
  EXPECT_TRUE(VerifyDigest("abc", "blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"));
  EXPECT_TRUE(VerifyDigest("abc", sha256)) << "an old artifact names no algorithm";
  struct Row {
    std::string digest, want;
  };
  const Row kRows[] = {
      {"sha256:" + base::Sha256Hex("x"),
       "computed digest sha256:" + sha256 + " doesn't match provided digest sha256:" + base::Sha256Hex("x")},
      {"sha256:" + sha256.substr(1), "computed digest sha256:" + sha256 + " doesn't match provided digest sha256:" + sha256.substr(1)},
      {"abcd", "computed digest sha256:" + sha256 + " doesn't match provided digest sha256:abcd"},
      {"", "invalid digest \"\": want algorithm:hex"},
      {":abc", "invalid digest \":abc\": want algorithm:hex"},
      {"sha256:", "invalid digest \"sha256:\": want algorithm:hex"},
      {"sha256:XYZ", "invalid digest \"sha256:XYZ\": want algorithm:hex"},
      {"blake2:00", "digest algorithm \"blake2\" is not supported: use sha256"},
  };
  for (const Row& row : kRows) EXPECT_EQ(MessageOf(VerifyDigest("abc", row.digest)), row.want);
}

/// What GNU tar makes of a directory that `script` fills.
std::string Tar(const std::string& script) {
  const TemporaryDirectory directory;
  Shell("mkdir " + directory.path() + "/t && cd " + directory.path() + "/t && " + script + " && tar -czf ../t.tar.gz .");
  return ReadFile(directory.path() + "/t.tar.gz");
}

TEST(Unpack, TakesArtifactsOfOthers) {
  const auto files = UnpackArtifact(Tar("mkdir -p a/b && echo 1 > a/b/c && echo 2 > d && ln -s d link && chmod +x d && mkdir empty"));
  ASSERT_TRUE(files) << MessageOf(files);
  EXPECT_EQ(Shown(**files), "a/b/c=1\n\nd*=2\n\nempty/\n") << "links are left out";
}

TEST(Unpack, RefusesWhatIsNoArtifact) {
  EXPECT_EQ(ReasonOf(UnpackArtifact("not gzip")), "Invalid");
  EXPECT_EQ(ReasonOf(UnpackArtifact(Tar("echo 1 > a && ln a b"))), "Invalid") << "hard link";
  EXPECT_EQ(ReasonOf(UnpackArtifact(Tar("mkfifo p"))), "Invalid");
  EXPECT_EQ(ReasonOf(UnpackArtifact(Tar("touch a b c d"), {.max_unpacked_bytes = 1u << 20, .max_entries = 3})), "TooLarge");
  EXPECT_EQ(ReasonOf(UnpackArtifact(Tar("head -c 100000 /dev/zero > a"), {.max_unpacked_bytes = 50000, .max_entries = 3})), "TooLarge");
}

TEST(Unpack, KeepsItsLimits) {
  const std::string deep = Tar("mkdir -p a/b/c && echo 1 > a/b/c/d"), zeros = Tar("head -c 80000000 /dev/zero > a");
  EXPECT_EQ(ReasonOf(UnpackArtifact(deep, {.max_depth = 3})), "TooLarge");
  EXPECT_EQ(ReasonOf(UnpackArtifact(deep, {.max_depth = 4})), "none");
  EXPECT_EQ(ReasonOf(UnpackArtifact(deep, {.max_path_bytes = 8})), "TooLarge") << "./a/b/c/d";
  EXPECT_EQ(ReasonOf(UnpackArtifact(deep, {.max_path_bytes = 9})), "none");
  EXPECT_EQ(ReasonOf(UnpackArtifact(zeros)), "TooLarge") << "200:1";
  EXPECT_EQ(ReasonOf(UnpackArtifact(zeros, {.max_ratio = 10'000})), "none");
}

}  // namespace
}  // namespace sluice::sources
