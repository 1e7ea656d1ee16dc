// kustomize/schema_comments.h: a comment beside a list may hold its schema, which then says whether, and by which key, the list is merged:
//     containers: # {"type":"array","items":{"$ref":"#/definitions/…"},"x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"name"}
// kyaml reads such comments (kyaml/fieldmeta); the tree keeps them as the tag of the list. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "document/value.h"
#include "kustomize/schema.h"

namespace sluice::kustomize {

/// Gives every list of `tree`, which was read from `text`, the schema in a comment behind its key or on the line above.
void KeepSchemas(std::string_view text, document::Value& tree);

/// The schema that `list` carries; nullopt if it has none. References are to the built-in types.
std::optional<Schema> SchemaInComment(const document::Value& list);

/// Where the schema of SchemaInComment begins.
SchemaNode RootOfComment(const Schema& schema);

}  // namespace sluice::kustomize
