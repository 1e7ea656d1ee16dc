// base/blake3.h: the BLAKE3 hash (github.com/BLAKE3-team/BLAKE3-specs, section 2), which artifacts may carry as their digest and OpenSSL lacks.
// Plain hashing only: 32 bytes, no key, no context.
#pragma once

#include <string>
#include <string_view>

namespace sluice::base {

std::string Blake3Hex(std::string_view bytes);  ///< 64 lower-case hex digits

}  // namespace sluice::base
