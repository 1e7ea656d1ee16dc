// helm/functions/tree.h: template values as a document tree, for the YAML emitter.
#pragma once

#include "base/result.h"
#include "document/value.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// Which encoder a tree is made for.
enum class Encoder {
  Json,  ///< by way of JSON: objects as they marshal, what JSON lacks is an error, text that YAML would not read back is as it would read it
  GoYaml3,  ///< go-yaml v3 directly: numbers keep their type, bytes are lists of numbers
};

/// Errors: what JSON or YAML cannot hold; TooLarge for more than kMaxValueNodes or kMaxValueBytes.
base::Result<document::Value> ToDocument(const Value& value, Encoder encoder);

}  // namespace sluice::helm
