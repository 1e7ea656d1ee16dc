#include "sources/git/objects.h"

#include <gtest/gtest.h>

#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

constexpr const char* kTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

std::string Entry(std::string_view mode, std::string_view name, char id = 'x') {
  return std::string(mode) + " " + std::string(name) + std::string(1, '\0') + std::string(20, id);
}

TEST(Objects, Ids) {
  const auto id = ParseObjectId(kTree);
  ASSERT_TRUE(id);
  EXPECT_EQ(ToHex(*id), kTree);
  EXPECT_EQ(ToHex(ParseObjectId("4B825DC642CB6EB9A060E54BF8D69288FBEE4904").value()), kTree);
  for (std::string_view bad : {"", "4b", "4b825dc642cb6eb9a060e54bf8d69288fbee490", "4b825dc642cb6eb9a060e54bf8d69288fbee490g",
                               "4b825dc642cb6eb9a060e54bf8d69288fbee49041"})
    EXPECT_EQ(MessageOf(ParseObjectId(bad)), "an object id has 40 hex digits") << bad;
}

TEST(Objects, TreeIsSortedByName) {
  const auto tree = Tree::Parse(Entry("100644", "a.b") + Entry("40000", "a") + Entry("100755", "run") + Entry("100664", "old") +
                                Entry("120000", "link") + Entry("160000", "sub"));
  ASSERT_TRUE(tree) << MessageOf(tree);
  std::string names;
  for (const TreeEntry& entry : (*tree)->entries()) names += std::string(entry.name) + std::to_string(static_cast<int>(entry.kind)) + " ";
  EXPECT_EQ(names, "a3 a.b0 link2 old0 run1 sub4 ");
  EXPECT_EQ((*tree)->Find("a.b")->kind, TreeEntryKind::File);
  EXPECT_EQ((*tree)->Find("b"), nullptr);
  EXPECT_EQ((*tree)->Find(""), nullptr);
  EXPECT_TRUE(Tree::Parse("").value()->entries().empty());
}

// T8: a tree that no checkout could take, or that would take us out of itself.
TEST(Objects, T8HostileTreesAreRefused) {
  struct Row {
    std::string raw, want;
  };
  const Row kRows[] = {
      {Entry("100644", ".."), "tree entry with the forbidden name '..'"},
      {Entry("40000", "."), "tree entry with the forbidden name '.'"},
      {Entry("100644", ""), "tree entry with the forbidden name ''"},
      {Entry("100644", "a/b"), "tree entry with the forbidden name 'a/b'"},
      {Entry("100644", "../x"), "tree entry with the forbidden name '../x'"},
      {Entry("120000", "x") + Entry("40000", "x"), "tree holds 'x' twice"},
      {Entry("20000", "dev\n"), "tree entry 'dev?' has an unknown mode"},
      {Entry("10064x", "a"), "tree entry 'a' has an unknown mode"},
      {Entry("", "a"), "tree entry 'a' has an unknown mode"},
      {Entry("100644", "a").substr(0, 20), "damaged tree object"},
      {"100644 a", "damaged tree object"},
      {std::string("\0\0\0", 3), "damaged tree object"},
  };
  for (const Row& row : kRows) EXPECT_EQ(MessageOf(Tree::Parse(row.raw)), row.want);
}

TEST(Objects, Commit) {
  const std::string head = std::string("tree ") + kTree +
                           "\nparent 1111111111111111111111111111111111111111\nparent 2222222222222222222222222222222222222222\n" +
                           "author A U Thor <a@example.com> 1700000000 +0100\ncommitter C <c@example.com> 1700000100 -0800\n";
  const auto plain = ParseCommit("id", head + "\nsubject\n\nbody\n");
  ASSERT_TRUE(plain) << MessageOf(plain);
  EXPECT_EQ(plain->tree, kTree);
  EXPECT_EQ(plain->author.name + "|" + plain->author.email, "A U Thor|a@example.com");
  EXPECT_EQ(plain->author.time, base::TimePoint(std::chrono::seconds(1'700'000'000)));
  EXPECT_EQ(plain->committer.time, base::TimePoint(std::chrono::seconds(1'700'000'100)));
  EXPECT_EQ(plain->message, "subject\n\nbody\n");
  EXPECT_EQ(plain->parents.size(), 2u);
  EXPECT_EQ(plain->signature + plain->signed_payload, "");

  const auto signed_commit =
      ParseCommit("id", head + "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\nencoding UTF-8\n\nm\n");
  ASSERT_TRUE(signed_commit);
  EXPECT_EQ(signed_commit->signature, "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----");
  EXPECT_EQ(signed_commit->signed_payload, head + "encoding UTF-8\n\nm\n");
  EXPECT_EQ(signed_commit->message, "m\n");
}

TEST(Objects, DamagedCommits) {
  const std::string tree = std::string("tree ") + kTree + "\n", author = "author A <a> 1 +0000\n", committer = "committer A <a> 1 +0000\n";
  struct Row {
    std::string raw, want;
  };
  const Row kRows[] = {
      {"", "damaged commit object"},
      {"tree x\n" + author + committer + "\n", "damaged commit object"},
      {tree + author + "\nm", "damaged commit object"},
      {tree + "author A\n" + committer + "\n", "damaged identity"},
      {"tree", "damaged header"},
      {tree + "nospace\n\n", "damaged header"},
  };
  for (const Row& row : kRows) EXPECT_EQ(MessageOf(ParseCommit("id", row.raw)), row.want);
  EXPECT_EQ(ParseCommit("id", tree + "author A <a>\n" + committer + "\n").value().author.time, base::TimePoint{});
  const auto far = ParseCommit("id", tree + "author A <a> 99999999999999999 +0000\n" + committer + "\n");
  EXPECT_GT(far.value().author.time, base::TimePoint(std::chrono::seconds(8'000'000'000))) << "clamped, not overflowed";
}

TEST(Objects, Tag) {
  const std::string head =
      "object 1111111111111111111111111111111111111111\ntype commit\ntag v1.0.0\ntagger T <t@example.com> 1700000000 +0000\n\nrelease\n";
  const auto tag = ParseTag("id", head);
  ASSERT_TRUE(tag) << MessageOf(tag);
  EXPECT_EQ(tag->name + "|" + tag->target + "|" + tag->message, "v1.0.0|1111111111111111111111111111111111111111|release\n");
  const std::string signature = "-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n";
  const auto signed_tag = ParseTag("id", head + signature);
  ASSERT_TRUE(signed_tag);
  EXPECT_EQ(signed_tag->signature, signature);
  EXPECT_EQ(signed_tag->signed_payload, head);
  EXPECT_EQ(signed_tag->message, "release\n");
  EXPECT_EQ(ParseTag("id", head + "x -----BEGIN PGP SIGNATURE-----\n").value().signature, "") << "only at the start of a line";
  EXPECT_EQ(MessageOf(ParseTag("id", "type commit\n\n")), "damaged tag object");
}

}  // namespace
}  // namespace sluice::sources
