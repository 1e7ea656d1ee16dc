// What of a tree and of a build is decrypted, over the vectors of tests/sops (sops 3.13.3).
#include "controller/kustomization/decryption.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/digest.h"
#include "controller/kustomization/build.h"
#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

using document::Value;

std::string Vector(const std::string& name) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/tests/sops/vectors/" + name, std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

DecryptionKeys Keys(const std::string& identity = "first") {
  DecryptionKeys out;
  out.now = *base::ParseRfc3339("2026-01-01T00:00:00Z");
  const auto identities = sops::ParseAgeIdentities(Vector("keys/" + identity + ".agekey"));
  EXPECT_TRUE(identities);
  if (identities) out.keys.age = *identities;
  return out;
}

std::map<std::string, std::string> Sources(const std::map<std::string, std::string>& files, const std::string& directory = ".") {
  const auto tree = base::MemoryFiles(files);
  const auto sources = DecryptSources(*tree, directory, Keys());
  if (!sources) return {{"error", sources.error().message}};
  return *sources;
}

TEST(DecryptSources, KeepsItsLimits) {
  const auto tree = base::MemoryFiles({{"kustomization.yaml", "secretGenerator: [{envs: [b.env]}]"}, {"b.env", Vector("sealed/app.env")}});
  DecryptionKeys keys = Keys();
  keys.limits.max_bytes = 100;
  const auto sources = DecryptSources(*tree, ".", keys);
  ASSERT_FALSE(sources);
  EXPECT_EQ(sources.error().message, "error decrypting sources: b.env: cannot decrypt file with size (" +
                                         std::to_string(Vector("sealed/app.env").size()) + " bytes) exceeding limit (100)");
  const auto ended = DecryptSources(*tree, ".", Keys(), [] { return base::Result<void>(base::Invalid("enough")); });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().message, "enough");
}

TEST(DecryptSources, FindsWhatKustomizationFilesName) {
  const std::string env = Vector("sealed/app.env"), blob = Vector("sealed/blob.txt"), patch = Vector("sealed/patch.yaml");
  const std::string plain_env = Vector("want/app.env"), plain_patch = Vector("want/patch.yaml");
  using Map = std::map<std::string, std::string>;
  struct Row {
    std::string_view rule;
    Map files, want;
  };
  const Row rows[] = {
      {"files", {{"kustomization.yaml", "secretGenerator: [{name: a, files: [b]}]"}, {"b", blob}}, {{"b", Vector("plain/blob.txt")}}},
      {"files under another key", {{"Kustomization", "secretGenerator: [{files: [x.env=b]}]"}, {"b", env}}, {{"b", plain_env}}},
      {"envs", {{"kustomization.yml", "secretGenerator: [{envs: [b]}]"}, {"b", env}}, {{"b", plain_env}}},
      {"env", {{"kustomization.yaml", "secretGenerator: [{env: b.env}]"}, {"b.env", env}}, {{"b.env", plain_env}}},
      {"patches", {{"kustomization.yaml", "patches: [{path: p.yaml}]"}, {"p.yaml", patch}}, {{"p.yaml", plain_patch}}},
      {"patchesStrategicMerge", {{"kustomization.yaml", "patchesStrategicMerge: [p.yaml]"}, {"p.yaml", patch}}, {{"p.yaml", plain_patch}}},
      {"not a configMapGenerator", {{"kustomization.yaml", "configMapGenerator: [{envs: [b]}]"}, {"b", env}}, {}},
      {"not what is not encrypted", {{"kustomization.yaml", "secretGenerator: [{envs: [b]}]"}, {"b", "A=b\n"}}, {}},
      {"not what is not there", {{"kustomization.yaml", "secretGenerator: [{envs: [b]}]"}}, {}},
      {"not what is far away", {{"kustomization.yaml", "patches: [{path: 'https://example.com/p.yaml'}]"}}, {}},
      {"below, through resources and components, each directory once",
       {{"kustomization.yaml", "resources: [a, x.yaml]\ncomponents: [c]"},
        {"a/kustomization.yaml", "resources: [../a]\nsecretGenerator: [{envs: [../b]}]"},
        {"c/kustomization.yaml", "patches: [{path: p.yaml}]"},
        {"x.yaml", "a: b"},
        {"b", env},
        {"c/p.yaml", patch}},
       {{"b", plain_env}, {"c/p.yaml", plain_patch}}},
  };
  for (const Row& row : rows) EXPECT_EQ(Sources(row.files), row.want) << row.rule;
}

TEST(DecryptSources, SaysWhichFileCannotBeDecrypted) {
  const auto broken = Sources({{"kustomization.yaml", "secretGenerator: [{envs: [x/b.env]}]"}, {"x/b.env", "A=ENC[x]\nsops_mac=ENC[x]\n"}});
  EXPECT_EQ(broken.at("error"), "error decrypting sources: x/b.env: failed to load encrypted dotenv data: No keys found in file");
  const auto large = Sources({{"kustomization.yaml", "secretGenerator: [{files: [b]}]"}, {"b", std::string((5u << 20) + 1, 'x')}});
  EXPECT_EQ(large.at("error"), "error decrypting sources: b: cannot decrypt file with size (5242881 bytes) exceeding limit (5242880)");
}

Value Parse(const std::string& text) { return *document::ParseYaml(text); }

TEST(DecryptResource, OpensObjectsAndValues) {
  Value whole = Parse(Vector("sealed/regex.yaml"));
  ASSERT_TRUE(DecryptResource(whole, Keys()));
  EXPECT_EQ(whole, Parse(Vector("plain/secret.yaml")));

  Value secret = Parse("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {plain: eA==, not-base64: '%'}\n");
  secret.Find("data")->Set("app.env", Value(base::Base64Encode(Vector("sealed/app.env"))));
  ASSERT_TRUE(DecryptResource(secret, Keys()));
  EXPECT_EQ(secret.StringAt({"data", "app.env"}), base::Base64Encode(Vector("want/app.env")));
  EXPECT_EQ(secret.StringAt({"data", "plain"}), "eA==");
  EXPECT_EQ(secret.StringAt({"data", "not-base64"}), "%");
}

TEST(DecryptResource, SaysWhatCannotBeOpenedAndLeavesWhatOptedOut) {
  Value whole = Parse(Vector("sealed/regex.yaml"));
  const auto refused = DecryptResource(whole, Keys("third"));
  ASSERT_FALSE(refused);
  const std::string want =
      "decryption failed for 'Secret.v1.[noGrp]/token': failed to decrypt and format 'default/token' Secret data: cannot get sops data "
      "key: ";
  EXPECT_TRUE(refused.error().message.starts_with(want)) << refused.error().message;

  Value secret = Parse("apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: n}\ndata: {}\n");
  secret.Find("data")->Set("x", Value(base::Base64Encode("[sops]\n")));
  EXPECT_EQ(DecryptResource(secret, Keys()).error().message,
            "decryption failed for 'Secret.v1.[noGrp]/a': failed to decrypt and format 'n/a' Secret field 'x': failed to load encrypted "
            "INI data: No "
            "keys found in file");

  Value kept = Parse(
      "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  annotations: {kustomize.toolkit.fluxcd.io/decrypt: DISABLED}\nsops: {mac: "
      "x}\n");
  const Value before = kept;
  EXPECT_TRUE(DecryptResource(kept, Keys()));
  EXPECT_EQ(kept, before);
  EXPECT_TRUE(RefuseEncryptedSecret(kept));
}

TEST(ImportKeys, TakesWhatItsNameSays) {
  const auto now = Keys().now;
  Value secret = Parse("data: {other: eA==}");
  Value& data = *secret.Find("data");
  data.Set("b.agekey", Value(base::Base64Encode(Vector("keys/first.agekey"))));
  data.Set("a.agekey", Value(base::Base64Encode(Vector("keys/second.agekey"))));
  const auto keys = ImportKeys(secret, "n/s", false, now);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->age.size(), 2u);
  EXPECT_EQ(keys->age[1].secret, Keys().keys.age[0].secret) << "in the order of their names";
  EXPECT_TRUE(keys->pgp.empty());
  EXPECT_NE(DigestOf(*keys), DigestOf(sops::Keys{}));
  data.Set("x.asc", Value(base::Base64Encode("hello")));
  EXPECT_EQ(ImportKeys(secret, "n/s", false, now).error().message,
            "failed to import 'x.asc' data from sops decryption Secret 'n/s': no OpenPGP key");
  EXPECT_TRUE(ImportKeys(secret, "n/s", true, now)) << "of --sops-age-secret only age keys count";
  data.Set("b.agekey", Value(base::Base64Encode("AGE-SECRET-KEY-1")));
  EXPECT_EQ(ImportKeys(secret, "n/s", true, now).error().message,
            "failed to import 'b.agekey' data from sops SOPS age decryption Secret 'n/s': line 1: malformed secret key");
}

TEST(Build, DecryptsAndItsReadSetNamesTheEncryptedFiles) {
  const std::string sealed = Vector("sealed/app.env");
  const auto files = base::MemoryFiles(
      {{"kustomization.yaml", "secretGenerator: [{name: a, envs: [b.env], options: {disableNameSuffixHash: true}}]"}, {"b.env", sealed}});
  Spec spec;
  spec.decryption = Decryption{.secret = "keys"};
  const auto built = Build({.files = *files, .spec = spec, .name = "app", .ns = "n", .decryption = Keys()});
  ASSERT_TRUE(built) << built.error().message;
  ASSERT_EQ(built->objects.size(), 1u);
  EXPECT_EQ(built->objects[0].StringAt({"data", "USER"}), base::Base64Encode("admin"));
  EXPECT_EQ(built->reads.files.at("b.env"), base::ContentIdAt(*files, "b.env"));
  EXPECT_TRUE(base::Unchanged(built->reads, *files));
}

TEST(Build, MasksForPeople) {
  const auto files = base::MemoryFiles(
      {{"kustomization.yaml",
        "resources: [s.yaml]\nsecretGenerator: [{name: a, envs: [b.env], files: [b.env], options: {disableNameSuffixHash: true}}]"},
       {"b.env", "PLAIN=x\nsops_mac=ENC[y]\n"},
       {"s.yaml", Vector("sealed/regex.yaml")}});
  Spec spec;
  spec.decryption = Decryption{.secret = "keys"};
  const auto built = Build({.files = *files, .spec = spec, .name = "app", .ns = "n", .mask_encrypted = true, .normalize = false});
  ASSERT_TRUE(built) << built.error().message;
  ASSERT_EQ(built->objects.size(), 2u);
  EXPECT_EQ(built->objects[0].StringAt({"stringData", "password"}), "**SOPS**");
  EXPECT_EQ(built->objects[0].Find("sops"), nullptr);
  EXPECT_EQ(built->objects[1].StringAt({"data", "PLAIN"}), base::Base64Encode("x"));
  EXPECT_EQ(built->objects[1].StringAt({"data", "b.env"}), base::Base64Encode("**SOPS**"));
}

}  // namespace
}  // namespace sluice::controller::kustomization
