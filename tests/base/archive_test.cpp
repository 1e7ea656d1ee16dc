#include "base/archive.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/digest.h"

namespace sluice::base {
namespace {

namespace fs = std::filesystem;

// A tar header as anybody could write it, right or wrong.
struct Header {
  std::string name;
  char type = '0';
  std::string size = "0";
  std::string mode = "644";
  std::string prefix = "";
  bool checksum = true;
};

std::string Block(const Header& header) {
  std::string block(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) { block.replace(at, text.size(), text); };
  put(0, header.name);
  put(100, header.mode);
  put(124, header.size);
  put(257, std::string("ustar\00000", 8));
  put(345, header.prefix);
  block[156] = header.type;
  put(148, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", header.checksum ? sum : sum + 1);
  put(148, std::string(digits, 7));
  return block;
}

std::string Padded(std::string bytes) {
  bytes.resize((bytes.size() + 511) / 512 * 512);
  return bytes;
}

std::string Octal(std::size_t value) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "%zo", value);
  return digits;
}

std::string FileEntry(const std::string& name, const std::string& bytes) {
  return Block({.name = name, .size = Octal(bytes.size())}) + Padded(bytes);
}

std::string PaxEntry(const std::string& record) {
  const std::string body =
      std::to_string(record.size() + 3 + (record.size() + 3 >= 100 ? 1 : 0) + (record.size() + 4 >= 1000 ? 1 : 0)) + " " + record;
  return Block({.name = "pax", .type = 'x', .size = Octal(body.size())}) + Padded(body);
}

std::string Describe(const std::string& tar, ArchiveOptions options = {}) {
  const std::string packed = Gzip(tar);
  ArchiveReader reader(SourceOf(packed), options);
  std::string text;
  while (true) {
    auto entry = reader.Next();
    if (!entry) return text + "error: " + std::string(ToString(entry.error().reason)) + ": " + entry.error().message;
    if (!*entry) return text;
    const ArchiveEntry& e = **entry;
    const auto bytes = reader.Contents();
    if (!bytes) return text + e.path + ": error: " + bytes.error().message;
    text += e.path + (e.directory ? "/" : e.executable ? "*" : "") + "=" + *bytes + " ";
  }
}

const std::string kEnd(1024, '\0');

TEST(Archive, ReadsWhatTarsHold) {
  const std::string long_name = std::string(120, 'n') + "/f";
  struct Row {
    std::string_view rule;
    std::string tar, want;
  };
  const Row rows[] = {
      {"empty", kEnd, ""},
      {"no end marker", FileEntry("a", "1"), "a=1 "},
      {"files and directories", Block({.name = "d/", .type = '5'}) + FileEntry("d/a", "1") + FileEntry("./b", "22") + kEnd,
       "d/= d/a=1 b=22 "},
      {"old style types", Block({.name = "d/", .type = '\0'}) + Block({.name = "f", .type = '\0'}) + kEnd, "d/= f= "},
      {"root", Block({.name = ".", .type = '5'}) + kEnd, "./= "},
      {"any exec bit", Block({.name = "x", .mode = "610"}) + kEnd, "x*= "},
      {"setuid is dropped", Block({.name = "x", .mode = "4644"}) + kEnd, "x= "},
      {"prefix", Block({.name = "c", .prefix = "a/b"}) + kEnd, "a/b/c= "},
      {"PAX path", PaxEntry("path=a/b\n") + FileEntry("ignored", "1") + kEnd, "a/b=1 "},
      {"PAX size", PaxEntry("size=3\n") + Block({.name = "f", .size = "0"}) + Padded("abc") + kEnd, "f=abc "},
      {"PAX of others", PaxEntry("SCHILY.xattr.user=1\n") + FileEntry("f", "1") + kEnd, "f=1 "},
      {"PAX counts once", PaxEntry("path=p\n") + FileEntry("x", "1") + FileEntry("y", "2") + kEnd, "p=1 y=2 "},
      {"global header", Block({.name = "g", .type = 'g', .size = Octal(16)}) + Padded("16 comment=abcd\n") + FileEntry("f", "1") + kEnd,
       "f=1 "},
      {"GNU long name",
       Block({.name = "././@LongLink", .type = 'L', .size = Octal(long_name.size() + 1)}) + Padded(long_name + '\0') + FileEntry("x", "1") +
           kEnd,
       long_name + "=1 "},
      {"base 256 size", Block({.name = "f", .size = std::string("\x80\0\0\0\0\0\0\0\0\0\0\x02", 12)}) + Padded("ab") + kEnd, "f=ab "},
  };
  for (const Row& row : rows) EXPECT_EQ(Describe(row.tar), row.want) << row.rule;
}

TEST(Archive, RefusesWhatCouldHarm) {
  const std::string name_5000(5000, 'n');
  struct Row {
    std::string_view rule;
    std::string tar, want;
  };
  const Row rows[] = {
      {"parent", FileEntry("../../x", ""), "Invalid: tar: name leaves the archive: \"../../x\""},
      {"parent inside", FileEntry("a/../../x", ""), "Invalid: tar: name leaves the archive: \"a/../../x\""},
      {"harmless parent", FileEntry("a/../x", ""), "Invalid: tar: name leaves the archive: \"a/../x\""},
      {"only parent", FileEntry("..", ""), "Invalid: tar: name leaves the archive: \"..\""},
      {"absolute", FileEntry("/abs", ""), "Invalid: tar: absolute name \"/abs\""},
      {"backslash", FileEntry("a\\..\\x", ""), "Invalid: tar: backslash in name \"a\\..\\x\""},
      {"no name", FileEntry("", ""), "Invalid: tar: entry without a name"},
      {"NUL", PaxEntry(std::string("path=a\0b\n", 9)) + FileEntry("f", ""), "Invalid: tar: NUL in name \"a?b\""},
      {"PAX path that leaves", PaxEntry("path=../x\n") + FileEntry("f", ""), "Invalid: tar: name leaves the archive: \"../x\""},
      {"long name", PaxEntry("path=" + name_5000 + "\n") + FileEntry("f", ""),
       "TooLarge: tar: name longer than 4096 bytes: \"" + std::string(100, 'n') + "...\""},
      {"deep name", FileEntry("1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/", ""),
       "Invalid: tar: file \"1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7/8/9/0/\" has a directory's name"},
      {"hard link", Block({.name = "l", .type = '1'}), "Invalid: tar: entry \"l\" is neither file nor directory"},
      {"symbolic link", Block({.name = "l", .type = '2'}), "Invalid: tar: symbolic link \"l\""},
      {"character device", Block({.name = "d", .type = '3'}), "Invalid: tar: entry \"d\" is neither file nor directory"},
      {"block device", Block({.name = "d", .type = '4'}), "Invalid: tar: entry \"d\" is neither file nor directory"},
      {"pipe", Block({.name = "p", .type = '6'}), "Invalid: tar: entry \"p\" is neither file nor directory"},
      {"GNU sparse", Block({.name = "s", .type = 'S'}), "Invalid: tar: entry \"s\" is neither file nor directory"},
      {"PAX sparse", PaxEntry("GNU.sparse.major=1\n") + FileEntry("f", ""), "Invalid: tar: sparse files are not supported"},
      {"octal overflow", Block({.name = "f", .size = "777777777777"}), "TooLarge: tar: \"f\" is larger than 268435456 bytes"},
      {"base 256, 2^63", Block({.name = "f", .size = std::string("\x80\0\0\0\x80\0\0\0\0\0\0\0", 12)}),
       "Invalid: tar: number out of range"},
      {"negative base 256", Block({.name = "f", .size = std::string(12, '\xff')}), "Invalid: tar: number out of range"},
      {"no number", Block({.name = "f", .size = "12x"}), "Invalid: tar: malformed number in a header"},
      {"PAX size 2^63", PaxEntry("size=9223372036854775808\n") + Block({.name = "f"}), "Invalid: tar: malformed size in a PAX header"},
      {"PAX without newline", Block({.name = "x", .type = 'x', .size = "7"}) + Padded("7 a=bcd"), "Invalid: tar: malformed PAX header"},
      {"PAX length too long", Block({.name = "x", .type = 'x', .size = "7"}) + Padded("99 a=b\n"), "Invalid: tar: malformed PAX header"},
      {"PAX length overflow", Block({.name = "x", .type = 'x', .size = "36"}) + Padded("99999999999999999999999999 a\n"),
       "Invalid: tar: malformed PAX header"},
      {"huge PAX", Block({.name = "x", .type = 'x', .size = Octal((1u << 20) + 1)}),
       "TooLarge: tar: extension header of more than 1048576 bytes"},
      {"checksum", Block({.name = "f", .checksum = false}), "Invalid: tar: invalid header"},
      {"half a header", std::string(100, 'x'), "Invalid: tar: unexpected end"},
      {"one zero block and more", std::string(512, '\0') + FileEntry("f", ""), "Invalid: tar: invalid header"},
  };
  for (const Row& row : rows) EXPECT_EQ(Describe(row.tar), "error: " + row.want) << row.rule;
  EXPECT_EQ(Describe(Block({.name = "f", .size = "5"}) + "abc"), "f: error: tar: unexpected end");
}

TEST(Archive, KeepsItsLimits) {
  ArchiveOptions options;
  options.symlinks = Symlinks::Skip;
  EXPECT_EQ(Describe(Block({.name = "l", .type = '2'}) + FileEntry("f", "1") + kEnd, options), "f=1 ");
  options.limits.max_entries = 2;
  EXPECT_EQ(Describe(FileEntry("a", "") + FileEntry("b", "") + FileEntry("c", ""), options),
            "a= b= error: TooLarge: tar: more than 2 entries");
  options.limits.max_depth = 2;
  EXPECT_EQ(Describe(FileEntry("a/b/c", ""), options), "error: TooLarge: tar: name deeper than 2 directories: \"a/b/c\"");
  options.limits.max_file_bytes = 2;
  EXPECT_EQ(Describe(FileEntry("f", "abc"), options), "error: TooLarge: tar: \"f\" is larger than 2 bytes");
  options.limits.max_unpacked_bytes = 512;
  EXPECT_EQ(Describe(FileEntry("f", "ab"), options), "f: error: archive unpacks to more than 512 bytes");
}

TEST(Archive, StopsABombByItsRatio) {
  ArchiveLimits limits;
  limits.ratio_free_bytes = 1u << 20;
  const std::string bomb = Gzip(std::string(3u << 20, '\0'));
  const auto unpacked = Gunzip(SourceOf(bomb), limits);
  ASSERT_FALSE(unpacked);
  EXPECT_EQ(unpacked.error().message, "archive unpacks to more than 200 times its size");
  limits.ratio_free_bytes = 4u << 20;
  EXPECT_EQ(Gunzip(SourceOf(bomb), limits).value().size(), 3u << 20);
}

TEST(Gzip, ReadsMembersAndRefusesDamage) {
  EXPECT_EQ(Gunzip(SourceOf(Gzip("one") + Gzip("") + Gzip(" two"))).value(), "one two");
  const std::string packed = Gzip("some text that is long enough to be cut");
  struct Row {
    std::string_view rule;
    std::string bytes;
    std::string_view message;
  };
  std::string flipped = packed;
  flipped[flipped.size() - 8] = static_cast<char>(flipped[flipped.size() - 8] ^ 1);
  const Row rows[] = {{"empty", "", "gzip: unexpected end"},
                      {"cut", packed.substr(0, packed.size() - 1), "gzip: unexpected end"},
                      {"not gzip", "hello, hello", "gzip: incorrect header check"},
                      {"trailing garbage", packed + "garbage", "gzip: incorrect header check"},
                      {"checksum", flipped, "gzip: incorrect data check"}};
  for (const Row& row : rows) {
    const auto unpacked = Gunzip(SourceOf(row.bytes));
    ASSERT_FALSE(unpacked) << row.rule;
    EXPECT_EQ(unpacked.error().message, row.message) << row.rule;
  }
}

TEST(Archive, AsATreeInMemory) {
  const auto files = ArchiveFiles(Gzip(FileEntry("a/b", "1") + FileEntry("c", "2") + FileEntry("c", "3") + kEnd));
  ASSERT_TRUE(files);
  EXPECT_EQ((*files)->Read("a/b").value(), "1");
  EXPECT_EQ((*files)->Read("c").value(), "3");
  for (const auto& tar : {FileEntry("a", "1") + FileEntry("a/b", "2"), FileEntry("a/b", "2") + FileEntry("a", "1"),
                          FileEntry("a", "1") + Block({.name = "a", .type = '5'})}) {
    const auto both = ArchiveFiles(Gzip(tar + kEnd));
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().message, "tar: \"a\" is both file and directory");
  }
}

struct Packed {
  std::string bytes;
  PackedArchive archive;
};

Packed Pack(const Files& tree, PackOptions options = {}) {
  Packed packed;
  packed.archive = PackTree(tree, options, [&](std::string_view piece) -> Result<void> {
                     packed.bytes += piece;
                     return {};
                   }).value();
  return packed;
}

std::string Shell(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
  pclose(pipe);
  return out;
}

TEST(Archive, PackedAsTheContractSays) {
  const std::string long_path = "dir/" + std::string(99, 'd') + "/" + std::string(60, 'e') + "/f";
  const std::string too_long = std::string(120, 'g');
  char name[] = "/tmp/sluice-archive-XXXXXX";
  const fs::path root = mkdtemp(name);
  fs::create_directories((root / "tree" / long_path).parent_path());
  std::ofstream(root / "tree" / long_path) << "deep";
  std::ofstream(root / "tree" / "b.yaml") << "b: 1\n";
  std::ofstream(root / "tree" / too_long) << "";
  std::ofstream(root / "tree" / "a.sh") << "#!/bin/sh\n";
  fs::permissions(root / "tree" / "a.sh", fs::perms::owner_all);
  fs::create_symlink("b.yaml", root / "tree" / "link");
  const auto tree = OpenDirectory((root / "tree").string());

  const Packed packed = Pack(*tree);
  EXPECT_EQ(packed.archive.sha256, Sha256Hex(packed.bytes));
  EXPECT_EQ(packed.archive.size, packed.bytes.size());
  EXPECT_EQ(Pack(*tree).bytes, packed.bytes);
  EXPECT_EQ(packed.bytes.substr(0, 10), std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10)) << "no name, no time";

  std::ofstream(root / "x.tar.gz", std::ios::binary) << packed.bytes;
  const std::string want =
      "drwxr-x--- 0/0               0 1970-01-01 00:00 .\n"
      "-rwx------ 0/0              10 1970-01-01 00:00 a.sh\n"
      "-rw------- 0/0               5 1970-01-01 00:00 b.yaml\n"
      "drwxr-x--- 0/0               0 1970-01-01 00:00 dir\n"
      "drwxr-x--- 0/0               0 1970-01-01 00:00 dir/" +
      std::string(99, 'd') +
      "\n"
      "drwxr-x--- 0/0               0 1970-01-01 00:00 dir/" +
      std::string(99, 'd') + "/" + std::string(60, 'e') +
      "\n"
      "-rw------- 0/0               4 1970-01-01 00:00 " +
      long_path +
      "\n"
      "-rw------- 0/0               0 1970-01-01 00:00 " +
      too_long + "\n";
  std::string listed = Shell("TZ=UTC tar -tvzf " + (root / "x.tar.gz").string());
  for (std::size_t at = 0; (at = listed.find("/\n", at)) != listed.npos;) listed.erase(at, 1);  // GNU tar marks directories
  EXPECT_EQ(listed, want);

  const auto back = ArchiveFiles(packed.bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ((*back)->Read(long_path).value(), "deep");
  EXPECT_EQ((*back)->Read(too_long).value(), "");

  Shell("tar -C " + (root / "tree").string() + " --exclude=link -czf " + (root / "gnu.tar.gz").string() + " .");
  const auto theirs = OpenDirectory(root.string())->Read("gnu.tar.gz");
  const auto gnu = ArchiveFiles(*theirs);
  ASSERT_TRUE(gnu) << gnu.error().message;
  EXPECT_EQ((*gnu)->Read(long_path).value(), "deep");
  fs::remove_all(root);
}

TEST(Archive, PackingLeavesOutWhatIsIgnored) {
  const auto tree = MemoryFiles({{"docs/a.md", "1"}, {"docs/keep.md", "2"}, {"web.yaml", "3"}});
  PackOptions options;
  options.ignored = [](std::string_view path, bool) { return path.starts_with("docs") && path != "docs/keep.md"; };
  EXPECT_EQ(Describe(Gunzip(SourceOf(Pack(*tree, options).bytes)).value()), "./= docs/keep.md=2 web.yaml=3 ");
  options.prune_ignored = true;
  EXPECT_EQ(Describe(Gunzip(SourceOf(Pack(*tree, options).bytes)).value()), "./= web.yaml=3 ");
}

TEST(Archive, PackingStopsOnErrorsAndCancellation) {
  const auto tree = MemoryFiles({{"a", "1"}});
  const auto full = PackTree(*tree, {}, [](std::string_view) -> Result<void> { return MakeError(Reason::Unavailable, "disk full"); });
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().message, "disk full");
  PackOptions options;
  options.canceled = [] { return true; };
  const auto canceled = PackTree(*tree, options, [](std::string_view) -> Result<void> { return {}; });
  ASSERT_FALSE(canceled);
  EXPECT_EQ(canceled.error().reason, Reason::Canceled);
}

}  // namespace
}  // namespace sluice::base
