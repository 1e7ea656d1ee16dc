#include "sops/age.h"

#include "tests/sops/vectors.h"

namespace sluice::sops {
namespace {

base::Result<std::string> Open(const std::string& file, const std::vector<std::string>& names) {
  return DecryptAge(file, KeysOf(names).age);
}

TEST(Age, OpensWhatAgeSealed) {
  struct Row {
    std::string file, identity, want;
  };
  const Row rows[] = {
      {"binary.age", "first", "hello"},
      {"armored.age", "first", "hello"},
      {"armored.age", "second", "hello"},
      {"empty.age", "first", ""},
      {"exact.age", "first", std::string(131072, '\0')},
      {"long.age", "first", std::string(70000, '\0')},
  };
  for (const Row& row : rows) {
    const auto plain = Open(Vector("age/" + row.file), {row.identity});
    ASSERT_EQ(Said(plain), "ok") << row.file;
    EXPECT_TRUE(*plain == row.want) << row.file;
  }
  EXPECT_EQ(*Open(Vector("age/binary.age"), {"third", "second", "first"}), "hello");
}

TEST(Age, SaysWhyNot) {
  const std::string binary = Vector("age/binary.age"), armored = Vector("age/armored.age"), large = Vector("age/long.age");
  std::string other_text = binary, other_header = binary;
  other_text.back() = static_cast<char>(other_text.back() ^ 1);
  const std::size_t share = other_header.find("-> X25519 ");
  other_header.insert(share, "-> grease\n\n");
  const std::string scrypt =
      "age-encryption.org/v1\n-> scrypt bBjlhJVYZeE4aqUdmtRHfw 18\nZV/AhotwSGqaPCU43cepl4WYUouAa17a3xpu4G2yi5k\n--- "
      "fgMiVLJHMlg9fW7CVG/hPS5EAU4Zeg19LyCP7SoH5nA\n";
  struct Row {
    std::string_view rule;
    std::string file, identity, want;
  };
  const Row rows[] = {
      {"another identity", binary, "third", "NotFound: no identity matched any of the recipients"},
      {"altered text", other_text, "first", "Unauthorized: age: damaged or altered"},
      {"altered header", other_header, "first", "Unauthorized: age: damaged or altered"},
      {"cut within the text", large.substr(0, large.size() - 1), "first", "Unauthorized: age: damaged or altered"},
      {"cut between chunks", large.substr(0, large.size() - 4480), "first", "Unauthorized: age: damaged or altered"},
      {"a passphrase", scrypt, "first", "Unsupported: age: encrypted with a passphrase, which is not served"},
      {"nothing", "", "first", "Invalid: age: not an age file"},
      {"garbage", "hello", "first", "Invalid: age: not an age file"},
      {"another version", "age-encryption.org/v2\n", "first", "Invalid: age: not an age file"},
      {"no end of header", "age-encryption.org/v1\n-> X25519 a\n", "first", "Invalid: age: malformed header"},
      {"armor without an end", armored.substr(0, 80), "first", "Invalid: age: malformed armor"},
  };
  for (const Row& row : rows) EXPECT_EQ(Said(Open(row.file, {row.identity})), row.want) << row.rule;
}

TEST(Age, ReadsKeyFiles) {
  const std::string key = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
  struct Row {
    std::string_view rule;
    std::string text, want;
  };
  const Row rows[] = {
      {"one", key, "ok"},
      {"comments, empty lines, spaces", "# created\n\n  " + key + "\r\n" + key, "ok"},
      {"empty", "", "Invalid: no age identity"},
      {"only comments", "# x\n", "Invalid: no age identity"},
      {"wrong checksum", "# x\n" + key.substr(0, key.size() - 1) + "Q", "Invalid: line 2: malformed secret key"},
      {"mixed case", "age" + key.substr(3), "Invalid: line 1: unknown identity type"},
      {"a recipient", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", "Invalid: line 1: unknown identity type"},
      {"post-quantum", "AGE-SECRET-KEY-PQ-1AAAA", "Unsupported: line 1: post-quantum keys are not served"},
      {"a plugin", "AGE-PLUGIN-YUBIKEY-1AAAA", "Unsupported: line 1: plugins are not served"},
      {"ssh", "-----BEGIN OPENSSH PRIVATE KEY-----\n", "Unsupported: line 1: ssh keys are not served"},
  };
  for (const Row& row : rows) EXPECT_EQ(Said(ParseAgeIdentities(row.text)), row.want) << row.rule;
  EXPECT_EQ(ParseAgeIdentities(key + "\n" + key)->size(), 2u);
  EXPECT_EQ(ParseAgeIdentities(key)->at(0).secret, std::string(32, 'B'));
  EXPECT_EQ(Said(ParseAgeIdentities(key + "\n" + key, {.max_identities = 1})), "TooLarge: more than 1 identities");
}

TEST(Age, HasBudgets) {
  const std::string binary = Vector("age/binary.age");
  EXPECT_EQ(Said(DecryptAge(binary, KeysOf({"first"}).age, {.max_bytes = 100})), "TooLarge: age: over 100 bytes");
  EXPECT_EQ(Said(DecryptAge(Vector("age/armored.age"), KeysOf({"first"}).age, {.max_recipients = 1})),
            "TooLarge: age: more than 1 recipients");
}

// BIP 173's own vectors, for its rules that apply (age lets go of the limit of 90).
TEST(Bech32, FollowsBip173) {
  EXPECT_EQ(Said(DecodeBech32("A12UEL5L", "a")), "ok");
  EXPECT_EQ(Said(DecodeBech32("a12uel5l", "a")), "ok");
  EXPECT_EQ(Said(DecodeBech32("A12uEL5L", "a")), "Invalid: bech32: mixed case");
  EXPECT_EQ(Said(DecodeBech32("A12UEL5L", "b")), "Invalid: bech32: another kind of key");
  EXPECT_EQ(Said(DecodeBech32("A1G7SGD8", "a")), "Invalid: bech32: wrong checksum");
  EXPECT_EQ(Said(DecodeBech32("1qzzfhee", "")), "Invalid: bech32: malformed");
  EXPECT_EQ(Said(DecodeBech32("li1dgmt3", "li")), "Invalid: bech32: malformed");
  EXPECT_EQ(Said(DecodeBech32("de1lg7wt\xFF", "de")), "Invalid: bech32: malformed");
}

}  // namespace
}  // namespace sluice::sops
