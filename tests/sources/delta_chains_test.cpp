#include "sources/git/delta_chains.h"

#include <gtest/gtest.h>

#include "tests/sources/git_repositories.h"

namespace sluice::sources {
namespace {

// A pack of one blob and `count` deltas, each upon the one before: by its offset, or by its id where `by_id` is set. Indexed by git.
constexpr std::string_view kMakePack = R"(
import hashlib, struct, sys, zlib
count, by_id = int(sys.argv[1]), sys.argv[2] == "by-id"
def header(kind, size):
    out = [kind << 4 | size & 15]
    size >>= 4
    while size:
        out[-1] |= 128
        out.append(size & 127)
        size >>= 7
    return bytes(out)
def back(offset):
    out = [offset & 127]
    offset >>= 7
    while offset:
        offset -= 1
        out.insert(0, offset & 127 | 128)
        offset >>= 7
    return bytes(out)
text = b"00000000" + b"x" * 100
pack = b"PACK" + struct.pack(">II", 2, count + 1)
at = len(pack)
pack = bytearray(pack + header(3, len(text)) + zlib.compress(text))
for i in range(1, count + 1):
    base = hashlib.sha1(b"blob 108\0" + text).digest()
    text = b"%08d" % i + b"x" * 100
    delta = b"\x6c\x6c" + b"\x08" + text[:8] + b"\x91\x08\x64"  # eight bytes of our own, then a hundred from 8
    start = len(pack)
    pack += (header(7, len(delta)) + base if by_id else header(6, len(delta)) + back(start - at)) + zlib.compress(delta)
    at = start
sys.stdout.buffer.write(bytes(pack) + hashlib.sha1(bytes(pack)).digest())
)";

std::string MakePack(const TemporaryDirectory& directory, int links, const std::string& how) {
  WriteFile(directory.path() + "/make.py", kMakePack);
  const std::string stem = directory.path() + "/" + how + std::to_string(links);
  Shell("python3 " + directory.path() + "/make.py " + std::to_string(links) + " " + how + " > " + stem + ".pack && git index-pack " + stem +
        ".pack");
  return stem;
}

TEST(DeltaChains, T15AreCountedWhicheverWayTheyNameTheirBase) {
  const TemporaryDirectory directory;
  for (const char* how : {"by-offset", "by-id"}) {
    const std::string stem = MakePack(directory, 4'096, how);
    EXPECT_EQ(MessageOf(CheckDeltaChains(stem, 4'096)), "no error") << how;
    const auto refused = CheckDeltaChains(stem, 4'095);
    EXPECT_EQ(ReasonOf(refused), "TooLarge") << how;
    EXPECT_EQ(
        MessageOf(refused),
        "the pack has a chain of more than 4095 deltas: repack the repository on the host with a smaller --depth, or raise the limit");
  }
}

TEST(DeltaChains, FilesThatDoNotFitAreNamed) {
  const TemporaryDirectory directory;
  const std::string stem = MakePack(directory, 2, "by-offset");
  EXPECT_EQ(MessageOf(CheckDeltaChains(directory.path() + "/none", 1)), "cannot read " + directory.path() + "/none.idx");
  const std::string index = ReadFile(stem + ".idx");
  struct Row {
    std::string text;
    std::string_view want;
  };
  const Row rows[] = {{"", ": its index is not of version 2"},
                      {std::string(index.size(), 'x'), ": its index is not of version 2"},
                      {index.substr(0, index.size() - 1), ": its index is cut off"}};
  for (const Row& row : rows) {
    Shell("chmod u+w " + stem + ".idx");
    WriteFile(stem + ".idx", row.text);
    EXPECT_EQ(MessageOf(CheckDeltaChains(stem, 5)), stem + std::string(row.want));
  }
  WriteFile(stem + ".idx", index);
  Shell("chmod u+w " + stem + ".pack && truncate -s 20 " + stem + ".pack");
  EXPECT_EQ(MessageOf(CheckDeltaChains(stem, 5)), stem + ": an object has no header");
}

using DeltaChainsOfHosts = GitRepositories;

TEST_F(DeltaChainsOfHosts, T15APackIsRefusedAndLeavesNothing) {
  // Each file shares nine of its ten lines with the next one and less with all others, so git makes a chain of them.
  Shell("head -c 9000 /dev/urandom | base64 -w300 > " + directory.path() + "/lines");
  for (int i = 1; i <= 20; ++i)
    remote.Write("f" + std::to_string(i),
                 Shell("sed -n '" + std::to_string(i) + "," + std::to_string(i + 9) + "p' " + directory.path() + "/lines"));
  remote.Commit("alike");
  Shell("git -C " + remote.bare() + " repack -adfq --depth=50 --window=50");
  GitCache bounded(directory.path() + "/bounded", {.max_delta_links = 3});
  const auto repository = bounded.Open(server_->Url("http", remote));
  EXPECT_EQ(
      Get(*repository, {.branch = "main"}, {}),
      repository->url().text +
          ": the pack has a chain of more than 3 deltas: repack the repository on the host with a smaller --depth, or raise the limit");
  EXPECT_EQ(Shell("find " + directory.path() + "/bounded -name '*.pack' -o -name '*.idx' | wc -l"), "0") << "nothing is left behind";
  EXPECT_EQ(Get(*Open(), {.branch = "main"}, {}), "");
}

}  // namespace
}  // namespace sluice::sources
