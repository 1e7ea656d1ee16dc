// rollout/diff.h: the difference between two versions of an object, for people to read. For `sluice diff` and for logs; Secrets stay secret.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "document/value.h"

namespace sluice::rollout {

struct DiffLine {
  char sign = ' ';   ///< '-' before, '+' after, ' ' where (the field's path)
  std::string text;  ///< without the sign and the line break
  bool operator==(const DiffLine&) const = default;
};

struct DiffOptions {
  std::size_t max_value_lines = 40;  ///< longer values are cut, and the cut says how much
};

/// The lines that tell `before` (nullptr: the object is created) from `after` (nullptr: it is deleted); none if they are the same to us. A changed field is
/// its path, and then the values as YAML:
///     spec.template.spec.containers[name=app].image
///   - shop/web:1
///   + shop/web:2
/// List items are told apart by `name`, `key`, `port`, `mountPath` or the like where all items have a distinct one, else by position.
/// Left out: status, metadata.{managedFields,resourceVersion,generation,uid,creationTimestamp,selfLink}. Values of a Secret's data and stringData are `***`.
std::vector<DiffLine> DiffObjects(const document::Value* before, const document::Value* after, const DiffOptions& options = {});

/// The lines as text, `-`/`+`/two spaces in front.
std::string RenderDiff(const std::vector<DiffLine>& lines);

/// A copy of `object` whose Secret values are `***`; other kinds unchanged.
document::Value MaskSecret(document::Value object);

}  // namespace sluice::rollout
