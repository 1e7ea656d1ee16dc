#include "cli/helm_commands.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <set>

#include "base/clock.h"
#include "base/glob.h"
#include "cli/command_set.h"
#include "cli/helm_lint.h"
#include "cli/helm_show.h"
#include "cli/helm_values.h"
#include "helm/functions/json.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using base::Invalid;
using base::Result;

int Fail(std::string_view message) {
  std::cerr << "Error: " << message << "\n";
  return 1;
}

base::Error Refused(std::string message) { return base::MakeError(base::Reason::Unsupported, std::move(message)); }

Result<void> CheckDryRun(const HelmFlags& flags) {
  const std::string& value = flags.dry_run;
  if (value.empty() || value == "client" || value == "true") return {};
  if (value == "server" || (flags.helm3 && (value == "none" || value == "false")))
    return Refused("--dry-run=" + value + " needs a cluster, and templates are rendered without one");
  if (flags.helm3) return Invalid("Invalid dry-run flag. Flag must one of the following: false, true, none, client, server");
  const bool known = value == "none" || value == "false";
  return Invalid("invalid dry-run value (\"" + value + "\"). Must be " + (known ? "" : "\"none\", ") + "\"server\"" +
                 (known ? " or " : ", or ") + "\"client\"");
}

Result<void> CheckFlags(const HelmFlags& flags) {
  if (flags.validate) return Refused("--validate needs a cluster, and templates are rendered without one");
  TRY(CheckDryRun(flags));
  if (flags.dependency_update) return Refused("--dependency-update: charts are not fetched; put the dependencies into charts/");
  if (!flags.repo.empty()) return Refused("--repo: charts are not fetched; name a directory or an archive");
  if (flags.verify) return Refused("--verify: the provenance of local charts is not checked");
  if (flags.enable_dns) return Refused("--enable-dns: getHostByName asks no servers");
  if (!flags.post_renderer.empty()) return Refused("--post-renderer: no programs are run");
  if (flags.arguments.size() > 2) {
    std::string rest;
    for (std::size_t i = 2; i < flags.arguments.size(); ++i) rest += (i == 2 ? "" : ", ") + flags.arguments[i];
    return Invalid("expected at most two arguments, unexpected arguments: " + rest);
  }
  if (flags.arguments.size() == 2 && flags.generate_name) return Invalid("cannot set --generate-name and also specify a name");
  if (flags.arguments.size() == 2 && !flags.name_template.empty()) return Invalid("cannot set --name-template and also specify a name");
  return {};
}

bool IsReleaseName(std::string_view name) {
  if (name.empty() || name.size() > 53) return false;
  bool edge = true;  // a letter or digit must come next
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!plain && (edge ? true : c != '-' && c != '.')) return false;
    if (c == '.' && name[i - 1] == '-') return false;
    edge = c == '.';
  }
  return name.back() != '-' && name.back() != '.';
}

Result<std::string> NameOf(const HelmFlags& flags, const helm::EngineOptions& engine) {
  if (flags.arguments.size() == 2) return flags.arguments[0];
  if (flags.name_template.empty()) return std::string("release-name");
  return ReleaseNameOf(flags.name_template, engine);
}

Result<helm::RenderOptions> OptionsOf(const HelmFlags& flags) {
  helm::RenderOptions options;
  options.dialect = flags.dialect();
  options.engine.functions.dialect = flags.dialect();
  options.engine.functions.now = [] { return base::SystemClock().Now(); };
  options.engine.functions.zone = helm::ReadSystemZone;
  options.schema_file = ReadFileAt;
  options.notify = PrintNotices(flags.dialect());
  options.ns = flags.ns;
  options.is_upgrade = flags.is_upgrade;
  options.show_lines = true;
  options.skip_schema_validation = flags.skip_schema_validation;
  if (!flags.kube_version.empty()) {
    TRY(options.capabilities.kube_version, helm::ParseKubeVersion(flags.kube_version, flags.dialect()));
  }
  for (std::string_view rest : flags.api_versions) {
    for (; !rest.empty();
         rest.remove_prefix(std::min(rest.find(',') == std::string_view::npos ? rest.size() : rest.find(',') + 1, rest.size())))
      options.capabilities.api_versions.emplace_back(rest.substr(0, rest.find(',')));
  }
  TRY(options.name, NameOf(flags, options.engine));
  return options;
}

/// The path behind the chart's name in `# Source: chart/path`; "" without one.
std::string SourceOf(const std::string& document) {
  constexpr std::string_view kSource = "# Source: ";
  const std::size_t at = document.find(kSource);
  if (at == std::string::npos) return "";
  const std::string line = document.substr(at + kSource.size(), document.find('\n', at) - at - kSource.size());
  return line.find('/') == std::string::npos ? "" : line.substr(line.find('/') + 1);
}

int PrintChosen(const std::string& listing, const HelmFlags& flags) {
  const std::vector<std::string> documents = helm::SplitManifests(listing, flags.dialect());
  std::string out;
  for (const std::string& wanted : flags.show_only) {
    const auto glob = base::Glob::Parse(wanted);
    bool missing = true;
    for (const std::string& document : documents) {
      const std::string path = SourceOf(document);
      if (path.empty() || !glob || !glob->Matches(path)) continue;
      out += "---\n" + document + "\n";
      missing = false;
    }
    if (missing) return Fail("could not find template " + wanted + " in chart");
  }
  std::cout << out << std::flush;
  return 0;
}

/// --output-dir: a file for every source, documents of one source behind each other.
class OutputDirectory {
 public:
  explicit OutputDirectory(std::string root) : root_(std::move(root)) {}
  Result<void> Write(const std::string& path, const std::string& content) {
    const fs::path file = fs::path(root_) / path;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    std::ofstream out(file, std::ios::binary | (written_.insert(path).second ? std::ios::trunc : std::ios::app));
    out << "---\n# Source: " << path << "\n" << content << "\n";
    if (!out.flush()) return Invalid("open " + file.string() + ": cannot be written");
    std::cout << "wrote " << root_ << "/" << path << "\n";
    return {};
  }

 private:
  const std::string root_;
  std::set<std::string> written_;
};

Result<void> WriteAll(const helm::Rendered& rendered, const HelmFlags& flags, const std::string& name) {
  OutputDirectory crds(flags.output_dir), files(flags.release_name_in_path ? flags.output_dir + "/" + name : flags.output_dir);
  if (flags.include_crds)
    for (const helm::CrdFile& crd : rendered.crds) TRY(crds.Write(crd.path, *crd.data));
  for (const helm::Manifest& manifest : rendered.manifests) TRY(files.Write(manifest.path, manifest.content));
  if (!flags.no_hooks)
    for (const helm::Hook& hook : rendered.hooks)
      if (!flags.skip_tests || !hook.IsTest()) TRY(files.Write(hook.path, hook.content));
  std::cout << "\n";
  return {};
}

struct Input {
  helm::Chart chart;
  helm::Value values;
  helm::RenderOptions options;
};

Result<Input> InputOf(const HelmFlags& flags) {
  TRY(CheckFlags(flags));
  TRY(helm::RenderOptions options, OptionsOf(flags));
  TRY(helm::Value values, UserValues(flags));
  TRY(helm::Chart chart, LoadChartAt(flags.arguments.back(), flags.dialect()));
  if (!IsReleaseName(options.name))
    return Invalid(
        std::string(flags.helm3 ? "" : "release name check failed: ") + "release name \"" + options.name +
        "\": invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length "
        "must not be longer than 53");
  return Input{.chart = std::move(chart), .values = std::move(values), .options = std::move(options)};
}

int RunTemplate(const HelmFlags& flags) {
  auto input = InputOf(flags);
  if (!input) return Fail(input.error().message);
  bool rendering = false;
  const auto rendered = helm::Render(std::move(input->chart), input->values, input->options, &rendering);
  if (!rendered) return Fail(rendered.error().message + (rendering ? "\n\nUse --debug flag to render out invalid YAML" : ""));
  if (!flags.output_dir.empty()) {
    const auto written = WriteAll(*rendered, flags, input->options.name);
    return written ? 0 : Fail(written.error().message);
  }
  const std::string listing =
      helm::PrintRelease(*rendered, {.include_crds = flags.include_crds, .skip_tests = flags.skip_tests, .skip_hooks = flags.no_hooks});
  if (!flags.show_only.empty()) return PrintChosen(listing, flags);
  std::cout << listing << std::flush;
  return std::cout ? 0 : Fail("writing to standard output failed");
}

/// For tests of the engine: {path: text} as it leaves the templates.
int RunRaw(const HelmFlags& flags) {
  auto input = InputOf(flags);
  if (!input) return Fail(input.error().message);
  const auto files = helm::RenderRaw(std::move(input->chart), input->values, input->options);
  if (!files) return Fail(files.error().message);
  const helm::Value map = helm::Value::NewMap();
  for (const auto& [path, text] : *files) map.map()->entries.emplace(path, helm::Value::String(text));
  const auto json = helm::EncodeJson(map, {.escape_html = false});
  if (!json) return Fail(json.error().message);
  std::cout << *json << "\n";
  return 0;
}

void AddRenderFlags(CLI::App& command, HelmFlags& flags) {
  AddValueFlags(command, flags);
  command.add_option("-n,--namespace", flags.ns, "Namespace of the release")->capture_default_str();
  command.add_option("--kube-version", flags.kube_version, "Version of Kubernetes that charts are told");
  command.add_option("-a,--api-versions", flags.api_versions, "API versions that charts are told, besides the known ones")
      ->allow_extra_args(false);
  command.add_flag("--is-upgrade", flags.is_upgrade, "Set .Release.IsUpgrade instead of .Release.IsInstall");
  command.add_flag("--helm3", flags.helm3, "Render as Helm 3.22 does instead of Helm 4.3");
  command.add_flag("--skip-schema-validation", flags.skip_schema_validation, "Do not check values against values.schema.json");
  command.add_option("--name-template", flags.name_template, "A template for the name of the release");
  command.add_flag("-g,--generate-name", flags.generate_name, "Accepted as helm does");
}

/// What is about installing, fetching or a cluster: helm takes it and it changes nothing of what a local chart renders to.
void AddIgnored(CLI::App& command, HelmFlags& flags) {
  command.add_flag(
      "--skip-crds,--create-namespace,--debug,--disable-openapi-validation,--replace,--render-subchart-notes,--hide-notes,--atomic,"
      "--rollback-on-failure,--wait-for-jobs,--devel,--force,--force-replace,--force-conflicts,--take-ownership,"
      "--insecure-skip-tls-verify,--plain-http,--pass-credentials,--kube-insecure-skip-tls-verify",
      flags.ignored, "Accepted, without effect here");
  command.add_flag("--wait{true},--server-side{true}", flags.ignored_text, "Accepted, without effect here");
  command
      .add_option(
          "--timeout,--description,-l,--labels,--version,--ca-file,--cert-file,--key-file,--keyring,--username,--password,--kubeconfig,"
          "--kube-context,--kube-token,--kube-as-user,--kube-as-group,--kube-apiserver,--kube-ca-file,--kube-tls-server-name,"
          "--registry-config,--repository-config,--repository-cache,--content-cache,--burst-limit,--qps,--color,--colour",
          flags.ignored_texts, "Accepted, without effect here")
      ->allow_extra_args(false);
}

void AddTemplate(CLI::App& app, CommandSet& commands) {
  const auto flags = std::make_shared<HelmFlags>();
  CLI::App* command = app.add_subcommand("template", "Render a Helm chart and print its objects, as `helm template` does");
  command->add_option("arguments", flags->arguments, "[NAME] CHART: a directory or a .tgz")->required();
  AddRenderFlags(*command, *flags);
  command->add_flag("--include-crds", flags->include_crds, "Print the CRDs too");
  command->add_flag("--skip-tests", flags->skip_tests, "Leave out test hooks");
  command->add_flag("--no-hooks", flags->no_hooks, "Leave out hooks");
  command->add_option("-s,--show-only", flags->show_only, "Print only what comes from this template")->allow_extra_args(false);
  command->add_option("--output-dir", flags->output_dir, "Write files into this directory instead");
  command->add_flag("--release-name", flags->release_name_in_path, "With --output-dir: below a directory of the release's name");
  AddIgnored(*command, *flags);
  command->add_flag("--validate", flags->validate, "Refused: needs a cluster");
  command->add_flag("--dry-run{client}", flags->dry_run, "client; server is refused");
  command->add_flag("--dependency-update", flags->dependency_update, "Refused: nothing is fetched");
  command->add_option("--repo", flags->repo, "Refused: nothing is fetched");
  command->add_flag("--verify", flags->verify, "Refused: provenance is not checked here");
  command->add_flag("--enable-dns", flags->enable_dns, "Refused: no servers are asked");
  command->add_option("--post-renderer", flags->post_renderer, "Refused: no programs are run");
  commands.Add(command, [flags] { return RunTemplate(*flags); });
}

void AddRaw(CLI::App& app, CommandSet& commands) {
  const auto flags = std::make_shared<HelmFlags>();
  CLI::App* command = app.add_subcommand("render-raw", "Print the texts of a chart's templates as JSON")->group("");
  command->add_option("arguments", flags->arguments)->required();
  AddRenderFlags(*command, *flags);
  command->add_flag("--include-crds,--skip-tests", flags->ignored, "Accepted: nothing is printed that they are about");
  commands.Add(command, [flags] { return RunRaw(*flags); });
}

void AddShow(CLI::App& app, CommandSet& commands) {
  CLI::App* show = app.add_subcommand("show", "Print parts of a Helm chart");
  show->require_subcommand(1);
  struct Part {
    const char *name, *help;
    ShowPart part;
  };
  constexpr Part kParts[] = {{"values", "values.yaml", ShowPart::Values},
                             {"chart", "Chart.yaml", ShowPart::Chart},
                             {"readme", "The README", ShowPart::Readme},
                             {"crds", "The CRDs", ShowPart::Crds},
                             {"all", "All of these", ShowPart::All}};
  for (const Part& part : kParts) {
    const auto flags = std::make_shared<HelmFlags>();
    CLI::App* command = show->add_subcommand(part.name, part.help);
    command->add_option("chart", flags->arguments, "A directory or a .tgz")->required()->expected(1);
    command->add_flag("--helm3", flags->helm3, "As Helm 3.22 does");
    commands.Add(command, [flags, which = part.part] {
      const auto chart = LoadChartAt(flags->arguments.front(), flags->dialect());
      if (!chart) return Fail(chart.error().message);
      std::cout << Show(*chart, which, flags->dialect()) << std::flush;
      return 0;
    });
  }
}

void AddLint(CLI::App& app, CommandSet& commands) {
  const auto flags = std::make_shared<HelmFlags>();
  CLI::App* command = app.add_subcommand("lint", "Look for mistakes in a Helm chart");
  command->add_option("charts", flags->arguments, "Directories or .tgz files; the working directory if there are none");
  AddRenderFlags(*command, *flags);
  command->add_flag("--strict", flags->strict, "Warnings fail too");
  command->add_flag("--with-subcharts", flags->with_subcharts, "Lint the charts in charts/ too");
  command->add_flag("--quiet", flags->quiet, "Print warnings and errors alone");
  commands.Add(command, [flags] { return RunLint(*flags); });
}

}  // namespace

void AddHelmCommands(CLI::App& app, CommandSet& commands) {
  AddTemplate(app, commands);
  AddLint(app, commands);
  AddShow(app, commands);
  AddRaw(app, commands);
}

}  // namespace sluice::cli
