// helm/functions/toml.h: TOML as BurntSushi/toml 1.6 writes and reads it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// toml.Encoder: keys sorted, scalars before tables, two blanks of indentation a table; nil is left out. Errors in its words.
base::Result<std::string> EncodeToml(const Value& value);

/// toml.Unmarshal into a map: integers are int64, dates time.Time. Errors: "toml: line 2: expected ...".
base::Result<Value> DecodeToml(std::string_view text);

}  // namespace sluice::helm
