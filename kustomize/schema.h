// kustomize/schema.h: which lists of which objects are merged by key, and by which. Built in (Kubernetes v1.21.2), or read from the
// OpenAPI document of a kustomization's `openapi.path`, which then replaces the built-in one. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"

namespace sluice::kustomize {

class Schema;

/// A place in a schema; cheap to copy. An empty one knows nothing: no list below it merges. Valid as long as its Schema.
class SchemaNode {
 public:
  SchemaNode() = default;
  explicit operator bool() const { return schema_ != nullptr; }
  /// Below a mapping's field.
  SchemaNode Field(std::string_view key) const;
  /// Inside a list's element.
  SchemaNode Element() const;
  /// The list is associative (x-kubernetes-patch-strategy has `merge`).
  bool Merges() const;
  /// The keys that tell its elements apart; none for a list of scalars.
  std::span<const std::string> MergeKeys() const;

 private:
  friend class Schema;
  SchemaNode(const Schema* schema, std::uint32_t index) : schema_(schema), index_(index) {}
  const Schema* schema_ = nullptr;
  std::uint32_t index_ = 0;
};

class Schema {
 public:
  /// Kubernetes v1.21.2.
  static const Schema& Builtin();
  /// From a document with `definitions` (JSON or YAML, parsed); a $ref that leads nowhere is no schema. `beside_builtin` keeps the built-in types as well, for
  /// kinds and references that the document does not define. Errors: Invalid (not a mapping).
  static base::Result<Schema> FromOpenApi(const document::Value& document, bool beside_builtin = false);

  Schema(Schema&&) noexcept;
  Schema& operator=(Schema&&) noexcept;
  ~Schema();
  /// Where objects of this kind begin; empty for a kind it does not know.
  SchemaNode Root(const document::GroupVersionKind& gvk) const;

 private:
  friend class SchemaNode;
  struct Impl;
  explicit Schema(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::kustomize
