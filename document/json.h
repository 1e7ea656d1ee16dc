// document/json.h: JSON text to Values and back.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/value.h"

namespace sluice::document {

struct JsonOptions {
  std::size_t max_bytes = 64u << 20;
  std::size_t max_depth = 512;
};
/// The limits of a text that a stranger wrote (base/parser_limits.h). JsonOptions' own are for what the API server says.
JsonOptions StrangersJson();

/// Numbers keep their text (64-bit integers stay exact). Repeated keys: the last wins, as Go's encoding/json does.
/// Errors: Invalid `line:column: what`, TooLarge.
base::Result<Value> ParseJson(std::string_view text, const JsonOptions& options = {});

struct JsonEmitOptions {
  bool sort_keys = false;
  bool escape_html = false;  ///< <, >, & and U+2028/9 as \u00xx, as Go's json.Marshal does
  int indent = 0;            ///< 0: compact
};
std::string EmitJson(const Value& value, const JsonEmitOptions& options = {});

}  // namespace sluice::document
