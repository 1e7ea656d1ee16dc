// kustomize/reread.h: what becomes of scalars when kustomize writes an object as YAML and reads that again. Pure.
#pragma once

#include "base/result.h"
#include "document/value.h"

namespace sluice::kustomize {

/// Before kustomize prints an object, takes the hash of its content, sends it through a JSON patch or gives it to a plugin, it writes it as YAML in the
/// styles it was read with and reads that again. Three things are not read back as they were:
///  - a folded block of text (`>`): go-yaml puts an empty line behind every line that begins with no blank, also where lines that are indented deeper
///    follow, and there an empty line stays. So such texts gain lines; ones that begin with a blank get no empty lines at all, and lose breaks;
///  - a number, a boolean … that a patch put between the quotes of what it replaced: it is a string from here on (an explicit tag stays, and so does one
///    that the text does not fit, which cannot be read: FitsItsKind);
///  - an empty scalar, or a time of day, inside a flow collection (`{a: }`, any JSON): neither can stand there bare, so go-yaml quotes it.
/// Changes every such scalar in `value`, at any depth. Errors: Invalid, if what go-yaml writes cannot be read.
base::Result<void> Reread(document::Value& value);

}  // namespace sluice::kustomize
