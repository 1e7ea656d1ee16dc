// tests/rollout/cel_show.h: a CEL value as text, the same as testdata/cel/oracle/main.go writes it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/digest.h"
#include "document/json.h"
#include "document/scalar.h"
#include "rollout/cel/convert.h"
#include "rollout/cel/val.h"

namespace sluice::rollout::cel {

inline std::string Show(const Val& value) {
  switch (value.kind()) {
    case Kind::Error: return "error: " + std::string(value.text());
    case Kind::Uint: return std::to_string(value.AsUint()) + "u";
    case Kind::Double: {
      if (value.AsDouble() - value.AsDouble() != 0) return "double(" + FormatShortest(value.AsDouble()) + ")";  // NaN and infinities
      const std::string text = document::GoJsonFloat(value.AsDouble());
      return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
    }
    case Kind::String: return document::EmitJson(document::Value(value.text()));
    case Kind::Bytes: return "bytes(" + base::HexEncode(value.text()) + ")";
    case Kind::Timestamp: return "timestamp(" + TimestampText(value.AsTimestamp()) + ")";
    case Kind::Duration: return "duration(" + DurationText(value.AsInt()) + ")";
    case Kind::Type: return "type(" + std::string(value.text()) + ")";
    case Kind::Optional: return value.has_value() ? "optional(" + Show(value.value()) + ")" : "optional.none";
    case Kind::List:
    case Kind::Map: break;
    default: return Printed(value);
  }
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value.Is(Kind::List)) {
      parts.push_back(Show(value.At(i)));
    } else {
      const auto [key, item] = value.EntryAt(i);
      parts.push_back(Show(key) + ": " + Show(item));
    }
  }
  if (value.Is(Kind::Map)) std::sort(parts.begin(), parts.end());
  std::string out = value.Is(Kind::List) ? "[" : "{";
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : ", ") + parts[i];
  return out + (value.Is(Kind::List) ? "]" : "}");
}

}  // namespace sluice::rollout::cel
