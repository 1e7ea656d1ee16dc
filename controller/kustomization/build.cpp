#include "controller/kustomization/build.h"

#include <algorithm>
#include <map>

#include "base/digest.h"
#include "base/paths.h"
#include "controller/kustomization/masking.h"
#include "controller/kustomization/overlay.h"
#include "controller/kustomization/owner.h"
#include "controller/kustomization/substitution.h"
#include "document/letter_case.h"
#include "document/object.h"
#include "document/yaml.h"
#include "kustomize/build.h"
#include "rollout/normalize.h"

namespace sluice::controller::kustomization {
namespace {

using base::Invalid;
using base::Result;
using document::Value;

std::string NameForMessages(const Value& object) { return document::IdOf(object).ToString(); }

Result<std::string> DirectoryOf(const base::Files& files, const Spec& spec) {
  const auto missing = [&](std::string_view why) {
    return base::NotFound("kustomization path not found: " + spec.path + std::string(why));
  };
  // Flux joins the path below the artifact's root, where `/` and `..` lead no further up.
  const auto below = base::NormalizeBelowRoot(spec.path);
  if (!below) return missing("");
  const auto info = files.Stat(*below);
  if (!info) return missing("");
  if (info->type != base::FileType::Directory) return missing(" (it is a file)");
  return *below;
}

/// A Secret that opted out stays encrypted, but `sops` is no field of a Secret: as Flux does, it is left out.
Result<void> CheckStillEncrypted(Value& object) {
  TRY(RefuseEncryptedSecret(object));
  if (object.StringAt({"kind"}) == "Secret" && object.StringAt({"apiVersion"}) == "v1") object.Erase("sops");
  return {};
}

/// What of a build the flux CLI takes for objects (fluxcd/pkg/ssa, ReadObjects): a list gives way to its items, and what has no name or is a
/// kustomization file is left out.
Result<std::vector<Value>> ObjectsToPrint(std::vector<Value> documents) {
  std::vector<Value> objects;
  for (Value& object : documents) {
    if (Value* items = object.Find("items"); items != nullptr && items->IsSequence()) {
      for (Value& item : items->mutable_items()) {
        if (!item.IsMapping()) return Invalid(NameForMessages(object) + ": items that are no objects");
        objects.push_back(std::move(item));
      }
      continue;
    }
    const bool whole = !document::NameOf(object).empty() && !object.StringAt({"apiVersion"}).empty();
    const bool file = object.StringAt({"apiVersion"}).starts_with("kustomize.config.k8s.io/") &&
                      document::ToLower(object.StringAt({"kind"})) == "kustomization";
    if (whole && !file) objects.push_back(std::move(object));
  }
  return objects;
}

void SetMetadata(Value& object, std::string_view map, const std::vector<std::pair<std::string, std::string>>& entries) {
  const Value* present = object.At({"metadata", map});
  const auto is_text = [](const document::Member& member) { return member.value.IsString() || member.value.IsNull(); };
  // client-go cannot read a map that holds more than texts, so the CLI begins a new one.
  const bool readable = present != nullptr && std::ranges::all_of(present->members(), is_text);
  if (entries.empty() && (!readable || present->empty())) return;
  Value made = readable && present->IsMapping() ? *present : Value::Mapping();
  for (document::Member& member : made.mutable_members()) {
    if (member.value.IsNull()) member.value = Value("");
  }
  for (const auto& [key, value] : entries) made.Set(key, value);
  object["metadata"].Set(map, std::move(made));
}

/// As the flux CLI prints a build: masked, labelled, and otherwise as it is.
Result<std::vector<Value>> Print(std::vector<Value> documents, const BuildInput& input) {
  for (Value& object : documents) {
    const Value* labels = object.At({"metadata", "labels"});
    if (labels != nullptr && !labels->IsMapping() && !labels->IsNull())
      return Invalid(NameForMessages(object) + ": labels that are no map");
    if (labels == nullptr || labels->IsMapping()) {  // kyaml sets nothing in what is null
      SetOwner(object, {input.ns, input.name});
    }
    if (input.mask_encrypted) TRY(MaskSecretForPrinting(object));
  }
  TRY(std::vector<Value> objects, ObjectsToPrint(std::move(documents)));
  if (input.spec.common_labels.empty() && input.spec.common_annotations.empty()) return objects;
  for (Value& object : objects) {
    SetMetadata(object, "labels", input.spec.common_labels);
    SetMetadata(object, "annotations", input.spec.common_annotations);
  }
  return objects;
}

Result<kustomize::BuildResult> BuildTree(const base::Files& files, const std::string& directory, const BuildInput& input) {
  TRY(RootFile root, MakeRootFile(files, directory, input.spec, input.ignore ? &*input.ignore : nullptr));
  const OverlayFiles with_root(files, std::move(root));
  std::map<std::string, std::string> decrypted;
  if (input.spec.decryption && !input.mask_encrypted) {
    TRY(decrypted, DecryptSources(with_root, directory, input.decryption, input.interrupt));
  }
  const ReplacedFiles over(with_root, std::move(decrypted));
  kustomize::BuildOptions options;
  options.load_restrictor = kustomize::LoadRestrictor::None;  // access is confined to the artifact's root
  options.reorder = kustomize::Reorder::None;
  // Flux's programs do not know which kustomize they hold. What its controller applies the API server refuses, for this is no label's value.
  if (!input.normalize) options.version = "(devel)";
  options.remote = input.remote;
  options.limits = input.limits;
  options.interrupt = input.interrupt;
  auto built = kustomize::Build(over, directory, options);
  if (!built) return std::move(built).error().Wrap("kustomize build failed");
  return built;
}

/// Errors: TooLarge, those of `input.interrupt`.
Result<std::string> DigestOf(const std::vector<Value>& objects, const BuildInput& input) {
  base::Sha256 hash;
  std::string_view separator;
  std::size_t bytes = 0;
  for (const Value& object : objects) {
    if (input.interrupt) TRY(input.interrupt());
    const std::string text = document::EmitYaml(object);
    bytes += separator.size() + text.size();
    if (bytes > input.max_manifests_bytes) {
      return base::MakeError(base::Reason::TooLarge, "the manifests of this Kustomization have more than " +
                                                         std::to_string(input.max_manifests_bytes) +
                                                         " bytes: split it, or raise --manifests-max-bytes");
    }
    hash.Update(separator);
    hash.Update(text);
    separator = "---\n";
  }
  return "sha256:" + hash.Hex();
}

}  // namespace

Result<BuildOutput> Build(const BuildInput& given) {
  BuildInput input = given;
  if (input.time) input.interrupt = StopAfter(*input.time, "the build", "split it", "--build-max");
  const base::RecordingFiles files(input.files);
  TRY(const std::string directory, DirectoryOf(files, input.spec));
  auto built = BuildTree(files, directory, input);
  if (!built) return std::move(built).error();
  Substitution substitution(input.spec, input.variables, input.strict_substitution, built->documents);
  for (Value& object : built->documents) {
    if (input.interrupt) TRY(input.interrupt());
    if (!input.mask_encrypted && input.spec.decryption) TRY(DecryptResource(object, input.decryption));
    TRY(substitution.Apply(object));
    if (!input.mask_encrypted) TRY(CheckStillEncrypted(object));
  }
  BuildOutput out;
  TRY(out.digest, DigestOf(built->documents, input));
  if (input.normalize) {
    if (input.mask_encrypted) std::ranges::for_each(built->documents, MaskSecret);
    rollout::NormalizeOptions options;
    options.owner = {input.ns, input.name};
    options.common_labels = input.spec.common_labels;
    options.common_annotations = input.spec.common_annotations;
    TRY(out.objects, rollout::NormalizeDesired(std::move(built->documents), options));
  } else {
    TRY(out.objects, Print(std::move(built->documents), input));
  }
  out.reads = files.Take();
  out.warnings = std::move(built->warnings);
  return out;
}

void LabelBuilt(Value& object, const BuildInput& input) {
  SetOwner(object, {input.ns, input.name});
  for (const auto& [key, value] : input.spec.common_labels) document::SetLabel(object, key, value);
  for (const auto& [key, value] : input.spec.common_annotations) document::SetAnnotation(object, key, value);
}

}  // namespace sluice::controller::kustomization
