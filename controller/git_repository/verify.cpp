#include "controller/git_repository/verify.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "controller/conditions.h"
#include "crypto/openpgp.h"
#include "crypto/ssh_signature.h"

namespace sluice::controller::git_repository {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::string_view kSshSuffix = ".sshpub";
constexpr std::string_view kNamespace = "git";
constexpr std::size_t kMaxAttempts = 1000;  // keys tried for one signature

std::string_view TypeOf(std::string_view signature) {
  while (!signature.empty() && std::isspace(static_cast<unsigned char>(signature.front()))) signature.remove_prefix(1);
  if (signature.starts_with("-----BEGIN PGP SIGNATURE-----")) return "openpgp";
  if (signature.starts_with("-----BEGIN SSH SIGNATURE-----")) return "ssh";
  if (signature.starts_with("-----BEGIN SIGNED MESSAGE-----")) return "x509";
  return signature.empty() ? "empty" : "unknown";
}

/// The key's id, or why there is none: a list that cannot be read matters only where none can.
Result<std::string> VerifyPgp(const std::string& signature, const std::string& payload, const std::vector<std::string>& rings,
                              base::TimePoint now) {
  std::string unread, detail;
  bool attempted = false;
  for (const std::string& ring : rings) {
    const std::string_view one[] = {ring};
    auto signer = crypto::VerifyDetached(one, payload, signature, now);
    if (signer) return signer->primary_key_id;
    const Error& error = signer.error();
    if ((error.reason == Reason::Invalid || error.reason == Reason::TooLarge) && error.message.starts_with("key ring")) {
      if (unread.empty()) unread = "unable to read armored key ring: " + error.message;
      continue;
    }
    attempted = true;
    if (error.reason != Reason::NotFound) detail = error.message;
  }
  if (!attempted && !unread.empty()) return Invalid(unread);
  return MakeError(Reason::Unauthorized, "unable to verify payload with any of the given key rings: no matching key" +
                                             (detail.empty() ? "" : " (" + detail + ")"));
}

Result<std::string> VerifySsh(const std::string& signature, const std::string& payload, const std::vector<std::string>& lists) {
  auto parsed = crypto::ParseSshSignature(signature);
  if (!parsed) return std::move(parsed).error().Wrap("unable to unarmor SSH signature");
  std::string unread;
  std::vector<std::string> causes;
  std::size_t attempts = 0;
  bool attempted = false;
  for (const std::string& list : lists) {
    const auto keys = crypto::ParseAuthorizedKeys(list);
    if (!keys) {
      if (unread.empty()) unread = "unable to parse authorized keys: unable to parse authorized key: " + keys.error().message;
      continue;
    }
    attempted = true;
    for (const crypto::SshPublicKey& key : *keys) {
      const auto verified = crypto::VerifySshSignature(*parsed, key, payload, kNamespace);
      if (verified) return crypto::SshFingerprint(key);
      if (std::find(causes.begin(), causes.end(), verified.error().message) == causes.end()) causes.push_back(verified.error().message);
      if (++attempts == kMaxAttempts) return MakeError(Reason::TooLarge, "more than " + std::to_string(kMaxAttempts) + " keys");
    }
  }
  if (!attempted && !unread.empty()) return Invalid(unread);
  std::string message = "unable to verify payload with any of the given authorized keys: no matching key";
  for (const std::string& cause : causes) message += "\n" + cause;
  return MakeError(Reason::Unauthorized, std::move(message));
}

/// `what` is "commit" or "tag".
Result<std::string> VerifyObject(std::string_view what, const std::string& signature, const std::string& payload, const TrustedKeys& keys,
                                 base::TimePoint now) {
  const std::string_view type = TypeOf(signature);
  const std::string unable = "unable to verify Git " + std::string(what);
  if (type == "openpgp") {
    if (keys.key_rings.empty()) return Invalid("PGP signature detected but no PGP public keys found in secret (keys with .asc suffix)");
    auto id = VerifyPgp(signature, payload, keys.key_rings, now);
    if (!id) return std::move(id).error().Wrap(unable);
    return id;
  }
  if (type == "ssh") {
    if (keys.authorized_keys.empty())
      return Invalid("SSH signature detected but no SSH public keys found in secret (keys with .sshpub suffix)");
    auto fingerprint = VerifySsh(signature, payload, keys.authorized_keys);
    if (!fingerprint) return std::move(fingerprint).error().Wrap(unable + " SSH signature");
    return fingerprint;
  }
  return Invalid("unsupported signature type: " + std::string(type));
}

Verification Failed(std::string_view reason, std::string message, bool stalled = false) {
  return Verification{.message = {}, .failure = NotVerified(reason, std::move(message), stalled)};
}

/// `name@id`, or the name of a tag that is no object.
std::string Shown(const ReferencingTag& tag) { return tag.info ? tag.info->name + "@" + tag.info->object : tag.name; }

}  // namespace

Failure NotVerified(std::string_view reason, std::string message, bool stalled) {
  return Failure{.step = Step::Verify,
                 .type = std::string(condition::kSourceVerified),
                 .reason = std::string(reason),
                 .message = std::move(message),
                 .stalled = stalled};
}

TrustedKeys TrustedKeysOf(const std::map<std::string, std::string>& data) {
  TrustedKeys keys;
  for (const auto& [name, value] : data) (name.ends_with(kSshSuffix) ? keys.authorized_keys : keys.key_rings).push_back(value);
  return keys;
}

Verification VerifySignatures(VerifyMode mode, const TrustedKeys& keys, const sources::CommitInfo& commit,
                              const std::optional<ReferencingTag>& tag, base::TimePoint now) {
  Verification out;
  if (mode != VerifyMode::Head) {
    if (!tag) return Failed("InvalidVerificationMode", "cannot verify tag object's signature if a tag reference is not specified", true);
    if (!tag->info || tag->info->signature.empty())
      return Failed("InvalidGitObject", "cannot verify signature of tag '" + Shown(*tag) + "' since it is not signed");
    auto key = VerifyObject("tag", tag->info->signature, tag->info->signed_payload, keys, now);
    if (!key) return Failed("InvalidTagSignature", "signature verification of tag '" + Shown(*tag) + "' failed: " + key.error().message);
    // The host says which commit a tag stands for; a signature says it, too, and only that counts.
    if (tag->info->target != commit.commit)
      return Failed("InvalidTagSignature", "signature verification of tag '" + Shown(*tag) + "' failed: it was made for object " +
                                               tag->info->target + ", not for commit " + commit.commit);
    out.message = "verified signature of\n\t- tag '" + Shown(*tag) + "' with key '" + *key + "'";
  }
  if (mode != VerifyMode::Tag) {
    auto key = VerifyObject("commit", commit.signature, commit.signed_payload, keys, now);
    if (!key)
      return Failed("InvalidCommitSignature", "signature verification of commit '" + commit.commit + "' failed: " + key.error().message);
    if (out.message.empty()) out.message = "verified signature of";
    out.message += "\n\t- commit '" + commit.commit + "' with key '" + *key + "'";
  }
  return out;
}

}  // namespace sluice::controller::git_repository
