// Which signatures of commits and tags count, and what is said of those that do not. The vectors are those of tests/crypto.
#include "controller/git_repository/verify.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sluice::controller::git_repository {
namespace {

std::string File(const std::string& name) {
  std::ifstream in(std::string(SLUICE_SOURCE_DIR) + "/tests/crypto/" + name, std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The key id of one of GnuPG's vectors.
std::string IdOf(const std::string& name) {
  std::istringstream lines(File("openpgp/fingerprints.txt"));
  for (std::string key, fingerprint; lines >> key >> fingerprint;)
    if (key == name) return fingerprint.substr(24);
  return "none";
}

const base::TimePoint kThen = *base::ParseRfc3339("2024-01-12T00:00:00Z");
const std::string kCommit(40, 'c'), kTagObject(40, 'd');

sources::CommitInfo Commit(const std::string& signature, const std::string& payload) {
  sources::CommitInfo commit;
  commit.commit = kCommit;
  commit.signature = signature;
  commit.signed_payload = payload;
  return commit;
}

ReferencingTag Tag(const std::string& signature, const std::string& payload) {
  sources::TagInfo info;
  info.object = kTagObject;
  info.target = kCommit;
  info.name = "v1.0.0";
  info.signature = signature;
  info.signed_payload = payload;
  return {.name = "v1.0.0", .info = info};
}

std::string Verify(VerifyMode mode, const TrustedKeys& keys, const sources::CommitInfo& commit, const std::optional<ReferencingTag>& tag) {
  const Verification out = VerifySignatures(mode, keys, commit, tag, kThen);
  if (!out.failure) return "Succeeded: " + out.message;
  EXPECT_EQ(out.failure->type, "SourceVerified");
  EXPECT_EQ(out.failure->step, Step::Verify);
  EXPECT_EQ(out.failure->stalled, out.failure->reason == "InvalidVerificationMode");
  return out.failure->reason + ": " + out.failure->message;
}

class GitVerification : public testing::Test {
 protected:
  const std::string pgp_text = File("openpgp/commit.txt"), ssh_text = File("ssh_signature/commit.txt");
  const sources::CommitInfo pgp = Commit(File("openpgp/rsa.sig.asc"), pgp_text), ssh = Commit(File("ssh_signature/ed25519.sig"), ssh_text),
                            unsigned_ = Commit("", "");
  const ReferencingTag pgp_tag = Tag(File("openpgp/ed.sig.asc"), pgp_text), ssh_tag = Tag(File("ssh_signature/rsa3072.sig"), ssh_text);
  const TrustedKeys keys = TrustedKeysOf({{"a.asc", File("openpgp/rsa.public.asc")},
                                          {"legacy", File("openpgp/ed.public.asc")},
                                          {"me.sshpub", File("ssh_signature/ed25519.pub")},
                                          {"ci.sshpub", "# of the builders\n" + File("ssh_signature/rsa3072.pub")}});
  const std::string fingerprint = File("ssh_signature/ed25519.fingerprint").substr(0, 50);
};

TEST_F(GitVerification, KeysByTheNamesOfTheSecret) {
  EXPECT_EQ(keys.key_rings.size(), 2u);
  EXPECT_EQ(keys.authorized_keys.size(), 2u);
}

TEST_F(GitVerification, SuccessNamesTheKeys) {
  const std::string head = "\n\t- commit '" + kCommit + "' with key '", tag = "\n\t- tag 'v1.0.0@" + kTagObject + "' with key '";
  EXPECT_EQ(Verify(VerifyMode::Head, keys, pgp, {}), "Succeeded: verified signature of" + head + IdOf("rsa") + "'");
  EXPECT_EQ(Verify(VerifyMode::Head, keys, ssh, {}), "Succeeded: verified signature of" + head + fingerprint + "'");
  EXPECT_EQ(Verify(VerifyMode::Tag, keys, unsigned_, pgp_tag), "Succeeded: verified signature of" + tag + IdOf("ed") + "'")
      << "the certificate's key, not the subkey's";
  EXPECT_EQ(Verify(VerifyMode::TagAndHead, keys, ssh, pgp_tag),
            "Succeeded: verified signature of" + tag + IdOf("ed") + "'" + head + fingerprint + "'");
}

TEST_F(GitVerification, WhatDoesNotCountIsNamed) {
  const std::string commit = "InvalidCommitSignature: signature verification of commit '" + kCommit + "' failed: ";
  const std::string tag = "InvalidTagSignature: signature verification of tag 'v1.0.0@" + kTagObject + "' failed: ";
  const std::string rings = "unable to verify Git commit: unable to verify payload with any of the given key rings: no matching key";
  const std::string lists =
      "unable to verify Git commit SSH signature: unable to verify payload with any of the given authorized keys: no matching key";
  const TrustedKeys none, pgp_only{.key_rings = keys.key_rings, .authorized_keys = {}},
      ssh_only{.key_rings = {}, .authorized_keys = {File("ssh_signature/other.pub")}};
  EXPECT_EQ(Verify(VerifyMode::Head, keys, unsigned_, {}), commit + "unsupported signature type: empty");
  EXPECT_EQ(Verify(VerifyMode::Head, keys, Commit("-----BEGIN SIGNED MESSAGE-----\n", "x"), {}),
            commit + "unsupported signature type: x509");
  EXPECT_EQ(Verify(VerifyMode::Head, keys, Commit("-----BEGIN PGP MESSAGE-----\n", "x"), {}),
            commit + "unsupported signature type: unknown");
  EXPECT_EQ(Verify(VerifyMode::Head, ssh_only, pgp, {}),
            commit + "PGP signature detected but no PGP public keys found in secret (keys with .asc suffix)");
  EXPECT_EQ(Verify(VerifyMode::Head, pgp_only, ssh, {}),
            commit + "SSH signature detected but no SSH public keys found in secret (keys with .sshpub suffix)");
  EXPECT_EQ(Verify(VerifyMode::Tag, none, unsigned_, ssh_tag),
            tag + "SSH signature detected but no SSH public keys found in secret (keys with .sshpub suffix)");
  EXPECT_EQ(Verify(VerifyMode::Head, keys, Commit(File("openpgp/stranger.sig.asc"), pgp_text), {}), commit + rings);
  EXPECT_EQ(Verify(VerifyMode::Head, ssh_only, ssh, {}), commit + lists + "\npublic key does not match");
  EXPECT_EQ(Verify(VerifyMode::Head, keys, Commit(ssh.signature, ssh_text + "x"), {}),
            commit + lists + "\npublic key does not match\nsignature does not match");
  EXPECT_EQ(Verify(VerifyMode::Head, keys, Commit(File("ssh_signature/file.sig"), ssh_text), {}),
            commit + lists + "\npublic key does not match\nnamespace does not match");
  const std::string bad = Verify(VerifyMode::Head, keys, Commit(pgp.signature, pgp_text + "x"), {});
  EXPECT_TRUE(bad.starts_with(commit + rings + " (")) << bad;
  const std::string bad_tag = Verify(VerifyMode::Tag, keys, unsigned_, Tag(pgp_tag.info->signature, "x"));
  EXPECT_TRUE(bad_tag.starts_with(tag + "unable to verify Git tag: unable to verify payload")) << bad_tag;
}

TEST_F(GitVerification, KeysThatCannotBeReadMatterOnlyWhereNoneCan) {
  const std::string commit = "InvalidCommitSignature: signature verification of commit '" + kCommit + "' failed: ";
  TrustedKeys some = keys, broken{.key_rings = {"nonsense"}, .authorized_keys = {"nonsense"}};
  some.key_rings.insert(some.key_rings.begin(), "nonsense");
  some.authorized_keys.insert(some.authorized_keys.begin(), "nonsense");
  EXPECT_TRUE(Verify(VerifyMode::Head, some, pgp, {}).starts_with("Succeeded: "));
  EXPECT_TRUE(Verify(VerifyMode::Head, some, ssh, {}).starts_with("Succeeded: "));
  const std::string ring = Verify(VerifyMode::Head, broken, pgp, {});
  EXPECT_TRUE(ring.starts_with(commit + "unable to verify Git commit: unable to read armored key ring: ")) << ring;
  EXPECT_EQ(Verify(VerifyMode::Head, broken, ssh, {}),
            commit +
                "unable to verify Git commit SSH signature: unable to parse authorized keys: unable to parse authorized key: line 1: no "
                "key of a known type");
  EXPECT_EQ(Verify(VerifyMode::Head, keys, Commit("-----BEGIN SSH SIGNATURE-----\n", "x"), {}),
            commit + "unable to verify Git commit SSH signature: unable to unarmor SSH signature: no armored SSH signature");
}

TEST_F(GitVerification, TagsMustBeThereSignedAndOfThisCommit) {
  EXPECT_EQ(Verify(VerifyMode::Tag, keys, pgp, {}),
            "InvalidVerificationMode: cannot verify tag object's signature if a tag reference is not specified");
  EXPECT_EQ(Verify(VerifyMode::TagAndHead, keys, pgp, ReferencingTag{.name = "v2", .info = {}}),
            "InvalidGitObject: cannot verify signature of tag 'v2' since it is not signed");
  EXPECT_EQ(Verify(VerifyMode::Tag, keys, pgp, Tag("", "x")),
            "InvalidGitObject: cannot verify signature of tag 'v1.0.0@" + kTagObject + "' since it is not signed");
  EXPECT_TRUE(Verify(VerifyMode::TagAndHead, keys, unsigned_, pgp_tag).starts_with("InvalidCommitSignature: "));
  ReferencingTag elsewhere = pgp_tag;
  elsewhere.info->target = std::string(40, 'e');
  EXPECT_EQ(Verify(VerifyMode::Tag, keys, pgp, elsewhere), "InvalidTagSignature: signature verification of tag 'v1.0.0@" + kTagObject +
                                                               "' failed: it was made for object " + std::string(40, 'e') +
                                                               ", not for commit " + kCommit);
}

}  // namespace
}  // namespace sluice::controller::git_repository
