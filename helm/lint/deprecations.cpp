// Which kinds of Kubernetes are deprecated since when, and what takes their place: what k8s.io/api 0.37 says of each in its lifecycle functions, for the kinds
// that client-go's scheme knows. A new release of Kubernetes adds lines here.
#include <array>

#include "helm/lint/rules.h"

namespace sluice::helm {
namespace {

struct Row {
  std::string_view api_version;
  int deprecated, removed;                         // minors of version 1
  std::string_view replacement, replacement_kind;  // "" for none, and for the same kind
  std::string_view kinds;
};
constexpr Row kRows[] = {
    {"admissionregistration.k8s.io/v1alpha1", 35, 38, "", "",
     "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBindingList MutatingAdmissionPolicyList"},
    {"admissionregistration.k8s.io/v1alpha1", 29, 32, "", "",
     "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBindingList ValidatingAdmissionPolicyList"},
    {"admissionregistration.k8s.io/v1beta1", 37, 40, "admissionregistration.k8s.io/v1", "",
     "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingAdmissionPolicyBindingList MutatingAdmissionPolicyList"},
    {"admissionregistration.k8s.io/v1beta1", 16, 22, "admissionregistration.k8s.io/v1", "",
     "MutatingWebhookConfiguration MutatingWebhookConfigurationList ValidatingWebhookConfiguration ValidatingWebhookConfigurationList"},
    {"admissionregistration.k8s.io/v1beta1", 31, 34, "", "",
     "ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingAdmissionPolicyBindingList ValidatingAdmissionPolicyList"},
    {"apps/v1beta1", 8, 16, "apps/v1", "",
     "ControllerRevision ControllerRevisionList Deployment DeploymentList DeploymentRollback StatefulSet StatefulSetList"},
    {"apps/v1beta1", 8, 16, "autoscaling/v1", "", "Scale"},
    {"apps/v1beta2", 9, 16, "apps/v1", "",
     "ControllerRevision ControllerRevisionList DaemonSet DaemonSetList Deployment DeploymentList ReplicaSet ReplicaSetList StatefulSet "
     "StatefulSetList"},
    {"apps/v1beta2", 9, 16, "autoscaling/v1", "", "Scale"},
    {"authentication.k8s.io/v1alpha1", 29, 32, "", "", "SelfSubjectReview"},
    {"authentication.k8s.io/v1beta1", 30, 33, "", "", "SelfSubjectReview"},
    {"authentication.k8s.io/v1beta1", 19, 22, "authentication.k8s.io/v1", "", "TokenReview"},
    {"authorization.k8s.io/v1beta1", 19, 22, "authorization.k8s.io/v1", "",
     "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview"},
    {"batch/v1beta1", 21, 25, "batch/v1", "", "CronJob CronJobList"},
    {"certificates.k8s.io/v1alpha1", 34, 37, "", "", "ClusterTrustBundle ClusterTrustBundleList"},
    {"certificates.k8s.io/v1beta1", 19, 22, "certificates.k8s.io/v1", "", "CertificateSigningRequest CertificateSigningRequestList"},
    {"certificates.k8s.io/v1beta1", 37, 40, "certificates.k8s.io/v1", "",
     "ClusterTrustBundle ClusterTrustBundleList PodCertificateRequest PodCertificateRequestList"},
    {"coordination.k8s.io/v1alpha2", 35, 38, "", "", "LeaseCandidate LeaseCandidateList"},
    {"coordination.k8s.io/v1beta1", 19, 22, "coordination.k8s.io/v1", "", "Lease LeaseList"},
    {"coordination.k8s.io/v1beta1", 36, 39, "", "", "LeaseCandidate LeaseCandidateList"},
    {"discovery.k8s.io/v1beta1", 21, 25, "discovery.k8s.io/v1", "", "EndpointSlice"},
    {"discovery.k8s.io/v1beta1", 21, 25, "discovery.k8s.io/v1", "EndpointSlice", "EndpointSliceList"},
    {"events.k8s.io/v1beta1", 22, 25, "", "", "Event EventList"},
    {"extensions/v1beta1", 8, 16, "apps/v1", "", "DaemonSet DaemonSetList Deployment DeploymentList ReplicaSet ReplicaSetList"},
    {"extensions/v1beta1", 8, 16, "", "", "DeploymentRollback"},
    {"extensions/v1beta1", 14, 22, "networking.k8s.io/v1", "", "Ingress IngressList"},
    {"extensions/v1beta1", 9, 16, "networking.k8s.io/v1", "", "NetworkPolicy NetworkPolicyList"},
    {"extensions/v1beta1", 2, 16, "", "", "Scale"},
    {"flowcontrol.apiserver.k8s.io/v1beta1", 23, 26, "flowcontrol.apiserver.k8s.io/v1beta3", "",
     "FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList"},
    {"flowcontrol.apiserver.k8s.io/v1beta2", 26, 29, "flowcontrol.apiserver.k8s.io/v1beta3", "",
     "FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList"},
    {"flowcontrol.apiserver.k8s.io/v1beta3", 29, 32, "flowcontrol.apiserver.k8s.io/v1", "",
     "FlowSchema FlowSchemaList PriorityLevelConfiguration PriorityLevelConfigurationList"},
    {"lifecycle.k8s.io/v1alpha1", 40, 43, "", "", "Eviction EvictionList EvictionRequest EvictionRequestList"},
    {"networking.k8s.io/v1beta1", 34, 37, "", "", "IPAddress IPAddressList ServiceCIDR ServiceCIDRList"},
    {"networking.k8s.io/v1beta1", 19, 22, "networking.k8s.io/v1", "", "Ingress IngressClassList IngressList"},
    {"networking.k8s.io/v1beta1", 19, 22, "networking.k8s.io/v1", "IngressClassList", "IngressClass"},
    {"node.k8s.io/v1beta1", 22, 25, "", "", "RuntimeClass RuntimeClassList"},
    {"policy/v1beta1", 22, 25, "", "", "Eviction"},
    {"policy/v1beta1", 21, 25, "policy/v1", "", "PodDisruptionBudget PodDisruptionBudgetList"},
    {"rbac.authorization.k8s.io/v1beta1", 17, 22, "rbac.authorization.k8s.io/v1", "",
     "ClusterRole ClusterRoleBinding ClusterRoleBindingList ClusterRoleList Role RoleBinding RoleBindingList RoleList"},
    {"resource.k8s.io/v1alpha3", 36, 39, "", "", "DeviceTaintRule DeviceTaintRuleList"},
    {"resource.k8s.io/v1alpha3", 39, 42, "", "", "ResourcePoolStatusRequest ResourcePoolStatusRequestList"},
    {"resource.k8s.io/v1beta1", 35, 38, "", "",
     "DeviceClass DeviceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate ResourceClaimTemplateList ResourceSlice "
     "ResourceSliceList"},
    {"resource.k8s.io/v1beta2", 36, 39, "", "",
     "DeviceClass DeviceClassList ResourceClaim ResourceClaimList ResourceClaimTemplate ResourceClaimTemplateList ResourceSlice "
     "ResourceSliceList"},
    {"resource.k8s.io/v1beta2", 39, 42, "", "", "DeviceTaintRule DeviceTaintRuleList"},
    {"scheduling.k8s.io/v1beta1", 40, 43, "", "", "PodGroup PodGroupList Workload WorkloadList"},
    {"scheduling.k8s.io/v1beta1", 14, 22, "scheduling.k8s.io/v1", "", "PriorityClass PriorityClassList"},
    {"storage.k8s.io/v1alpha1", 21, 24, "storage.k8s.io/v1beta1", "", "CSIStorageCapacity CSIStorageCapacityList"},
    {"storage.k8s.io/v1alpha1", 21, 24, "storage.k8s.io/v1", "", "VolumeAttachment VolumeAttachmentList"},
    {"storage.k8s.io/v1alpha1", 32, 35, "storage.k8s.io/v1", "", "VolumeAttributesClass VolumeAttributesClassList"},
    {"storage.k8s.io/v1beta1", 19, 22, "storage.k8s.io/v1", "",
     "CSIDriver CSIDriverList StorageClass StorageClassList VolumeAttachment VolumeAttachmentList"},
    {"storage.k8s.io/v1beta1", 17, 22, "storage.k8s.io/v1", "", "CSINode"},
    {"storage.k8s.io/v1beta1", 17, 22, "storage.k8s.io/v1", "CSINode", "CSINodeList"},
    {"storage.k8s.io/v1beta1", 24, 27, "storage.k8s.io/v1", "", "CSIStorageCapacity CSIStorageCapacityList"},
    {"storage.k8s.io/v1beta1", 34, 37, "storage.k8s.io/v1", "", "VolumeAttributesClass VolumeAttributesClassList"},
    {"storagemigration.k8s.io/v1beta1", 37, 40, "storagemigration.k8s.io/v1", "", "StorageVersionMigration StorageVersionMigrationList"},
};

bool Holds(std::string_view words, std::string_view word) {
  while (true) {
    const std::size_t blank = words.find(' ');
    if (words.substr(0, blank) == word) return true;
    if (blank == std::string_view::npos) return false;
    words.remove_prefix(blank + 1);
  }
}

/// As strconv.Atoi; nullopt for what is no number.
std::optional<int> Number(std::string_view text) {
  if (text.empty() || text.size() > 9 || text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return std::stoi(std::string(text));
}

std::string Minor(int minor) { return "v1." + std::to_string(minor) + "+"; }

}  // namespace

std::string DeprecationOf(const LintObject& object, const KubeVersion& version) {
  for (const Row& row : kRows) {
    if (row.api_version != object.api_version || !Holds(row.kinds, object.kind)) continue;
    const auto major = Number(version.major), minor = Number(version.minor);
    if (!major || !minor || *major < 1 || (*major == 1 && *minor < row.deprecated)) return "";
    std::string text = object.api_version + " " + object.kind + " is deprecated in " + Minor(row.deprecated);
    if (row.removed != 0) text += ", unavailable in " + Minor(row.removed);
    if (row.replacement.empty()) return text;
    return text.append("; use ")
        .append(row.replacement)
        .append(" ")
        .append(row.replacement_kind.empty() ? object.kind : row.replacement_kind);
  }
  return "";
}

}  // namespace sluice::helm
