// sops/yaml_text.h: an encrypted YAML text with its values and comments decrypted where they stand, so that order, comments and layout stay. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "sops/metadata.h"

namespace sluice::sops {

/// `text` was read as `documents`, which get decrypted too. A text that SOPS wrote comes out as SOPS prints it; what does not allow to change a
/// value where it stands (aliases, values over several lines, a document in braces) is printed anew, without comments. Errors: DecryptTree's.
base::Result<std::string> DecryptYamlText(std::string_view text, std::vector<document::Value>& documents, const Rules& rules,
                                          std::string_view data_key);

/// The documents as SOPS prints YAML.
std::string EmitYamlDocuments(const std::vector<document::Value>& documents);

}  // namespace sluice::sops
