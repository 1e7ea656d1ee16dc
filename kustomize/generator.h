// kustomize/generator.h: configMapGenerator and secretGenerator: sources to objects, how a generated object joins one that exists, and
// the suffix made from its content. Pure: files come through a callback. Rules: kustomize api/internal/generators, api/kv, api/hasher.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

enum class Behavior { Create, Merge, Replace };
Behavior ParseBehavior(std::string_view word);

/// `local` over `global`: its labels and annotations win key by key, the booleans are or-ed.
GeneratorOptions MergeOptions(const GeneratorOptions& global, const GeneratorOptions& local);

/// The bytes of a file named in `files` or `envs`.
using LoadFile = std::function<base::Result<std::string>(std::string_view path)>;

/// The ConfigMap, or the Secret if `args.secret`; `args.options` are the merged ones. Errors: Invalid (no name, a literal without '=', a key twice, invalid UTF-8 in an env file), or the loader's.
base::Result<document::Value> Generate(const GeneratorArgs& args, const LoadFile& load);

/// A generated object takes the place of `old`: Replace keeps only name, namespace, labels and annotations of it, Merge also overlays data and binaryData.
document::Value AbsorbGenerated(const document::Value& old, const document::Value& generated, Behavior behavior);

/// Ten characters from the content of a ConfigMap or Secret, or of any other object's JSON. Errors: Invalid (keys that are not strings).
base::Result<std::string> ContentHash(const document::Value& object);

/// Base64 as kustomize writes it: longer than 70 characters is cut into lines of 70, each ended by a newline.
std::string WrappedBase64(std::string_view bytes);

}  // namespace sluice::kustomize
