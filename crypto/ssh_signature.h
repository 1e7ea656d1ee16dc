// crypto/ssh_signature.h: signatures made by `ssh-keygen -Y sign`, as Git puts them into commits and tags: is this one good, and by which key?
// The format is OpenSSH's PROTOCOL.sshsig. Pure. OpenSSL behind it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace sluice::crypto {

/// A public key: its type (`ssh-ed25519`) and its wire form, which begins with that type.
struct SshPublicKey {
  std::string type, wire;
  friend bool operator==(const SshPublicKey&, const SshPublicKey&) = default;
};

/// `SHA256:…` of the key, as `ssh-keygen -l` shows it.
std::string SshFingerprint(const SshPublicKey& key);

/// The keys of a text in the format of authorized_keys (sshd(8)): one a line, options or principals before the type and a comment behind the key are skipped,
/// blank lines and lines with `#` too. The first line that holds no key is the error. Kinds: ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp256/384/521, and
/// sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com (hardware tokens).
/// Invalid: `line 3: …`; over 1 MiB or 10,000 lines: TooLarge.
base::Result<std::vector<SshPublicKey>> ParseAuthorizedKeys(std::string_view text);

/// What an armored signature says of itself; nothing of it is verified.
struct SshSignature {
  SshPublicKey key;
  std::string name_space;  ///< what it was made for; Git's is "git"
  std::string hash;        ///< sha256 or sha512
  std::string kind, blob;  ///< of the signature: its algorithm, and its bytes with what follows them
};
/// Invalid: no signature, damaged, another version or hash. TooLarge: over 64 KiB.
base::Result<SshSignature> ParseSshSignature(std::string_view armored);

/// Checks that `signature` was made over `message` for `name_space` by `key`. RSA keys have 2,048 to 16,384 bits and sign with SHA-2. Of a token's signature what the
/// token says of presence and its counter is covered by the signature, but not judged (as by ssh-keygen -Y verify).
/// Unauthorized: `public key does not match`, `namespace does not match`, `signature does not match`, or an algorithm that is refused, which the message names.
base::Result<void> VerifySshSignature(const SshSignature& signature, const SshPublicKey& key, std::string_view message,
                                      std::string_view name_space);

}  // namespace sluice::crypto
