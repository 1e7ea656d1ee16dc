// helm/chart/schema/formats.h: the keyword `format`, by santhosh-tekuri/jsonschema's own checks.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::helm {

/// Why `text` is not of `format`; nullopt if it is, or if nobody knows the format.
std::optional<std::string> FormatObjection(std::string_view format, std::string_view text);

}  // namespace sluice::helm
