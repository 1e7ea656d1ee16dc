// helm/chart/schema/schema_set.h: the schemas that one validation can reach: the document itself, what carries an `$id` or an anchor in it,
// and the files that it refers to.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/chart/schema/schema.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// A schema where it stands: what its relative references start from, and the draft (4, 6, 7, 2019, 2020) that it is written in.
struct SchemaNode {
  Value schema;  ///< a map or a bool
  std::string base;
  int draft = 2020;
};

class SchemaSet {
 public:
  explicit SchemaSet(const SchemaFileReader& read_file) : read_file_(read_file) {}

  /// Adds the document `schema` under `uri` and returns its root. Errors: Invalid (an unknown `$schema`).
  base::Result<SchemaNode> Add(Value schema, const std::string& uri);
  /// What `reference`, written in `from`, means. Errors: Invalid (nothing there), Unsupported (it is on the network).
  base::Result<SchemaNode> Resolve(std::string_view reference, const SchemaNode& from);
  /// The schema below keyword `key` of `node`; its base moves where it has an `$id` of its own.
  static SchemaNode Below(const SchemaNode& node, Value schema);
  /// The `$dynamicAnchor` called `name` of the resource at `base`; nullptr if it has none.
  const SchemaNode* DynamicAnchor(const std::string& base, const std::string& name) const;
  /// The schema that is the whole resource at `base`; nullptr if there is none.
  const SchemaNode* Resource(const std::string& base) const;

 private:
  void Index(const SchemaNode& node, int depth);
  void IndexNames(const SchemaNode& node);
  void IndexBelow(const SchemaNode& node, const Value& value, int depth);
  base::Result<void> Load(const std::string& uri);
  static base::Result<SchemaNode> Navigate(SchemaNode node, std::string_view pointer, std::string_view reference);

  const SchemaFileReader& read_file_;
  std::map<std::string, SchemaNode> resources_, anchors_, dynamic_anchors_;
};

/// The member `key` of a schema, null if it is absent or `schema` no map.
const Value* Keyword(const Value& schema, std::string_view key);
/// `reference` as seen from `base` (RFC 3986, 5.2).
std::string JoinUri(std::string_view base, std::string_view reference);

}  // namespace sluice::helm
