// sops/sops.h: SOPS files (github.com/getsops/sops, format of v3) to plain text with age and OpenPGP keys. Pure: nothing is asked of a service,
// nothing is written. As in Flux the MAC is not verified, because a build injects values of its own; every value is authenticated by itself,
// with its place in the document. Errors never contain values, encrypted or plain.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"
#include "sops/age.h"

namespace sluice::sops {

enum class Format { Binary, Dotenv, Ini, Json, Yaml };

/// The word for messages: "binary", "dotenv", "INI", "JSON", "YAML".
std::string_view ToString(Format format);
/// By what the name ends in: .yaml, .yml, .json (and .dockerconfigjson), .env, .ini; else Binary.
Format FormatForPath(std::string_view path);
/// Whether `bytes` hold what an encrypted file of `format` holds: `mac: ENC[`, `"mac": "ENC[`, `sops_mac=ENC[`, `[sops]`.
bool HasMarker(std::string_view bytes, Format format);
/// The format whose marker `bytes` hold.
std::optional<Format> DetectFormat(std::string_view bytes);
/// Whether `object` is encrypted as a whole: it has `sops.mac`.
bool IsEncrypted(const document::Value& object);

/// To what kind of key a file's data key was encrypted.
enum class MasterKind { Age, Pgp };

/// Keys that are not here, but with somebody who opens with them what he is shown (another process).
class KeyHolder {
 public:
  virtual ~KeyHolder() = default;
  /// As OpenMasterKey.
  virtual base::Result<std::string> Open(MasterKind kind, std::string_view encrypted) const = 0;
};

/// What there is to decrypt with. Copies hold the secrets too.
struct Keys {
  std::vector<AgeIdentity> age;
  std::vector<std::string> pgp;          ///< key rings with private keys, armored or binary
  const KeyHolder* elsewhere = nullptr;  ///< is asked instead of the two above; outlives their use
};

/// The data key, or a share of it, in `encrypted`: an age file or an OpenPGP message. Errors: NotFound (no key of ours opens it), and those of both formats.
base::Result<std::string> OpenMasterKey(MasterKind kind, std::string_view encrypted, const Keys& keys, base::TimePoint now);

struct Limits {
  std::size_t max_bytes = 5u << 20;    ///< of an encrypted file
  std::size_t max_master_keys = 1000;  ///< over all key groups of a file
  std::size_t max_pgp_keys = 100;      ///< of them OpenPGP's, which cost the most
};

/// `bytes`, encrypted and of the form `from`, as plain text of the form `to`. What goes from YAML to YAML keeps order, comments and layout.
/// Errors: `failed to load encrypted YAML data: …` (Invalid, TooLarge), `cannot get sops data key: …` (NotFound; Unsupported where only a key
/// service that is not served has the key), `error decrypting sops tree: …` (Unauthorized, Invalid),
/// `failed to emit encrypted X file as decrypted Y: …` (Invalid).
base::Result<std::string> Decrypt(std::string_view bytes, Format from, Format to, const Keys& keys, base::TimePoint now,
                                  const Limits& limits = {});

/// The same for an object that was read already: its values are decrypted in place and `sops` is taken out. On an error it is unspecified.
base::Result<void> DecryptObject(document::Value& object, const Keys& keys, base::TimePoint now, const Limits& limits = {});

}  // namespace sluice::sops
