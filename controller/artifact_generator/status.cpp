#include "controller/artifact_generator/status.h"

#include <algorithm>

#include "base/digest.h"
#include "controller/artifact_value.h"
#include "controller/conditions.h"
#include "controller/services.h"
#include "document/object.h"

namespace sluice::controller::artifact_generator {
namespace {

using document::Value;

constexpr std::string_view kInProgress = "Reconciliation in progress";

void NoteRequest(const Value& object, Value& status) {
  const std::string_view requested = document::AnnotationOf(object, kRequestedAt);
  if (!requested.empty()) status.Set("lastHandledReconcileAt", requested);
}

Value StatusWith(const Value& object, const Conditions& conditions) {
  Value status = OldStatus(object);
  status.Set("conditions", conditions.ToValue());
  NoteRequest(object, status);
  return status;
}

Value InventoryValue(const std::vector<Reference>& inventory) {
  Value out = Value::Sequence();
  for (const Reference& reference : inventory) {
    Value item = Value::Mapping();
    item.Set("digest", reference.digest);
    item.Set("filename", reference.filename);
    item.Set("name", reference.name);
    item.Set("namespace", reference.ns);
    out.Append(std::move(item));
  }
  return out;
}

bool Contains(const Value* all, const Value* part) {
  if (part == nullptr) return true;
  for (const document::Member& member : part->members()) {
    const Value* found = all == nullptr ? nullptr : all->Find(member.key);
    if (found == nullptr || *found != member.value) return false;
  }
  return true;
}

}  // namespace

std::vector<Reference> InventoryOf(const Value& object) {
  std::vector<Reference> out;
  const Value* list = object.At({"status", "inventory"});
  if (list == nullptr) return out;
  for (const Value& item : list->items()) {
    Reference reference{.name = std::string(item.StringAt({"name"})),
                        .ns = std::string(item.StringAt({"namespace"})),
                        .digest = std::string(item.StringAt({"digest"})),
                        .filename = std::string(item.StringAt({"filename"}))};
    const bool ours = reference.ns == document::NamespaceOf(object);  // nothing is made elsewhere, so nothing is removed there
    if (ours && !reference.name.empty()) out.push_back(std::move(reference));
  }
  return out;
}

std::string SourcesDigest(const std::map<std::string, ObservedSource>& sources) {
  std::vector<std::string> parts;
  for (const auto& [alias, source] : sources)
    parts.push_back(alias + "=[digest=" + source.digest + ",revision=" + source.revision + ",url=" + source.url + "]");
  std::sort(parts.begin(), parts.end());
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : "|") + part;
  return "sha256:" + base::Sha256Hex(text);
}

Value StatusSucceeded(const Value& object, const std::vector<Reference>& inventory, const std::string& sources_digest,
                      base::TimePoint now) {
  Conditions conditions = Conditions::FromStatus(OldStatus(object));
  conditions.Remove(condition::kReconciling);
  conditions.Remove(condition::kStalled);
  const std::string message = "reconciliation succeeded, generated " + std::to_string(inventory.size()) + " artifact(s)";
  conditions.Set(condition::kReady, ConditionStatus::True, "Succeeded", message, GenerationOf(object), now);
  Value status = StatusWith(object, conditions);
  status.Set("inventory", InventoryValue(inventory));
  status.Set("observedSourcesDigest", sources_digest);
  return status;
}

Value StatusFailed(const Value& object, std::string_view reason, std::string_view message, base::TimePoint now) {
  Conditions conditions = Conditions::FromStatus(OldStatus(object));
  conditions.Remove(condition::kStalled);
  const std::int64_t generation = GenerationOf(object);
  conditions.Set(condition::kReady, ConditionStatus::False, reason, message, generation, now);
  conditions.Set(condition::kReconciling, ConditionStatus::True, "ProgressingWithRetry", kInProgress, generation, now);
  return StatusWith(object, conditions);
}

Value StatusStalled(const Value& object, std::string_view reason, std::string_view message, base::TimePoint now) {
  Conditions conditions = Conditions::FromStatus(OldStatus(object));
  conditions.Remove(condition::kReconciling);
  const std::int64_t generation = GenerationOf(object);
  conditions.Set(condition::kStalled, ConditionStatus::True, reason, message, generation, now);
  conditions.Set(condition::kReady, ConditionStatus::False, reason, message, generation, now);
  return StatusWith(object, conditions);
}

Value StatusDisabled(const Value& object, base::TimePoint now) {
  Conditions conditions = Conditions::FromStatus(OldStatus(object));
  conditions.Set(condition::kReady, ConditionStatus::True, "ReconciliationDisabled", "Initialized with reconciliation suspended",
                 GenerationOf(object), now);
  return StatusWith(object, conditions);
}

Value StatusAnswered(const Value& object) {
  Value status = OldStatus(object);
  NoteRequest(object, status);
  return status;
}

bool ShowsSuccess(const Value& object) {
  const Conditions conditions = Conditions::FromStatus(OldStatus(object));
  const Condition* ready = conditions.Find(condition::kReady);
  return ready != nullptr && ready->status == ConditionStatus::True && ready->reason == "Succeeded" &&
         ready->observed_generation == GenerationOf(object);
}

Value ExternalArtifactFor(const Value& generator, const Spec& spec, const OutputArtifact& artifact) {
  Value labels = Value::Mapping(), annotations = Value::Mapping();
  for (const auto& [key, value] : spec.labels) labels.Set(key, value);
  for (const auto& [key, value] : artifact.labels) labels.Set(key, value);
  for (const auto& [key, value] : spec.annotations) annotations.Set(key, value);
  labels.Set("app.kubernetes.io/managed-by", kManager);
  labels.Set(kGeneratorLabel, generator.StringAt({"metadata", "uid"}));
  Value metadata = Value::Mapping();
  metadata.Set("name", artifact.name);
  metadata.Set("namespace", document::NamespaceOf(generator));
  metadata.Set("labels", std::move(labels));
  if (!annotations.empty()) metadata.Set("annotations", std::move(annotations));
  Value reference = Value::Mapping();
  reference.Set("apiVersion", "source.extensions.fluxcd.io/v1beta1");
  reference.Set("kind", "ArtifactGenerator");
  reference.Set("name", document::NameOf(generator));
  reference.Set("namespace", document::NamespaceOf(generator));
  Value out = Value::Mapping();
  out.Set("apiVersion", "source.toolkit.fluxcd.io/v1");
  out.Set("kind", "ExternalArtifact");
  out.Set("metadata", std::move(metadata));
  out["spec"].Set("sourceRef", std::move(reference));
  return out;
}

Value ExternalArtifactStatus(const Value& live, const sources::Artifact& artifact, base::TimePoint now) {
  constexpr std::string_view kMessage = "Artifact is ready";
  const Conditions old = Conditions::FromStatus(OldStatus(live));
  const Condition* before = old.Find(condition::kReady);
  const bool same =
      before != nullptr && before->status == ConditionStatus::True && before->reason == "Succeeded" && before->message == kMessage;
  const auto since = same ? base::ParseRfc3339(before->last_transition_time) : std::nullopt;
  Conditions conditions;
  conditions.Set(condition::kReady, ConditionStatus::True, "Succeeded", kMessage, GenerationOf(live), since.value_or(now));
  Value out = Value::Mapping();
  out.Set("apiVersion", "source.toolkit.fluxcd.io/v1");
  out.Set("kind", "ExternalArtifact");
  Value metadata = Value::Mapping();
  metadata.Set("name", document::NameOf(live));
  metadata.Set("namespace", document::NamespaceOf(live));
  out.Set("metadata", std::move(metadata));
  out["status"].Set("artifact", ArtifactValue(artifact));
  out["status"].Set("conditions", conditions.ToValue());
  return out;
}

bool IsUpToDate(const Value& live, const Value& wanted, const sources::Artifact& artifact) {
  for (const std::string_view field : {"labels", "annotations"}) {
    if (!Contains(live.At({"metadata", field}), wanted.At({"metadata", field}))) return false;
  }
  const Value* reference = live.At({"spec", "sourceRef"});
  if (reference == nullptr || *reference != *wanted.At({"spec", "sourceRef"})) return false;
  const auto shown = ArtifactIn(live);
  if (!shown || shown->path != artifact.path || shown->url != artifact.url || shown->revision != artifact.revision ||
      shown->digest != artifact.digest || shown->metadata != artifact.metadata) {
    return false;
  }
  return Conditions::FromStatus(*live.Find("status")).IsTrue(condition::kReady);
}

}  // namespace sluice::controller::artifact_generator
