#include "controller/kustomization/build.h"

#include <map>

#include "base/digest.h"
#include "base/paths.h"
#include "controller/kustomization/overlay.h"
#include "controller/kustomization/substitution.h"
#include "document/object.h"
#include "document/yaml.h"
#include "kustomize/build.h"
#include "rollout/annotations.h"
#include "rollout/normalize.h"

namespace sluice::controller::kustomization {
namespace {

using base::Invalid;
using base::Result;
using document::Value;

constexpr std::string_view kMask = "**SOPS**";

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

/// Encrypted values are shown masked, whatever the kind, so that a build can be looked at without keys.
void MaskEncrypted(Value& value) {
  if (value.IsString() && value.AsString()->starts_with("ENC[")) value = Value(kMask);
  if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) MaskEncrypted(item);
  } else if (value.IsMapping()) {
    for (document::Member& member : value.mutable_members()) MaskEncrypted(member.value);
  }
}

/// Values of a Secret that are encrypted files, as a generator makes them.
void MaskEncryptedFiles(Value& object) {
  Value* data = object.StringAt({"kind"}) == "Secret" ? object.Find("data") : nullptr;
  if (data == nullptr || !data->IsMapping()) return;
  for (document::Member& member : data->mutable_members()) {
    const auto bytes = base::Base64Decode(member.value.AsString().value_or(""));
    const bool encrypted = bytes && bytes->find("sops") != std::string::npos && bytes->find("ENC[") != std::string::npos;
    if (encrypted) member.value = Value(base::Base64Encode(kMask));
  }
}

Result<void> TreatEncrypted(Value& object, const BuildInput& input) {
  if (!input.mask_encrypted) return input.spec.decryption ? DecryptResource(object, input.decryption) : Result<void>();
  MaskEncryptedFiles(object);
  if (object.Find("sops") == nullptr) return {};
  object.Erase("sops");
  for (document::Member& member : object.mutable_members()) {
    if (member.key == "data" || member.key == "stringData") MaskEncrypted(member.value);
  }
  return {};
}

/// A Secret that opted out stays encrypted, but `sops` is no field of a Secret: as Flux does, it is left out.
Result<void> CheckStillEncrypted(Value& object) {
  TRY(RefuseEncryptedSecret(object));
  if (object.StringAt({"kind"}) == "Secret" && object.StringAt({"apiVersion"}) == "v1") object.Erase("sops");
  return {};
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
    TRY(TreatEncrypted(object, input));
    TRY(substitution.Apply(object));
    if (!input.mask_encrypted) TRY(CheckStillEncrypted(object));
  }
  BuildOutput out;
  TRY(out.digest, DigestOf(built->documents, input));
  if (input.normalize) {
    rollout::NormalizeOptions options;
    options.owner = {input.ns, input.name};
    options.common_labels = input.spec.common_labels;
    options.common_annotations = input.spec.common_annotations;
    TRY(out.objects, rollout::NormalizeDesired(std::move(built->documents), options));
  } else {
    out.objects = std::move(built->documents);
    for (Value& object : out.objects) LabelBuilt(object, input);
  }
  out.reads = files.Take();
  out.warnings = std::move(built->warnings);
  return out;
}

void LabelBuilt(Value& object, const BuildInput& input) {
  document::SetLabel(object, std::string(rollout::kKustomizePrefix) + "/name", input.name);
  document::SetLabel(object, std::string(rollout::kKustomizePrefix) + "/namespace", input.ns);
  for (const auto& [key, value] : input.spec.common_labels) document::SetLabel(object, key, value);
  for (const auto& [key, value] : input.spec.common_annotations) document::SetAnnotation(object, key, value);
}

}  // namespace sluice::controller::kustomization
