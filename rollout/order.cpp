#include "rollout/order.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <tuple>

namespace sluice::rollout {

namespace {

constexpr std::string_view kFirst[] = {"CustomResourceDefinition",
                                       "Namespace",
                                       "ClusterRole",
                                       "ClusterClass",
                                       "RuntimeClass",
                                       "PriorityClass",
                                       "StorageClass",
                                       "VolumeSnapshotClass",
                                       "IngressClass",
                                       "GatewayClass",
                                       "ClusterRoleBinding",
                                       "ResourceQuota",
                                       "ServiceAccount",
                                       "Role",
                                       "RoleBinding",
                                       "ConfigMap",
                                       "Secret",
                                       "Service",
                                       "LimitRange",
                                       "Deployment",
                                       "StatefulSet",
                                       "CronJob",
                                       "PodDisruptionBudget"};
constexpr std::string_view kLast[] = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"};

// Before all others negative, after all others positive.
std::ptrdiff_t Rank(std::string_view kind) {
  const auto first = std::find(std::begin(kFirst), std::end(kFirst), kind);
  if (first != std::end(kFirst)) return first - std::end(kFirst);
  const auto last = std::find(std::begin(kLast), std::end(kLast), kind);
  return last == std::end(kLast) ? 0 : last - std::begin(kLast) + 1;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool IsDefinition(const document::GroupVersionKind& gvk) {
  const std::string kind = Lower(gvk.kind);
  if (kind == "customresourcedefinition") return gvk.group == "apiextensions.k8s.io";
  if (kind == "clusterrole") return gvk.group == "rbac.authorization.k8s.io";
  return kind == "namespace" && gvk.group.empty() && gvk.version == "v1";
}

}  // namespace

std::string_view ToString(Stage stage) {
  switch (stage) {
    case Stage::Definitions: return "definitions";
    case Stage::Classes: return "classes";
    case Stage::Custom: return "custom kinds";
    case Stage::Rest: break;
  }
  return "resources";
}

Stage StageOf(const document::Value& object, const CustomStageKinds& custom) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  if (IsDefinition(gvk)) return Stage::Definitions;
  if (gvk.kind.ends_with("Class")) return Stage::Classes;
  return custom.contains({gvk.group, gvk.kind}) ? Stage::Custom : Stage::Rest;
}

bool IsWaitedFor(Stage stage) { return stage == Stage::Definitions || stage == Stage::Classes; }

bool AppliedBefore(const document::ObjectId& left, const document::ObjectId& right) {
  const auto key = [](const document::ObjectId& id) {
    return std::tuple(Rank(id.kind), std::string_view(id.group), std::string_view(id.kind), std::string_view(id.ns),
                      std::string_view(id.name));
  };
  return key(left) < key(right);
}

void SortForApply(std::vector<document::Value>& objects) {
  std::vector<std::pair<document::ObjectId, std::size_t>> order;
  for (const document::Value& object : objects) order.emplace_back(document::IdOf(object), order.size());
  std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return AppliedBefore(a.first, b.first) || (!AppliedBefore(b.first, a.first) && a.second < b.second);
  });
  std::vector<document::Value> sorted;
  sorted.reserve(objects.size());
  for (const auto& [id, index] : order) sorted.push_back(std::move(objects[index]));
  objects = std::move(sorted);
}

}  // namespace sluice::rollout
