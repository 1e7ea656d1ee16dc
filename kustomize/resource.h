// kustomize/resource.h: one object on its way through a build: its tree, and what the build must remember of it (the ids it had before,
// the prefixes and suffixes put around its name, what its generator wants, where it came from).
// kustomize keeps that memory in `internal.config.kubernetes.io/…` annotations on the object; here it lives beside the tree.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kustomize/generator.h"
#include "kustomize/shared_nodes.h"

namespace sluice::kustomize {

/// The effective namespace of kinds known to be cluster-scoped.
inline constexpr std::string_view kNotNamespaceable = "_non_namespaceable_";

/// Annotations that buildMetadata asks for.
inline constexpr std::string_view kOriginAnnotation = "config.kubernetes.io/origin";
inline constexpr std::string_view kTransformationsAnnotation = "alpha.config.kubernetes.io/transformations";

/// What tells one object from another: `ns` is the effective namespace (cluster kinds: kNotNamespaceable; none: "default").
struct ResourceId {
  document::GroupVersionKind gvk;
  std::string name, ns;
  auto operator<=>(const ResourceId&) const = default;
  /// For messages: `Deployment "web" in namespace "shop"`; the default namespace is left out.
  std::string Describe() const;
};

/// `ns` as identity sees it for an object of kind `gvk`.
std::string EffectiveNamespace(const document::GroupVersionKind& gvk, std::string_view ns);
/// The text of the scalar `value` points to: as written for numbers and booleans too, "" for null, collections and nullptr.
std::string_view ScalarText(const document::Value* value);
/// The same, but "" for null: names and namespaces are read so.
std::string_view TextUnlessNull(const document::Value* value);

/// A name the object had; group and version are always the current ones.
struct PreviousId {
  std::string name, ns, kind;
};

/// Where an object or a transformation came from (buildMetadata). Prints as the YAML of the annotation.
struct Origin {
  std::string path, repo, ref;
  std::string configured_in;
  std::string by_api_version, by_kind, by_name, by_namespace;
  std::string ToYaml() const;
};
/// A list of them, as the annotation of transformations has it.
std::string ToYaml(const std::vector<Origin>& origins);

class Resource {
 public:
  explicit Resource(document::Value object) : value(std::move(object)) {}

  document::Value value;                        ///< null: deleted by a patch, dropped after the transformer
  std::shared_ptr<const std::string> file;      ///< named in messages; null for generated objects
  std::vector<PreviousId> previous;             ///< oldest first
  std::vector<std::string> prefixes, suffixes;  ///< in the order they were applied
  Behavior behavior = Behavior::Create;
  std::string_view behavior_word;  ///< as kustomize notes it ("unspecified", "create", "merge", "replace"); "" unless generated
  bool needs_hash = false;
  bool allow_name_change = false, allow_kind_change = false;  ///< of a patch
  bool helm_generated = false;
  std::size_t writes = 0;              ///< by patches, labels and annotations, also of what was there: validators may do none
  std::vector<SharedNode> shared;      ///< labels and annotations that are one node in several places
  std::vector<std::string> var_names;  ///< vars whose value is read from here
  std::optional<Origin> origin;
  std::vector<Origin> transformations;

  document::GroupVersionKind Gvk() const;
  std::string_view ApiVersion() const;
  std::string_view Kind() const;
  std::string_view Name() const;       ///< text of metadata.name whatever its type, "" if absent or empty
  std::string_view Namespace() const;  ///< as written, "" if absent
  ResourceId CurrentId() const;
  std::string EffectiveNamespace() const;
  /// The first previous id, else the current one.
  ResourceId OriginalId() const;
  /// Every previous id, oldest first, then the current one.
  std::vector<ResourceId> AllIds() const;
  /// Remembers the current id; called before it changes.
  void PushId();
  /// Where it was read: `web.yaml:14:1`, or "generated".
  std::string Place() const;
  bool Empty() const { return value.IsNull() || (value.empty() && !value.IsScalar()); }

  void SetName(std::string_view name);
  void SetKind(std::string_view kind);
  void SetApiVersion(std::string_view api_version);
  /// Empty removes the field.
  void SetNamespace(std::string_view ns);
};

/// "create", "merge", "replace", or "unspecified" for any other word.
std::string_view BehaviorWord(std::string_view word);

/// Writes what is remembered of the object into its annotations, where kustomize keeps it: patches and replacements may read, copy or remove
/// it there. What was written is taken back by AbsorbAnnotations.
void ShowAnnotations(Resource& resource);
/// Takes internal annotations (previousNames, prefixes, needsHashSuffix …) out of the tree: what they say is what is remembered from now on.
/// Errors: Invalid (lists of previous names, namespaces and kinds of unequal length).
base::Result<void> AbsorbAnnotations(Resource& resource);
/// Takes them out without a look: what is remembered stays as it was, except for origins that are gone.
void HideAnnotations(Resource& resource);
/// The texts of labels or annotations as kustomize reads them, which takes the items of a list as keys and values in turn; nothing for an odd number of
/// items, on which kustomize dies.
std::optional<std::map<std::string, std::string>> TextsOfPairs(const document::Value& field);
/// Makes every annotation a string, by its text, in the order of keys; none at all: the field goes. kustomize does so whenever it writes them all.
/// A list of an odd number of items stays, and CheckPrintable refuses it.
void RewriteAnnotations(Resource& resource);

}  // namespace sluice::kustomize
