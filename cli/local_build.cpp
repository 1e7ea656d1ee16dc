#include "cli/local_build.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/build_remote.h"
#include "cli/session.h"
#include "controller/kustomization/build.h"
#include "controller/kustomization/file_type.h"
#include "controller/kustomization/variables.h"
#include "document/yaml.h"
#include "net/await.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using base::Result;
using document::Value;

constexpr std::size_t kMaxNested = 1000;

std::string Lines(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

Result<std::string> ReadText(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  std::error_code error;
  if (!in || fs::is_directory(path, error)) return base::NotFound(path + ": cannot be read");
  return text.str();
}

/// Cuts the first document off `text`, at a line that begins with `---`, as Kubernetes' YAML reader does; one without any byte is none.
/// nullopt: no more. Invalid: something but a comment behind `---`.
Result<std::optional<std::string>> NextDocument(std::string_view& text) {
  std::string document;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (!line.starts_with("---")) {
      document += line;
      continue;
    }
    const std::size_t more = line.find_first_not_of(" \t\v\f\r\n", 3);
    if (more != line.npos && line[more] != '#') return base::Invalid("invalid Yaml document separator: " + std::string(line.substr(more)));
    if (!document.empty()) return std::optional(std::move(document));
  }
  return document.empty() ? std::nullopt : std::optional(std::move(document));
}

/// Looked at one after the other, each as if it were a Kustomization; what stands behind the one that is asked for is not looked at.
Result<Value> FromFile(const LocalBuildFlags& flags) {
  TRY(const std::string text, ReadText(flags.file));
  const auto failed = [&](base::Error error) { return std::move(error).Wrap("failed to unmarshall kustomization file " + flags.file); };
  document::YamlOptions options;
  options.resolver = document::Resolver::Yaml11;
  options.duplicate_keys = document::DuplicateKeys::LastWins;
  std::string_view rest = text;
  while (true) {
    auto next = NextDocument(rest);
    if (!next) return failed(std::move(next).error());
    if (!next->has_value()) break;
    const auto parsed = document::ParseYaml(**next, options);
    if (!parsed) return failed(parsed.error());
    if (parsed->IsNull()) continue;
    auto one = document::ReadAsGo(*parsed, controller::kustomization::FluxKustomizationType());
    if (!one) return failed(std::move(one).error());
    if (!IsKustomization(*one) || document::NameOf(*one) != flags.name) continue;
    if (document::NamespaceOf(*one).empty() || document::NamespaceOf(*one) == flags.ns) return *std::move(one);
  }
  return base::NotFound(flags.file + ": no Kustomization \"" + flags.name + "\" in namespace \"" + flags.ns + "\"");
}

/// What of `kustomization` a build depends on. Only the API server looks at whether words are among those that mean something.
Value ForBuilding(const Value& kustomization, bool dry_run) {
  Value out = kustomization;
  const Value* given = kustomization.Find("spec");
  Value& spec = out.Set("spec", Value::Mapping());
  for (const std::string_view field : {"path", "targetNamespace", "namePrefix", "nameSuffix", "patches", "images", "components",
                                       "ignoreMissingComponents", "buildMetadata", "commonMetadata", "postBuild"}) {
    if (const Value* value = given == nullptr ? nullptr : given->Find(field)) spec.Set(field, *value);
  }
  Value* post = spec.Find("postBuild");
  if (post == nullptr || !post->IsMapping()) return out;
  if (post->StringAt({"substituteStrategy"}) != "Always") post->Erase("substituteStrategy");
  if (Value* from = post->Find("substituteFrom"); from != nullptr && from->IsSequence()) {
    std::erase_if(from->mutable_items(), [&](const Value& item) {
      const std::string_view kind = item.StringAt({"kind"});
      return dry_run || (kind != "ConfigMap" && kind != "Secret");
    });
  }
  return out;
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
  TRY(Spec spec, ParseBuildSpec(ForBuilding(kustomization, session_ == nullptr)));
  TRY(const Root root, RootOf(directory, flags_.in_memory));
  const std::unique_ptr<base::Files> disk = base::OpenDirectory(root.directory);
  spec.path = root.relative;
  const std::string ns(document::NamespaceOf(kustomization));
  BuildInput input{.files = *disk, .spec = spec, .name = std::string(document::NameOf(kustomization)), .ns = ns};
  if (session_ != nullptr) {
    TRY(input.variables, session_->Wait(ReadVariables(*session_->client, ns.empty() ? flags_.ns : ns, spec)));
  } else if (spec.post_build) {
    for (const auto& [name, value] : spec.post_build->variables) input.variables.emplace_back(name, OneLine(value));
  }
  input.ignore = Lines(flags_.ignore_paths);
  input.strict_substitution = flags_.strict;
  input.mask_encrypted = true;
  const auto resolver = MakeRemoteResolver();
  input.remote = resolver.get();
  input.normalize = normalize;
  TRY(BuildOutput built, controller::kustomization::Build(input));
  return LocalBuild{std::move(kustomization), std::move(built.objects)};
}

Result<LocalBuild> LocalBuilder::Build(bool normalize) const {
  TRY(Value kustomization, Find());
  return BuildOne(std::move(kustomization), flags_.path, normalize);
}

Result<LocalBuild> LocalBuilder::BuildNested(const Value& object, bool normalize) const {
  auto kustomization = document::ReadAsGo(object, controller::kustomization::FluxKustomizationType(), {}, document::GoInput::Object);
  if (!kustomization)
    return std::move(kustomization).error().Wrap("failed to convert to kustomization: " + document::IdOf(object).ToString());
  const std::string name(document::NameOf(*kustomization)), ns(document::NamespaceOf(*kustomization));
  const std::string_view other = kustomization->StringAt({"spec", "sourceRef", "namespace"});
  const std::string in = other.empty() ? ns : std::string(other);
  const std::string source = std::string(kustomization->StringAt({"spec", "sourceRef", "kind"})) + "/" + (in.empty() ? "" : in + "/") +
                             std::string(kustomization->StringAt({"spec", "sourceRef", "name"}));
  const auto at = sources_.find(source);
  if (at == sources_.end()) return base::Invalid("cannot get local path for " + source + " of kustomization " + name);
  Value used = *kustomization;
  if (session_ != nullptr) {
    const Result<Value> live = session_->Get({kKustomizationKind, ns.empty() ? flags_.ns : ns, name});
    if (!live && live.error().reason != base::Reason::NotFound) return live.error();
    if (live) used = *live;
  }
  std::string path(used.StringAt({"spec", "path"}));
  while (path.starts_with("/") || path.starts_with("./")) path.erase(0, path[0] == '/' ? 1 : 2);
  return BuildOne(std::move(used), (fs::path(at->second) / path).string(), normalize);
}

/// Appends what the Kustomizations among `objects` lead to, each followed by its own. The last of `parents` has made `objects`, and is not built
/// again, nor is one that leads here and would be built again and again.
Result<void> LocalBuilder::AddNested(const std::vector<Value>& objects, std::vector<Value>& parents, std::size_t& built,
                                     std::vector<Value>& out) const {
  for (const Value& object : objects) {
    if (!IsKustomization(object) || document::IdOf(object) == document::IdOf(parents.back())) continue;
    if (std::ranges::find(parents, object) != parents.end()) continue;
    if (++built > kMaxNested) return base::MakeError(base::Reason::TooLarge, "more than 1000 Kustomizations lead to each other");
    TRY(const LocalBuild nested, BuildNested(object, false));
    out.insert(out.end(), nested.objects.begin(), nested.objects.end());
    parents.push_back(object);
    TRY(AddNested(nested.objects, parents, built, out));
    parents.pop_back();
  }
  return {};
}

Result<std::vector<Value>> LocalBuilder::BuildAll() const {
  TRY(LocalBuild first, Build(false));
  std::vector<Value> out = first.objects;
  if (!flags_.recursive) return out;
  std::vector<Value> parents = {first.kustomization};
  std::size_t built = 0;
  TRY(AddNested(first.objects, parents, built, out));
  return out;
}

}  // namespace sluice::cli
