// helm/functions/json.h: JSON as Go's encoding/json writes and reads it, over template values. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// A text or a tree made from one value may have this many bytes or nodes; beyond is an error (TooLarge), never a swallowed one.
inline constexpr std::size_t kMaxValueBytes = std::size_t{64} << 20;
inline constexpr std::size_t kMaxValueNodes = 1'000'000;
/// How deep a value may be nested; beyond, it is taken to contain itself.
inline constexpr int kMaxValueDepth = 1000;

struct JsonStyle {
  bool escape_html = true;  ///< < > & as \u003c \u003e \u0026
  int indent = 0;           ///< blanks a level, 0: all on one line
};

/// json.Marshal: map keys in byte order, fields of objects in theirs. Errors: "json: unsupported value: NaN", "json: unsupported type: complex128".
base::Result<std::string> EncodeJson(const Value& value, const JsonStyle& style = {});

/// json.Unmarshal into an interface{}: numbers are float64, null is Nil. Errors in Go's words: "invalid character 'x' looking for beginning of
/// value", "unexpected end of JSON input".
base::Result<Value> DecodeJson(std::string_view text);

/// What json.Unmarshal leaves behind although it fails: a number out of range is Nil, and the first such is the error.
struct DecodedJson {
  Value value;
  std::optional<base::Error> problem;
};
/// Errors: those of the syntax.
base::Result<DecodedJson> DecodeJsonAsFarAsPossible(std::string_view text);

/// "json: cannot unmarshal array into Go value of type map[string]interface {}", if `value` is no map (no list) and not Nil.
base::Result<void> ExpectJsonMap(const Value& value);
base::Result<void> ExpectJsonList(const Value& value);

/// Why JSON cannot hold `value` itself (its parts aside): NaN, an infinity, a complex number. "" if it can.
std::string JsonObjection(const Value& value);

/// "json: unsupported value: encountered a cycle via map[string]interface {}"
base::Error JsonCycle(const Value& value);
base::Error ValueTooLarge();

}  // namespace sluice::helm
