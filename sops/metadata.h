// sops/metadata.h: what a SOPS file says of itself: whose keys open it, and which of its values are encrypted. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "document/value.h"
#include "sops/sops.h"

namespace re2 {
class RE2;
}

namespace sluice::sops {

/// One way to the data key, or to a share of it.
struct MasterKey {
  enum class Kind { Age, Pgp, Other };
  Kind kind = Kind::Other;
  std::string name;       ///< recipient, fingerprint; of others what it is: `AWS KMS key arn:…`
  std::string encrypted;  ///< an age file, an OpenPGP message
};

/// A rule about keys on the way to a value; at most one is set. Where none is, keys that end in `_unencrypted` are left alone.
struct Rules {
  std::string unencrypted_suffix, encrypted_suffix;
  std::shared_ptr<const re2::RE2> unencrypted_regex, encrypted_regex;
  /// Comments decide: they do not come this far, so what looks encrypted is.
  bool by_comments = false;

  /// What the keys down to a value say of it.
  struct Matched {
    bool suffix = false, regex = false;
  };
  Matched Below(Matched above, std::string_view key) const;
  bool Encrypted(Matched matched) const;
};

struct Metadata {
  std::vector<std::vector<MasterKey>> groups;
  std::int64_t shamir_threshold = 0;
  Rules rules;
};

/// Reads the mapping under `sops`. Invalid names what is wrong; TooLarge.
base::Result<Metadata> ParseMetadata(const document::Value& sops, const Limits& limits);
/// The mapping that flat keys (`age__list_0__map_enc`) stand for, as in dotenv and INI files.
base::Result<document::Value> Unflatten(const std::vector<std::pair<std::string, std::string>>& entries);

/// The key that the values are encrypted with.
base::Result<std::string> FindDataKey(const Metadata& metadata, const Keys& keys, base::TimePoint now);

}  // namespace sluice::sops
