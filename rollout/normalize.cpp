#include "rollout/normalize.h"

#include <algorithm>

#include "base/digest.h"
#include "rollout/typed.h"

namespace sluice::rollout {

namespace {

using document::Member;
using document::Value;

// The groups of client-go's scheme (kubernetes/scheme). apiextensions.k8s.io and apiregistration.k8s.io are not among them.
constexpr std::string_view kBuiltInGroups[] = {"",
                                               "admissionregistration.k8s.io",
                                               "apps",
                                               "authentication.k8s.io",
                                               "authorization.k8s.io",
                                               "autoscaling",
                                               "batch",
                                               "certificates.k8s.io",
                                               "coordination.k8s.io",
                                               "discovery.k8s.io",
                                               "events.k8s.io",
                                               "extensions",
                                               "flowcontrol.apiserver.k8s.io",
                                               "internal.apiserver.k8s.io",
                                               "networking.k8s.io",
                                               "node.k8s.io",
                                               "policy",
                                               "rbac.authorization.k8s.io",
                                               "resource.k8s.io",
                                               "scheduling.k8s.io",
                                               "storage.k8s.io",
                                               "storagemigration.k8s.io"};

void DropNulls(Value& value) {
  if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) DropNulls(item);
  } else if (value.IsMapping()) {
    std::erase_if(value.mutable_members(), [](const Member& member) { return member.value.IsNull(); });
    for (Member& member : value.mutable_members()) DropNulls(member.value);
  }
}

// What Flux leaves as it is written, since a trip through its type would reset the rules.
bool IsLeftAlone(const document::GroupVersionKind& gvk) {
  return gvk.group == "rbac.authorization.k8s.io" && gvk.version == "v1" && (gvk.kind == "Role" || gvk.kind == "ClusterRole");
}

// A target port of 0 means the port itself; said so, it equals what the server stores.
void DefaultTargetPort(Value* ports) {
  if (ports == nullptr || !ports->IsSequence()) return;
  for (Value& port : ports->mutable_items()) {
    const Value* target = port.Find("targetPort");
    const Value* own = port.Find("port");
    if (target != nullptr && own != nullptr && target->kind() == document::Kind::Int && target->AsInt() == 0) port.Set("targetPort", *own);
  }
}

void DefaultProtocol(Value* ports) {
  if (ports == nullptr || !ports->IsSequence()) return;
  for (Value& port : ports->mutable_items()) {
    if (port.IsMapping() && port.StringAt({"protocol"}).empty()) port.Set("protocol", "TCP");
  }
}

// Only of `containers`, as Flux does it: init and ephemeral containers keep what they have.
void DefaultContainerPorts(Value* pod_spec) {
  Value* containers = pod_spec == nullptr ? nullptr : pod_spec->Find("containers");
  if (containers == nullptr || !containers->IsSequence()) return;
  for (Value& container : containers->mutable_items()) DefaultProtocol(container.Find("ports"));
}

Value* PodSpecOf(Value& object, const document::GroupVersionKind& gvk) {
  const bool template_kind = gvk.kind == "Deployment" || gvk.kind == "StatefulSet" || gvk.kind == "DaemonSet" || gvk.kind == "ReplicaSet";
  if (gvk.group.empty() && gvk.kind == "Pod") return object.Find("spec");
  if (gvk.group == "apps" && template_kind) return object.At({"spec", "template", "spec"});
  if (gvk.group == "batch" && gvk.kind == "Job") return object.At({"spec", "template", "spec"});
  if (gvk.group == "batch" && gvk.kind == "CronJob") return object.At({"spec", "jobTemplate", "spec", "template", "spec"});
  return nullptr;
}

// Base64 may be broken into lines; the server stores it in one.
void JoinBase64Lines(Value* data) {
  if (data == nullptr || !data->IsMapping()) return;
  for (Member& member : data->mutable_members()) {
    if (!member.value.IsString() || member.value.text().find_first_of("\r\n") == std::string_view::npos) continue;
    std::string text(member.value.text());
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    member.value = Value(std::move(text));
  }
}

base::Result<void> NormalizeBuiltIn(Value& object, const document::GroupVersionKind& gvk) {
  if (IsLeftAlone(gvk)) {
    DropNulls(object);
    return {};
  }
  const bool fits = RoundTrip(object);
  if (!fits && gvk.kind != "Secret") return {};  // sent as it is written: the server says what is wrong with it
  DefaultContainerPorts(PodSpecOf(object, gvk));
  if (!gvk.group.empty()) return {};
  if (gvk.kind == "Service") {
    if (Value* spec = object.Find("spec")) {
      DefaultProtocol(spec->Find("ports"));
      DefaultTargetPort(spec->Find("ports"));
    }
  }
  if (gvk.kind == "ConfigMap") JoinBase64Lines(object.Find("binaryData"));
  if (gvk.kind != "Secret") return {};
  JoinBase64Lines(object.Find("data"));
  return MergeStringData(object);
}

// At least one certificate in PEM, as far as its outside tells; nothing at all is fine as well.
bool IsAuthority(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----", kEnd = "-----END CERTIFICATE-----";
  if (pem.empty()) return true;
  const std::size_t begin = pem.find(kBegin);
  const std::size_t end = begin == std::string_view::npos ? begin : pem.find(kEnd, begin);
  if (end == std::string_view::npos) return false;
  const std::size_t from = begin + kBegin.size();
  const auto der = base::Base64Decode(pem.substr(from, end - from));
  return der && der->size() > 2 && static_cast<unsigned char>((*der)[0]) == 0x30;  // an ASN.1 sequence
}

// The server refuses a CRD whose webhook has a caBundle that is none; others (cert-manager) fill it in.
void DropBrokenAuthority(Value& object, const document::GroupVersionKind& gvk) {
  if (gvk.group != "apiextensions.k8s.io" || gvk.kind != "CustomResourceDefinition") return;
  Value* config = object.At({"spec", "conversion", "webhook", "clientConfig"});
  const Value* bundle = config == nullptr ? nullptr : config->Find("caBundle");
  if (bundle == nullptr || !bundle->IsString() || bundle->text().empty()) return;
  const auto pem = base::Base64Decode(bundle->text());
  if (!pem || !IsAuthority(*pem)) config->Erase("caBundle");
}

void SetMetadataMap(Value& object, std::string_view map, const StringPairs& pairs) {
  if (pairs.empty()) return;
  Value& target = object["metadata"][map];
  if (!target.IsMapping()) target = Value::Mapping();
  for (const auto& [key, value] : pairs) target.Set(key, value);
}

void SetOwner(Value& object, const NormalizeOptions& options) {
  if (options.owner.name.empty()) return;
  SetMetadataMap(object, "labels",
                 {{options.label_group + "/name", options.owner.name}, {options.label_group + "/namespace", options.owner.ns}});
}

bool IsList(const Value& object) {
  const Value* items = object.Find("items");
  return object.StringAt({"kind"}).ends_with("List") && items != nullptr && items->IsSequence();
}

void Expand(Value document, std::vector<Value>& objects) {
  if (document.IsNull()) return;
  if (!IsList(document)) {
    objects.push_back(std::move(document));
    return;
  }
  for (Value& item : document.Find("items")->mutable_items()) Expand(std::move(item), objects);
}

std::string Describe(const Value& object, std::size_t index) {
  std::string text = "object " + std::to_string(index + 1);
  if (object.mark().line > 0) text += " (line " + std::to_string(object.mark().line) + ")";
  return text;
}

base::Result<void> RequireIdentity(const Value& object) {
  if (!object.IsMapping()) return base::Invalid("is not a mapping");
  if (object.StringAt({"apiVersion"}).empty()) return base::Invalid("missing apiVersion");
  if (object.StringAt({"kind"}).empty()) return base::Invalid("missing kind");
  if (document::NameOf(object).empty()) return base::Invalid("missing metadata.name");
  return {};
}

}  // namespace

bool IsBuiltInGroup(std::string_view group) {
  return std::find(std::begin(kBuiltInGroups), std::end(kBuiltInGroups), group) != std::end(kBuiltInGroups);
}

base::Result<void> MergeStringData(Value& secret) {
  Value* found = secret.Find("stringData");
  if (found == nullptr) return {};
  const Value strings = std::move(*found);
  secret.Erase("stringData");
  for (const Member& member : strings.members()) {
    if (!member.value.IsString()) return base::Invalid("stringData." + member.key + " is not a string");
    Value& data = secret["data"];
    if (!data.IsMapping()) data = Value::Mapping();
    data.Set(member.key, base::Base64Encode(member.value.text()));
  }
  return {};
}

base::Result<void> NormalizeObject(Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  DropBrokenAuthority(object, gvk);
  if (IsBuiltInGroup(gvk.group)) TRY(NormalizeBuiltIn(object, gvk));
  if (Value* metadata = object.Find("metadata"); metadata != nullptr && metadata->IsMapping()) metadata->Erase("creationTimestamp");
  const bool definition = gvk.group == "apiextensions.k8s.io" && gvk.kind == "CustomResourceDefinition";
  if (!definition) object.Erase("status");
  return {};
}

base::Result<std::vector<Value>> NormalizeDesired(std::vector<Value> documents, const NormalizeOptions& options) {
  std::vector<Value> all, objects;
  for (Value& document : documents) Expand(std::move(document), all);
  for (std::size_t i = 0; i < all.size(); ++i) {
    Value& object = all[i];
    if (document::GvkOf(object).group == "kustomize.config.k8s.io") continue;
    if (auto valid = RequireIdentity(object); !valid) return std::move(valid).error().Wrap(Describe(object, i));
    if (auto done = NormalizeObject(object); !done) return std::move(done).error().Wrap(document::IdOf(object).ToString());
    SetOwner(object, options);
    SetMetadataMap(object, "labels", options.common_labels);
    SetMetadataMap(object, "annotations", options.common_annotations);
    objects.push_back(std::move(object));
  }
  return objects;
}

}  // namespace sluice::rollout
