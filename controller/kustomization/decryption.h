// controller/kustomization/decryption.h: spec.decryption: which of a tree's files are decrypted before a build, and which objects after it (Flux's
// rules, kustomize-controller's internal/decryptor). Pure, but for the reading of keys. No error and no log holds a secret.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "controller/kustomization/spec.h"
#include "document/value.h"
#include "kube/client.h"
#include "sops/sops.h"

namespace sluice::controller::kustomization {

/// What to decrypt with, and when it is.
struct DecryptionKeys {
  sops::Keys keys;
  base::TimePoint now;
  sops::Limits limits = {};  ///< `max_bytes` also of what is read to be looked at
};

/// The keys of a decryption Secret's `data`: entries that end in `.agekey` (age identities) and `.asc` (OpenPGP private keys); only the former
/// if `age_only`. Others (credentials of key services, which are not served) are left alone. `of` names the Secret in messages:
/// `failed to import 'a.agekey' data from sops decryption Secret 'ns/name': …`.
base::Result<sops::Keys> ImportKeys(const document::Value& secret, std::string_view of, bool age_only, base::TimePoint now);

/// Where the keys of `spec.decryption` are: its secretRef in namespace `ns`, else `global` (`--sops-age-secret`, of which only age identities
/// count; its name may be empty). Read live and with the controller's own identity, as Flux does. No `spec.decryption`: no keys.
net::Task<base::Result<sops::Keys>> ReadKeys(kube::Client& client, std::string ns, const Spec& spec, document::NamespacedName global,
                                             base::TimePoint now);

/// One word for all of them, to tell whether they changed without keeping them.
std::string DigestOf(const sops::Keys& keys);

/// The plain text of the encrypted files among those that the kustomization files at and below `directory` name as sources of secretGenerators
/// (files, envs, env) and as patches: path (links resolved) -> text. A file that is named and not there, or a kustomization file that does not
/// parse, is left to the build to complain of. Errors: `error decrypting sources: …`, those of `interrupt` (may be empty), asked before each file.
base::Result<std::map<std::string, std::string>> DecryptSources(const base::Files& files, const std::string& directory,
                                                                const DecryptionKeys& keys,
                                                                const std::function<base::Result<void>()>& interrupt = {});

/// `inner` (which outlives it) with other texts at some paths, links resolved. What is asked of it is asked of `inner` too, so that a read set
/// names the encrypted files.
class ReplacedFiles final : public base::Files {
 public:
  ReplacedFiles(const base::Files& inner, std::map<std::string, std::string> texts) : inner_(inner), texts_(std::move(texts)) {}
  base::Result<base::FileInfo> Stat(std::string_view path) const override { return inner_.Stat(path); }
  base::Result<std::string> Read(std::string_view path) const override;
  base::Result<std::vector<base::FileInfo>> List(std::string_view path) const override { return inner_.List(path); }
  base::Result<std::string> Resolve(std::string_view path) const override { return inner_.Resolve(path); }
  std::string Describe(std::string_view path) const override { return inner_.Describe(path); }

 private:
  const base::Files& inner_;
  const std::map<std::string, std::string> texts_;
};

/// Decrypts a built object: as a whole, if it has `sops.mac`; else, of a Secret, each value of `data` that is an encrypted file. Objects annotated
/// `kustomize.toolkit.fluxcd.io/decrypt: disabled` are left alone. Errors: `decryption failed for 'Secret.v1.[noGrp]/name': …`.
base::Result<void> DecryptResource(document::Value& object, const DecryptionKeys& keys);

/// Invalid for a v1 Secret that is still encrypted, unless it opted out: `Secret/ns/name is SOPS encrypted, configuring decryption is required
/// for this secret to be reconciled`.
base::Result<void> RefuseEncryptedSecret(const document::Value& object);
/// Whether `error` is that refusal, which Flux reports as a failure to apply.
bool IsStillEncrypted(const base::Error& error);

}  // namespace sluice::controller::kustomization
