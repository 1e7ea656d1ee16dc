#include "controller/kustomization/overlay.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "document/object.h"
#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

using base::FileInfo;
using base::Files;
using base::FileType;
using base::Invalid;
using base::Result;
using document::Value;

constexpr std::array<std::string_view, 3> kFileNames = {"kustomization.yaml", "kustomization.yml", "Kustomization"};
constexpr int kMaxDepth = 64;

std::string Join(std::string_view directory, std::string_view name) {
  return directory == "." ? std::string(name) : std::string(directory) + "/" + std::string(name);
}

/// The first kustomization file of `directory`. More than one is left for the engine to refuse.
std::optional<std::string> FindKustomizationFile(const Files& files, std::string_view directory) {
  for (const std::string_view name : kFileNames) {
    std::string path = Join(directory, name);
    const auto info = files.Stat(path);
    if (info && info->type == FileType::Regular) return path;
  }
  return std::nullopt;
}

bool IsManifest(std::string_view name) { return name.ends_with(".yaml") || name.ends_with(".yml"); }

/// A file that the generated kustomization would list has to hold Kubernetes objects and nothing else.
Result<void> CheckManifest(const Files& files, const std::string& path) {
  TRY(const std::string text, files.Read(path));
  document::YamlOptions options;
  options.file = path;
  TRY(const std::vector<Value> documents, document::ParseYamlStream(text, options));
  for (const Value& doc : documents) {
    if (doc.IsNull() || (doc.IsMapping() && doc.empty())) continue;
    const std::string at = path + ":" + std::to_string(doc.mark().line) + ":" + std::to_string(doc.mark().column);
    if (!doc.IsMapping()) return Invalid(at + ": want a Kubernetes object; add a kustomization.yaml to choose the files to apply");
    for (const std::string_view field : {"apiVersion", "kind"}) {
      if (doc.StringAt({field}).empty()) {
        return Invalid(at + ": no " + std::string(field) + "; add a kustomization.yaml to choose the files to apply");
      }
    }
  }
  return {};
}

Result<void> CollectManifests(const Files& files, const std::string& directory, std::string_view prefix, int depth, Value& resources) {
  if (depth > kMaxDepth) return Invalid(directory + ": directories are nested more than " + std::to_string(kMaxDepth) + " deep");
  TRY(const std::vector<FileInfo> entries, files.List(directory));
  for (const FileInfo& entry : entries) {
    const std::string path = Join(directory, entry.name);
    const std::string relative = prefix.empty() ? entry.name : std::string(prefix) + "/" + entry.name;
    if (entry.type == FileType::Directory) {
      if (FindKustomizationFile(files, path)) {
        resources.Append(relative);
      } else {
        TRY(CollectManifests(files, path, relative, depth + 1, resources));
      }
    } else if (entry.type == FileType::Regular && IsManifest(entry.name)) {
      TRY(CheckManifest(files, path));
      resources.Append(relative);
    }
  }
  return {};
}

Result<Value> Generate(const Files& files, std::string_view directory) {
  Value out = Value::Mapping();
  out.Set("apiVersion", "kustomize.config.k8s.io/v1beta1");
  out.Set("kind", "Kustomization");
  Value resources = Value::Sequence();
  TRY(CollectManifests(files, std::string(directory), "", 0, resources));
  // Kustomize refuses a file that asks for nothing; a namespace alone is enough, and touches nothing.
  if (resources.empty()) out.Set("namespace", "_placeholder");
  out.Set("resources", std::move(resources));
  return out;
}

/// Field names of a kustomization file match in any case.
Value& Field(Value& file, std::string_view name) {
  for (document::Member& member : file.mutable_members()) {
    if (std::equal(member.key.begin(), member.key.end(), name.begin(), name.end(), [](char a, char b) {
          return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
        })) {
      return member.value;
    }
  }
  return file[name];
}

void AppendAll(Value& list, const Value& more) {
  for (const Value& item : more.items()) list.Append(item);
}

/// An entry of the spec takes the place of the one with the same name; a digest is chosen before a tag.
void MergeImage(Value& list, const Value& image) {
  Value entry = Value::Mapping();
  entry.Set("name", image.StringAt({"name"}));
  if (!image.StringAt({"newName"}).empty()) entry.Set("newName", image.StringAt({"newName"}));
  const bool pinned = !image.StringAt({"digest"}).empty();
  const std::string_view field = pinned ? "digest" : "newTag";
  if (!image.StringAt({field}).empty()) entry.Set(field, image.StringAt({field}));
  if (list.IsSequence()) {
    for (Value& present : list.mutable_items()) {
      if (present.StringAt({"name"}) == image.StringAt({"name"})) {
        present = std::move(entry);
        return;
      }
    }
  }
  list.Append(std::move(entry));
}

Result<void> AppendComponents(const Files& files, std::string_view directory, const Spec& spec, Value& file) {
  for (const std::string& component : spec.components) {
    if (component.find("://") != std::string::npos || component.starts_with("/")) {
      return Invalid("spec.components: \"" + component + "\" is not a directory relative to spec.path");
    }
    const auto path = base::JoinPath(directory, component);
    if (spec.ignore_missing_components && (!path || !files.Stat(*path))) continue;
    Field(file, "components").Append(component);
  }
  return {};
}

bool EditsFile(const Spec& spec) {
  return !spec.target_namespace.empty() || !spec.name_prefix.empty() || !spec.name_suffix.empty() || !spec.patches.empty() ||
         !spec.images.empty() || !spec.components.empty() || !spec.build_metadata.empty();
}

Result<void> ApplySpec(const Files& files, std::string_view directory, const Spec& spec, Value& file) {
  if (!spec.target_namespace.empty()) Field(file, "namespace") = Value(spec.target_namespace);
  if (!spec.name_prefix.empty()) Field(file, "namePrefix") = Value(spec.name_prefix);
  if (!spec.name_suffix.empty()) Field(file, "nameSuffix") = Value(spec.name_suffix);
  if (!spec.patches.empty()) AppendAll(Field(file, "patches"), spec.patches);
  for (const Value& image : spec.images.items()) MergeImage(Field(file, "images"), image);
  TRY(AppendComponents(files, directory, spec, file));
  if (!spec.build_metadata.empty()) {
    Value words = Value::Sequence();
    for (const std::string& word : spec.build_metadata) words.Append(word);
    Field(file, "buildMetadata") = std::move(words);
  }
  return {};
}

Result<Value> ParseKustomizationFile(const Files& files, const std::string& path) {
  TRY(const std::string text, files.Read(path));
  document::YamlOptions options;
  options.resolver = document::Resolver::Yaml11;
  options.duplicate_keys = document::DuplicateKeys::LastWins;
  options.file = path;
  TRY(Value file, document::ParseYaml(text, options));
  if (!file.IsMapping()) return Invalid(path + ":1:1: want a kustomization, found something that is not a mapping");
  return file;
}

/// Asks for something that changes nothing, so that a kustomization without resources builds to nothing instead of failing.
bool HasNothingToBuild(Value& file) {
  for (const std::string_view field : {"resources", "bases", "components", "generators", "configMapGenerator", "secretGenerator"}) {
    if (!Field(file, field).empty()) return false;
  }
  return true;
}

}  // namespace

Result<RootFile> MakeRootFile(const Files& files, std::string_view directory, const Spec& spec) {
  RootFile out;
  const auto existing = FindKustomizationFile(files, directory);
  out.generated = !existing;
  out.path = existing ? *existing : Join(directory, kFileNames[0]);
  Value file;
  if (existing) {
    TRY(file, ParseKustomizationFile(files, *existing));
  } else {
    TRY(file, Generate(files, directory));
  }
  Value probe = file;
  const bool empty = existing && HasNothingToBuild(probe);
  if (existing && !empty && !EditsFile(spec)) return out;
  if (empty && Field(file, "buildMetadata").empty()) {
    Value words = Value::Sequence();
    words.Append("originAnnotations");
    Field(file, "buildMetadata") = std::move(words);
  }
  TRY(ApplySpec(files, directory, spec, file));
  out.content = document::EmitYaml(file, {.sort_keys = false});
  out.replaced = true;
  return out;
}

bool OverlayFiles::Covers(std::string_view path) const {
  if (!file_.replaced) return false;
  const auto normal = base::NormalizePath(path);
  return normal && *normal == file_.path;
}

FileInfo OverlayFiles::Info() const {
  return FileInfo{.name = std::string(base::BaseName(file_.path)), .type = FileType::Regular, .size = file_.content.size()};
}

Result<FileInfo> OverlayFiles::Stat(std::string_view path) const {
  if (Covers(path)) return Info();
  return inner_.Stat(path);
}

Result<std::string> OverlayFiles::Read(std::string_view path) const {
  if (Covers(path)) return file_.content;
  return inner_.Read(path);
}

Result<std::vector<FileInfo>> OverlayFiles::List(std::string_view path) const {
  TRY(std::vector<FileInfo> entries, inner_.List(path));
  const auto normal = base::NormalizePath(path);
  if (!file_.generated || !normal || *normal != base::DirName(file_.path)) return entries;
  entries.push_back(Info());
  std::sort(entries.begin(), entries.end(), [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
  return entries;
}

Result<std::string> OverlayFiles::Resolve(std::string_view path) const {
  if (Covers(path)) return file_.path;
  return inner_.Resolve(path);
}

}  // namespace sluice::controller::kustomization
