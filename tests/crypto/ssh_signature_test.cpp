// The vectors in tests/crypto/ssh_signature were made with ssh-keygen of OpenSSH 9.2 (make.sh there), which also finds those of the tokens good.
#include "crypto/ssh_signature.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/digest.h"

namespace sluice::crypto {
namespace {

std::string File(const std::string& name) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/tests/crypto/ssh_signature/" + name, std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

template <class T>
std::string Said(const base::Result<T>& result) {
  if (result) return "ok";
  return std::string(base::ToString(result.error().reason)) + ": " + result.error().message;
}

SshPublicKey KeyOf(const std::string& name) { return ParseAuthorizedKeys(File(name + ".pub")).value().at(0); }

std::string Verify(const std::string& armored, const SshPublicKey& key, const std::string& message, const std::string& name_space = "git") {
  const auto signature = ParseSshSignature(armored);
  if (!signature) return Said(signature);
  return Said(VerifySshSignature(*signature, key, message, name_space));
}

TEST(SshSignature, EveryKindOfKeyVerifies) {
  for (const char* name : {"ed25519", "rsa3072", "ecdsa256", "ecdsa384", "ecdsa521", "sk-ed25519", "sk-ecdsa"}) {
    EXPECT_EQ(Verify(File(std::string(name) + ".sig"), KeyOf(name), File("commit.txt")), "ok") << name;
    EXPECT_EQ(Verify(File(std::string(name) + ".sig"), KeyOf(name), File("commit.txt") + "x"), "Unauthorized: signature does not match")
        << name;
  }
  EXPECT_EQ(Verify(File("sha256.sig"), KeyOf("ed25519"), File("commit.txt")), "ok");
  EXPECT_EQ(Verify("\n  " + File("ed25519.sig") + "\n", KeyOf("ed25519"), File("commit.txt")), "ok") << "blanks around the armor";
  EXPECT_EQ(SshFingerprint(KeyOf("ed25519")) + "\n", File("ed25519.fingerprint"));
}

TEST(SshSignature, WhatDoesNotCountIsNamed) {
  EXPECT_EQ(Verify(File("ed25519.sig"), KeyOf("other"), File("commit.txt")), "Unauthorized: public key does not match");
  EXPECT_EQ(Verify(File("file.sig"), KeyOf("ed25519"), File("commit.txt")), "Unauthorized: namespace does not match");
  EXPECT_EQ(Verify(File("file.sig"), KeyOf("ed25519"), File("commit.txt"), "file"), "ok");
  EXPECT_EQ(Verify(File("rsa1024.sig"), KeyOf("rsa1024"), File("commit.txt")),
            "Unauthorized: an RSA key of 1024 bits is refused: 2048 or more are needed");
  const SshSignature rsa = ParseSshSignature(File("rsa3072.sig")).value();
  SshSignature weak = rsa;
  weak.kind = "ssh-rsa";
  EXPECT_EQ(Said(VerifySshSignature(weak, KeyOf("rsa3072"), File("commit.txt"), "git")),
            "Unauthorized: signature algorithm \"ssh-rsa\" is refused: rsa-sha2-256 or rsa-sha2-512 is needed");
  SshSignature other = ParseSshSignature(File("ed25519.sig")).value();
  other.kind = "ecdsa-sha2-nistp256";
  EXPECT_EQ(Said(VerifySshSignature(other, KeyOf("ed25519"), File("commit.txt"), "git")),
            "Unauthorized: signature algorithm \"ecdsa-sha2-nistp256\" does not belong to the key");
}

// Every byte counts, or is armor.
TEST(SshSignature, NoDamagedByteVerifies) {
  for (const char* name : {"ed25519", "ecdsa256", "sk-ed25519"}) {
    const std::string armored = File(std::string(name) + ".sig");
    const std::size_t begin = armored.find('\n') + 1, end = armored.rfind("-----END");
    const std::string bytes = base::Base64Decode(armored.substr(begin, end - begin)).value();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ 1);
      const std::string text = armored.substr(0, begin) + base::Base64Encode(damaged) + "\n" + armored.substr(end);
      EXPECT_NE(Verify(text, KeyOf(name), File("commit.txt")), "ok") << name << " byte " << i;
      const std::string cut = armored.substr(0, begin) + base::Base64Encode(bytes.substr(0, i)) + "\n" + armored.substr(end);
      EXPECT_NE(Verify(cut, KeyOf(name), File("commit.txt")), "ok") << name << " cut at " << i;
    }
  }
}

TEST(SshSignature, WhatIsNoSignatureIsRefused) {
  const std::string begin = "-----BEGIN SSH SIGNATURE-----\n", end = "\n-----END SSH SIGNATURE-----\n";
  const auto armor = [&](const std::string& bytes) { return begin + base::Base64Encode(bytes) + end; };
  const std::pair<std::string, std::string> rows[] = {
      {"", "Invalid: no armored SSH signature"},
      {"-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----", "Invalid: no armored SSH signature"},
      {begin + "!" + end, "Invalid: the armor is not in base64"},
      {armor("SSHSIX"), "Invalid: damaged signature"},
      {armor(std::string("SSHSIG\0\0\0\2", 10)), "Invalid: signature version 2 is unknown"},
      {armor(std::string("SSHSIG\0\0\0\1\xff\xff\xff\xff", 14)), "Invalid: damaged signature"},
      {begin + std::string(70'000, 'A') + end, "TooLarge: over 65536 bytes"},
      {File("ed25519.sig") + File("ed25519.sig"), "Invalid: the armor is not in base64"},
  };
  for (const auto& [text, want] : rows) EXPECT_EQ(Said(ParseSshSignature(text)), want) << text.substr(0, 60);
}

TEST(AuthorizedKeys, ReadsSshdsFormat) {
  const std::string key = File("ed25519.pub").substr(0, File("ed25519.pub").rfind(' '));
  for (const std::string& line : {key, key + " comment", "  " + key + "\r", "cert-authority,from=\"10.0.0.1 , x\" " + key,
                                  "a@example.com " + key, "# note\n\n" + key + "\n"}) {
    const auto keys = ParseAuthorizedKeys(line);
    ASSERT_TRUE(keys) << line << ": " << keys.error().message;
    EXPECT_EQ(*keys, std::vector<SshPublicKey>{KeyOf("ed25519")}) << line;
  }
  EXPECT_EQ(ParseAuthorizedKeys(File("ed25519.pub") + File("rsa3072.pub") + File("sk-ecdsa.pub"))->size(), 3u);
  EXPECT_TRUE(ParseAuthorizedKeys("")->empty());
}

TEST(AuthorizedKeys, TheFirstLineThatIsNoneIsTheError) {
  const std::pair<std::string, std::string> rows[] = {
      {"nonsense", "Invalid: line 1: no key of a known type"},
      {"# x\nssh-dss AAAA\n", "Invalid: line 2: no key of a known type"},
      {"ssh-ed25519 !!!\n", "Invalid: line 1: the key is not in base64"},
      {"ssh-ed25519\n", "Invalid: line 1: damaged ssh-ed25519 key"},
      {"ssh-rsa " + File("ed25519.pub").substr(12), "Invalid: line 1: damaged ssh-rsa key"},
      {File("ed25519.pub") + "a b " + File("ed25519.pub"), "Invalid: line 2: no key of a known type"},
      {std::string((1u << 20) + 1, '#'), "TooLarge: over 1048576 bytes of keys"},
      {std::string(10'001, '\n'), "TooLarge: over 10000 lines of keys"},
  };
  for (const auto& [text, want] : rows) EXPECT_EQ(Said(ParseAuthorizedKeys(text)), want) << text.substr(0, 60);
}

}  // namespace
}  // namespace sluice::crypto
