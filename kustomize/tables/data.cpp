// Facts about Kubernetes and kustomize 5.8.2. Made by tables/generate.py from tables/kustomize-data.json; change those.
#include "kustomize/tables/data.h"

namespace sluice::kustomize::tables {

constexpr RawSpec kNamePrefixData[] = {
    {"", "", "", "metadata/name", false},
};
constinit const std::span<const RawSpec> kNamePrefix = kNamePrefixData;

constexpr RawSpec kNameSuffixData[] = {
    {"", "", "", "metadata/name", false},
};
constinit const std::span<const RawSpec> kNameSuffix = kNameSuffixData;

constexpr RawSpec kNamespaceData[] = {
    {"", "", "Namespace", "metadata/name", true},
    {"apiregistration.k8s.io", "", "APIService", "spec/service/namespace", true},
    {"apiextensions.k8s.io", "", "CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace", false},
};
constinit const std::span<const RawSpec> kNamespace = kNamespaceData;

constexpr RawSpec kCommonLabelsData[] = {
    {"", "v1", "Service", "spec/selector", true},
    {"", "v1", "ReplicationController", "spec/selector", true},
    {"", "", "Deployment", "spec/selector/matchLabels", true},
    {"apps", "", "Deployment",
     "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
     false},
    {"apps", "", "Deployment",
     "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", false},
    {"apps", "", "Deployment",
     "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/"
     "matchLabels",
     false},
    {"apps", "", "Deployment",
     "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", false},
    {"apps", "", "Deployment", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels", false},
    {"", "", "ReplicaSet", "spec/selector/matchLabels", true},
    {"", "", "DaemonSet", "spec/selector/matchLabels", true},
    {"apps", "", "StatefulSet", "spec/selector/matchLabels", true},
    {"apps", "", "StatefulSet",
     "spec/template/spec/affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
     false},
    {"apps", "", "StatefulSet",
     "spec/template/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", false},
    {"apps", "", "StatefulSet",
     "spec/template/spec/affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/"
     "matchLabels",
     false},
    {"apps", "", "StatefulSet",
     "spec/template/spec/affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", false},
    {"apps", "", "StatefulSet", "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels", false},
    {"batch", "", "Job", "spec/selector/matchLabels", false},
    {"batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false},
    {"policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false},
    {"networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", false},
    {"networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false},
    {"networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false},
    {"", "", "", "metadata/labels", true},
    {"", "v1", "ReplicationController", "spec/template/metadata/labels", true},
    {"", "", "Deployment", "spec/template/metadata/labels", true},
    {"", "", "ReplicaSet", "spec/template/metadata/labels", true},
    {"", "", "DaemonSet", "spec/template/metadata/labels", true},
    {"apps", "", "StatefulSet", "spec/template/metadata/labels", true},
    {"batch", "", "Job", "spec/template/metadata/labels", true},
    {"batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true},
    {"batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true},
    {"apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true},
};
constinit const std::span<const RawSpec> kCommonLabels = kCommonLabelsData;

constexpr RawSpec kTemplateLabelsData[] = {
    {"", "", "", "metadata/labels", true},
    {"", "v1", "ReplicationController", "spec/template/metadata/labels", true},
    {"", "", "Deployment", "spec/template/metadata/labels", true},
    {"", "", "ReplicaSet", "spec/template/metadata/labels", true},
    {"", "", "DaemonSet", "spec/template/metadata/labels", true},
    {"apps", "", "StatefulSet", "spec/template/metadata/labels", true},
    {"batch", "", "Job", "spec/template/metadata/labels", true},
    {"batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true},
    {"batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true},
};
constinit const std::span<const RawSpec> kTemplateLabels = kTemplateLabelsData;

constexpr RawSpec kVolumeClaimTemplateLabelsData[] = {
    {"apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true},
};
constinit const std::span<const RawSpec> kVolumeClaimTemplateLabels = kVolumeClaimTemplateLabelsData;

constexpr RawSpec kCommonAnnotationsData[] = {
    {"", "", "", "metadata/annotations", true},
    {"", "v1", "ReplicationController", "spec/template/metadata/annotations", true},
    {"", "", "Deployment", "spec/template/metadata/annotations", true},
    {"", "", "ReplicaSet", "spec/template/metadata/annotations", true},
    {"", "", "DaemonSet", "spec/template/metadata/annotations", true},
    {"", "", "StatefulSet", "spec/template/metadata/annotations", true},
    {"batch", "", "Job", "spec/template/metadata/annotations", true},
    {"batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", true},
    {"batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true},
};
constinit const std::span<const RawSpec> kCommonAnnotations = kCommonAnnotationsData;

constexpr RawSpec kImagesData[] = {
    {"", "", "", "spec/containers[]/image", true},
    {"", "", "", "spec/initContainers[]/image", true},
    {"", "", "", "spec/volumes[]/image/reference", true},
    {"", "", "", "spec/template/spec/containers[]/image", true},
    {"", "", "", "spec/template/spec/initContainers[]/image", true},
    {"", "", "", "spec/template/spec/volumes[]/image/reference", true},
    {"", "", "", "spec/jobTemplate/spec/template/spec/volumes[]/image/reference", true},
};
constinit const std::span<const RawSpec> kImages = kImagesData;

constexpr RawSpec kReplicasData[] = {
    {"", "", "Deployment", "spec/replicas", true},
    {"", "", "ReplicationController", "spec/replicas", true},
    {"", "", "ReplicaSet", "spec/replicas", true},
    {"", "", "StatefulSet", "spec/replicas", true},
};
constinit const std::span<const RawSpec> kReplicas = kReplicasData;

constexpr RawSpec kVarReferenceData[] = {
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/args", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/command", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/env/value", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/volumeMounts/mountPath", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/args", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/command", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/value", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/volumeMounts/mountPath", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/volumes/nfs/server", false},
    {"", "", "DaemonSet", "spec/template/spec/containers/args", false},
    {"", "", "DaemonSet", "spec/template/spec/containers/command", false},
    {"", "", "DaemonSet", "spec/template/spec/containers/env/value", false},
    {"", "", "DaemonSet", "spec/template/spec/containers/volumeMounts/mountPath", false},
    {"", "", "DaemonSet", "spec/template/spec/initContainers/args", false},
    {"", "", "DaemonSet", "spec/template/spec/initContainers/command", false},
    {"", "", "DaemonSet", "spec/template/spec/initContainers/env/value", false},
    {"", "", "DaemonSet", "spec/template/spec/initContainers/volumeMounts/mountPath", false},
    {"", "", "DaemonSet", "spec/template/spec/volumes/nfs/server", false},
    {"", "", "Deployment", "spec/template/spec/containers/args", false},
    {"", "", "Deployment", "spec/template/spec/containers/command", false},
    {"", "", "Deployment", "spec/template/spec/containers/env/value", false},
    {"", "", "Deployment", "spec/template/spec/containers/volumeMounts/mountPath", false},
    {"", "", "Deployment", "spec/template/spec/initContainers/args", false},
    {"", "", "Deployment", "spec/template/spec/initContainers/command", false},
    {"", "", "Deployment", "spec/template/spec/initContainers/env/value", false},
    {"", "", "Deployment", "spec/template/spec/initContainers/volumeMounts/mountPath", false},
    {"", "", "Deployment", "spec/template/spec/volumes/nfs/server", false},
    {"", "", "Deployment", "spec/template/metadata/annotations", false},
    {"", "", "Ingress", "spec/rules/host", false},
    {"", "", "Ingress", "spec/tls/hosts", false},
    {"", "", "Ingress", "spec/tls/secretName", false},
    {"", "", "Job", "spec/template/spec/containers/args", false},
    {"", "", "Job", "spec/template/spec/containers/command", false},
    {"", "", "Job", "spec/template/spec/containers/env/value", false},
    {"", "", "Job", "spec/template/spec/containers/volumeMounts/mountPath", false},
    {"", "", "Job", "spec/template/spec/initContainers/args", false},
    {"", "", "Job", "spec/template/spec/initContainers/command", false},
    {"", "", "Job", "spec/template/spec/initContainers/env/value", false},
    {"", "", "Job", "spec/template/spec/initContainers/volumeMounts/mountPath", false},
    {"", "", "Job", "spec/template/spec/volumes/nfs/server", false},
    {"", "", "Pod", "spec/containers/args", false},
    {"", "", "Pod", "spec/containers/command", false},
    {"", "", "Pod", "spec/containers/env/value", false},
    {"", "", "Pod", "spec/containers/volumeMounts/mountPath", false},
    {"", "", "Pod", "spec/initContainers/args", false},
    {"", "", "Pod", "spec/initContainers/command", false},
    {"", "", "Pod", "spec/initContainers/env/value", false},
    {"", "", "Pod", "spec/initContainers/volumeMounts/mountPath", false},
    {"", "", "Pod", "spec/volumes/nfs/server", false},
    {"", "", "ReplicaSet", "spec/template/spec/containers/args", false},
    {"", "", "ReplicaSet", "spec/template/spec/containers/command", false},
    {"", "", "ReplicaSet", "spec/template/spec/containers/env/value", false},
    {"", "", "ReplicaSet", "spec/template/spec/containers/volumeMounts/mountPath", false},
    {"", "", "ReplicaSet", "spec/template/spec/initContainers/args", false},
    {"", "", "ReplicaSet", "spec/template/spec/initContainers/command", false},
    {"", "", "ReplicaSet", "spec/template/spec/initContainers/env/value", false},
    {"", "", "ReplicaSet", "spec/template/spec/initContainers/volumeMounts/mountPath", false},
    {"", "", "ReplicaSet", "spec/template/spec/volumes/nfs/server", false},
    {"", "", "Service", "spec/ports/port", false},
    {"", "", "Service", "spec/ports/targetPort", false},
    {"", "", "StatefulSet", "spec/template/spec/containers/args", false},
    {"", "", "StatefulSet", "spec/template/spec/containers/command", false},
    {"", "", "StatefulSet", "spec/template/spec/containers/env/value", false},
    {"", "", "StatefulSet", "spec/template/spec/containers/volumeMounts/mountPath", false},
    {"", "", "StatefulSet", "spec/template/spec/initContainers/args", false},
    {"", "", "StatefulSet", "spec/template/spec/initContainers/command", false},
    {"", "", "StatefulSet", "spec/template/spec/initContainers/env/value", false},
    {"", "", "StatefulSet", "spec/template/spec/initContainers/volumeMounts/mountPath", false},
    {"", "", "StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server", false},
    {"", "", "PersistentVolume", "spec/nfs/server", false},
    {"", "", "", "metadata/labels", false},
    {"", "", "", "metadata/annotations", false},
};
constinit const std::span<const RawSpec> kVarReference = kVarReferenceData;

constexpr RawSpec kReferrers0[] = {
    {"", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false},
};
constexpr RawSpec kReferrers1[] = {
    {"", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false},
};
constexpr RawSpec kReferrers2[] = {
    {"", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false},
};
constexpr RawSpec kReferrers3[] = {
    {"", "", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false},
};
constexpr RawSpec kReferrers4[] = {
    {"", "v1", "Pod", "spec/volumes/configMap/name", false},
    {"", "v1", "Pod", "spec/containers/env/valueFrom/configMapKeyRef/name", false},
    {"", "v1", "Pod", "spec/initContainers/env/valueFrom/configMapKeyRef/name", false},
    {"", "v1", "Pod", "spec/containers/envFrom/configMapRef/name", false},
    {"", "v1", "Pod", "spec/initContainers/envFrom/configMapRef/name", false},
    {"", "v1", "Pod", "spec/volumes/projected/sources/configMap/name", false},
    {"", "", "PodTemplate", "template/spec/volumes/configMap/name", false},
    {"", "", "PodTemplate", "template/spec/containers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "PodTemplate", "template/spec/initContainers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "PodTemplate", "template/spec/containers/envFrom/configMapRef/name", false},
    {"", "", "PodTemplate", "template/spec/initContainers/envFrom/configMapRef/name", false},
    {"", "", "PodTemplate", "template/spec/volumes/projected/sources/configMap/name", false},
    {"", "", "Deployment", "spec/template/spec/volumes/configMap/name", false},
    {"", "", "Deployment", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "Deployment", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "Deployment", "spec/template/spec/containers/envFrom/configMapRef/name", false},
    {"", "", "Deployment", "spec/template/spec/initContainers/envFrom/configMapRef/name", false},
    {"", "", "Deployment", "spec/template/spec/volumes/projected/sources/configMap/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/volumes/configMap/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/containers/envFrom/configMapRef/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/initContainers/envFrom/configMapRef/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/volumes/projected/sources/configMap/name", false},
    {"", "", "DaemonSet", "spec/template/spec/volumes/configMap/name", false},
    {"", "", "DaemonSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "DaemonSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "DaemonSet", "spec/template/spec/containers/envFrom/configMapRef/name", false},
    {"", "", "DaemonSet", "spec/template/spec/initContainers/envFrom/configMapRef/name", false},
    {"", "", "DaemonSet", "spec/template/spec/volumes/projected/sources/configMap/name", false},
    {"", "", "StatefulSet", "spec/template/spec/volumes/configMap/name", false},
    {"", "", "StatefulSet", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "StatefulSet", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "StatefulSet", "spec/template/spec/containers/envFrom/configMapRef/name", false},
    {"", "", "StatefulSet", "spec/template/spec/initContainers/envFrom/configMapRef/name", false},
    {"", "", "StatefulSet", "spec/template/spec/volumes/projected/sources/configMap/name", false},
    {"", "", "Job", "spec/template/spec/volumes/configMap/name", false},
    {"", "", "Job", "spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "Job", "spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "Job", "spec/template/spec/containers/envFrom/configMapRef/name", false},
    {"", "", "Job", "spec/template/spec/initContainers/envFrom/configMapRef/name", false},
    {"", "", "Job", "spec/template/spec/volumes/projected/sources/configMap/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/configMap/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/projected/sources/configMap/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/configMapKeyRef/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/configMapRef/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/envFrom/configMapRef/name", false},
    {"", "", "Node", "spec/configSource/configMap", false},
    {"", "", "Role", "rules/resourceNames", false},
    {"", "", "ClusterRole", "rules/resourceNames", false},
    {"", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap", false},
};
constexpr RawSpec kReferrers5[] = {
    {"", "v1", "Pod", "spec/volumes/secret/secretName", false},
    {"", "v1", "Pod", "spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "v1", "Pod", "spec/initContainers/env/valueFrom/secretKeyRef/name", false},
    {"", "v1", "Pod", "spec/containers/envFrom/secretRef/name", false},
    {"", "v1", "Pod", "spec/initContainers/envFrom/secretRef/name", false},
    {"", "v1", "Pod", "spec/imagePullSecrets/name", false},
    {"", "v1", "Pod", "spec/volumes/projected/sources/secret/name", false},
    {"", "", "PodTemplate", "template/spec/volumes/secret/secretName", false},
    {"", "", "PodTemplate", "template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "PodTemplate", "template/spec/initContainers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "PodTemplate", "template/spec/containers/envFrom/secretRef/name", false},
    {"", "", "PodTemplate", "template/spec/initContainers/envFrom/secretRef/name", false},
    {"", "", "PodTemplate", "template/spec/imagePullSecrets/name", false},
    {"", "", "PodTemplate", "template/spec/volumes/projected/sources/secret/name", false},
    {"", "", "Deployment", "spec/template/spec/volumes/secret/secretName", false},
    {"", "", "Deployment", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "Deployment", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "Deployment", "spec/template/spec/containers/envFrom/secretRef/name", false},
    {"", "", "Deployment", "spec/template/spec/initContainers/envFrom/secretRef/name", false},
    {"", "", "Deployment", "spec/template/spec/imagePullSecrets/name", false},
    {"", "", "Deployment", "spec/template/spec/volumes/projected/sources/secret/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/volumes/secret/secretName", false},
    {"", "", "ReplicaSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/containers/envFrom/secretRef/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/initContainers/envFrom/secretRef/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/imagePullSecrets/name", false},
    {"", "", "ReplicaSet", "spec/template/spec/volumes/projected/sources/secret/name", false},
    {"", "", "DaemonSet", "spec/template/spec/volumes/secret/secretName", false},
    {"", "", "DaemonSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "DaemonSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "DaemonSet", "spec/template/spec/containers/envFrom/secretRef/name", false},
    {"", "", "DaemonSet", "spec/template/spec/initContainers/envFrom/secretRef/name", false},
    {"", "", "DaemonSet", "spec/template/spec/imagePullSecrets/name", false},
    {"", "", "DaemonSet", "spec/template/spec/volumes/projected/sources/secret/name", false},
    {"", "", "StatefulSet", "spec/template/spec/volumes/secret/secretName", false},
    {"", "", "StatefulSet", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "StatefulSet", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "StatefulSet", "spec/template/spec/containers/envFrom/secretRef/name", false},
    {"", "", "StatefulSet", "spec/template/spec/initContainers/envFrom/secretRef/name", false},
    {"", "", "StatefulSet", "spec/template/spec/imagePullSecrets/name", false},
    {"", "", "StatefulSet", "spec/template/spec/volumes/projected/sources/secret/name", false},
    {"", "", "Job", "spec/template/spec/volumes/secret/secretName", false},
    {"", "", "Job", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "Job", "spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "Job", "spec/template/spec/containers/envFrom/secretRef/name", false},
    {"", "", "Job", "spec/template/spec/initContainers/envFrom/secretRef/name", false},
    {"", "", "Job", "spec/template/spec/imagePullSecrets/name", false},
    {"", "", "Job", "spec/template/spec/volumes/projected/sources/secret/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/secret/secretName", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/projected/sources/secret/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/containers/envFrom/secretRef/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/initContainers/envFrom/secretRef/name", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/imagePullSecrets/name", false},
    {"", "", "Ingress", "spec/tls/secretName", false},
    {"", "", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret", false},
    {"", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret", false},
    {"", "", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret", false},
    {"", "", "Ingress", "spec/tls/secretName", false},
    {"", "", "ServiceAccount", "imagePullSecrets/name", false},
    {"", "", "StorageClass", "parameters/secretName", false},
    {"", "", "StorageClass", "parameters/adminSecretName", false},
    {"", "", "StorageClass", "parameters/userSecretName", false},
    {"", "", "StorageClass", "parameters/secretRef", false},
    {"", "", "Role", "rules/resourceNames", false},
    {"", "", "ClusterRole", "rules/resourceNames", false},
    {"serving.knative.dev", "v1", "Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false},
    {"", "", "PersistentVolume", "spec/azureFile/secretName", false},
};
constexpr RawSpec kReferrers6[] = {
    {"apps", "", "StatefulSet", "spec/serviceName", false},
    {"", "", "Ingress", "spec/rules/http/paths/backend/serviceName", false},
    {"", "", "Ingress", "spec/backend/serviceName", false},
    {"", "", "Ingress", "spec/rules/http/paths/backend/service/name", false},
    {"", "", "Ingress", "spec/defaultBackend/service/name", false},
    {"apiregistration.k8s.io", "", "APIService", "spec/service/name", false},
    {"admissionregistration.k8s.io", "", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service", false},
    {"admissionregistration.k8s.io", "", "MutatingWebhookConfiguration", "webhooks/clientConfig/service", false},
};
constexpr RawSpec kReferrers7[] = {
    {"rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name", false},
};
constexpr RawSpec kReferrers8[] = {
    {"rbac.authorization.k8s.io", "", "RoleBinding", "roleRef/name", false},
    {"rbac.authorization.k8s.io", "", "ClusterRoleBinding", "roleRef/name", false},
};
constexpr RawSpec kReferrers9[] = {
    {"rbac.authorization.k8s.io", "", "RoleBinding", "subjects", false},
    {"rbac.authorization.k8s.io", "", "ClusterRoleBinding", "subjects", false},
    {"", "", "Pod", "spec/serviceAccountName", false},
    {"", "", "StatefulSet", "spec/template/spec/serviceAccountName", false},
    {"", "", "Deployment", "spec/template/spec/serviceAccountName", false},
    {"", "", "ReplicationController", "spec/template/spec/serviceAccountName", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/serviceAccountName", false},
    {"", "", "Job", "spec/template/spec/serviceAccountName", false},
    {"", "", "DaemonSet", "spec/template/spec/serviceAccountName", false},
};
constexpr RawSpec kReferrers10[] = {
    {"", "", "Pod", "spec/volumes/persistentVolumeClaim/claimName", false},
    {"", "", "StatefulSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName", false},
    {"", "", "Deployment", "spec/template/spec/volumes/persistentVolumeClaim/claimName", false},
    {"", "", "ReplicationController", "spec/template/spec/volumes/persistentVolumeClaim/claimName", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/volumes/persistentVolumeClaim/claimName", false},
    {"", "", "Job", "spec/template/spec/volumes/persistentVolumeClaim/claimName", false},
    {"", "", "DaemonSet", "spec/template/spec/volumes/persistentVolumeClaim/claimName", false},
};
constexpr RawSpec kReferrers11[] = {
    {"", "", "PersistentVolumeClaim", "spec/volumeName", false},
    {"", "", "ClusterRole", "rules/resourceNames", false},
};
constexpr RawSpec kReferrers12[] = {
    {"", "", "PersistentVolume", "spec/storageClassName", false},
    {"", "", "PersistentVolumeClaim", "spec/storageClassName", false},
    {"", "", "StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName", false},
};
constexpr RawSpec kReferrers13[] = {
    {"", "", "Pod", "spec/priorityClassName", false},
    {"", "", "StatefulSet", "spec/template/spec/priorityClassName", false},
    {"", "", "Deployment", "spec/template/spec/priorityClassName", false},
    {"", "", "ReplicationController", "spec/template/spec/priorityClassName", false},
    {"", "", "CronJob", "spec/jobTemplate/spec/template/spec/priorityClassName", false},
    {"", "", "Job", "spec/template/spec/priorityClassName", false},
    {"", "", "DaemonSet", "spec/template/spec/priorityClassName", false},
};
constexpr RawSpec kReferrers14[] = {
    {"", "", "Ingress", "spec/ingressClassName", false},
};
constexpr RawSpec kReferrers15[] = {
    {"admissionregistration.k8s.io", "", "ValidatingAdmissionPolicyBinding", "spec/policyName", false},
};
constexpr RawReference kNameReferenceData[] = {
    {"", "", "Deployment", kReferrers0},
    {"", "", "ReplicationController", kReferrers1},
    {"", "", "ReplicaSet", kReferrers2},
    {"", "", "StatefulSet", kReferrers3},
    {"", "v1", "ConfigMap", kReferrers4},
    {"", "v1", "Secret", kReferrers5},
    {"", "v1", "Service", kReferrers6},
    {"rbac.authorization.k8s.io", "", "Role", kReferrers7},
    {"rbac.authorization.k8s.io", "", "ClusterRole", kReferrers8},
    {"", "v1", "ServiceAccount", kReferrers9},
    {"", "v1", "PersistentVolumeClaim", kReferrers10},
    {"", "v1", "PersistentVolume", kReferrers11},
    {"storage.k8s.io", "v1", "StorageClass", kReferrers12},
    {"scheduling.k8s.io", "v1", "PriorityClass", kReferrers13},
    {"networking.k8s.io/v1", "v1", "IngressClass", kReferrers14},
    {"admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy", kReferrers15},
};
constinit const std::span<const RawReference> kNameReference = kNameReferenceData;

constexpr std::string_view kLegacyFirstData[] = {
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
};
constinit const std::span<const std::string_view> kLegacyFirst = kLegacyFirstData;

constexpr std::string_view kLegacyLastData[] = {
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
};
constinit const std::span<const std::string_view> kLegacyLast = kLegacyLastData;

constexpr std::string_view kClusterScopedData[] = {
    "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
    "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy",
    "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding",
    "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
    "admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration",
    "admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration",
    "apiextensions.k8s.io/v1 CustomResourceDefinition",
    "apiextensions.k8s.io/v1beta1 CustomResourceDefinition",
    "apiregistration.k8s.io/v1 APIService",
    "apiregistration.k8s.io/v1beta1 APIService",
    "certificates.k8s.io/v1 CertificateSigningRequest",
    "certificates.k8s.io/v1beta1 CertificateSigningRequest",
    "flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema",
    "flowcontrol.apiserver.k8s.io/v1beta1 PriorityLevelConfiguration",
    "networking.k8s.io/v1 IngressClass",
    "networking.k8s.io/v1beta1 IngressClass",
    "node.k8s.io/v1 RuntimeClass",
    "node.k8s.io/v1beta1 RuntimeClass",
    "policy/v1beta1 PodSecurityPolicy",
    "rbac.authorization.k8s.io/v1 ClusterRole",
    "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
    "rbac.authorization.k8s.io/v1beta1 ClusterRole",
    "rbac.authorization.k8s.io/v1beta1 ClusterRoleBinding",
    "scheduling.k8s.io/v1 PriorityClass",
    "scheduling.k8s.io/v1beta1 PriorityClass",
    "storage.k8s.io/v1 CSIDriver",
    "storage.k8s.io/v1 CSINode",
    "storage.k8s.io/v1 StorageClass",
    "storage.k8s.io/v1 VolumeAttachment",
    "storage.k8s.io/v1beta1 CSIDriver",
    "storage.k8s.io/v1beta1 CSINode",
    "storage.k8s.io/v1beta1 StorageClass",
    "storage.k8s.io/v1beta1 VolumeAttachment",
    "v1 ComponentStatus",
    "v1 Namespace",
    "v1 Node",
    "v1 NodeProxyOptions",
    "v1 PersistentVolume",
};
constinit const std::span<const std::string_view> kClusterScoped = kClusterScopedData;

constexpr std::string_view kKnownNamespacedData[] = {
    "apps/v1 ControllerRevision",
    "apps/v1 DaemonSet",
    "apps/v1 Deployment",
    "apps/v1 ReplicaSet",
    "apps/v1 StatefulSet",
    "autoscaling/v1 HorizontalPodAutoscaler",
    "autoscaling/v1 Scale",
    "autoscaling/v2beta1 HorizontalPodAutoscaler",
    "autoscaling/v2beta2 HorizontalPodAutoscaler",
    "batch/v1 CronJob",
    "batch/v1 Job",
    "batch/v1beta1 CronJob",
    "coordination.k8s.io/v1 Lease",
    "coordination.k8s.io/v1beta1 Lease",
    "discovery.k8s.io/v1 EndpointSlice",
    "discovery.k8s.io/v1beta1 EndpointSlice",
    "events.k8s.io/v1 Event",
    "events.k8s.io/v1beta1 Event",
    "extensions/v1beta1 Ingress",
    "networking.k8s.io/v1 Ingress",
    "networking.k8s.io/v1 NetworkPolicy",
    "networking.k8s.io/v1beta1 Ingress",
    "policy/v1 PodDisruptionBudget",
    "policy/v1beta1 PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1 Role",
    "rbac.authorization.k8s.io/v1 RoleBinding",
    "rbac.authorization.k8s.io/v1beta1 Role",
    "rbac.authorization.k8s.io/v1beta1 RoleBinding",
    "storage.k8s.io/v1beta1 CSIStorageCapacity",
    "v1 ConfigMap",
    "v1 Endpoints",
    "v1 Event",
    "v1 LimitRange",
    "v1 PersistentVolumeClaim",
    "v1 Pod",
    "v1 PodAttachOptions",
    "v1 PodExecOptions",
    "v1 PodPortForwardOptions",
    "v1 PodProxyOptions",
    "v1 PodTemplate",
    "v1 ReplicationController",
    "v1 ResourceQuota",
    "v1 Secret",
    "v1 Service",
    "v1 ServiceAccount",
    "v1 ServiceProxyOptions",
};
constinit const std::span<const std::string_view> kKnownNamespaced = kKnownNamespacedData;

constexpr RawField kSchemaFieldsData[] = {
    {"metadata", 27, false, ""},                                               // Binding
    {"metadata", 27, false, ""},                                               // CSIStorageCapacity
    {"conditions", -1, true, "type"},                                          // ComponentStatus
    {"metadata", 27, false, ""},                                               // ComponentStatus
    {"metadata", 27, false, ""},                                               // ConfigMap
    {"env", -1, true, "name"},                                                 // Container
    {"ports", -1, true, "containerPort protocol"},                             // Container
    {"volumeDevices", -1, true, "devicePath"},                                 // Container
    {"volumeMounts", -1, true, "mountPath"},                                   // Container
    {"metadata", 27, false, ""},                                               // ControllerRevision
    {"metadata", 27, false, ""},                                               // DaemonSet
    {"spec", 7, false, ""},                                                    // DaemonSet
    {"status", 8, false, ""},                                                  // DaemonSet
    {"template", 37, false, ""},                                               // DaemonSetSpec
    {"conditions", -1, true, "type"},                                          // DaemonSetStatus
    {"metadata", 27, false, ""},                                               // Deployment
    {"spec", 10, false, ""},                                                   // Deployment
    {"status", 11, false, ""},                                                 // Deployment
    {"template", 37, false, ""},                                               // DeploymentSpec
    {"conditions", -1, true, "type"},                                          // DeploymentStatus
    {"metadata", 27, false, ""},                                               // Endpoints
    {"env", -1, true, "name"},                                                 // EphemeralContainer
    {"volumeDevices", -1, true, "devicePath"},                                 // EphemeralContainer
    {"volumeMounts", -1, true, "mountPath"},                                   // EphemeralContainer
    {"volumeClaimTemplate", 31, false, ""},                                    // EphemeralVolumeSource
    {"metadata", 27, false, ""},                                               // Eviction
    {"metadata", 27, false, ""},                                               // FlowSchema
    {"metadata", 27, false, ""},                                               // Job
    {"spec", 18, false, ""},                                                   // Job
    {"status", 19, false, ""},                                                 // Job
    {"template", 37, false, ""},                                               // JobSpec
    {"conditions", -1, true, "type"},                                          // JobStatus
    {"metadata", 27, false, ""},                                               // LimitRange
    {"metadata", 27, false, ""},                                               // Namespace
    {"status", 22, false, ""},                                                 // Namespace
    {"conditions", -1, true, "type"},                                          // NamespaceStatus
    {"metadata", 27, false, ""},                                               // NetworkPolicy
    {"metadata", 27, false, ""},                                               // Node
    {"spec", 25, false, ""},                                                   // Node
    {"status", 26, false, ""},                                                 // Node
    {"podCIDRs", -1, true, ""},                                                // NodeSpec
    {"addresses", -1, true, "type"},                                           // NodeStatus
    {"conditions", -1, true, "type"},                                          // NodeStatus
    {"finalizers", -1, true, ""},                                              // ObjectMeta
    {"ownerReferences", -1, true, "uid"},                                      // ObjectMeta
    {"metadata", 27, false, ""},                                               // PersistentVolume
    {"metadata", 27, false, ""},                                               // PersistentVolumeClaim
    {"status", 30, false, ""},                                                 // PersistentVolumeClaim
    {"conditions", -1, true, "type"},                                          // PersistentVolumeClaimStatus
    {"metadata", 27, false, ""},                                               // PersistentVolumeClaimTemplate
    {"metadata", 27, false, ""},                                               // Pod
    {"spec", 34, false, ""},                                                   // Pod
    {"status", 35, false, ""},                                                 // Pod
    {"metadata", 27, false, ""},                                               // PodSecurityPolicy
    {"containers", 4, true, "name"},                                           // PodSpec
    {"ephemeralContainers", 13, true, "name"},                                 // PodSpec
    {"hostAliases", -1, true, "ip"},                                           // PodSpec
    {"imagePullSecrets", -1, true, "name"},                                    // PodSpec
    {"initContainers", 4, true, "name"},                                       // PodSpec
    {"topologySpreadConstraints", -1, true, "topologyKey whenUnsatisfiable"},  // PodSpec
    {"volumes", 56, true, "name"},                                             // PodSpec
    {"conditions", -1, true, "type"},                                          // PodStatus
    {"podIPs", -1, true, "ip"},                                                // PodStatus
    {"metadata", 27, false, ""},                                               // PodTemplate
    {"template", 37, false, ""},                                               // PodTemplate
    {"metadata", 27, false, ""},                                               // PodTemplateSpec
    {"spec", 34, false, ""},                                                   // PodTemplateSpec
    {"metadata", 27, false, ""},                                               // PriorityLevelConfiguration
    {"metadata", 27, false, ""},                                               // ReplicaSet
    {"spec", 40, false, ""},                                                   // ReplicaSet
    {"status", 41, false, ""},                                                 // ReplicaSet
    {"template", 37, false, ""},                                               // ReplicaSetSpec
    {"conditions", -1, true, "type"},                                          // ReplicaSetStatus
    {"metadata", 27, false, ""},                                               // ReplicationController
    {"spec", 43, false, ""},                                                   // ReplicationController
    {"status", 44, false, ""},                                                 // ReplicationController
    {"template", 37, false, ""},                                               // ReplicationControllerSpec
    {"conditions", -1, true, "type"},                                          // ReplicationControllerStatus
    {"metadata", 27, false, ""},                                               // ResourceQuota
    {"metadata", 27, false, ""},                                               // Scale
    {"metadata", 27, false, ""},                                               // Secret
    {"metadata", 27, false, ""},                                               // Service
    {"spec", 50, false, ""},                                                   // Service
    {"status", 51, false, ""},                                                 // Service
    {"metadata", 27, false, ""},                                               // ServiceAccount
    {"secrets", -1, true, "name"},                                             // ServiceAccount
    {"ports", -1, true, "port protocol"},                                      // ServiceSpec
    {"conditions", -1, true, "type"},                                          // ServiceStatus
    {"metadata", 27, false, ""},                                               // StatefulSet
    {"spec", 53, false, ""},                                                   // StatefulSet
    {"status", 54, false, ""},                                                 // StatefulSet
    {"template", 37, false, ""},                                               // StatefulSetSpec
    {"conditions", -1, true, "type"},                                          // StatefulSetStatus
    {"metadata", 27, false, ""},                                               // TokenRequest
    {"ephemeral", 14, false, ""},                                              // Volume
    {"metadata", 27, false, ""},                                               // admissionregistration.v1.MutatingWebhookConfiguration
    {"webhooks", -1, true, "name"},                                            // admissionregistration.v1.MutatingWebhookConfiguration
    {"metadata", 27, false, ""},                                               // admissionregistration.v1.ValidatingWebhookConfiguration
    {"webhooks", -1, true, "name"},                                            // admissionregistration.v1.ValidatingWebhookConfiguration
    {"metadata", 27, false, ""},                                               // admissionregistration.v1beta1.MutatingWebhookConfiguration
    {"webhooks", -1, true, "name"},                                            // admissionregistration.v1beta1.MutatingWebhookConfiguration
    {"metadata", 27, false, ""},       // admissionregistration.v1beta1.ValidatingWebhookConfiguration
    {"webhooks", -1, true, "name"},    // admissionregistration.v1beta1.ValidatingWebhookConfiguration
    {"metadata", 27, false, ""},       // apiextensions.v1.CustomResourceDefinition
    {"metadata", 27, false, ""},       // apiextensions.v1beta1.CustomResourceDefinition
    {"metadata", 27, false, ""},       // apiregistration.v1.APIService
    {"status", 64, false, ""},         // apiregistration.v1.APIService
    {"conditions", -1, true, "type"},  // apiregistration.v1.APIServiceStatus
    {"metadata", 27, false, ""},       // apiregistration.v1beta1.APIService
    {"status", 66, false, ""},         // apiregistration.v1beta1.APIService
    {"conditions", -1, true, "type"},  // apiregistration.v1beta1.APIServiceStatus
    {"metadata", 27, false, ""},       // authentication.v1.TokenReview
    {"metadata", 27, false, ""},       // authentication.v1beta1.TokenReview
    {"metadata", 27, false, ""},       // authorization.v1.LocalSubjectAccessReview
    {"metadata", 27, false, ""},       // authorization.v1.SelfSubjectAccessReview
    {"metadata", 27, false, ""},       // authorization.v1.SelfSubjectRulesReview
    {"metadata", 27, false, ""},       // authorization.v1.SubjectAccessReview
    {"metadata", 27, false, ""},       // authorization.v1beta1.LocalSubjectAccessReview
    {"metadata", 27, false, ""},       // authorization.v1beta1.SelfSubjectAccessReview
    {"metadata", 27, false, ""},       // authorization.v1beta1.SelfSubjectRulesReview
    {"metadata", 27, false, ""},       // authorization.v1beta1.SubjectAccessReview
    {"metadata", 27, false, ""},       // autoscaling.v1.HorizontalPodAutoscaler
    {"metadata", 27, false, ""},       // autoscaling.v2beta1.HorizontalPodAutoscaler
    {"metadata", 27, false, ""},       // autoscaling.v2beta2.HorizontalPodAutoscaler
    {"metadata", 27, false, ""},       // batch.v1.CronJob
    {"spec", 81, false, ""},           // batch.v1.CronJob
    {"jobTemplate", 82, false, ""},    // batch.v1.CronJobSpec
    {"metadata", 27, false, ""},       // batch.v1.JobTemplateSpec
    {"spec", 18, false, ""},           // batch.v1.JobTemplateSpec
    {"metadata", 27, false, ""},       // batch.v1beta1.CronJob
    {"spec", 84, false, ""},           // batch.v1beta1.CronJob
    {"jobTemplate", 85, false, ""},    // batch.v1beta1.CronJobSpec
    {"metadata", 27, false, ""},       // batch.v1beta1.JobTemplateSpec
    {"spec", 18, false, ""},           // batch.v1beta1.JobTemplateSpec
    {"metadata", 27, false, ""},       // certificates.v1.CertificateSigningRequest
    {"metadata", 27, false, ""},       // certificates.v1beta1.CertificateSigningRequest
    {"metadata", 27, false, ""},       // coordination.v1.Lease
    {"metadata", 27, false, ""},       // coordination.v1beta1.Lease
    {"metadata", 27, false, ""},       // core.v1.Event
    {"metadata", 27, false, ""},       // discovery.v1.EndpointSlice
    {"metadata", 27, false, ""},       // discovery.v1beta1.EndpointSlice
    {"metadata", 27, false, ""},       // events.v1.Event
    {"metadata", 27, false, ""},       // events.v1beta1.Event
    {"metadata", 27, false, ""},       // extensions.v1beta1.Ingress
    {"metadata", 27, false, ""},       // networking.v1.Ingress
    {"metadata", 27, false, ""},       // networking.v1.IngressClass
    {"metadata", 27, false, ""},       // networking.v1beta1.Ingress
    {"metadata", 27, false, ""},       // networking.v1beta1.IngressClass
    {"metadata", 27, false, ""},       // node.v1.RuntimeClass
    {"metadata", 27, false, ""},       // node.v1beta1.RuntimeClass
    {"metadata", 27, false, ""},       // policy.v1.PodDisruptionBudget
    {"status", 103, false, ""},        // policy.v1.PodDisruptionBudget
    {"conditions", -1, true, "type"},  // policy.v1.PodDisruptionBudgetStatus
    {"metadata", 27, false, ""},       // policy.v1beta1.PodDisruptionBudget
    {"status", 105, false, ""},        // policy.v1beta1.PodDisruptionBudget
    {"conditions", -1, true, "type"},  // policy.v1beta1.PodDisruptionBudgetStatus
    {"metadata", 27, false, ""},       // rbac.v1.ClusterRole
    {"metadata", 27, false, ""},       // rbac.v1.ClusterRoleBinding
    {"metadata", 27, false, ""},       // rbac.v1.Role
    {"metadata", 27, false, ""},       // rbac.v1.RoleBinding
    {"metadata", 27, false, ""},       // rbac.v1beta1.ClusterRole
    {"metadata", 27, false, ""},       // rbac.v1beta1.ClusterRoleBinding
    {"metadata", 27, false, ""},       // rbac.v1beta1.Role
    {"metadata", 27, false, ""},       // rbac.v1beta1.RoleBinding
    {"metadata", 27, false, ""},       // scheduling.v1.PriorityClass
    {"metadata", 27, false, ""},       // scheduling.v1beta1.PriorityClass
    {"metadata", 27, false, ""},       // storage.v1.CSIDriver
    {"metadata", 27, false, ""},       // storage.v1.CSINode
    {"spec", 118, false, ""},          // storage.v1.CSINode
    {"drivers", -1, true, "name"},     // storage.v1.CSINodeSpec
    {"metadata", 27, false, ""},       // storage.v1.StorageClass
    {"metadata", 27, false, ""},       // storage.v1.VolumeAttachment
    {"metadata", 27, false, ""},       // storage.v1beta1.CSIDriver
    {"metadata", 27, false, ""},       // storage.v1beta1.CSINode
    {"spec", 123, false, ""},          // storage.v1beta1.CSINode
    {"drivers", -1, true, "name"},     // storage.v1beta1.CSINodeSpec
    {"metadata", 27, false, ""},       // storage.v1beta1.StorageClass
    {"metadata", 27, false, ""},       // storage.v1beta1.VolumeAttachment
};
constinit const std::span<const RawField> kSchemaFields = kSchemaFieldsData;

constexpr RawType kSchemaTypesData[] = {
    {"Binding", 0, 1},                                                         // 0
    {"CSIStorageCapacity", 1, 1},                                              // 1
    {"ComponentStatus", 2, 2},                                                 // 2
    {"ConfigMap", 4, 1},                                                       // 3
    {"Container", 5, 4},                                                       // 4
    {"ControllerRevision", 9, 1},                                              // 5
    {"DaemonSet", 10, 3},                                                      // 6
    {"DaemonSetSpec", 13, 1},                                                  // 7
    {"DaemonSetStatus", 14, 1},                                                // 8
    {"Deployment", 15, 3},                                                     // 9
    {"DeploymentSpec", 18, 1},                                                 // 10
    {"DeploymentStatus", 19, 1},                                               // 11
    {"Endpoints", 20, 1},                                                      // 12
    {"EphemeralContainer", 21, 3},                                             // 13
    {"EphemeralVolumeSource", 24, 1},                                          // 14
    {"Eviction", 25, 1},                                                       // 15
    {"FlowSchema", 26, 1},                                                     // 16
    {"Job", 27, 3},                                                            // 17
    {"JobSpec", 30, 1},                                                        // 18
    {"JobStatus", 31, 1},                                                      // 19
    {"LimitRange", 32, 1},                                                     // 20
    {"Namespace", 33, 2},                                                      // 21
    {"NamespaceStatus", 35, 1},                                                // 22
    {"NetworkPolicy", 36, 1},                                                  // 23
    {"Node", 37, 3},                                                           // 24
    {"NodeSpec", 40, 1},                                                       // 25
    {"NodeStatus", 41, 2},                                                     // 26
    {"ObjectMeta", 43, 2},                                                     // 27
    {"PersistentVolume", 45, 1},                                               // 28
    {"PersistentVolumeClaim", 46, 2},                                          // 29
    {"PersistentVolumeClaimStatus", 48, 1},                                    // 30
    {"PersistentVolumeClaimTemplate", 49, 1},                                  // 31
    {"Pod", 50, 3},                                                            // 32
    {"PodSecurityPolicy", 53, 1},                                              // 33
    {"PodSpec", 54, 7},                                                        // 34
    {"PodStatus", 61, 2},                                                      // 35
    {"PodTemplate", 63, 2},                                                    // 36
    {"PodTemplateSpec", 65, 2},                                                // 37
    {"PriorityLevelConfiguration", 67, 1},                                     // 38
    {"ReplicaSet", 68, 3},                                                     // 39
    {"ReplicaSetSpec", 71, 1},                                                 // 40
    {"ReplicaSetStatus", 72, 1},                                               // 41
    {"ReplicationController", 73, 3},                                          // 42
    {"ReplicationControllerSpec", 76, 1},                                      // 43
    {"ReplicationControllerStatus", 77, 1},                                    // 44
    {"ResourceQuota", 78, 1},                                                  // 45
    {"Scale", 79, 1},                                                          // 46
    {"Secret", 80, 1},                                                         // 47
    {"Service", 81, 3},                                                        // 48
    {"ServiceAccount", 84, 2},                                                 // 49
    {"ServiceSpec", 86, 1},                                                    // 50
    {"ServiceStatus", 87, 1},                                                  // 51
    {"StatefulSet", 88, 3},                                                    // 52
    {"StatefulSetSpec", 91, 1},                                                // 53
    {"StatefulSetStatus", 92, 1},                                              // 54
    {"TokenRequest", 93, 1},                                                   // 55
    {"Volume", 94, 1},                                                         // 56
    {"admissionregistration.v1.MutatingWebhookConfiguration", 95, 2},          // 57
    {"admissionregistration.v1.ValidatingWebhookConfiguration", 97, 2},        // 58
    {"admissionregistration.v1beta1.MutatingWebhookConfiguration", 99, 2},     // 59
    {"admissionregistration.v1beta1.ValidatingWebhookConfiguration", 101, 2},  // 60
    {"apiextensions.v1.CustomResourceDefinition", 103, 1},                     // 61
    {"apiextensions.v1beta1.CustomResourceDefinition", 104, 1},                // 62
    {"apiregistration.v1.APIService", 105, 2},                                 // 63
    {"apiregistration.v1.APIServiceStatus", 107, 1},                           // 64
    {"apiregistration.v1beta1.APIService", 108, 2},                            // 65
    {"apiregistration.v1beta1.APIServiceStatus", 110, 1},                      // 66
    {"authentication.v1.TokenReview", 111, 1},                                 // 67
    {"authentication.v1beta1.TokenReview", 112, 1},                            // 68
    {"authorization.v1.LocalSubjectAccessReview", 113, 1},                     // 69
    {"authorization.v1.SelfSubjectAccessReview", 114, 1},                      // 70
    {"authorization.v1.SelfSubjectRulesReview", 115, 1},                       // 71
    {"authorization.v1.SubjectAccessReview", 116, 1},                          // 72
    {"authorization.v1beta1.LocalSubjectAccessReview", 117, 1},                // 73
    {"authorization.v1beta1.SelfSubjectAccessReview", 118, 1},                 // 74
    {"authorization.v1beta1.SelfSubjectRulesReview", 119, 1},                  // 75
    {"authorization.v1beta1.SubjectAccessReview", 120, 1},                     // 76
    {"autoscaling.v1.HorizontalPodAutoscaler", 121, 1},                        // 77
    {"autoscaling.v2beta1.HorizontalPodAutoscaler", 122, 1},                   // 78
    {"autoscaling.v2beta2.HorizontalPodAutoscaler", 123, 1},                   // 79
    {"batch.v1.CronJob", 124, 2},                                              // 80
    {"batch.v1.CronJobSpec", 126, 1},                                          // 81
    {"batch.v1.JobTemplateSpec", 127, 2},                                      // 82
    {"batch.v1beta1.CronJob", 129, 2},                                         // 83
    {"batch.v1beta1.CronJobSpec", 131, 1},                                     // 84
    {"batch.v1beta1.JobTemplateSpec", 132, 2},                                 // 85
    {"certificates.v1.CertificateSigningRequest", 134, 1},                     // 86
    {"certificates.v1beta1.CertificateSigningRequest", 135, 1},                // 87
    {"coordination.v1.Lease", 136, 1},                                         // 88
    {"coordination.v1beta1.Lease", 137, 1},                                    // 89
    {"core.v1.Event", 138, 1},                                                 // 90
    {"discovery.v1.EndpointSlice", 139, 1},                                    // 91
    {"discovery.v1beta1.EndpointSlice", 140, 1},                               // 92
    {"events.v1.Event", 141, 1},                                               // 93
    {"events.v1beta1.Event", 142, 1},                                          // 94
    {"extensions.v1beta1.Ingress", 143, 1},                                    // 95
    {"networking.v1.Ingress", 144, 1},                                         // 96
    {"networking.v1.IngressClass", 145, 1},                                    // 97
    {"networking.v1beta1.Ingress", 146, 1},                                    // 98
    {"networking.v1beta1.IngressClass", 147, 1},                               // 99
    {"node.v1.RuntimeClass", 148, 1},                                          // 100
    {"node.v1beta1.RuntimeClass", 149, 1},                                     // 101
    {"policy.v1.PodDisruptionBudget", 150, 2},                                 // 102
    {"policy.v1.PodDisruptionBudgetStatus", 152, 1},                           // 103
    {"policy.v1beta1.PodDisruptionBudget", 153, 2},                            // 104
    {"policy.v1beta1.PodDisruptionBudgetStatus", 155, 1},                      // 105
    {"rbac.v1.ClusterRole", 156, 1},                                           // 106
    {"rbac.v1.ClusterRoleBinding", 157, 1},                                    // 107
    {"rbac.v1.Role", 158, 1},                                                  // 108
    {"rbac.v1.RoleBinding", 159, 1},                                           // 109
    {"rbac.v1beta1.ClusterRole", 160, 1},                                      // 110
    {"rbac.v1beta1.ClusterRoleBinding", 161, 1},                               // 111
    {"rbac.v1beta1.Role", 162, 1},                                             // 112
    {"rbac.v1beta1.RoleBinding", 163, 1},                                      // 113
    {"scheduling.v1.PriorityClass", 164, 1},                                   // 114
    {"scheduling.v1beta1.PriorityClass", 165, 1},                              // 115
    {"storage.v1.CSIDriver", 166, 1},                                          // 116
    {"storage.v1.CSINode", 167, 2},                                            // 117
    {"storage.v1.CSINodeSpec", 169, 1},                                        // 118
    {"storage.v1.StorageClass", 170, 1},                                       // 119
    {"storage.v1.VolumeAttachment", 171, 1},                                   // 120
    {"storage.v1beta1.CSIDriver", 172, 1},                                     // 121
    {"storage.v1beta1.CSINode", 173, 2},                                       // 122
    {"storage.v1beta1.CSINodeSpec", 175, 1},                                   // 123
    {"storage.v1beta1.StorageClass", 176, 1},                                  // 124
    {"storage.v1beta1.VolumeAttachment", 177, 1},                              // 125
};
constinit const std::span<const RawType> kSchemaTypes = kSchemaTypesData;

constexpr RawRoot kSchemaRootsData[] = {
    {"admissionregistration.k8s.io/v1 MutatingWebhookConfiguration", 57},
    {"admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration", 58},
    {"admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration", 59},
    {"admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration", 60},
    {"apiextensions.k8s.io/v1 CustomResourceDefinition", 61},
    {"apiextensions.k8s.io/v1beta1 CustomResourceDefinition", 62},
    {"apiregistration.k8s.io/v1 APIService", 63},
    {"apiregistration.k8s.io/v1beta1 APIService", 65},
    {"apps/v1 ControllerRevision", 5},
    {"apps/v1 DaemonSet", 6},
    {"apps/v1 Deployment", 9},
    {"apps/v1 ReplicaSet", 39},
    {"apps/v1 StatefulSet", 52},
    {"authentication.k8s.io/v1 TokenRequest", 55},
    {"authentication.k8s.io/v1 TokenReview", 67},
    {"authentication.k8s.io/v1beta1 TokenReview", 68},
    {"authorization.k8s.io/v1 LocalSubjectAccessReview", 69},
    {"authorization.k8s.io/v1 SelfSubjectAccessReview", 70},
    {"authorization.k8s.io/v1 SelfSubjectRulesReview", 71},
    {"authorization.k8s.io/v1 SubjectAccessReview", 72},
    {"authorization.k8s.io/v1beta1 LocalSubjectAccessReview", 73},
    {"authorization.k8s.io/v1beta1 SelfSubjectAccessReview", 74},
    {"authorization.k8s.io/v1beta1 SelfSubjectRulesReview", 75},
    {"authorization.k8s.io/v1beta1 SubjectAccessReview", 76},
    {"autoscaling/v1 HorizontalPodAutoscaler", 77},
    {"autoscaling/v1 Scale", 46},
    {"autoscaling/v2beta1 HorizontalPodAutoscaler", 78},
    {"autoscaling/v2beta2 HorizontalPodAutoscaler", 79},
    {"batch/v1 CronJob", 80},
    {"batch/v1 Job", 17},
    {"batch/v1beta1 CronJob", 83},
    {"certificates.k8s.io/v1 CertificateSigningRequest", 86},
    {"certificates.k8s.io/v1beta1 CertificateSigningRequest", 87},
    {"coordination.k8s.io/v1 Lease", 88},
    {"coordination.k8s.io/v1beta1 Lease", 89},
    {"discovery.k8s.io/v1 EndpointSlice", 91},
    {"discovery.k8s.io/v1beta1 EndpointSlice", 92},
    {"events.k8s.io/v1 Event", 93},
    {"events.k8s.io/v1beta1 Event", 94},
    {"extensions/v1beta1 Ingress", 95},
    {"flowcontrol.apiserver.k8s.io/v1beta1 FlowSchema", 16},
    {"flowcontrol.apiserver.k8s.io/v1beta1 PriorityLevelConfiguration", 38},
    {"networking.k8s.io/v1 Ingress", 96},
    {"networking.k8s.io/v1 IngressClass", 97},
    {"networking.k8s.io/v1 NetworkPolicy", 23},
    {"networking.k8s.io/v1beta1 Ingress", 98},
    {"networking.k8s.io/v1beta1 IngressClass", 99},
    {"node.k8s.io/v1 RuntimeClass", 100},
    {"node.k8s.io/v1beta1 RuntimeClass", 101},
    {"policy/v1 PodDisruptionBudget", 102},
    {"policy/v1beta1 Eviction", 15},
    {"policy/v1beta1 PodDisruptionBudget", 104},
    {"policy/v1beta1 PodSecurityPolicy", 33},
    {"rbac.authorization.k8s.io/v1 ClusterRole", 106},
    {"rbac.authorization.k8s.io/v1 ClusterRoleBinding", 107},
    {"rbac.authorization.k8s.io/v1 Role", 108},
    {"rbac.authorization.k8s.io/v1 RoleBinding", 109},
    {"rbac.authorization.k8s.io/v1beta1 ClusterRole", 110},
    {"rbac.authorization.k8s.io/v1beta1 ClusterRoleBinding", 111},
    {"rbac.authorization.k8s.io/v1beta1 Role", 112},
    {"rbac.authorization.k8s.io/v1beta1 RoleBinding", 113},
    {"scheduling.k8s.io/v1 PriorityClass", 114},
    {"scheduling.k8s.io/v1beta1 PriorityClass", 115},
    {"storage.k8s.io/v1 CSIDriver", 116},
    {"storage.k8s.io/v1 CSINode", 117},
    {"storage.k8s.io/v1 StorageClass", 119},
    {"storage.k8s.io/v1 VolumeAttachment", 120},
    {"storage.k8s.io/v1beta1 CSIDriver", 121},
    {"storage.k8s.io/v1beta1 CSINode", 122},
    {"storage.k8s.io/v1beta1 CSIStorageCapacity", 1},
    {"storage.k8s.io/v1beta1 StorageClass", 124},
    {"storage.k8s.io/v1beta1 VolumeAttachment", 125},
    {"v1 Binding", 0},
    {"v1 ComponentStatus", 2},
    {"v1 ConfigMap", 3},
    {"v1 Endpoints", 12},
    {"v1 Event", 90},
    {"v1 LimitRange", 20},
    {"v1 Namespace", 21},
    {"v1 Node", 24},
    {"v1 PersistentVolume", 28},
    {"v1 PersistentVolumeClaim", 29},
    {"v1 Pod", 32},
    {"v1 PodTemplate", 36},
    {"v1 ReplicationController", 42},
    {"v1 ResourceQuota", 45},
    {"v1 Secret", 47},
    {"v1 Service", 48},
    {"v1 ServiceAccount", 49},
};
constinit const std::span<const RawRoot> kSchemaRoots = kSchemaRootsData;

}  // namespace sluice::kustomize::tables
