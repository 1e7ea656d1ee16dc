#include "cli/local_build.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/ignore.h"
#include "cli/session.h"
#include "controller/kustomization/build.h"
#include "controller/kustomization/variables.h"
#include "document/yaml.h"
#include "net/await.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using base::Result;
using document::Value;

constexpr std::size_t kMaxNested = 1000;

/// Hides from listings below `root` what the patterns name. What a kustomization file names is read all the same.
class WithoutPaths final : public base::Files {
 public:
  WithoutPaths(const base::Files& inner, std::string root, const std::vector<std::string>& patterns)
      : inner_(inner), root_(std::move(root)), matcher_(base::IgnoreMatcher::FromText(Joined(patterns))) {}
  Result<base::FileInfo> Stat(std::string_view path) const override { return inner_.Stat(path); }
  Result<std::string> Read(std::string_view path) const override { return inner_.Read(path); }
  Result<std::string> Resolve(std::string_view path) const override { return inner_.Resolve(path); }
  std::string Describe(std::string_view path) const override { return inner_.Describe(path); }
  Result<std::vector<base::FileInfo>> List(std::string_view path) const override {
    TRY(std::vector<base::FileInfo> found, inner_.List(path));
    const std::optional<std::string> below = Below(path);
    if (below) {
      std::erase_if(found, [&](const base::FileInfo& info) {
        const std::string full = *below == "." ? info.name : *below + "/" + info.name;
        return matcher_.Ignored(full, info.type == base::FileType::Directory);
      });
    }
    return found;
  }

 private:
  static std::string Joined(const std::vector<std::string>& patterns) {
    std::string out;
    for (const std::string& pattern : patterns) out += pattern + "\n";
    return out;
  }
  /// `path` as seen from the root; nullopt outside of it.
  std::optional<std::string> Below(std::string_view path) const {
    if (root_ == ".") return std::string(path);
    if (path == root_) return ".";
    if (path.starts_with(root_ + "/")) return std::string(path.substr(root_.size() + 1));
    return std::nullopt;
  }
  const base::Files& inner_;
  std::string root_;
  base::IgnoreMatcher matcher_;
};

bool HasKustomizationFile(const fs::path& directory) {
  for (const char* name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
    std::error_code error;
    if (fs::is_regular_file(directory / name, error)) return true;
  }
  return false;
}

Result<std::string> ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  std::error_code error;
  if (!in || fs::is_directory(path, error)) return base::NotFound(path + ": cannot be read");
  return text.str();
}

Result<Value> FromFile(const LocalBuildFlags& flags) {
  TRY(const std::string text, ReadText(flags.file));
  document::YamlOptions options;
  options.file = flags.file;
  TRY(std::vector<Value> documents, document::ParseYamlStream(text, options));
  for (Value& one : documents) {
    if (!IsKustomization(one) || document::NameOf(one) != flags.name) continue;
    if (document::NamespaceOf(one).empty() || document::NamespaceOf(one) == flags.ns) return std::move(one);
  }
  return base::NotFound(flags.file + ": no Kustomization \"" + flags.name + "\" in namespace \"" + flags.ns + "\"");
}

/// The tree that a build of `directory` may read, and `directory` in it.
struct Root {
  std::string directory, relative;
};

Result<Root> RootOf(const std::string& directory, bool in_memory) {
  std::error_code error;
  const fs::path wanted = fs::absolute(directory, error).lexically_normal();
  if (!fs::is_directory(wanted, error)) return base::Invalid("invalid resource path \"" + directory + "\"");
  const fs::path here = fs::current_path(error);
  std::string relative = wanted.lexically_relative(here).string();
  while (relative.size() > 1 && relative.ends_with("/")) relative.pop_back();
  if (!relative.empty() && !relative.starts_with("..")) return Root{here.string(), relative};
  if (in_memory) return base::Invalid(directory + ": not below the working directory");
  relative = wanted.string().substr(1);
  while (relative.ends_with("/")) relative.pop_back();
  return Root{"/", relative.empty() ? "." : relative};
}

}  // namespace

bool IsKustomization(const Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  return gvk.group == kKustomizationKind.group && gvk.kind == kKustomizationKind.kind;
}

void AddLocalBuild(CLI::App& command, LocalBuildFlags& flags) {
  command.add_option("--path", flags.path, "Directory that holds what spec.path names")->required();
  command.add_option("--kustomization-file", flags.file, "File with the Kustomization; else the cluster's is used");
  command.add_option("--ignore-paths", flags.ignore_paths, "Paths below --path to leave out, in .gitignore's format, separated by commas")
      ->delimiter(',');
  command
      .add_option("--local-sources", flags.local_sources,
                  "Where sources are checked out: Kind/namespace/name=directory, separated by commas")
      ->delimiter(',');
  command.add_flag("--strict-substitute", flags.strict, "Fail on variables without value and default");
  command.add_flag("-r,--recursive", flags.recursive, "Kustomizations among the objects, too");
  command.add_flag("--in-memory-build", flags.in_memory, "Read nothing outside of the working directory (a build never writes to it)");
}

Result<LocalBuilder> LocalBuilder::Make(LocalBuildFlags flags, Session* session) {
  LocalBuilder out;
  if (flags.dry_run && flags.file.empty()) return base::Invalid("dry-run mode requires a kustomization file");
  if (flags.ignore_not_found && flags.file.empty()) return base::Invalid("--ignore-not-found needs a --kustomization-file");
  for (const std::string& source : flags.local_sources) {
    const std::size_t equals = source.find('=');
    if (equals == std::string::npos) return base::Invalid("--local-sources: \"" + source + "\" is not Kind/namespace/name=directory");
    out.sources_[source.substr(0, equals)] = source.substr(equals + 1);
  }
  out.flags_ = std::move(flags);
  out.session_ = session;
  return out;
}

/// The file's Kustomization goes before the cluster's, whose inventory it gets.
Result<Value> LocalBuilder::Find() const {
  Result<Value> live = base::NotFound("no cluster was asked");
  if (session_ != nullptr) {
    live = session_->Get({kKustomizationKind, flags_.ns, flags_.name});
    const bool absent = !live && live.error().reason == base::Reason::NotFound && flags_.ignore_not_found;
    if (!live && !absent) return live.error().Wrap("failed to get kustomization object");
  }
  if (flags_.file.empty()) return live;
  TRY(Value object, FromFile(flags_));
  if (live && live->Find("status") != nullptr) object.Set("status", *live->Find("status"));
  return object;
}

Result<LocalBuild> LocalBuilder::BuildOne(Value kustomization, const std::string& directory, bool normalize) const {
  using namespace controller::kustomization;
  TRY(Spec spec, ParseBuildSpec(kustomization));
  TRY(const Root root, RootOf(directory, flags_.in_memory));
  const std::unique_ptr<base::Files> disk = base::OpenDirectory(root.directory);
  const WithoutPaths filtered(*disk, root.relative, flags_.ignore_paths);
  const bool filter = !flags_.ignore_paths.empty() && !HasKustomizationFile(directory);
  spec.path = root.relative;
  const std::string ns(document::NamespaceOf(kustomization));
  BuildInput input{.files = filter ? static_cast<const base::Files&>(filtered) : *disk,
                   .spec = spec,
                   .name = std::string(document::NameOf(kustomization)),
                   .ns = ns};
  if (session_ != nullptr) {
    TRY(input.variables, session_->Wait(ReadVariables(*session_->client, ns.empty() ? flags_.ns : ns, spec)));
  } else if (spec.post_build) {
    input.variables = spec.post_build->variables;
  }
  input.strict_substitution = flags_.strict;
  input.mask_encrypted = true;
  input.normalize = normalize;
  TRY(BuildOutput built, controller::kustomization::Build(input));
  return LocalBuild{std::move(kustomization), std::move(built.objects)};
}

Result<LocalBuild> LocalBuilder::Build(bool normalize) const {
  TRY(Value kustomization, Find());
  return BuildOne(std::move(kustomization), flags_.path, normalize);
}

Result<LocalBuild> LocalBuilder::BuildNested(const Value& kustomization, bool normalize) const {
  const std::string name(document::NameOf(kustomization)), ns(document::NamespaceOf(kustomization));
  const std::string_view other = kustomization.StringAt({"spec", "sourceRef", "namespace"});
  const std::string source = std::string(kustomization.StringAt({"spec", "sourceRef", "kind"})) + "/" +
                             (other.empty() ? ns : std::string(other)) + "/" +
                             std::string(kustomization.StringAt({"spec", "sourceRef", "name"}));
  const auto at = sources_.find(source);
  if (at == sources_.end()) return base::Invalid("cannot get local path for " + source + " of kustomization " + name);
  Value used = kustomization;
  if (session_ != nullptr) {
    const Result<Value> live = session_->Get({kKustomizationKind, ns.empty() ? flags_.ns : ns, name});
    if (!live && live.error().reason != base::Reason::NotFound) return live.error();
    if (live) used = *live;
  }
  std::string path(used.StringAt({"spec", "path"}));
  while (path.starts_with("/") || path.starts_with("./")) path.erase(0, path[0] == '/' ? 1 : 2);
  return BuildOne(std::move(used), (fs::path(at->second) / path).string(), normalize);
}

/// Appends what the Kustomizations among `objects` lead to, each followed by its own.
Result<void> LocalBuilder::AddNested(const std::vector<Value>& objects, std::set<document::ObjectId>& seen, std::vector<Value>& out) const {
  for (const Value& object : objects) {
    if (!IsKustomization(object) || !seen.insert(document::IdOf(object)).second) continue;
    if (seen.size() > kMaxNested) return base::MakeError(base::Reason::TooLarge, "more than 1000 Kustomizations lead to each other");
    TRY(const LocalBuild nested, BuildNested(object, false));
    out.insert(out.end(), nested.objects.begin(), nested.objects.end());
    TRY(AddNested(nested.objects, seen, out));
  }
  return {};
}

Result<std::vector<Value>> LocalBuilder::BuildAll() const {
  TRY(LocalBuild first, Build(false));
  std::vector<Value> out = first.objects;
  if (!flags_.recursive) return out;
  std::set<document::ObjectId> seen = {document::IdOf(first.kustomization)};
  TRY(AddNested(first.objects, seen, out));
  return out;
}

}  // namespace sluice::cli
