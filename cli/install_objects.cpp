#include <algorithm>

#include "base/files.h"
#include "cli/embedded.h"
#include "document/object.h"
#include "document/yaml.h"
#include "kustomize/build.h"

namespace sluice::cli {

using base::Result;
using document::Value;

namespace {

constexpr std::string_view kTakeover = "flux-system";
constexpr std::string_view kWrittenFor = "flux";

struct Image {
  std::string name, tag, digest;
};

/// "registry:5000/sluice:v1" or "sluice@sha256:…".
Result<Image> ParseImage(const std::string& text) {
  Image out;
  const std::size_t at = text.find('@');
  const std::string before = text.substr(0, at);
  if (at != std::string::npos) out.digest = text.substr(at + 1);
  const std::size_t colon = before.rfind(':'), slash = before.rfind('/');
  const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  out.name = tagged ? before.substr(0, colon) : before;
  if (tagged) out.tag = before.substr(colon + 1);
  if (out.name.empty() || (out.tag.empty() && out.digest.empty()))
    return base::Invalid("--image: \"" + text + "\" is not an image with a tag or a digest, such as registry.example.com/sluice:0.1.0");
  return out;
}

Result<Value> Overlay(const InstallOptions& options) {
  Value overlay = Value::Mapping();
  overlay.Set("apiVersion", "kustomize.config.k8s.io/v1beta1");
  overlay.Set("kind", "Kustomization");
  overlay.Set("namespace", options.ns);
  overlay["resources"].Append(options.ns == kTakeover ? "../manifests/flux-system" : "../manifests");
  Value labels = Value::Mapping();
  labels["pairs"].Set("app.kubernetes.io/instance", options.ns);
  overlay["labels"].Append(std::move(labels));
  if (!options.image.empty()) {
    TRY(const Image image, ParseImage(options.image));
    Value replaced = Value::Mapping();
    replaced.Set("name", "sluice");
    replaced.Set("newName", image.name);
    if (!image.tag.empty()) replaced.Set("newTag", image.tag);
    if (!image.digest.empty()) replaced.Set("digest", image.digest);
    overlay["images"].Append(std::move(replaced));
  }
  return overlay;
}

/// Kustomize leaves the subjects of bindings in the namespace that the manifests were written for; a binding that names nobody there grants nothing.
void Rebind(Value& object, const std::string& ns) {
  Value* subjects = object.Find("subjects");
  if (subjects == nullptr || !subjects->IsSequence()) return;
  for (Value& subject : subjects->mutable_items()) {
    if (subject.StringAt({"kind"}) == "ServiceAccount" && subject.StringAt({"namespace"}) == kWrittenFor) subject.Set("namespace", ns);
  }
}

}  // namespace

Result<std::vector<Value>> InstallObjects(const InstallOptions& options) {
  std::map<std::string, std::string> files;
  for (const EmbeddedFile& file : EmbeddedManifests())
    files.emplace(file.path, std::string(reinterpret_cast<const char*>(file.bytes), file.size));
  TRY(const Value overlay, Overlay(options));
  files["install/kustomization.yaml"] = document::EmitYaml(overlay);
  TRY(kustomize::BuildResult built, kustomize::Build(*base::MemoryFiles(std::move(files)), "install"));
  for (Value& object : built.documents) Rebind(object, options.ns);
  return std::move(built.documents);
}

std::vector<std::string> LostVersions(const Value& live, const Value& ours) {
  std::vector<std::string> out;
  const Value* stored = live.At({"status", "storedVersions"});
  const Value* versions = ours.At({"spec", "versions"});
  for (const Value& version : stored == nullptr ? std::span<const Value>() : stored->items()) {
    const auto has = versions == nullptr ? std::span<const Value>() : versions->items();
    if (std::ranges::none_of(has, [&](const Value& one) { return one.StringAt({"name"}) == version.text(); }))
      out.emplace_back(version.text());
  }
  return out;
}

std::vector<Value> SyncObjects(const SyncOptions& options) {
  const auto named = [&](std::string_view api_version, std::string_view kind) {
    Value object = Value::Mapping();
    object.Set("apiVersion", api_version);
    object.Set("kind", kind);
    object["metadata"].Set("name", options.name);
    object["metadata"].Set("namespace", options.ns);
    return object;
  };
  Value source = named("source.toolkit.fluxcd.io/v1", "GitRepository");
  source["spec"].Set("interval", options.poll_interval);
  source["spec"]["ref"].Set("branch", options.branch);
  source["spec"].Set("url", options.url);
  if (!options.secret.empty()) source["spec"]["secretRef"].Set("name", options.secret);
  Value kustomization = named("kustomize.toolkit.fluxcd.io/v1", "Kustomization");
  kustomization["spec"].Set("interval", "10m");
  std::string path = options.path;
  while (path.starts_with("/")) path.erase(0, 1);
  kustomization["spec"].Set("path", path.empty() || path == "." ? "./" : path.starts_with("./") ? path : "./" + path);
  kustomization["spec"].Set("prune", true);
  kustomization["spec"]["sourceRef"].Set("kind", "GitRepository");
  kustomization["spec"]["sourceRef"].Set("name", options.name);
  std::vector<Value> out;
  out.push_back(std::move(source));
  out.push_back(std::move(kustomization));
  return out;
}

}  // namespace sluice::cli
