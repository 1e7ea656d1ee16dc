// The rules of the built-in kinds: what the tags patchStrategy and patchMergeKey of k8s.io/api v0.34 say, as one table of shapes. Types with the
// same rules share a shape, and a field without a rule, above none that has one, is left out. `retainKeys` asks nothing of who applies a patch
// (the directive itself does), so that strategy is left out too.
#include "document/merge_rules.h"

#include <algorithm>
#include <array>

namespace sluice::document {

namespace {

enum Shape : std::uint8_t {
  kNoShape,
  kMutatingAdmissionPolicy,
  kObjectMeta,
  kMatchConditions,
  kMetadataOnly,
  kValidatingAdmissionPolicy,
  kValidatingAdmissionPolicySpec,
  kWebhookConfiguration,
  kDeployment,
  kDeploymentSpec,
  kPodTemplateSpec,
  kPodSpec,
  kVolume,
  kEphemeralVolumeSource,
  kContainer,
  kConditions,
  kStatefulSet,
  kStatefulSetSpec,
  kStatusWithConditions,
  kWorkload,
  kWorkloadSpec,
  kCronJob,
  kCronJobSpec,
  kJobTemplateSpec,
  kPodDisruptionBudget,
  kPodDisruptionBudgetSpec,
  kResourceClaim,
  kResourceClaimStatus,
  kResourceClaimTemplate,
  kCSINode,
  kCSINodeSpec,
  kComponentStatus,
  kNode,
  kNodeSpec,
  kNodeStatus,
  kPod,
  kPodStatus,
  kContainerStatus,
  kPodStatusResult,
  kPodTemplate,
  kService,
  kServiceSpec,
  kServiceAccount,
};

constexpr auto kNone = MergeRule::None;
constexpr auto kMerge = MergeRule::Merge;
constexpr auto kReplace = MergeRule::Replace;

struct Row {
  Shape of;
  std::string_view field;
  MergeRule rule;
  std::string_view key;
  Shape shape;
};

constexpr Row kRows[] = {
    {kMutatingAdmissionPolicy, "metadata", kNone, "", kObjectMeta},
    {kMutatingAdmissionPolicy, "spec", kNone, "", kMatchConditions},
    {kObjectMeta, "ownerReferences", kMerge, "uid", kNoShape},
    {kObjectMeta, "finalizers", kMerge, "", kNoShape},
    {kMatchConditions, "matchConditions", kMerge, "name", kNoShape},
    {kMetadataOnly, "metadata", kNone, "", kObjectMeta},
    {kValidatingAdmissionPolicy, "metadata", kNone, "", kObjectMeta},
    {kValidatingAdmissionPolicy, "spec", kNone, "", kValidatingAdmissionPolicySpec},
    {kValidatingAdmissionPolicySpec, "matchConditions", kMerge, "name", kNoShape},
    {kValidatingAdmissionPolicySpec, "variables", kMerge, "name", kNoShape},
    {kWebhookConfiguration, "metadata", kNone, "", kObjectMeta},
    {kWebhookConfiguration, "webhooks", kMerge, "name", kMatchConditions},
    {kDeployment, "metadata", kNone, "", kObjectMeta},
    {kDeployment, "spec", kNone, "", kDeploymentSpec},
    {kDeployment, "status", kNone, "", kConditions},
    {kDeploymentSpec, "template", kNone, "", kPodTemplateSpec},
    {kPodTemplateSpec, "metadata", kNone, "", kObjectMeta},
    {kPodTemplateSpec, "spec", kNone, "", kPodSpec},
    {kPodSpec, "volumes", kMerge, "name", kVolume},
    {kPodSpec, "initContainers", kMerge, "name", kContainer},
    {kPodSpec, "containers", kMerge, "name", kContainer},
    {kPodSpec, "ephemeralContainers", kMerge, "name", kContainer},
    {kPodSpec, "imagePullSecrets", kMerge, "name", kNoShape},
    {kPodSpec, "hostAliases", kMerge, "ip", kNoShape},
    {kPodSpec, "topologySpreadConstraints", kMerge, "topologyKey", kNoShape},
    {kPodSpec, "schedulingGates", kMerge, "name", kNoShape},
    {kPodSpec, "resourceClaims", kMerge, "name", kNoShape},
    {kVolume, "ephemeral", kNone, "", kEphemeralVolumeSource},
    {kEphemeralVolumeSource, "volumeClaimTemplate", kNone, "", kMetadataOnly},
    {kContainer, "ports", kMerge, "containerPort", kNoShape},
    {kContainer, "env", kMerge, "name", kNoShape},
    {kContainer, "volumeMounts", kMerge, "mountPath", kNoShape},
    {kContainer, "volumeDevices", kMerge, "devicePath", kNoShape},
    {kConditions, "conditions", kMerge, "type", kNoShape},
    {kStatefulSet, "metadata", kNone, "", kObjectMeta},
    {kStatefulSet, "spec", kNone, "", kStatefulSetSpec},
    {kStatefulSet, "status", kNone, "", kConditions},
    {kStatefulSetSpec, "template", kNone, "", kPodTemplateSpec},
    {kStatefulSetSpec, "volumeClaimTemplates", kNone, "", kStatusWithConditions},
    {kStatusWithConditions, "metadata", kNone, "", kObjectMeta},
    {kStatusWithConditions, "status", kNone, "", kConditions},
    {kWorkload, "metadata", kNone, "", kObjectMeta},
    {kWorkload, "spec", kNone, "", kWorkloadSpec},
    {kWorkload, "status", kNone, "", kConditions},
    {kWorkloadSpec, "template", kNone, "", kPodTemplateSpec},
    {kCronJob, "metadata", kNone, "", kObjectMeta},
    {kCronJob, "spec", kNone, "", kCronJobSpec},
    {kCronJobSpec, "jobTemplate", kNone, "", kJobTemplateSpec},
    {kJobTemplateSpec, "metadata", kNone, "", kObjectMeta},
    {kJobTemplateSpec, "spec", kNone, "", kWorkloadSpec},
    {kPodDisruptionBudget, "metadata", kNone, "", kObjectMeta},
    {kPodDisruptionBudget, "spec", kNone, "", kPodDisruptionBudgetSpec},
    {kPodDisruptionBudget, "status", kNone, "", kConditions},
    {kPodDisruptionBudgetSpec, "selector", kReplace, "", kNoShape},
    {kResourceClaim, "metadata", kNone, "", kObjectMeta},
    {kResourceClaim, "status", kNone, "", kResourceClaimStatus},
    {kResourceClaimStatus, "reservedFor", kMerge, "uid", kNoShape},
    {kResourceClaimTemplate, "metadata", kNone, "", kObjectMeta},
    {kResourceClaimTemplate, "spec", kNone, "", kMetadataOnly},
    {kCSINode, "metadata", kNone, "", kObjectMeta},
    {kCSINode, "spec", kNone, "", kCSINodeSpec},
    {kCSINodeSpec, "drivers", kMerge, "name", kNoShape},
    {kComponentStatus, "metadata", kNone, "", kObjectMeta},
    {kComponentStatus, "conditions", kMerge, "type", kNoShape},
    {kNode, "metadata", kNone, "", kObjectMeta},
    {kNode, "spec", kNone, "", kNodeSpec},
    {kNode, "status", kNone, "", kNodeStatus},
    {kNodeSpec, "podCIDRs", kMerge, "", kNoShape},
    {kNodeStatus, "conditions", kMerge, "type", kNoShape},
    {kNodeStatus, "addresses", kMerge, "type", kNoShape},
    {kPod, "metadata", kNone, "", kObjectMeta},
    {kPod, "spec", kNone, "", kPodSpec},
    {kPod, "status", kNone, "", kPodStatus},
    {kPodStatus, "conditions", kMerge, "type", kNoShape},
    {kPodStatus, "hostIPs", kMerge, "ip", kNoShape},
    {kPodStatus, "podIPs", kMerge, "ip", kNoShape},
    {kPodStatus, "initContainerStatuses", kNone, "", kContainerStatus},
    {kPodStatus, "containerStatuses", kNone, "", kContainerStatus},
    {kPodStatus, "ephemeralContainerStatuses", kNone, "", kContainerStatus},
    {kPodStatus, "resourceClaimStatuses", kMerge, "name", kNoShape},
    {kContainerStatus, "volumeMounts", kMerge, "mountPath", kNoShape},
    {kContainerStatus, "allocatedResourcesStatus", kMerge, "name", kNoShape},
    {kPodStatusResult, "metadata", kNone, "", kObjectMeta},
    {kPodStatusResult, "status", kNone, "", kPodStatus},
    {kPodTemplate, "metadata", kNone, "", kObjectMeta},
    {kPodTemplate, "template", kNone, "", kPodTemplateSpec},
    {kService, "metadata", kNone, "", kObjectMeta},
    {kService, "spec", kNone, "", kServiceSpec},
    {kService, "status", kNone, "", kConditions},
    {kServiceSpec, "ports", kMerge, "port", kNoShape},
    {kServiceAccount, "metadata", kNone, "", kObjectMeta},
    {kServiceAccount, "secrets", kMerge, "name", kNoShape},
};

/// `kinds`: "version/Kind" of the group, with blanks between.
struct Root {
  std::string_view group;
  Shape shape;
  std::string_view kinds;
};

constexpr Root kRoots[] = {
    {"", kMetadataOnly,
     "v1/Binding v1/ConfigMap v1/Endpoints v1/Event v1/LimitRange v1/PersistentVolume v1/RangeAllocation"
     " v1/ResourceQuota v1/Secret"},
    {"", kStatusWithConditions, "v1/Namespace v1/PersistentVolumeClaim"},
    {"", kWorkload, "v1/ReplicationController"},
    {"", kComponentStatus, "v1/ComponentStatus"},
    {"", kNode, "v1/Node"},
    {"", kPod, "v1/Pod"},
    {"", kPodStatusResult, "v1/PodStatusResult"},
    {"", kPodTemplate, "v1/PodTemplate"},
    {"", kService, "v1/Service"},
    {"", kServiceAccount, "v1/ServiceAccount"},
    {"admissionregistration.k8s.io", kMutatingAdmissionPolicy, "v1alpha1/MutatingAdmissionPolicy v1beta1/MutatingAdmissionPolicy"},
    {"admissionregistration.k8s.io", kMetadataOnly,
     "v1/ValidatingAdmissionPolicyBinding v1alpha1/MutatingAdmissionPolicyBinding"
     " v1alpha1/ValidatingAdmissionPolicyBinding v1beta1/MutatingAdmissionPolicyBinding"
     " v1beta1/ValidatingAdmissionPolicyBinding"},
    {"admissionregistration.k8s.io", kValidatingAdmissionPolicy,
     "v1/ValidatingAdmissionPolicy v1alpha1/ValidatingAdmissionPolicy v1beta1/ValidatingAdmissionPolicy"},
    {"admissionregistration.k8s.io", kWebhookConfiguration,
     "v1/MutatingWebhookConfiguration v1/ValidatingWebhookConfiguration v1beta1/MutatingWebhookConfiguration"
     " v1beta1/ValidatingWebhookConfiguration"},
    {"apiextensions.k8s.io", kMetadataOnly, "v1/CustomResourceDefinition"},
    {"apiregistration.k8s.io", kStatusWithConditions, "v1/APIService"},
    {"apps", kMetadataOnly, "v1/ControllerRevision v1beta1/ControllerRevision v1beta1/Scale v1beta2/ControllerRevision v1beta2/Scale"},
    {"apps", kDeployment, "v1/Deployment v1beta1/Deployment v1beta2/Deployment"},
    {"apps", kStatefulSet, "v1/StatefulSet v1beta1/StatefulSet v1beta2/StatefulSet"},
    {"apps", kWorkload, "v1/DaemonSet v1/ReplicaSet v1beta2/DaemonSet v1beta2/ReplicaSet"},
    {"authentication.k8s.io", kMetadataOnly,
     "v1/SelfSubjectReview v1/TokenRequest v1/TokenReview v1alpha1/SelfSubjectReview v1beta1/SelfSubjectReview"
     " v1beta1/TokenReview"},
    {"authorization.k8s.io", kMetadataOnly,
     "v1/LocalSubjectAccessReview v1/SelfSubjectAccessReview v1/SelfSubjectRulesReview v1/SubjectAccessReview"
     " v1beta1/LocalSubjectAccessReview v1beta1/SelfSubjectAccessReview v1beta1/SelfSubjectRulesReview"
     " v1beta1/SubjectAccessReview"},
    {"autoscaling", kMetadataOnly, "v1/HorizontalPodAutoscaler v1/Scale v2beta1/HorizontalPodAutoscaler v2beta2/HorizontalPodAutoscaler"},
    {"autoscaling", kStatusWithConditions, "v2/HorizontalPodAutoscaler"},
    {"batch", kWorkload, "v1/Job"},
    {"batch", kCronJob, "v1/CronJob v1beta1/CronJob"},
    {"certificates.k8s.io", kMetadataOnly,
     "v1/CertificateSigningRequest v1alpha1/ClusterTrustBundle v1beta1/CertificateSigningRequest"
     " v1beta1/ClusterTrustBundle"},
    {"certificates.k8s.io", kStatusWithConditions, "v1alpha1/PodCertificateRequest"},
    {"coordination.k8s.io", kMetadataOnly, "v1/Lease v1alpha2/LeaseCandidate v1beta1/Lease v1beta1/LeaseCandidate"},
    {"discovery.k8s.io", kMetadataOnly, "v1/EndpointSlice v1beta1/EndpointSlice"},
    {"events.k8s.io", kMetadataOnly, "v1/Event v1beta1/Event"},
    {"extensions", kMetadataOnly, "v1beta1/Ingress v1beta1/NetworkPolicy v1beta1/Scale"},
    {"extensions", kDeployment, "v1beta1/Deployment"},
    {"extensions", kWorkload, "v1beta1/DaemonSet v1beta1/ReplicaSet"},
    {"flowcontrol.apiserver.k8s.io", kMetadataOnly,
     "v1beta1/FlowSchema v1beta1/PriorityLevelConfiguration v1beta2/FlowSchema v1beta2/PriorityLevelConfiguration"},
    {"flowcontrol.apiserver.k8s.io", kStatusWithConditions,
     "v1/FlowSchema v1/PriorityLevelConfiguration v1beta3/FlowSchema v1beta3/PriorityLevelConfiguration"},
    {"internal.apiserver.k8s.io", kMetadataOnly, "v1alpha1/StorageVersion"},
    {"networking.k8s.io", kMetadataOnly,
     "v1/IPAddress v1/Ingress v1/IngressClass v1/NetworkPolicy v1beta1/IPAddress v1beta1/Ingress v1beta1/IngressClass"},
    {"networking.k8s.io", kStatusWithConditions, "v1/ServiceCIDR v1beta1/ServiceCIDR"},
    {"node.k8s.io", kMetadataOnly, "v1/RuntimeClass v1alpha1/RuntimeClass v1beta1/RuntimeClass"},
    {"policy", kMetadataOnly, "v1/Eviction v1beta1/Eviction"},
    {"policy", kStatusWithConditions, "v1beta1/PodDisruptionBudget"},
    {"policy", kPodDisruptionBudget, "v1/PodDisruptionBudget"},
    {"rbac.authorization.k8s.io", kMetadataOnly,
     "v1/ClusterRole v1/ClusterRoleBinding v1/Role v1/RoleBinding v1alpha1/ClusterRole v1alpha1/ClusterRoleBinding"
     " v1alpha1/Role v1alpha1/RoleBinding v1beta1/ClusterRole v1beta1/ClusterRoleBinding v1beta1/Role"
     " v1beta1/RoleBinding"},
    {"resource.k8s.io", kMetadataOnly,
     "v1/DeviceClass v1/ResourceSlice v1alpha3/DeviceTaintRule v1beta1/DeviceClass v1beta1/ResourceSlice"
     " v1beta2/DeviceClass v1beta2/ResourceSlice"},
    {"resource.k8s.io", kResourceClaim, "v1/ResourceClaim v1beta1/ResourceClaim v1beta2/ResourceClaim"},
    {"resource.k8s.io", kResourceClaimTemplate, "v1/ResourceClaimTemplate v1beta1/ResourceClaimTemplate v1beta2/ResourceClaimTemplate"},
    {"scheduling.k8s.io", kMetadataOnly, "v1/PriorityClass v1alpha1/PriorityClass v1beta1/PriorityClass"},
    {"storage.k8s.io", kMetadataOnly,
     "v1/CSIDriver v1/CSIStorageCapacity v1/StorageClass v1/VolumeAttachment v1/VolumeAttributesClass"
     " v1alpha1/CSIStorageCapacity v1alpha1/VolumeAttachment v1alpha1/VolumeAttributesClass v1beta1/CSIDriver"
     " v1beta1/CSIStorageCapacity v1beta1/StorageClass v1beta1/VolumeAttachment v1beta1/VolumeAttributesClass"},
    {"storage.k8s.io", kCSINode, "v1/CSINode v1beta1/CSINode"},
    {"storagemigration.k8s.io", kStatusWithConditions, "v1alpha1/StorageVersionMigration"},
};

}  // namespace

std::optional<MergeRules> MergeRules::Of(const GroupVersionKind& gvk) {
  const std::string wanted = gvk.version + "/" + gvk.kind;
  for (const Root& root : kRoots) {
    if (root.group != gvk.group) continue;
    std::string_view kinds = root.kinds;
    while (!kinds.empty()) {
      const std::size_t end = std::min(kinds.find(' '), kinds.size());
      if (kinds.substr(0, end) == wanted) {
        MergeRules rules;
        rules.shape_ = root.shape;
        return rules;
      }
      kinds.remove_prefix(std::min(end + 1, kinds.size()));
    }
  }
  return std::nullopt;
}

MergeRules MergeRules::Below(std::string_view field) const {
  MergeRules rules;
  if (shape_ == kNoShape) return rules;
  for (const Row& row : kRows) {
    if (row.of != shape_ || row.field != field) continue;
    rules.shape_ = row.shape;
    rules.rule_ = row.rule;
    rules.key_ = row.key;
    break;
  }
  return rules;
}

}  // namespace sluice::document
