#include "controller/kustomization/file_type.h"

namespace sluice::controller::kustomization {
namespace {

using document::GoField;
using document::GoType;
using What = GoType::What;

constexpr GoType kAny{What::Any}, kText{What::Text}, kPure{What::PureText}, kFlag{What::Flag}, kInteger{What::Integer},
    kDuration{What::Duration}, kTime{What::Time};
constexpr GoType kTexts{What::List, &kText}, kPures{What::List, &kPure}, kPairs{What::Map, &kText}, kPurePairs{What::Map, &kPure},
    kAnyList{What::List, &kAny};

template <std::size_t N>
constexpr GoType Struct(const GoField (&fields)[N]) {
  return {What::Struct, nullptr, fields};
}
constexpr GoType ListOf(const GoType& item) { return {What::List, &item}; }

// --- kustomize's. What a struct embeds takes no numbers for text (sigs.k8s.io/yaml looks for the field in the struct itself): kPure.

constexpr GoField kObjectMetaFields[] = {{"name", &kText}, {"namespace", &kText}, {"labels", &kPairs}, {"annotations", &kPairs}};
constexpr GoType kObjectMeta = Struct(kObjectMetaFields);

constexpr GoField kFieldSpecFields[] = {{"group", &kPure}, {"version", &kPure}, {"kind", &kPure}, {"path", &kText}, {"create", &kFlag}};
constexpr GoType kFieldSpec = Struct(kFieldSpecFields), kFieldSpecs = ListOf(kFieldSpec);

constexpr GoField kLabelFields[] = {{"pairs", &kPairs},
                                    {"includeSelectors", &kFlag},
                                    {"includeTemplates", &kFlag},
                                    {"includeVolumeClaimTemplates", &kFlag},
                                    {"fields", &kFieldSpecs}};
constexpr GoType kLabel = Struct(kLabelFields), kLabels = ListOf(kLabel);

constexpr GoField kSelectorFields[] = {{"group", &kPure},        {"version", &kPure},   {"kind", &kPure},
                                       {"name", &kPure},         {"namespace", &kPure}, {"annotationSelector", &kText},
                                       {"labelSelector", &kText}};
constexpr GoType kSelector = Struct(kSelectorFields);
constexpr GoField kPureSelectorFields[] = {{"group", &kPure},        {"version", &kPure},   {"kind", &kPure},
                                           {"name", &kPure},         {"namespace", &kPure}, {"annotationSelector", &kPure},
                                           {"labelSelector", &kPure}};
constexpr GoType kPureSelector = Struct(kPureSelectorFields), kPureSelectors = ListOf(kPureSelector);

constexpr GoField kPatchOptionFields[] = {{"allowNameChange", &kFlag}, {"allowKindChange", &kFlag}};
constexpr GoType kPatchOptions = Struct(kPatchOptionFields);
constexpr GoField kPatchFields[] = {{"path", &kText}, {"patch", &kText}, {"target", &kSelector}, {"options", &kPatchOptions}};
constexpr GoType kPatch = Struct(kPatchFields), kPatches = ListOf(kPatch);

constexpr GoField kImageFields[] = {{"name", &kText}, {"newName", &kText}, {"tagSuffix", &kText}, {"newTag", &kText}, {"digest", &kText}};
constexpr GoType kImage = Struct(kImageFields), kImages = ListOf(kImage);

constexpr GoField kReplacementOptionFields[] = {{"delimiter", &kPure}, {"index", &kInteger}, {"encoding", &kPure}, {"create", &kFlag}};
constexpr GoType kReplacementOptions = Struct(kReplacementOptionFields);
constexpr GoField kSourceFields[] = {{"group", &kPure},
                                     {"version", &kPure},
                                     {"kind", &kPure},
                                     {"name", &kPure},
                                     {"namespace", &kPure},
                                     {"fieldPath", &kPure},
                                     {"options", &kReplacementOptions}};
constexpr GoType kSource = Struct(kSourceFields);
constexpr GoField kTargetFields[] = {
    {"select", &kPureSelector}, {"reject", &kPureSelectors}, {"fieldPaths", &kPures}, {"options", &kReplacementOptions}};
constexpr GoType kTarget = Struct(kTargetFields), kTargets = ListOf(kTarget);
constexpr GoField kReplacementFields[] = {{"source", &kSource}, {"targets", &kTargets}, {"sourceValue", &kPure}, {"path", &kText}};
constexpr GoType kReplacement = Struct(kReplacementFields), kReplacements = ListOf(kReplacement);

constexpr GoField kReplicaFields[] = {{"name", &kText}, {"count", &kInteger}};
constexpr GoType kReplica = Struct(kReplicaFields), kReplicas = ListOf(kReplica);

constexpr GoField kObjRefFields[] = {{"apiVersion", &kText}, {"group", &kPure}, {"version", &kPure},
                                     {"kind", &kPure},       {"name", &kText},  {"namespace", &kText}};
constexpr GoType kObjRef = Struct(kObjRefFields);
constexpr GoField kFieldRefFields[] = {{"fieldPath", &kText}};
constexpr GoType kFieldRef = Struct(kFieldRefFields);
constexpr GoField kVarFields[] = {{"name", &kText}, {"objref", &kObjRef}, {"fieldref", &kFieldRef}};
constexpr GoType kVar = Struct(kVarFields), kVars = ListOf(kVar);

constexpr GoField kLegacySortFields[] = {{"orderFirst", &kTexts}, {"orderLast", &kTexts}};
constexpr GoType kLegacySort = Struct(kLegacySortFields);
constexpr GoField kSortFields[] = {{"order", &kText}, {"legacySortOptions", &kLegacySort}};
constexpr GoType kSort = Struct(kSortFields);

constexpr GoField kGeneratorOptionFields[] = {
    {"labels", &kPairs}, {"annotations", &kPairs}, {"disableNameSuffixHash", &kFlag}, {"immutable", &kFlag}};
constexpr GoType kGeneratorOptions = Struct(kGeneratorOptionFields);
constexpr GoField kPureGeneratorOptionFields[] = {
    {"labels", &kPurePairs}, {"annotations", &kPurePairs}, {"disableNameSuffixHash", &kFlag}, {"immutable", &kFlag}};
constexpr GoType kPureGeneratorOptions = Struct(kPureGeneratorOptionFields);
constexpr GoField kConfigMapFields[] = {
    {"namespace", &kPure}, {"name", &kPure},  {"behavior", &kPure}, {"literals", &kPures},
    {"files", &kPures},    {"envs", &kPures}, {"env", &kPure},      {"options", &kPureGeneratorOptions}};
constexpr GoType kConfigMap = Struct(kConfigMapFields), kConfigMaps = ListOf(kConfigMap);
constexpr GoField kSecretFields[] = {{"namespace", &kPure}, {"name", &kPure},  {"behavior", &kPure}, {"literals", &kPures},
                                     {"files", &kPures},    {"envs", &kPures}, {"env", &kPure},      {"options", &kPureGeneratorOptions},
                                     {"type", &kText}};
constexpr GoType kSecret = Struct(kSecretFields), kSecrets = ListOf(kSecret);

constexpr GoField kFileFields[] = {{"apiVersion", &kPure},
                                   {"kind", &kPure},
                                   {"metadata", &kObjectMeta},
                                   {"openapi", &kPairs},
                                   {"namePrefix", &kText},
                                   {"nameSuffix", &kText},
                                   {"namespace", &kText},
                                   {"commonLabels", &kPairs},
                                   {"labels", &kLabels},
                                   {"commonAnnotations", &kPairs},
                                   {"patchesStrategicMerge", &kTexts},
                                   {"patchesJson6902", &kPatches},
                                   {"patches", &kPatches},
                                   {"images", &kImages},
                                   {"imageTags", &kImages},
                                   {"replacements", &kReplacements},
                                   {"replicas", &kReplicas},
                                   {"vars", &kVars},
                                   {"sortOptions", &kSort},
                                   {"resources", &kTexts},
                                   {"components", &kTexts},
                                   {"crds", &kTexts},
                                   {"bases", &kTexts},
                                   {"configMapGenerator", &kConfigMaps},
                                   {"secretGenerator", &kSecrets},
                                   {"helmGlobals", &kAny},  // refused where they are built
                                   {"helmCharts", &kAnyList},
                                   {"helmChartInflationGenerator", &kAnyList},
                                   {"generatorOptions", &kGeneratorOptions},
                                   {"configurations", &kTexts},
                                   {"generators", &kTexts},
                                   {"transformers", &kTexts},
                                   {"validators", &kTexts},
                                   {"buildMetadata", &kTexts}};
constexpr GoType kFile = Struct(kFileFields);

// --- Flux's.

constexpr GoField kMetadataFields[] = {{"name", &kText},
                                       {"generateName", &kText},
                                       {"namespace", &kText},
                                       {"selfLink", &kText},
                                       {"uid", &kText},
                                       {"resourceVersion", &kText},
                                       {"generation", &kInteger},
                                       {"creationTimestamp", &kTime},
                                       {"deletionTimestamp", &kTime},
                                       {"deletionGracePeriodSeconds", &kInteger},
                                       {"labels", &kPairs},
                                       {"annotations", &kPairs},
                                       {"ownerReferences", &kAnyList},
                                       {"finalizers", &kTexts},
                                       {"managedFields", &kAnyList}};
constexpr GoType kMetadata = Struct(kMetadataFields);

constexpr GoField kCommonMetadataFields[] = {{"annotations", &kPairs}, {"labels", &kPairs}};
constexpr GoType kCommonMetadata = Struct(kCommonMetadataFields);
constexpr GoField kDependencyFields[] = {{"name", &kText}, {"namespace", &kText}, {"readyExpr", &kText}};
constexpr GoType kDependency = Struct(kDependencyFields), kDependencies = ListOf(kDependency);
constexpr GoField kNameFields[] = {{"name", &kText}};
constexpr GoType kName = Struct(kNameFields);
constexpr GoField kDecryptionFields[] = {{"provider", &kText}, {"serviceAccountName", &kText}, {"secretRef", &kName}};
constexpr GoType kDecryption = Struct(kDecryptionFields);
constexpr GoField kSecretKeyFields[] = {{"name", &kText}, {"key", &kText}};
constexpr GoType kSecretKey = Struct(kSecretKeyFields);
constexpr GoField kKubeConfigFields[] = {{"configMapRef", &kName}, {"secretRef", &kSecretKey}};
constexpr GoType kKubeConfig = Struct(kKubeConfigFields);
constexpr GoField kSubstituteFromFields[] = {{"kind", &kText}, {"name", &kText}, {"optional", &kFlag}};
constexpr GoType kSubstituteFrom = Struct(kSubstituteFromFields), kSubstituteFroms = ListOf(kSubstituteFrom);
constexpr GoField kPostBuildFields[] = {{"substituteStrategy", &kText}, {"substitute", &kPairs}, {"substituteFrom", &kSubstituteFroms}};
constexpr GoType kPostBuild = Struct(kPostBuildFields);
constexpr GoField kReferenceFields[] = {{"apiVersion", &kText}, {"kind", &kText}, {"name", &kText}, {"namespace", &kText}};
constexpr GoType kReference = Struct(kReferenceFields), kReferences = ListOf(kReference);
constexpr GoField kSpecSelectorFields[] = {{"group", &kText},        {"version", &kText}, {"kind", &kText},
                                           {"namespace", &kText},    {"name", &kText},    {"annotationSelector", &kText},
                                           {"labelSelector", &kText}};
constexpr GoType kSpecSelector = Struct(kSpecSelectorFields);
constexpr GoField kSpecPatchFields[] = {{"patch", &kText}, {"target", &kSpecSelector}};
constexpr GoType kSpecPatch = Struct(kSpecPatchFields), kSpecPatches = ListOf(kSpecPatch);
constexpr GoField kSpecImageFields[] = {{"name", &kText}, {"newName", &kText}, {"newTag", &kText}, {"digest", &kText}};
constexpr GoType kSpecImage = Struct(kSpecImageFields), kSpecImages = ListOf(kSpecImage);
constexpr GoField kHealthExprFields[] = {
    {"apiVersion", &kText}, {"kind", &kText}, {"current", &kPure}, {"inProgress", &kPure}, {"failed", &kPure}};
constexpr GoType kHealthExpr = Struct(kHealthExprFields), kHealthExprs = ListOf(kHealthExpr);
constexpr GoField kIgnoreFields[] = {{"paths", &kTexts}, {"target", &kSpecSelector}};
constexpr GoType kIgnore = Struct(kIgnoreFields), kIgnores = ListOf(kIgnore);

constexpr GoField kSpecFields[] = {{"commonMetadata", &kCommonMetadata},
                                   {"dependsOn", &kDependencies},
                                   {"decryption", &kDecryption},
                                   {"interval", &kDuration},
                                   {"retryInterval", &kDuration},
                                   {"kubeConfig", &kKubeConfig},
                                   {"path", &kText},
                                   {"postBuild", &kPostBuild},
                                   {"prune", &kFlag},
                                   {"deletionPolicy", &kText},
                                   {"healthChecks", &kReferences},
                                   {"namePrefix", &kText},
                                   {"nameSuffix", &kText},
                                   {"patches", &kSpecPatches},
                                   {"images", &kSpecImages},
                                   {"serviceAccountName", &kText},
                                   {"sourceRef", &kReference},
                                   {"suspend", &kFlag},
                                   {"targetNamespace", &kText},
                                   {"timeout", &kDuration},
                                   {"force", &kFlag},
                                   {"wait", &kFlag},
                                   {"buildMetadata", &kTexts},
                                   {"components", &kTexts},
                                   {"ignoreMissingComponents", &kFlag},
                                   {"healthCheckExprs", &kHealthExprs},
                                   {"ignore", &kIgnores}};
constexpr GoType kSpec = Struct(kSpecFields);

constexpr GoField kStatusFields[] = {
    {"lastHandledReconcileAt", &kPure},    {"observedGeneration", &kInteger}, {"conditions", &kAnyList}, {"lastAppliedRevision", &kText},
    {"lastAppliedOriginRevision", &kText}, {"lastAttemptedRevision", &kText}, {"inventory", &kAny},      {"history", &kAnyList}};
constexpr GoType kStatus = Struct(kStatusFields);

constexpr GoField kKustomizationFields[] = {
    {"apiVersion", &kPure}, {"kind", &kPure}, {"metadata", &kMetadata}, {"spec", &kSpec}, {"status", &kStatus}};
constexpr GoType kKustomization = Struct(kKustomizationFields);

}  // namespace

const GoType& KustomizationFileType() { return kFile; }
const GoType& FluxKustomizationType() { return kKustomization; }

}  // namespace sluice::controller::kustomization
