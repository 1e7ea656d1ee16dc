#include "kustomize/names.h"

#include <algorithm>
#include <utility>

#include "kustomize/node.h"
#include "kustomize/tables.h"

namespace sluice::kustomize {

using base::Result;
using document::GroupVersionKind;
using document::Value;

namespace {

constexpr std::string_view kMetadataName = "metadata/name";
constexpr std::string_view kMetadataNamespace = "metadata/namespace";

bool IsRoleBinding(std::string_view kind) { return kind == "RoleBinding" || kind == "ClusterRoleBinding"; }

/// Without what the code below does by itself, for role bindings.
FieldSpecs WithoutBuiltins(const FieldSpecs& specs) {
  FieldSpecs out = specs;
  std::erase_if(out, [](const FieldSpec& spec) {
    return spec.path == kMetadataNamespace || (spec.path == "subjects/namespace" && IsRoleBinding(spec.gvk.kind));
  });
  return out;
}

FieldSpecs WithoutName(FieldSpecs specs) {
  std::erase_if(specs, [](const FieldSpec& spec) { return spec.path == kMetadataName; });
  return specs;
}

/// The same for all other kinds.
FieldSpecs UserSpecs(const FieldSpecs& specs) {
  FieldSpecs out = specs;
  std::erase_if(out, [](const FieldSpec& spec) { return spec.path == kMetadataNamespace; });
  return out;
}

}  // namespace

Result<RoleBindingSubjects> ParseRoleBindingSubjects(std::string_view word) {
  if (word.empty() || word == "defaultOnly") return RoleBindingSubjects::DefaultOnly;
  if (word == "allServiceAccounts") return RoleBindingSubjects::AllServiceAccounts;
  if (word == "none") return RoleBindingSubjects::None;
  return base::Invalid("setRoleBindingSubjects is '" + std::string(word) + "', but must be defaultOnly, allServiceAccounts or none");
}

NamespaceTransformer::NamespaceTransformer(std::string ns, const FieldSpecs& specs, NamespaceOptions options, Budget* budget)
    : namespace_(std::move(ns)),
      metadata_({{.path = std::string(kMetadataNamespace), .create = true}}, budget),
      core_(UserSpecs(specs), budget),
      other_(WithoutName(UserSpecs(specs)), budget),
      core_bindings_(WithoutBuiltins(specs), budget),
      other_bindings_(WithoutName(WithoutBuiltins(specs)), budget),
      options_(options) {}

Result<void> NamespaceTransformer::Apply(Value& object) const {
  const GroupVersionKind gvk = document::GvkOf(object);
  const Setter set = [this](Value& leaf) { return Set(leaf); };
  if (!IsClusterScoped(gvk)) TRY(metadata_.Apply(object, gvk, Creates::Scalar, set));
  const bool core = gvk.group.empty() && gvk.version == "v1";
  if (!IsRoleBinding(gvk.kind)) return (core ? core_ : other_).Apply(object, gvk, Creates::Scalar, set);
  TRY(SetSubjects(object));
  return (core ? core_bindings_ : other_bindings_).Apply(object, gvk, Creates::Scalar, set);
}

Result<void> NamespaceTransformer::Set(Value& leaf) const {
  if (options_.unset_only && leaf.IsScalar() && !ScalarText(leaf).empty()) return {};
  return SetScalar(leaf, NewString(namespace_));
}

Result<void> NamespaceTransformer::SetSubjects(Value& object) const {
  if (options_.subjects == RoleBindingSubjects::None) return {};
  Value* subjects = object.Find("subjects");
  if (MissingOrNull(subjects)) return {};
  if (!subjects->IsSequence()) return base::Invalid("subjects must be a list");
  const bool by_name = options_.subjects == RoleBindingSubjects::DefaultOnly;
  for (Value& subject : subjects->mutable_items()) {
    if (subject.IsNull()) continue;
    if (!subject.IsMapping()) return base::Invalid("subjects must be a list of mappings");
    const Value* field = subject.Find(by_name ? "name" : "kind");
    if (!MissingOrNull(field) && !field->IsScalar())
      return base::Invalid(std::string("a subject's ") + (by_name ? "name" : "kind") + " must be a scalar");
    if (MissingOrNull(field) || field->text() != (by_name ? "default" : "ServiceAccount")) continue;
    if (subject.Find("namespace") == nullptr) SetField(subject, "namespace", NewString(""));
    TRY(Set(*subject.Find("namespace")));
  }
  return {};
}

bool SkipsPrefixAndSuffix(const GroupVersionKind& original) {
  return original.kind == "CustomResourceDefinition" || original.kind == "Namespace" ||
         (original.group == "apiregistration.k8s.io" && original.kind == "APIService");
}

Result<void> AddPrefix(Value& object, std::string_view prefix, const FieldSpecFilter& filter) {
  return filter.Apply(object, Creates::Scalar,
                      [&](Value& leaf) { return SetUntagged(leaf, std::string(prefix) + std::string(leaf.text())); });
}

Result<void> AddSuffix(Value& object, std::string_view suffix, const FieldSpecFilter& filter) {
  return filter.Apply(object, Creates::Scalar,
                      [&](Value& leaf) { return SetUntagged(leaf, std::string(leaf.text()) + std::string(suffix)); });
}

Result<void> SetReplicas(Value& object, std::int64_t count, const FieldSpecFilter& filter) {
  return filter.Apply(object, Creates::Scalar,
                      [&](Value& leaf) { return SetScalar(leaf, Value::Scalar(document::Kind::Int, std::to_string(count))); });
}

}  // namespace sluice::kustomize
