// kustomize/names.h: the value side of namespace, namePrefix, nameSuffix and replicas. Pure. Identities (previous ids) are the caller's.
// Rules: kustomize api/filters/namespace, prefix, suffix, replicacount.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kustomize/field_spec.h"

namespace sluice::kustomize {

enum class RoleBindingSubjects { DefaultOnly, AllServiceAccounts, None };
/// "" is DefaultOnly. Errors: Invalid, naming the three words.
base::Result<RoleBindingSubjects> ParseRoleBindingSubjects(std::string_view word);

struct NamespaceOptions {
  bool unset_only = false;
  RoleBindingSubjects subjects = RoleBindingSubjects::DefaultOnly;
};

/// A namespace with its specs, made ready for many objects.
class NamespaceTransformer {
 public:
  NamespaceTransformer(std::string ns, const FieldSpecs& specs, NamespaceOptions options = {}, Budget* budget = nullptr);
  /// metadata.namespace (not of kinds known to be cluster-scoped), a Namespace's name, RoleBinding subjects, and the specs.
  /// Errors: Invalid (a leaf that is no scalar).
  base::Result<void> Apply(document::Value& object) const;

 private:
  base::Result<void> Set(document::Value& leaf) const;
  base::Result<void> SetSubjects(document::Value& object) const;
  std::string namespace_;
  FieldSpecFilter metadata_;                        ///< metadata/namespace
  FieldSpecFilter core_, other_;                    ///< the specs for objects of apiVersion v1, and for all others
  FieldSpecFilter core_bindings_, other_bindings_;  ///< the same for role bindings, whose subjects are looked after by themselves
  NamespaceOptions options_;
};

/// CustomResourceDefinition, Namespace and apiregistration.k8s.io APIService keep their names. `original` is the object's first identity.
bool SkipsPrefixAndSuffix(const document::GroupVersionKind& original);
/// Errors: Invalid (a leaf that is no scalar).
base::Result<void> AddPrefix(document::Value& object, std::string_view prefix, const FieldSpecFilter& filter);
base::Result<void> AddSuffix(document::Value& object, std::string_view suffix, const FieldSpecFilter& filter);
base::Result<void> SetReplicas(document::Value& object, std::int64_t count, const FieldSpecFilter& filter);

}  // namespace sluice::kustomize
