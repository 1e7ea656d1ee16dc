// kustomize/image.h: the `images:` transformer. Pure; RE2 behind it. Rules: kustomize api/filters/imagetag, api/internal/image.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"
#include "kustomize/field_spec.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

/// One `images:` entry, compiled.
class ImageTransformer {
 public:
  /// `specs` are the places of the second pass; the first looks for `containers` and `initContainers` at any depth.
  /// `budget`, if any, pays for what is written, and outlives the transformer.
  ImageTransformer(Image image, const FieldSpecs& specs, Budget* budget = nullptr);
  /// Both passes over one object. Errors: Invalid (a path of the specs runs into a scalar, an image that is not a string).
  base::Result<void> Apply(document::Value& object) const;
  /// One image reference. Unchanged if the entry is not for it.
  std::string Rewrite(std::string_view reference) const;
  Budget* budget() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

struct ImageParts {
  std::string name, tag, digest;
};
/// "host:5000/a/b:tag@sha256:..." in its parts; a ':' before the first '/' is a port.
ImageParts SplitImage(std::string_view reference);

}  // namespace sluice::kustomize
