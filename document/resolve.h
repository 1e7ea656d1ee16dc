// document/resolve.h: what a YAML scalar is, by its text and its tag. The rules are go-yaml's (resolve.go and decode.go of v2 and v3, when
// they decode into an untyped value); `ResolvePlain` of yaml.h is the part without tags.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "document/value.h"
#include "document/yaml.h"

namespace sluice::document {

/// A scalar as an event of the parser reports it.
struct RawScalar {
  std::string_view text;
  std::string_view tag;  ///< in its long form ("tag:yaml.org,2002:int"), "!" or "!foo"; empty for none
  Style style = Style::Plain;
};

/// The scalar's value, with its style and (where it has one) its tag in the short form, without a mark. `!!binary` is decoded; a scalar with
/// a tag that YAML does not know is a string. Errors (Invalid, without a place): the text is not what its tag says, bad base64.
base::Result<Value> ResolveScalar(const RawScalar& scalar, Resolver resolver);

/// "tag:yaml.org,2002:int" -> "!!int"; others as they are.
std::string ShortTag(std::string_view tag);

}  // namespace sluice::document
