// Expectations by flux v2.9.5, `flux build kustomization` (internal/build/build.go, maskSopsData).
#include "controller/kustomization/masking.h"

#include <gtest/gtest.h>

#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

using document::Value;

std::string Printed(const std::string& fields, std::string_view kind = "Secret") {
  Value object = *document::ParseYaml("kind: " + std::string(kind) + "\nmetadata: {name: s}\n" + fields);
  const auto done = MaskSecretForPrinting(object);
  if (!done) return "error: " + done.error().message;
  object.Erase("kind");
  object.Erase("metadata");
  return document::EmitYaml(object);
}

constexpr std::string_view kSops = "sops: {mac: 'ENC[AES256_GCM,data:x]'}\n";

TEST(Masking, AllOfAnEncryptedSecret) {
  const std::string sops(kSops);
  EXPECT_EQ(Printed("data: {a: 'ENC[x]'}\nstringData: {plain: admin, b: 'ENC[x]'}\n" + sops),
            "data:\n  a: KipTT1BTKio=\nstringData:\n  b: '**SOPS**'\n  plain: '**SOPS**'\n");
  EXPECT_EQ(
      Printed("type: kubernetes.io/dockerconfigjson\ndata: {a: 'ENC[x]'}\nstringData: {b: 'ENC[x]'}\n" + sops),
      "data:\n  a: eyJtYXNrIjoiKipTT1BTKioifQ==\nstringData:\n  b: '{\"mask\":\"**SOPS**\"}'\ntype: kubernetes.io/dockerconfigjson\n");
  // It says that it is, but has no MAC: then it is not.
  EXPECT_EQ(Printed("stringData: {b: 'ENC[x]'}\nsops: {version: '3'}\n"), "sops:\n  version: \"3\"\nstringData:\n  b: ENC[x]\n");
  EXPECT_EQ(Printed("data: {a: 'ENC[x]'}\n" + sops, "ConfigMap"), "data:\n  a: ENC[x]\nsops:\n  mac: ENC[AES256_GCM,data:x]\n");
}

TEST(Masking, EncryptedFilesInAnotherSecret) {
  EXPECT_EQ(Printed("data: {a: YQ==, b: c29wcyBFTkNb}\n"), "data:\n  a: YQ==\n  b: KipTT1BTKio=\n");  // "sops ENC["
  EXPECT_EQ(Printed("stringData: {a: 'sops ENC[', b: 'ENC['}\n"), "stringData:\n  a: KipTT1BTKio=\n  b: ENC[\n");
  EXPECT_EQ(Printed("data: {a: no base64}\n"), "error: failed to mask secret s sops data: data.a: illegal base64 data at input byte 2");
}

TEST(Masking, ASecretIsPrintedWithoutItsQuotes) {
  EXPECT_EQ(Printed("data: {a: 1234, b: null, c: [x]}\n"), "data:\n  a: \"1234\"\n  b: \"\"\n  c: \"\"\n");
  EXPECT_EQ(Printed("data: {}\nstringData: {}\n"), "stringData: {}\n");
  EXPECT_EQ(Printed("stringData:\n  a: '5'\n  b: '1e3'\n  c: 'true'\n  d: 'yes'\n  e: '~'\n  f: ''\n  g: ' 5'\n  h: '2024-01-01'\n"),
            "stringData:\n  a: 5\n  b: 1000\n  c: true\n  d: \"yes\"\n  e: null\n  f: null\n  g: ' 5'\n  h: \"2024-01-01T00:00:00Z\"\n");
  EXPECT_EQ(Printed("stringData: {f: '', g: '~'}\n"), "stringData:\n  f: \"\"\n  g: null\n");
  EXPECT_EQ(Printed("stringData: {'8080': x}\n"), "error: Secret s: the key 8080 of stringData would be no text without quotes");
  EXPECT_EQ(Printed("data: {'1': YQ==}\n"), "error: Secret s: the key 1 of data would be no text without quotes");
}

}  // namespace
}  // namespace sluice::controller::kustomization
