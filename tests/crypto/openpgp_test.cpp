// The vectors in tests/crypto/openpgp were made with GnuPG 2.2.40 (make.sh there): keys of 2024-01-01, signatures of 2024-01-10.
#include "crypto/openpgp.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crypto {
namespace {

using base::Reason;

std::string File(const std::string& name) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/tests/crypto/openpgp/" + name, std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::map<std::string, std::string> Fingerprints() {
  std::istringstream lines(File("fingerprints.txt"));
  std::map<std::string, std::string> all;
  for (std::string name, fingerprint; lines >> name >> fingerprint;) all[name] = fingerprint;
  return all;
}

std::string IdOf(const std::string& name) { return Fingerprints().at(name).substr(24); }

base::TimePoint At(std::string_view time) { return *base::ParseRfc3339(time); }
const base::TimePoint kThen = At("2024-01-12T00:00:00Z");
const base::TimePoint kLater = At("2025-06-01T00:00:00Z");

base::Result<OpenPgpSigner> Verify(const std::vector<std::string>& rings, const std::string& message, const std::string& signature,
                                   base::TimePoint now = kThen, const OpenPgpLimits& limits = {}) {
  const std::vector<std::string_view> views(rings.begin(), rings.end());
  return VerifyDetached(views, message, signature, now, limits);
}

base::Result<std::string> Open(const std::string& message, const std::vector<std::string>& rings, const OpenPgpLimits& limits = {}) {
  const std::vector<std::string_view> views(rings.begin(), rings.end());
  return Decrypt(message, views, kThen, limits);
}

template <class T>
std::string Said(const base::Result<T>& result) {
  if (result) return "ok";
  return std::string(base::ToString(result.error().reason)) + ": " + result.error().message;
}

TEST(OpenPgpVerify, NamesTheKeyAndItsCertificate) {
  const auto fingerprints = Fingerprints();
  for (const std::string signature : {"rsa.sig.asc", "rsa.sig.bin"}) {
    for (const std::string ring : {"rsa.public.asc", "rsa.public.bin", "both.public.asc"}) {
      const auto signer = Verify({File(ring)}, File("commit.txt"), File(signature));
      ASSERT_EQ(Said(signer), "ok") << signature << " with " << ring;
      EXPECT_EQ(signer->fingerprint, fingerprints.at("rsa"));
      EXPECT_EQ(signer->key_id, IdOf("rsa"));
      EXPECT_EQ(signer->primary_fingerprint, fingerprints.at("rsa"));
      EXPECT_EQ(signer->primary_key_id, IdOf("rsa"));
      EXPECT_EQ(signer->user_id, "RSA <rsa@example.com>");
    }
  }
}

TEST(OpenPgpVerify, ASubkeySignsForItsCertificate) {
  const auto fingerprints = Fingerprints();
  for (const std::string ring : {"ed.public.asc", "both.public.asc"}) {
    const auto signer = Verify({File(ring)}, File("commit.txt"), File("ed.sig.asc"));
    ASSERT_EQ(Said(signer), "ok") << ring;
    EXPECT_EQ(signer->fingerprint, fingerprints.at("ed-subkey"));
    EXPECT_EQ(signer->key_id, IdOf("ed-subkey"));
    EXPECT_EQ(signer->primary_fingerprint, fingerprints.at("ed"));
    EXPECT_EQ(signer->primary_key_id, IdOf("ed"));
    EXPECT_EQ(signer->user_id, "Ed <ed@example.com>");
  }
}

TEST(OpenPgpVerify, SaysWhyASignatureDoesNotCount) {
  struct Row {
    std::string_view rule;
    std::vector<std::string> rings;
    std::string signature, want;
    base::TimePoint now = kThen;
  };
  const std::string message = File("commit.txt");
  const std::string rsa = File("rsa.public.asc");
  const Row rows[] = {
      {"several rings", {File("ed.public.asc"), rsa}, File("rsa.sig.asc"), "ok"},
      {"one good of two", {rsa}, File("two.sig.asc"), "ok"},
      {"no ring", {}, File("rsa.sig.asc"), "NotFound: no key for signature by " + IdOf("rsa")},
      {"another's ring", {File("ed.public.asc")}, File("rsa.sig.asc"), "NotFound: no key for signature by " + IdOf("rsa")},
      {"before the key expires", {File("short.public.asc")}, File("short.sig.asc"), "ok"},
      {"after the key expired",
       {File("short.public.asc")},
       File("short.sig.asc"),
       "Unauthorized: signature by " + IdOf("short") + ": key " + IdOf("short") + " is expired",
       kLater},
      {"a revoked key",
       {File("revoked.public.asc")},
       File("revoked.sig.asc"),
       "Unauthorized: signature by " + IdOf("revoked") + ": key " + IdOf("revoked") + " is revoked"},
      {"before the signature expires", {rsa}, File("expiring.sig.asc"), "ok"},
      {"after the signature expired", {rsa}, File("expiring.sig.asc"), "Unauthorized: signature by " + IdOf("rsa") + " is expired", kLater},
      {"SHA-1", {rsa}, File("sha1.sig.asc"), "Unauthorized: signature by " + IdOf("rsa") + " uses SHA1, which is too weak"},
      {"no signature", {rsa}, "", "Invalid: signature: not an OpenPGP signature"},
      {"garbage", {rsa}, "hello", "Invalid: signature: not an OpenPGP signature"},
      {"an SSH signature",
       {rsa},
       "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n",
       "Invalid: signature: not an OpenPGP signature"},
      {"a key for a signature", {rsa}, rsa, "Invalid: signature: not an OpenPGP signature"},
      {"a signed message for a signature", {rsa}, File("embedded.sig.asc"), "Invalid: signature: not an OpenPGP signature"},
      {"a clear-signed message for a signature", {rsa}, File("clear.sig.asc"), "Invalid: signature: not an OpenPGP signature"},
      {"cut armor", {rsa}, File("rsa.sig.asc").substr(0, 300), "Invalid: signature: not an OpenPGP signature"},
      {"a ring of garbage", {rsa, "hello"}, File("rsa.sig.asc"), "Invalid: key ring 2: no OpenPGP key"},
      {"an empty ring", {""}, File("rsa.sig.asc"), "Invalid: key ring 1: no OpenPGP key"},
      {"a signature for a ring", {File("rsa.sig.asc")}, File("rsa.sig.asc"), "Invalid: key ring 1: no OpenPGP key"},
  };
  for (const Row& row : rows) EXPECT_EQ(Said(Verify(row.rings, message, row.signature, row.now)), row.want) << row.rule;
}

TEST(OpenPgpVerify, AnotherMessageIsABadSignature) {
  EXPECT_EQ(Said(Verify({File("rsa.public.asc")}, File("commit.txt") + "\n", File("rsa.sig.asc"))),
            "Unauthorized: bad signature by " + IdOf("rsa"));
  EXPECT_EQ(Said(Verify({File("ed.public.asc")}, "", File("ed.sig.asc"))), "Unauthorized: bad signature by " + IdOf("ed-subkey"));
  // A signed message brings its own text along; that text does not vouch for another.
  for (const std::string signature : {"embedded.sig.asc", "clear.sig.asc"}) {
    EXPECT_EQ(Said(Verify({File("rsa.public.asc")}, "another", File(signature))), "Invalid: signature: not an OpenPGP signature")
        << signature;
  }
}

TEST(OpenPgpVerify, HasBudgets) {
  const std::string key = File("rsa.public.asc"), message = File("commit.txt"), signature = File("rsa.sig.asc");
  EXPECT_EQ(Said(Verify({key}, message, signature, kThen, {.max_key_bytes = 100})),
            "TooLarge: key ring 1: OpenPGP keys: " + std::to_string(key.size()) + " bytes, at most 100 are read");
  EXPECT_EQ(Said(Verify({key, key, key}, message, signature, kThen, {.max_key_rings = 2})),
            "TooLarge: 3 OpenPGP key rings, at most 2 are read");
  EXPECT_EQ(Said(Verify({key}, message, signature, kThen, {.max_signature_bytes = 100})),
            "TooLarge: signature: " + std::to_string(signature.size()) + " bytes, at most 100 are read");
  EXPECT_EQ(Said(Verify({key}, message, signature, kThen, {.max_message_bytes = 100})),
            "TooLarge: signed message: " + std::to_string(message.size()) + " bytes, at most 100 are read");
}

TEST(OpenPgpDecrypt, ReadsWhatIsForOneOfTheKeys) {
  const std::string want = "0123456789abcdef0123456789abcdef";
  const std::string reader = File("reader.private.asc"), curve = File("curve.private.asc");
  struct Row {
    std::string_view message;
    std::vector<std::string> rings;
  };
  const Row rows[] = {{"reader.message.asc", {reader}},        {"curve.message.asc", {curve}}, {"curve.message.asc", {reader, curve}},
                      {"curve.message.asc", {reader + curve}}, {"both.message.asc", {curve}},  {"both.message.asc", {reader}}};
  for (const Row& row : rows) {
    const auto plain = Open(File(std::string(row.message)), row.rings);
    ASSERT_EQ(Said(plain), "ok") << row.message;
    EXPECT_EQ(*plain, want);
  }
}

TEST(OpenPgpDecrypt, SaysWhyNot) {
  const std::string reader = File("reader.private.asc"), curve = File("curve.private.asc");
  std::string altered = File("reader.message.asc");
  altered[altered.size() / 2] = altered[altered.size() / 2] == 'A' ? 'B' : 'A';
  struct Row {
    std::string_view rule;
    std::string message;
    std::vector<std::string> rings;
    std::string_view want;
  };
  const Row rows[] = {
      {"no message", "", {reader}, "Invalid: message: not an OpenPGP message"},
      {"garbage", "hello", {reader}, "Invalid: message: not an OpenPGP message"},
      {"plain text in OpenPGP", File("plain.message.asc"), {reader}, "Invalid: message: not encrypted"},
      {"only a passphrase", File("password.message.asc"), {reader}, "Invalid: message: encrypted with a passphrase, not to a key"},
      {"a locked key", File("locked.message.asc"), {File("locked.private.asc")}, "Unauthorized: the private key has a passphrase"},
      {"a public key", File("rsa.sig.asc"), {File("rsa.public.asc")}, "Invalid: message: not an OpenPGP message"},
      {"no integrity", File("unprotected.message.asc"), {reader}, "Unauthorized: message: has no integrity protection"},
      {"altered", altered, {reader}, "Unauthorized: message: damaged or altered"},
      {"a ring of garbage", File("reader.message.asc"), {"hello"}, "Invalid: key ring 1: no OpenPGP key"},
  };
  for (const Row& row : rows) EXPECT_EQ(Said(Open(row.message, row.rings)), row.want) << row.rule;
  const auto missing = Open(File("reader.message.asc"), {curve});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().reason, Reason::NotFound);
  EXPECT_TRUE(missing.error().message.starts_with("no private key for recipient ")) << missing.error().message;
  EXPECT_EQ(missing.error().message.size(), std::string("no private key for recipient 0123456789ABCDEF").size());
}

TEST(OpenPgpDecrypt, ABombIsStopped) {
  const std::string curve = File("curve.private.asc");  // 100,000 zeros in 500 bytes
  const auto whole = Open(File("long.message.asc"), {curve});
  ASSERT_EQ(Said(whole), "ok");
  EXPECT_EQ(*whole, std::string(100000, '\0'));
  EXPECT_EQ(Said(Open(File("long.message.asc"), {curve}, {.max_plain_bytes = 99999})), "TooLarge: message: says more than 99999 bytes");
}

}  // namespace
}  // namespace sluice::crypto
