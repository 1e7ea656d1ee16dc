// sops/shamir.h: a secret from its shares (Shamir, over the field of AES), as SOPS splits a data key over key groups. Pure.
#pragma once

#include <span>
#include <string>

#include "base/result.h"

namespace sluice::sops {

/// Each share is as long as the secret plus one byte, its place. Invalid: fewer than two shares, unequal lengths, two of one place. Too few
/// shares for what was split give another secret, which cannot be noticed here.
base::Result<std::string> CombineShares(std::span<const std::string> shares);

}  // namespace sluice::sops
