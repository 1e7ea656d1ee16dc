#include "cli/build_command.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/files.h"
#include "cli/session.h"
#include "document/object.h"
#include "document/yaml.h"
#include "kustomize/build.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using document::Value;

int Fail(std::string_view message) {
  std::cerr << "Error: " << message << "\n";
  return 1;
}

/// `path` below the root of the disk, as base::Files wants it.
base::Result<std::string> BelowRoot(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error).lexically_normal();
  if (error) return base::Invalid(path + ": " + error.message());
  std::string text = absolute.string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text == "/" ? std::string(".") : text.substr(1);
}

base::Result<kustomize::BuildOptions> OptionsOf(const BuildFlags& flags) {
  kustomize::BuildOptions options;
  options.absolute_root = "/";
  options.managed_by_label = flags.managed_by_label;
  options.enable_helm = flags.enable_helm;
  if (flags.load_restrictor == "LoadRestrictionsNone") {
    options.load_restrictor = kustomize::LoadRestrictor::None;
  } else if (flags.load_restrictor != "LoadRestrictionsRootOnly" && !flags.load_restrictor.empty()) {
    return base::Invalid("--load-restrictor: \"" + flags.load_restrictor +
                         "\" is neither LoadRestrictionsRootOnly nor LoadRestrictionsNone");
  }
  if (flags.reorder == "none") options.reorder = kustomize::Reorder::None;
  if (flags.reorder == "legacy") options.reorder = kustomize::Reorder::Legacy;
  if (!flags.reorder.empty() && flags.reorder != "none" && flags.reorder != "legacy") {
    return base::Invalid("--reorder: \"" + flags.reorder + "\" is neither legacy nor none");
  }
  if (flags.enable_alpha_plugins || flags.enable_exec) {
    return base::MakeError(base::Reason::Unsupported,
                           "plugins that run programs or containers are not supported: remove --enable-alpha-plugins and --enable-exec");
  }
  return options;
}

std::string FileNameOf(const Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  std::string name =
      gvk.group + (gvk.group.empty() ? "" : "_") + gvk.version + "_" + gvk.kind + "_" + std::string(document::NameOf(object)) + ".yaml";
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return document::NamespaceOf(object).empty() ? name : std::string(document::NamespaceOf(object)) + "_" + name;
}

bool WriteFile(const fs::path& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  return static_cast<bool>(out.flush());
}

int Emit(const std::vector<Value>& documents, const std::string& output) {
  if (output.empty()) {
    std::cout << kustomize::Print(documents) << std::flush;
    return std::cout ? 0 : Fail("writing to standard output failed");
  }
  if (!fs::is_directory(output)) return WriteFile(output, kustomize::Print(documents)) ? 0 : Fail(output + ": cannot be written");
  for (const Value& object : documents) {
    const fs::path path = fs::path(output) / FileNameOf(object);
    if (!WriteFile(path, document::EmitYaml(object))) return Fail(path.string() + ": cannot be written");
  }
  return 0;
}

void DeclareKustomizationBuild(CLI::App& build, BuildFlags& flags) {
  CLI::App* sub = build.add_subcommand("kustomization", "Print what a Flux Kustomization would apply");
  sub->alias("ks");
  AddConnection(*sub, flags.cluster, "flux-system");
  sub->add_option("name", flags.local.name, "Name of the Kustomization")->required();
  AddLocalBuild(*sub, flags.local);
  sub->add_flag("--dry-run", flags.local.dry_run, "Do not ask a cluster: substituteFrom is not read");
}

}  // namespace

void AddBuildCommand(CLI::App& app, BuildFlags& flags) {
  CLI::App* build = app.add_subcommand("build", "Build a kustomization and print its objects, as `kustomize build` does");
  build->add_option("path", flags.path, "Directory with a kustomization file")->capture_default_str();
  build->add_option("-o,--output", flags.output, "Write to this file, or one file a resource into this directory");
  build->add_option("--load-restrictor", flags.load_restrictor, "LoadRestrictionsRootOnly or LoadRestrictionsNone")->capture_default_str();
  build->add_option("--reorder", flags.reorder, "legacy or none (deprecated; use sortOptions)");
  build->add_flag("--enable-helm", flags.enable_helm, "Allow helmCharts");
  build->add_flag("--enable-alpha-plugins", flags.enable_alpha_plugins, "Refused: no programs are run");
  build->add_flag("--enable-exec", flags.enable_exec, "Refused: no programs are run");
  build->add_flag("--enable-managedby-label", flags.managed_by_label, "Add the label app.kubernetes.io/managed-by");
  DeclareKustomizationBuild(*build, flags);
}

int RunBuild(const BuildFlags& flags) {
  const auto options = OptionsOf(flags);
  if (!options) return Fail(options.error().message);
  const auto path = BelowRoot(flags.path);
  if (!path) return Fail(path.error().message);
  const auto files = base::OpenDirectory("/");
  const auto built = kustomize::Build(*files, *path, *options);
  if (!built) return Fail(built.error().message);
  for (const std::string& warning : built->warnings) std::cerr << "# Warning: " << warning << "\n";
  return Emit(built->documents, flags.output);
}

int RunBuildKustomization(const BuildFlags& flags) {
  std::unique_ptr<Session> session;
  if (!flags.local.dry_run) {
    base::Result<std::unique_ptr<Session>> opened = Session::Open(flags.cluster);
    if (!opened) return Fail(opened.error().message);
    session = std::move(*opened);
  }
  LocalBuildFlags local = flags.local;
  local.ns = flags.cluster.ns;
  const auto builder = LocalBuilder::Make(std::move(local), session.get());
  if (!builder) return Fail(builder.error().message);
  const auto built = builder->BuildAll();
  if (!built) return Fail(built.error().message);
  return Emit(*built, flags.output);
}

}  // namespace sluice::cli
