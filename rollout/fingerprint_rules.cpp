#include "rollout/fingerprint_rules.h"

#include <algorithm>

#include "rollout/normalize.h"

namespace sluice::rollout {

namespace {

__extension__ using Wide = unsigned __int128;

struct Suffix {
  std::string_view text;
  int ten;  // 10^ten
  int two;  // 2^two
};
constexpr Suffix kSuffixes[] = {{"", 0, 0},    {"n", -9, 0},  {"u", -6, 0},  {"m", -3, 0}, {"k", 3, 0},   {"M", 6, 0},
                                {"G", 9, 0},   {"T", 12, 0},  {"P", 15, 0},  {"E", 18, 0}, {"Ki", 0, 10}, {"Mi", 0, 20},
                                {"Gi", 0, 30}, {"Ti", 0, 40}, {"Pi", 0, 50}, {"Ei", 0, 60}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// `e3`, `E-2`.
std::optional<int> ParseExponent(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  text.remove_prefix(1);
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  if (text.empty() || text.size() > 3 || !std::all_of(text.begin(), text.end(), &IsDigit)) return std::nullopt;
  int value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return negative ? -value : value;
}

std::optional<Suffix> ParseSuffix(std::string_view text) {
  const auto found = std::find_if(std::begin(kSuffixes), std::end(kSuffixes), [&](const Suffix& suffix) { return suffix.text == text; });
  if (found != std::end(kSuffixes)) return *found;
  const auto exponent = ParseExponent(text);
  if (!exponent) return std::nullopt;
  return Suffix{text, *exponent, 0};
}

struct DefaultRow {
  std::string_view kind, parent, key, value;  // kind "" is any
};
// Fields that are atomic to server-side apply and yet filled with defaults inside.
constexpr DefaultRow kDefaults[] = {
    {"", "fieldRef", "apiVersion", "v1"},
    {"", "resourceFieldRef", "divisor", "0"},
    {"", "serviceAccountToken", "expirationSeconds", "3600"},
    {"NetworkPolicy", "ports", "protocol", "TCP"},
    {"MutatingWebhookConfiguration", "rules", "scope", "*"},
    {"ValidatingWebhookConfiguration", "rules", "scope", "*"},
    {"ValidatingAdmissionPolicy", "matchConstraints", "matchPolicy", "Equivalent"},
    {"ValidatingAdmissionPolicy", "resourceRules", "scope", "*"},
    {"ValidatingAdmissionPolicy", "excludeResourceRules", "scope", "*"},
    {"ValidatingAdmissionPolicyBinding", "matchResources", "matchPolicy", "Equivalent"},
    {"ValidatingAdmissionPolicyBinding", "resourceRules", "scope", "*"},
    {"MutatingAdmissionPolicy", "matchConstraints", "matchPolicy", "Equivalent"},
    {"MutatingAdmissionPolicy", "resourceRules", "scope", "*"},
    {"MutatingAdmissionPolicyBinding", "matchResources", "matchPolicy", "Equivalent"},
    {"MutatingAdmissionPolicyBinding", "resourceRules", "scope", "*"},
    {"RoleBinding", "roleRef", "apiGroup", "rbac.authorization.k8s.io"},
    {"RoleBinding", "roleRef", "apiGroup", ""},
    {"ClusterRoleBinding", "roleRef", "apiGroup", ""},
    {"RoleBinding", "subjects", "apiGroup", "rbac.authorization.k8s.io"},
    {"RoleBinding", "subjects", "apiGroup", ""},
    {"ClusterRoleBinding", "roleRef", "apiGroup", "rbac.authorization.k8s.io"},
    {"ClusterRoleBinding", "subjects", "apiGroup", "rbac.authorization.k8s.io"},
    {"ClusterRoleBinding", "subjects", "apiGroup", ""},
    {"StatefulSet", "volumeClaimTemplates", "apiVersion", "v1"},
    {"StatefulSet", "volumeClaimTemplates", "kind", "PersistentVolumeClaim"},
    {"StatefulSet", "spec", "volumeMode", "Filesystem"},
    {"ResourceClaim", "exactly", "allocationMode", "ExactCount"},
    {"ResourceClaim", "exactly", "count", "1"},
    {"ResourceClaimTemplate", "exactly", "allocationMode", "ExactCount"},
    {"ResourceClaimTemplate", "exactly", "count", "1"},
    {"CustomResourceDefinition", "spec", "preserveUnknownFields", "false"},
    {"Kustomization", "substituteFrom", "optional", "false"},
};

// What the server puts there itself, whatever it is, and selectors that select everything when they are left out.
bool IsServerOwned(std::string_view kind, Place place, const document::Value& value) {
  if (kind == "StatefulSet") return place.parent == "volumeClaimTemplates" && place.key == "status";
  if (kind == "Namespace") return place.parent == "spec" && place.key == "finalizers";
  const bool matches = place.parent == "matchConstraints" || place.parent == "matchResources";
  return matches && (place.key == "namespaceSelector" || place.key == "objectSelector") && value.IsMapping() && value.empty();
}

}  // namespace

std::optional<Quantity> ParseQuantity(std::string_view text) {
  Quantity quantity;
  quantity.negative = text.starts_with('-');
  if (quantity.negative || text.starts_with('+')) text.remove_prefix(1);
  Wide mantissa = 0;
  int digits = 0;
  bool point = false;
  while (!text.empty() && (IsDigit(text[0]) || (text[0] == '.' && !point))) {
    if (text[0] == '.')
      point = true;
    else {
      if (mantissa > Wide{10'000'000'000'000'000'000u}) return std::nullopt;  // 20 digits, times 2^60, fit
      mantissa = mantissa * 10 + static_cast<unsigned>(text[0] - '0');
      quantity.exponent -= point ? 1 : 0;
      ++digits;
    }
    text.remove_prefix(1);
  }
  const auto suffix = ParseSuffix(text);
  if (digits == 0 || !suffix) return std::nullopt;
  mantissa <<= suffix->two;
  quantity.exponent += suffix->ten;
  if (mantissa == 0) return Quantity{};
  for (; mantissa % 10 == 0; mantissa /= 10) ++quantity.exponent;
  quantity.high = static_cast<std::uint64_t>(mantissa >> 64);
  quantity.low = static_cast<std::uint64_t>(mantissa);
  return quantity;
}

bool IsQuantity(std::string_view kind, Place place) {
  constexpr std::string_view kMaps[] = {"limits", "requests", "capacity", "hard", "overhead"};
  constexpr std::string_view kLimitRangeMaps[] = {"default", "defaultRequest", "max", "min", "maxLimitRequestRatio"};
  constexpr std::string_view kFields[] = {"sizeLimit", "divisor", "averageValue"};
  const auto has = [](const auto& names, std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
  };
  if (has(kMaps, place.parent) || has(kFields, place.key)) return true;
  if (kind == "LimitRange") return has(kLimitRangeMaps, place.parent);
  return kind == "HorizontalPodAutoscaler" && place.parent == "target" && place.key == "value";
}

bool IsServerDefault(std::string_view kind, Place place, const document::Value& value) {
  if (!value.IsScalar()) return IsServerOwned(kind, place, value);
  return std::any_of(std::begin(kDefaults), std::end(kDefaults), [&](const DefaultRow& row) {
    return row.key == place.key && row.parent == place.parent && (row.kind.empty() || row.kind == kind) && row.value == value.text();
  });
}

bool HasServerDefaults(std::string_view group) {
  return IsBuiltInGroup(group) || group == "apiextensions.k8s.io" || group == "kustomize.toolkit.fluxcd.io";
}

bool IsAssociativeList(std::string_view key) {
  constexpr std::string_view kLists[] = {"containers",
                                         "initContainers",
                                         "ephemeralContainers",
                                         "ports",
                                         "env",
                                         "volumes",
                                         "volumeMounts",
                                         "volumeDevices",
                                         "imagePullSecrets",
                                         "hostAliases",
                                         "topologySpreadConstraints",
                                         "finalizers",
                                         "ownerReferences",
                                         "secrets",
                                         "resourceClaims",
                                         "claims",
                                         "schedulingGates",
                                         "webhooks"};
  return std::find(std::begin(kLists), std::end(kLists), key) != std::end(kLists);
}

}  // namespace sluice::rollout
