// What sops made of the files in tests/sops/vectors/plain, and what it makes of that again (want/), is what we make of it.
#include "sops/sops.h"

#include <filesystem>

#include "document/json.h"
#include "document/yaml.h"
#include "sops/lines.h"
#include "sops/shamir.h"
#include "tests/sops/vectors.h"

namespace sluice::sops {
namespace {

Format FormatOf(const std::string& name) { return FormatForPath(name); }

base::Result<std::string> Open(const std::string& name, const Keys& keys, const Limits& limits = {}) {
  return Decrypt(Vector("sealed/" + name), FormatOf(name), FormatOf(name), keys, kNow, limits);
}

TEST(Sops, EveryVectorComesOutAsSopsPrintsIt) {
  const std::filesystem::path sealed = std::filesystem::path(SLUICE_SOURCE_DIR) / "tests/sops/vectors/sealed";
  const Keys keys = KeysOf({"first", "second", "third"}, true);
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(sealed)) {
    const std::string name = entry.path().filename();
    ++count;
    EXPECT_TRUE(HasMarker(Vector("sealed/" + name), FormatOf(name))) << name;
    const auto plain = Open(name, keys);
    ASSERT_EQ(Said(plain), "ok") << name;
    EXPECT_EQ(*plain, Vector("want/" + name)) << name;
  }
  EXPECT_GE(count, 18u);
}

TEST(Sops, OneOfTheKeysIsEnough) {
  struct Row {
    std::string file;
    Keys keys;
  };
  const Row rows[] = {
      {"two.yaml", KeysOf({"first"})},
      {"two.yaml", KeysOf({"second"})},
      {"pgp.yaml", KeysOf({}, true)},
      {"both.ini", KeysOf({"second"})},
      {"both.ini", KeysOf({}, true)},
      {"groups.env", KeysOf({"first", "second"})},
      {"groups.env", KeysOf({"first", "third"})},
      {"groups.yaml", KeysOf({"second"}, true)},
  };
  for (const Row& row : rows) EXPECT_EQ(Said(Open(row.file, row.keys)), "ok") << row.file;
}

std::string Recipient(const std::string& name) {
  const std::string text = Vector("keys/" + name + ".agekey");
  const std::size_t at = text.find("age1");
  return text.substr(at, text.find('\n', at) - at);
}

TEST(Sops, SaysWhichKeyWouldOpenIt) {
  const std::string first = Recipient("first"), second = Recipient("second"), third = Recipient("third");
  const std::string fingerprints = ReadFile("crypto/openpgp/fingerprints.txt");
  const std::string curve = fingerprints.substr(fingerprints.find("curve ") + 6, 40);
  EXPECT_EQ(Said(Open("secret.yaml", {})), "NotFound: cannot get sops data key: " + first + ": no age identity is configured");
  EXPECT_EQ(Said(Open("secret.yaml", KeysOf({"second"}))),
            "NotFound: cannot get sops data key: " + first + ": no identity matched any of the recipients");
  EXPECT_EQ(Said(Open("groups.env", KeysOf({"second"}))),
            "NotFound: cannot get sops data key: 2 of 3 groups must succeed, 1 did: group 0 (" + first +
                ": no identity matched any of the recipients), group 2 (" + third + ": no identity matched any of the recipients; " +
                curve + ": no OpenPGP key is configured)");
}

std::string Yaml(const std::string& body, const std::string& sops) { return body + "sops:\n" + sops; }

TEST(Sops, RefusesWhatItDoesNotServeOrUnderstand) {
  const std::string age = "  age:\n  - recipient: r\n    enc: x\n";
  struct Row {
    std::string_view rule;
    Format from;
    std::string text, want;
  };
  const Row rows[] = {
      {"not encrypted", Format::Yaml, "a: b\n", "Invalid: failed to load encrypted YAML data: sops metadata not found"},
      {"not encrypted", Format::Json, "{}", "Invalid: failed to load encrypted JSON data: sops metadata not found"},
      {"not encrypted", Format::Dotenv, "a=b\n", "Invalid: failed to load encrypted dotenv data: sops metadata not found"},
      {"not encrypted", Format::Ini, "[a]\nb=c\n", "Invalid: failed to load encrypted INI data: sops metadata not found"},
      {"no JSON", Format::Binary, "hello", "Invalid: failed to load encrypted binary data: 1:1: no valid JSON"},
      {"no dotenv", Format::Dotenv, "a=b\nhello\n", "Invalid: failed to load encrypted dotenv data: line 2: no \"=\""},
      {"a list", Format::Yaml, "- a\n", "Invalid: failed to load encrypted YAML data: a document is no mapping"},
      {"sops is a word", Format::Yaml, "sops: x\n", "Invalid: failed to load encrypted YAML data: Found sops entry that is not a mapping"},
      {"no keys", Format::Yaml, Yaml("", "  mac: x\n"), "Invalid: failed to load encrypted YAML data: No keys found in file"},
      {"age is a word", Format::Yaml, Yaml("", "  age: x\n"), "Invalid: failed to load encrypted YAML data: sops.age is no list"},
      {"age of words", Format::Yaml, Yaml("", "  age: [x]\n"),
       "Invalid: failed to load encrypted YAML data: sops.age holds something that is no mapping"},
      {"threshold", Format::Yaml, Yaml("", age + "  shamir_threshold: many\n"),
       "Invalid: failed to load encrypted YAML data: sops.shamir_threshold is no number"},
      {"regex", Format::Yaml, Yaml("", age + "  encrypted_regex: (\n"),
       "Invalid: failed to load encrypted YAML data: encrypted_regex is no regular expression: missing ): ("},
      {"two rules", Format::Yaml, Yaml("", age + "  encrypted_regex: a\n  encrypted_suffix: b\n"),
       "Invalid: failed to load encrypted YAML data: Cannot use more than one of encrypted_suffix, unencrypted_suffix, encrypted_regex, "
       "unencrypted_regex, encrypted_comment_regex, or unencrypted_comment_regex in the same file"},
      {"AWS", Format::Yaml, Yaml("", "  kms:\n  - arn: arn:aws:kms:x\n    enc: x\n"),
       "Unsupported: cannot get sops data key: AWS KMS key arn:aws:kms:x: key services are not served, only age and OpenPGP"},
      {"Google", Format::Yaml, Yaml("", "  gcp_kms:\n  - resource_id: projects/p\n"),
       "Unsupported: cannot get sops data key: Google Cloud KMS key projects/p: key services are not served, only age and OpenPGP"},
      {"Azure", Format::Yaml, Yaml("", "  azure_kv:\n  - name: n\n"),
       "Unsupported: cannot get sops data key: Azure Key Vault key n: key services are not served, only age and OpenPGP"},
      {"Vault", Format::Yaml, Yaml("", "  hc_vault:\n  - key_name: k\n"),
       "Unsupported: cannot get sops data key: Vault key k: key services are not served, only age and OpenPGP"},
      {"flat keys with a gap", Format::Dotenv, "sops_age__list_1__map_enc=x\n",
       "Invalid: failed to load encrypted dotenv data: a list of flat keys has gaps"},
  };
  for (const Row& row : rows) EXPECT_EQ(Said(Decrypt(row.text, row.from, row.from, KeysOf({"first"}), kNow)), row.want) << row.rule;
}

TEST(Sops, AnAlteredValueIsNamedAndNotShown) {
  const Keys keys = KeysOf({"first"});
  std::string text = Vector("sealed/regex.yaml");
  const std::size_t at = text.find("password: ");
  const std::size_t end = text.find('\n', at);
  std::string plain = text;
  plain.replace(at + 10, end - at - 10, "hunter2");
  EXPECT_EQ(
      Said(Decrypt(plain, Format::Yaml, Format::Yaml, keys, kNow)),
      "Invalid: error decrypting sops tree: Error walking tree: Could not decrypt value: Input string <redacted> does not match sops' data "
      "format (at stringData.password)");
  std::string number = text;
  number.replace(at + 10, end - at - 10, "5");
  EXPECT_EQ(Said(Decrypt(number, Format::Yaml, Format::Yaml, keys, kNow)),
            "Invalid: error decrypting sops tree: Error walking tree: Expected encrypted value as string (at stringData.password)");
  std::string moved = text;
  moved.replace(at, 8, "another_");
  EXPECT_EQ(
      Said(Decrypt(moved, Format::Yaml, Format::Yaml, keys, kNow)),
      "Unauthorized: error decrypting sops tree: Error walking tree: Could not decrypt value: Could not decrypt with AES_GCM: message "
      "authentication failed (at stringData.another_)");
}

TEST(Sops, HasBudgets) {
  const Keys keys = KeysOf({"first"});
  const std::string text = Vector("sealed/regex.yaml");
  EXPECT_EQ(Said(Open("regex.yaml", keys, {.max_bytes = 100})),
            "TooLarge: failed to load encrypted YAML data: " + std::to_string(text.size()) + " bytes, at most 100 are read");
  EXPECT_EQ(Said(Open("two.yaml", keys, {.max_master_keys = 1})), "TooLarge: failed to load encrypted YAML data: more than 1 keys");
  EXPECT_EQ(Said(Open("pgp.yaml", keys, {.max_pgp_keys = 0})), "TooLarge: failed to load encrypted YAML data: more than 0 OpenPGP keys");
}

TEST(Sops, GoesFromOneFormToAnother) {
  const Keys keys = KeysOf({"first"});
  const auto convert = [&](const std::string& file, Format from, Format to) {
    return Decrypt(Vector("sealed/" + file), from, to, keys, kNow);
  };
  EXPECT_EQ(*convert("app.env", Format::Dotenv, Format::Json),
            "{\n\t\"USER\": \"admin\",\n\t\"PASSWORD\": \"a=b c\\\"d'\",\n\t\"EMPTY\": \"\",\n\t\"LINES\": \"one\\ntwo\"\n}\n");
  EXPECT_EQ(*convert("patch.yaml", Format::Yaml, Format::Json),
            "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"ConfigMap\",\n\t\"metadata\": {\n\t\t\"name\": \"settings\"\n\t},\n\t\"data\": "
            "{\n\t\t\"password\": \"from-the-patch\"\n\t}\n}\n");
  EXPECT_EQ(
      Said(convert("patch.yaml", Format::Yaml, Format::Dotenv)),
      "Invalid: failed to emit encrypted YAML file as decrypted dotenv: cannot use complex value in dotenv file; offending key metadata");
  EXPECT_EQ(Said(convert("app.env", Format::Dotenv, Format::Binary)),
            "Invalid: failed to emit encrypted dotenv file as decrypted binary: error emitting binary store: no binary data found in tree");
}

TEST(Sops, AnObjectIsDecryptedInPlace) {
  auto object = document::ParseYaml(Vector("sealed/regex.yaml"));
  ASSERT_TRUE(object);
  EXPECT_TRUE(IsEncrypted(*object));
  EXPECT_EQ(Said(DecryptObject(*object, KeysOf({"first"}), kNow)), "ok");
  EXPECT_FALSE(IsEncrypted(*object));
  EXPECT_EQ(*object, *document::ParseYaml(Vector("plain/secret.yaml")));
  EXPECT_EQ(Said(DecryptObject(*object, KeysOf({"first"}), kNow)), "Invalid: failed to load encrypted JSON data: sops metadata not found");
}

TEST(Sops, AFileThatWasReformattedKeepsItsLayout) {
  // sops indents by four; this one by two, with quotes and a value that moved to a line of its own.
  std::string text = Vector("sealed/patch.yaml");
  const std::size_t at = text.find("    password: ");
  ASSERT_NE(at, std::string::npos);
  const std::size_t end = text.find('\n', at);
  const std::string value = text.substr(at + 14, end - at - 14);
  text = "# mine\n" + text.substr(0, at) + "  'password':   \"" + value + "\"   # behind\n" + text.substr(end + 1);
  const auto plain = Decrypt(text, Format::Yaml, Format::Yaml, KeysOf({"first"}), kNow);
  ASSERT_EQ(Said(plain), "ok");
  EXPECT_EQ(*plain,
            "# mine\napiVersion: v1\nkind: ConfigMap\nmetadata:\n    name: settings\ndata:\n  'password':   from-the-patch   # behind\n");
}

TEST(Formats, AreToldByNameAndByMarker) {
  EXPECT_EQ(FormatForPath("a/b.yaml"), Format::Yaml);
  EXPECT_EQ(FormatForPath("b.yml"), Format::Yaml);
  EXPECT_EQ(FormatForPath(".dockerconfigjson"), Format::Json);
  EXPECT_EQ(FormatForPath("x.json"), Format::Json);
  EXPECT_EQ(FormatForPath(".env"), Format::Dotenv);
  EXPECT_EQ(FormatForPath("x.ini"), Format::Ini);
  EXPECT_EQ(FormatForPath("x.txt"), Format::Binary);
  EXPECT_EQ(DetectFormat(Vector("sealed/app.env")), Format::Dotenv);
  EXPECT_EQ(DetectFormat(Vector("sealed/app.ini")), Format::Ini);
  EXPECT_EQ(DetectFormat(Vector("sealed/plain.json")), Format::Json);
  EXPECT_EQ(DetectFormat(Vector("sealed/secret.yaml")), Format::Yaml);
  EXPECT_EQ(DetectFormat("plain"), std::nullopt);
}

TEST(Shamir, RefusesSharesThatDoNotFit) {
  const auto combine = [](std::vector<std::string> shares) { return Said(CombineShares(shares)); };
  EXPECT_EQ(combine({"ab"}), "Invalid: less than two parts cannot be used to reconstruct the secret");
  EXPECT_EQ(combine({"a", "b"}), "Invalid: parts must be at least two bytes");
  EXPECT_EQ(combine({"ab", "abc"}), "Invalid: all parts must be the same length");
  EXPECT_EQ(combine({"ab", "cb"}), "Invalid: duplicate part detected");
  // The line through (1, 7) and (2, 4) in the field of AES meets zero at 6.
  EXPECT_EQ(*CombineShares(std::vector<std::string>{{"\x07\x01"}, {"\x04\x02"}}), "\x06");
}

}  // namespace
}  // namespace sluice::sops
