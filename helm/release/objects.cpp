#include "helm/release/objects.h"

#include <algorithm>
#include <array>

#include "base/parser_limits.h"
#include "document/letter_case.h"
#include "document/resolve.h"
#include "document/yaml.h"
#include "helm/functions/yaml.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;
using Tree = document::Value;

constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by", kHelm = "Helm", kReleaseName = "meta.helm.sh/release-name",
                           kReleaseNamespace = "meta.helm.sh/release-namespace", kPolicy = "helm.sh/resource-policy", kKeep = "keep";

constexpr std::array<std::string_view, 38> kUninstallOrder = {"ValidatingWebhookConfiguration",
                                                              "MutatingWebhookConfiguration",
                                                              "APIService",
                                                              "Ingress",
                                                              "IngressClass",
                                                              "Service",
                                                              "CronJob",
                                                              "Job",
                                                              "StatefulSet",
                                                              "HorizontalPodAutoscaler",
                                                              "Deployment",
                                                              "ReplicaSet",
                                                              "ReplicationController",
                                                              "Pod",
                                                              "DaemonSet",
                                                              "RoleBindingList",
                                                              "RoleBinding",
                                                              "RoleList",
                                                              "Role",
                                                              "ClusterRoleBindingList",
                                                              "ClusterRoleBinding",
                                                              "ClusterRoleList",
                                                              "ClusterRole",
                                                              "CustomResourceDefinition",
                                                              "PersistentVolumeClaim",
                                                              "PersistentVolume",
                                                              "StorageClass",
                                                              "ConfigMap",
                                                              "SecretList",
                                                              "Secret",
                                                              "ServiceAccount",
                                                              "PodDisruptionBudget",
                                                              "PodSecurityPolicy",
                                                              "LimitRange",
                                                              "ResourceQuota",
                                                              "NetworkPolicy",
                                                              "Namespace",
                                                              "PriorityClass"};

/// JSON has no other keys than texts: `yes:` is "true", `0x10:` is "16".
void TextKeys(Tree& value) {
  if (value.IsSequence()) {
    for (Tree& item : value.mutable_items()) TextKeys(item);
  }
  if (!value.IsMapping()) return;
  for (document::Member& member : value.mutable_members()) {
    if (member.key_kind == document::Kind::Bool) {
      const auto is = Tree::Scalar(document::Kind::Bool, member.key).AsBool();
      if (is) member.key = *is ? "true" : "false";
    } else if (member.key_kind == document::Kind::Int) {
      if (const auto number = Tree::Scalar(document::Kind::Int, member.key).AsInt()) member.key = std::to_string(*number);
    }
    member.key_kind = document::Kind::String;
    TextKeys(member.value);
  }
}

Result<std::vector<Tree>> ParseStream(std::string_view text) {
  auto documents = document::ParseYamlStream(text, {.resolver = document::Resolver::Yaml11,
                                                    .duplicate_keys = document::DuplicateKeys::LastWins,
                                                    .max_bytes = base::Parsers().max_manifests_bytes});
  if (!documents) return Invalid("error parsing : error converting YAML to JSON: " + GoYamlMessage(documents.error().message));
  return documents;
}

bool IsList(const Tree& object) {
  const Tree* items = object.Find("items");
  return items != nullptr && items->IsSequence() && object.StringAt({"kind"}).ends_with("List");
}

Result<void> AddObject(Tree object, std::vector<Tree>& objects) {
  if (object.IsNull()) return {};
  if (!object.IsMapping()) return Invalid("error parsing : json: cannot unmarshal a value that is no object");
  if (object.StringAt({"kind"}).empty()) return Invalid("unable to decode \"\": Object 'Kind' is missing in the manifest");
  if (object.StringAt({"apiVersion"}).empty()) return Invalid("unable to decode \"\": Object 'apiVersion' is missing in the manifest");
  if (!IsList(object)) {
    objects.push_back(std::move(object));
    return {};
  }
  for (Tree& item : object.Find("items")->mutable_items()) TRY(AddObject(std::move(item), objects));
  return {};
}

std::string Quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

void Require(const Tree& live, std::string_view map, std::string_view key, std::string_view value, std::string_view what,
             std::vector<std::string>& errors) {
  const Tree* members = live.At({"metadata", map});
  const Tree* actual = members == nullptr ? nullptr : members->Find(key);
  std::string error;
  if (actual == nullptr) {
    error = "missing key " + Quoted(key) + ": must be set to " + Quoted(value);
  } else if (actual->text() != value) {
    error = "key " + Quoted(key) + " must equal " + Quoted(value) + ": current value is " + Quoted(actual->text());
  }
  if (!error.empty()) errors.push_back(std::string(what) + " validation error: " + error);
}

std::string Policy(const Tree& object) {
  const std::string_view text = document::AnnotationOf(object, kPolicy);
  const std::size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string() : document::ToLower(text.substr(begin, end - begin + 1));
}

bool HasPolicy(const Tree& object) {
  const Tree* annotations = object.At({"metadata", "annotations"});
  return annotations != nullptr && annotations->Find(kPolicy) != nullptr;
}

std::size_t Place(std::string_view kind) {
  return static_cast<std::size_t>(std::find(kUninstallOrder.begin(), kUninstallOrder.end(), kind) - kUninstallOrder.begin());
}

}  // namespace

Result<std::vector<Tree>> ParseManifest(std::string_view manifest) {
  std::vector<Tree> objects;
  TRY(std::vector<Tree> documents, ParseStream(manifest));
  for (Tree& document : documents) {
    TextKeys(document);
    TRY(AddObject(std::move(document), objects));
  }
  return objects;
}

void SetOwnership(Tree& object, const std::string& name, const std::string& ns) {
  document::SetLabel(object, kManagedBy, kHelm);
  document::SetAnnotation(object, kReleaseName, name);
  document::SetAnnotation(object, kReleaseNamespace, ns);
}

Result<void> CheckOwnership(const Tree& live, const std::string& name, const std::string& ns) {
  std::vector<std::string> errors;
  Require(live, "labels", kManagedBy, kHelm, "label", errors);
  Require(live, "annotations", kReleaseName, name, "annotation", errors);
  Require(live, "annotations", kReleaseNamespace, ns, "annotation", errors);
  if (errors.empty()) return {};
  std::string message = "invalid ownership metadata";
  for (const std::string& error : errors) message += "; " + error;
  return Invalid(std::move(message));
}

std::string ResourceString(const Tree& object) {
  return std::string(object.StringAt({"kind"})) + " " + Quoted(document::NameOf(object)) + " in namespace " +
         Quoted(document::NamespaceOf(object));
}

std::string GvkString(const document::GroupVersionKind& gvk) { return gvk.group + "/" + gvk.version + ", Kind=" + gvk.kind; }

Result<UninstallObjects> ObjectsToUninstall(std::string_view manifest) {
  UninstallObjects out;
  TRY(std::vector<Tree> documents, ParseStream(manifest));
  std::stable_sort(documents.begin(), documents.end(), [](const Tree& left, const Tree& right) {
    return UninstalledBefore(left.StringAt({"kind"}), right.StringAt({"kind"}));
  });
  for (Tree& document : documents) {
    TextKeys(document);
    // A policy that is not `keep` keeps the object as well, though nobody says so: Helm's rule.
    if (HasPolicy(document)) {
      if (Policy(document) == kKeep)
        out.kept.push_back("[" + std::string(document.StringAt({"kind"})) + "] " + std::string(document::NameOf(document)));
      continue;
    }
    TRY(AddObject(std::move(document), out.remove));
  }
  return out;
}

bool IsKept(const Tree& live) { return document::AnnotationOf(live, kPolicy) == kKeep; }

bool UninstalledBefore(std::string_view left_kind, std::string_view right_kind) {
  const std::size_t left = Place(left_kind), right = Place(right_kind);
  if (left != right) return left < right;
  return left == kUninstallOrder.size() && left_kind < right_kind;
}

std::vector<std::size_t> HooksFor(const std::vector<ReleaseHook>& hooks, std::string_view event) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < hooks.size(); ++i)
    if (hooks[i].IsFor(event)) indices.push_back(i);
  std::stable_sort(indices.begin(), indices.end(), [&](std::size_t left, std::size_t right) {
    if (hooks[left].weight != hooks[right].weight) return hooks[left].weight < hooks[right].weight;
    return hooks[left].name < hooks[right].name;
  });
  return indices;
}

}  // namespace sluice::helm
