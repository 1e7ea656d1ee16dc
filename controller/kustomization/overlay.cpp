#include "controller/kustomization/overlay.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <optional>

#include "base/ignore.h"
#include "controller/kustomization/file_type.h"
#include "document/letter_case.h"
#include "document/object.h"
#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

using base::FileInfo;
using base::Files;
using base::FileType;
using base::IgnoreMatcher;
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

bool HasText(const Value* found) { return found != nullptr && found->IsScalar() && !found->IsNull() && !found->text().empty(); }

/// A file that the generated kustomization would list has to hold Kubernetes objects and nothing else.
Result<void> CheckManifest(const Files& files, const std::string& path, bool with_api_version) {
  TRY(const std::string text, files.Read(path));
  document::YamlOptions options;
  options.file = path;
  TRY(const std::vector<Value> documents, document::ParseYamlStream(text, options));
  for (const Value& doc : documents) {
    if (doc.IsNull() || (doc.IsMapping() && doc.empty())) continue;
    const std::string at = path + ":" + std::to_string(doc.mark().line) + ":" + std::to_string(doc.mark().column);
    if (!doc.IsMapping()) return Invalid(at + ": want a Kubernetes object; add a kustomization.yaml to choose the files to apply");
    const auto lacks = [&](std::string_view what) {
      return Invalid(at + ": no " + std::string(what) + "; add a kustomization.yaml to choose the files to apply");
    };
    if (with_api_version && !HasText(doc.Find("apiVersion"))) return lacks("apiVersion");
    if (!HasText(doc.Find("kind"))) return lacks("kind");
    if (!doc.Find("kind")->text().ends_with("List") && !HasText(doc.At({"metadata", "name"}))) return lacks("metadata.name");
  }
  return {};
}

/// Finds what a generated kustomization lists.
class Scan {
 public:
  Scan(const Files& files, const IgnoreMatcher* ignore) : files_(files), ignore_(ignore) {}

  Result<void> Collect(const std::string& directory, std::string_view prefix, int depth, Value& resources) const {
    if (depth > kMaxDepth) return Invalid(directory + ": directories are nested more than " + std::to_string(kMaxDepth) + " deep");
    TRY(const std::vector<FileInfo> entries, files_.List(directory));
    for (const FileInfo& entry : entries) {
      const std::string path = Join(directory, entry.name);
      const std::string relative = prefix.empty() ? entry.name : std::string(prefix) + "/" + entry.name;
      if (entry.type == FileType::Directory) {
        if (FindKustomizationFile(files_, path)) {
          resources.Append(relative);
        } else {
          TRY(Collect(path, relative, depth + 1, resources));
        }
      } else if ((entry.type == FileType::Regular || entry.type == FileType::Symlink) && IsManifest(entry.name) && !Skipped(path)) {
        TRY(CheckManifest(files_, path, ignore_ == nullptr));
        resources.Append(relative);
      }
    }
    return {};
  }

 private:
  /// The defaults alone keep nothing from being looked at.
  bool Skipped(const std::string& path) const { return ignore_ != nullptr && ignore_->HasOwnPatterns() && ignore_->Ignored(path, false); }

  const Files& files_;
  const IgnoreMatcher* ignore_;
};

Result<Value> Generate(const Files& files, std::string_view directory, const IgnoreMatcher* ignore) {
  Value out = Value::Mapping();
  out.Set("apiVersion", "kustomize.config.k8s.io/v1beta1");
  out.Set("kind", "Kustomization");
  Value resources = Value::Sequence();
  TRY(Scan(files, ignore).Collect(std::string(directory), "", 0, resources));
  // Kustomize refuses a file that asks for nothing; a namespace alone is enough, and touches nothing.
  if (resources.empty()) out.Set("namespace", "_placeholder");
  out.Set("resources", std::move(resources));
  return out;
}

void AppendPatches(Value& list, const Value& patches) {
  for (const Value& patch : patches.items()) {
    Value entry = Value::Mapping();
    entry.Set("patch", patch.StringAt({"patch"}));
    if (const Value* target = patch.Find("target"); target != nullptr && target->IsMapping()) {
      Value& selector = entry.Set("target", Value::Mapping());
      for (const std::string_view field : {"group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector"}) {
        if (!target->StringAt({field}).empty()) selector.Set(field, target->StringAt({field}));
      }
    }
    list.Append(std::move(entry));
  }
}

/// An entry of the spec goes over the one with the same name, field by field; tag and digest, which say one thing together, go together.
void MergeImage(Value& list, const Value& image) {
  const auto named = [&](const Value& present) { return present.StringAt({"name"}) == image.StringAt({"name"}); };
  if (!list.IsSequence()) list = Value::Sequence();
  auto entry = std::ranges::find_if(list.mutable_items(), named);
  if (entry == list.mutable_items().end()) {
    Value fresh = Value::Mapping();
    fresh.Set("name", image.StringAt({"name"}));
    list.Append(std::move(fresh));
    entry = std::prev(list.mutable_items().end());
  }
  if (!image.StringAt({"newName"}).empty()) entry->Set("newName", image.StringAt({"newName"}));
  if (image.StringAt({"newTag"}).empty() && image.StringAt({"digest"}).empty()) return;
  for (const std::string_view field : {"newTag", "digest"}) {
    entry->Erase(field);
    if (!image.StringAt({field}).empty()) entry->Set(field, image.StringAt({field}));
  }
}

/// Whether Go's url.ParseRequestURI finds a scheme.
bool IsUrl(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || colon == 0 || !std::isalpha(static_cast<unsigned char>(text[0]))) return false;
  return std::ranges::all_of(text.substr(0, colon),
                             [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '-' || c == '.'; });
}

/// Takes what is ignored out of what the file names.
Result<void> FilterPaths(const Files& files, std::string_view directory, const IgnoreMatcher& ignore, Value& file) {
  for (const std::string_view field : {"resources", "components", "crds"}) {
    Value* list = file.Find(field);
    if (list == nullptr || !list->IsSequence()) continue;
    Value kept = Value::Sequence();
    for (const Value& item : list->items()) {
      const std::string_view named = item.text();
      if (field == "crds" || !IsUrl(named)) {
        const auto path = base::NormalizePath(std::string(directory) + "/" + std::string(named));
        const auto info = path ? files.Stat(*path) : Result<FileInfo>(base::NotFound("outside of the tree"));
        if (!info) return base::Error(info.error()).Wrap(std::string(field) + ": " + std::string(named));
        if (ignore.Ignored(*path, info->type == FileType::Directory)) continue;
      }
      kept.Append(item);
    }
    *list = std::move(kept);
  }
  return {};
}

/// What kustomize takes for the address of a repository may not come in by spec.components.
bool IsLocalRelative(std::string_view path) {
  const std::string lower = document::ToLower(path);
  for (const std::string_view prefix : {"git::", "gh:", "ssh://", "https://", "http://", "git@", "github.com:", "github.com/"}) {
    if (prefix.size() < path.size() && lower.starts_with(prefix)) return false;
  }
  return !path.starts_with('/') && !lower.starts_with("file:///");
}

Result<void> AppendComponents(const Files& files, std::string_view directory, const Spec& spec, Value& file) {
  for (const std::string& component : spec.components) {
    if (!IsLocalRelative(component)) {
      return Invalid("spec.components: \"" + component + "\" is not a directory relative to spec.path");
    }
    const auto path = base::JoinPath(directory, component);
    if (spec.ignore_missing_components && (!path || !files.Stat(*path))) continue;
    file["components"].Append(component);
  }
  return {};
}

Result<void> ApplySpec(const Files& files, std::string_view directory, const Spec& spec, Value& file) {
  if (!spec.target_namespace.empty()) file["namespace"] = Value(spec.target_namespace);
  if (!spec.name_prefix.empty()) file["namePrefix"] = Value(spec.name_prefix);
  if (!spec.name_suffix.empty()) file["nameSuffix"] = Value(spec.name_suffix);
  if (!spec.patches.empty()) AppendPatches(file["patches"], spec.patches);
  for (const Value& image : spec.images.items()) MergeImage(file["images"], image);
  TRY(AppendComponents(files, directory, spec, file));
  if (!spec.build_metadata.empty()) {
    Value words = Value::Sequence();
    for (const std::string& word : spec.build_metadata) words.Append(word);
    file["buildMetadata"] = std::move(words);
  }
  return {};
}

struct FileAsRead {
  Value value;
  bool as_written = false;  ///< kustomize reads the same from the file itself
};

Result<FileAsRead> ReadKustomizationFile(const Files& files, const std::string& path) {
  TRY(const std::string text, files.Read(path));
  document::YamlOptions options;
  options.resolver = document::Resolver::Yaml11;
  options.file = path;
  Result<Value> parsed = document::ParseYaml(text, options);
  const bool strict = parsed.has_value();
  if (!strict) {
    options.duplicate_keys = document::DuplicateKeys::LastWins;
    parsed = document::ParseYaml(text, options);
  }
  if (!parsed) return std::move(parsed).error();
  if (parsed->IsNull()) return FileAsRead{.value = Value::Mapping()};
  if (!parsed->IsMapping()) return Invalid(path + ":1:1: want a kustomization, found something that is not a mapping");
  Result<Value> read = document::ReadAsGo(*parsed, KustomizationFileType());
  if (!read) return Invalid(path + ":" + read.error().message);
  const bool same = strict && *read == *parsed;
  return FileAsRead{.value = *std::move(read), .as_written = same};
}

/// A field that was given and is empty counts as none.
void DropEmptyFields(Value& file) {
  for (const document::GoField& field : KustomizationFileType().fields) {
    const Value* value = file.Find(field.name);
    const bool is_struct = field.type->what == document::GoType::What::Struct;
    if (value != nullptr && !is_struct && value->empty() && value->text().empty()) file.Erase(field.name);
  }
}

}  // namespace

Result<RootFile> MakeRootFile(const Files& files, std::string_view directory, const Spec& spec, const std::string* ignore) {
  std::optional<IgnoreMatcher> ignored;
  if (ignore != nullptr) {
    TRY(ignored, IgnoreMatcher::LoadBelow(files, std::string(directory), *ignore));
  }
  RootFile out;
  const auto existing = FindKustomizationFile(files, directory);
  out.generated = !existing;
  out.path = existing ? *existing : Join(directory, kFileNames[0]);
  FileAsRead file;
  if (existing) {
    TRY(file, ReadKustomizationFile(files, *existing));
  } else {
    TRY(file.value, Generate(files, directory, ignored ? &*ignored : nullptr));
  }
  const Value before = file.value;
  // Kustomize refuses a file that asks for nothing; to note origins, where there are no resources, touches nothing.
  const Value* resources = file.value.Find("resources");
  if (existing && (resources == nullptr || resources->empty())) file.value.Set("buildMetadata", Value::Sequence({"originAnnotations"}));
  if (ignored) TRY(FilterPaths(files, directory, *ignored, file.value));
  TRY(ApplySpec(files, directory, spec, file.value));
  if (file.as_written && file.value == before) return out;
  DropEmptyFields(file.value);
  out.content = document::EmitYaml(file.value, {.sort_keys = false});
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
