#include "cli/build_command.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/files.h"
#include "cli/build_output.h"
#include "cli/build_remote.h"
#include "cli/environment.h"
#include "cli/helm_kustomize.h"
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
  options.managed_by_label = flags.managed_by_label || EnvironmentOr("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL", "") == "on";
  options.enable_helm = flags.enable_helm;
  options.helm = MakeHelmEngine();
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
  const auto files = OutputFiles(documents);
  if (!files) return Fail(files.error().message);
  for (const OutputFile& file : *files)
    if (!WriteFile(fs::path(output) / file.name, file.text)) return Fail((fs::path(output) / file.name).string() + ": cannot be written");
  return 0;
}

/// As `flux build` prints: a line `---` behind every object.
int EmitEach(const std::vector<Value>& documents) {
  if (!documents.empty()) std::cout << kustomize::Print(documents) << "---\n" << std::flush;
  return std::cout ? 0 : Fail("writing to standard output failed");
}

void Warn(std::string_view text) { std::cerr << (text.starts_with('#') ? "" : "# Warning: ") << text << "\n"; }

constexpr const char* kNoFunctions = "functions in containers are refused";
constexpr const char* kNoPrograms = "Sluice runs no programs";
constexpr const char* kNoCharts = "Helm charts in kustomizations are refused";

struct IdleFlag {
  const char* names;
  bool has_value;
  const char* why;
};
/// Flags that kustomize has for what is never done here: they are taken, so that a command line need not be changed, and are spoken of.
constexpr IdleFlag kIdleFlags[] = {
    {"--as-current-user", false, kNoFunctions}, {"--network", false, kNoFunctions},
    {"--network-name", true, kNoFunctions},     {"--mount", true, kNoFunctions},
    {"-e,--env", true, kNoFunctions},           {"--helm-command", true, kNoPrograms},
    {"--helm-api-versions", true, kNoCharts},   {"--helm-kube-version", true, kNoCharts},
    {"--helm-debug", false, kNoCharts},
};

void DeclareIdleFlags(CLI::App& build, BuildFlags& flags) {
  for (const IdleFlag& flag : kIdleFlags) {
    const std::string help = std::string("Taken for kustomize's sake, without effect: ") + flag.why;
    const auto note = [&flags, flag] { flags.without_effect.push_back(std::string(flag.names) + " has no effect: " + flag.why); };
    if (!flag.has_value) {
      build.add_flag_callback(flag.names, note, help);
      continue;
    }
    const auto take = [note](const CLI::results_t&) { return note(), true; };
    build.add_option(flag.names, take, help)->type_name("TEXT")->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
}

/// What kustomize says of deprecated flags and of those above.
void WarnOfFlags(const BuildFlags& flags) {
  if (!flags.reorder.empty()) Warn("--reorder is deprecated; use the field sortOptions of the kustomization instead");
  if (flags.managed_by_label) Warn("--enable-managedby-label is deprecated; use managedByLabel in the field buildMetadata instead");
  for (const std::string& flag : flags.without_effect) Warn(flag);
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
  build->add_option("path", flags.path, "Directory with a kustomization file, or the URL of one in a Git repository")
      ->capture_default_str();
  build->add_option("-o,--output", flags.output, "Write to this file, or one file a resource into this directory");
  build->add_option("--load-restrictor", flags.load_restrictor, "LoadRestrictionsRootOnly or LoadRestrictionsNone")->capture_default_str();
  build->add_option("--reorder", flags.reorder, "legacy or none (deprecated; use sortOptions)");
  build->add_flag("--enable-helm", flags.enable_helm, "Allow helmCharts");
  build->add_flag("--enable-alpha-plugins", flags.enable_alpha_plugins, "Refused: no programs are run");
  build->add_flag("--enable-exec", flags.enable_exec, "Refused: no programs are run");
  build->add_flag("--enable-managedby-label", flags.managed_by_label, "Add the label app.kubernetes.io/managed-by");
  DeclareIdleFlags(*build, flags);
  DeclareKustomizationBuild(*build, flags);
}

int RunBuild(const BuildFlags& flags) {
  WarnOfFlags(flags);
  auto options = OptionsOf(flags);
  if (!options) return Fail(options.error().message);
  const bool remote = kustomize::ParseGitUrl(flags.path).has_value();
  const auto path = remote ? base::Result<std::string>(flags.path) : BelowRoot(flags.path);
  if (!path) return Fail(path.error().message);
  const auto resolver = MakeRemoteResolver();
  options->remote = resolver.get();
  const auto files = base::OpenDirectory("/");
  const auto built = kustomize::Build(*files, *path, *options);
  if (!built) return Fail(built.error().message);
  for (const std::string& warning : built->warnings) Warn(warning);
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
  return flags.output.empty() ? EmitEach(*built) : Emit(*built, flags.output);
}

}  // namespace sluice::cli
