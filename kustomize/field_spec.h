// kustomize/field_spec.h: fieldSpecs, kustomize's way of saying "this transformer writes here": a GVK filter, a path, and whether to create it.
// Also the transformer configuration, which is a named set of such lists (`configurations:`, `crds:`, the built-in one).
// Pure. The rules are kustomize's (api/filters/fieldspec, api/types/fieldspec.go, api/internal/plugins/builtinconfig).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kustomize/budget.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

using FieldSpecs = std::vector<FieldSpec>;

struct TransformerConfig {
  FieldSpecs name_prefix, name_suffix, name_space, common_labels, labels, template_labels, volume_claim_template_labels, common_annotations,
      var_reference, images, replicas;
  std::vector<NameReference> name_reference;
};

/// What kustomize brings along.
const TransformerConfig& BuiltinConfig();

/// Adds `incoming` unless an equal or narrower one is there already (path equal, and the existing one's GVK satisfies every part that
/// `incoming` names). Errors: Invalid "conflicting fieldspecs" when such a one differs in `create`.
base::Result<void> MergeFieldSpecs(FieldSpecs& into, const FieldSpecs& incoming);
/// The same for references: those with one target become one.
base::Result<void> MergeReferences(std::vector<NameReference>& into, const std::vector<NameReference>& incoming);
/// Every list of `incoming` into that of `into`, and then each list in kustomize's order of kinds. Errors: as above, naming the list.
base::Result<void> MergeConfig(TransformerConfig& into, const TransformerConfig& incoming);

/// The content of one `configurations:` file (parsed as YAML 1.1), which messages call `file`. Errors: Invalid, a line for each unknown or mistyped field.
base::Result<TransformerConfig> ParseConfiguration(const document::Value& content, std::string_view file);
/// The content of one `crds:` file: type name -> {Schema: {properties}}, with the x-kubernetes-* extensions. Errors: Invalid (not a mapping; a
/// field of a schema that has another type than OpenAPI gives it; types that contain each other without end; conflicting fieldspecs).
base::Result<TransformerConfig> ParseCrds(const document::Value& content, std::string_view file);

/// Called with each leaf; may replace it.
using Setter = std::function<base::Result<void>(document::Value& leaf)>;

/// What a created leaf is before the setter runs.
enum class Creates { Nothing, Scalar, Mapping, Sequence };

/// A list of specs made ready to be applied to many objects: paths split once, sorted by kind.
class FieldSpecFilter {
 public:
  /// `budget`, if any, pays for what is written into leaves, and outlives the filter.
  explicit FieldSpecFilter(const FieldSpecs& specs, Budget* budget = nullptr);
  /// Runs `set` on every leaf that the specs reach in `object`, in the order of the specs; lists on the way are entered.
  /// A null or missing leaf is skipped unless the spec creates and `creates` is not Nothing.
  /// Errors: Invalid (a scalar in the middle of a path: names object, path and spec), the setter's own, or TooLarge (a path of more than 512 steps, or the budget's).
  base::Result<void> Apply(document::Value& object, Creates creates, const Setter& set) const;
  base::Result<void> Apply(document::Value& object, const document::GroupVersionKind& gvk, Creates creates, const Setter& set) const;
  bool empty() const { return specs_.empty(); }

 private:
  struct Step {
    std::string key;
    bool list = false;  ///< written `key[]`
  };
  struct Compiled {
    FieldSpec spec;
    std::vector<Step> steps;
    Budget* budget = nullptr;
  };
  static base::Result<void> Walk(document::Value& node, const Compiled& spec, std::size_t depth, Creates creates, const Setter& set);
  std::vector<Compiled> specs_;
};

/// Splits "a/b\/c" into "a", "b/c"; one leading '/' is dropped.
std::vector<std::string> SplitFieldPath(std::string_view path);

}  // namespace sluice::kustomize
