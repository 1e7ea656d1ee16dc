// helm/functions/base64.h: RFC 4648 texts as Go's encoding/base64 and base32 write and read them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sluice::helm {

/// Standard alphabet, padded.
std::string Base64Encode(std::string_view bytes);
std::string Base32Encode(std::string_view bytes);

/// Line breaks are skipped, padding is required. Errors: "illegal base64 data at input byte 4", with Go's idea of where.
base::Result<std::string> Base64Decode(std::string_view text);
base::Result<std::string> Base32Decode(std::string_view text);

}  // namespace sluice::helm
