#include "cli/helm_lint.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "base/clock.h"
#include "helm/lint/lint.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using base::Result;
using Messages = std::vector<helm::LintMessage>;

bool IsArchive(std::string_view path) { return path.ends_with(".tgz") || path.ends_with(".tar.gz"); }

Result<helm::LintOptions> OptionsOf(const HelmFlags& flags) {
  helm::LintOptions options;
  helm::RenderOptions& render = options.render;
  render.dialect = flags.dialect();
  render.ns = flags.ns;
  render.skip_schema_validation = flags.skip_schema_validation;
  render.schema_file = ReadFileAt;
  render.notify = PrintNotices(flags.dialect());
  render.engine.functions.now = [] { return base::SystemClock().Now(); };
  render.engine.functions.zone = helm::ReadSystemZone;
  if (!flags.kube_version.empty()) {
    TRY(render.capabilities.kube_version, helm::ParseKubeVersion(flags.kube_version, flags.dialect()));
  }
  return options;
}

Result<Messages> LintAt(const std::string& path, const helm::Value& values, helm::LintOptions options) {
  std::error_code error;
  const fs::path whole = fs::absolute(path, error).lexically_normal();
  options.directory = whole.string();
  while (options.directory.size() > 1 && options.directory.ends_with('/')) options.directory.pop_back();
  if (IsArchive(path)) {
    const auto tgz = ReadFileAt(path);
    if (!tgz) return tgz.error().Wrap("unable to open tarball");
    return helm::LintArchive(*tgz, values, options);
  }
  if (!fs::exists(path + "/Chart.yaml", error))
    return base::NotFound("unable to check Chart.yaml file in chart: stat " + (fs::path(path) / "Chart.yaml").lexically_normal().string() +
                          ": no such file or directory");
  const auto files = base::OpenDirectory("/", std::uint64_t{128} << 20);
  return helm::Lint(*files, options.directory == "/" ? "." : options.directory.substr(1), values, options);
}

/// --with-subcharts: the charts below charts/ of each of `paths` too, behind all of them.
std::vector<std::string> WithSubcharts(std::vector<std::string> paths) {
  std::vector<std::string> found;
  for (const std::string& path : paths) {
    std::error_code error;
    std::vector<std::string> below;
    for (fs::recursive_directory_iterator it(fs::path(path) / "charts", error), end; !error && it != end; it.increment(error))
      if (it->path().filename() == "Chart.yaml") {
        below.push_back(it->path().parent_path().string());
      } else if (IsArchive(it->path().string())) {
        below.push_back(it->path().string());
      }
    std::sort(below.begin(), below.end());
    found.insert(found.end(), below.begin(), below.end());
  }
  paths.insert(paths.end(), found.begin(), found.end());
  return paths;
}

bool Has(const Messages& messages, helm::LintSeverity least) {
  return std::any_of(messages.begin(), messages.end(), [&](const helm::LintMessage& m) { return m.severity >= least; });
}

struct Outcome {
  std::string text;
  bool failed = false, noteworthy = false;
};

Outcome Tell(const std::string& path, const Result<Messages>& messages, const HelmFlags& flags) {
  Outcome outcome;
  outcome.failed = !messages || Has(*messages, flags.strict ? helm::LintSeverity::Warning : helm::LintSeverity::Error);
  outcome.noteworthy = !messages || Has(*messages, helm::LintSeverity::Warning);
  if (flags.quiet && !outcome.noteworthy) return outcome;
  outcome.text = "==> Linting " + path + "\n";
  if (!messages) {
    outcome.text += "Error " + messages.error().message + "\n";
  } else {
    for (const helm::LintMessage& message : *messages)
      if (!flags.quiet || message.severity > helm::LintSeverity::Info) outcome.text += message.Line() + "\n";
  }
  outcome.text += "\n";
  return outcome;
}

}  // namespace

int RunLint(const HelmFlags& flags) {
  const auto options = OptionsOf(flags);
  const auto values = options ? UserValues(flags) : options.error();
  if (!values) {
    std::cerr << "Error: " << values.error().message << "\n";
    return 1;
  }
  std::vector<std::string> paths = flags.arguments.empty() ? std::vector<std::string>{"."} : flags.arguments;
  if (flags.with_subcharts) paths = WithSubcharts(std::move(paths));
  int failed = 0;
  bool noteworthy = false;
  for (const std::string& path : paths) {
    const Outcome outcome = Tell(path, LintAt(path, *values, *options), flags);
    std::cout << outcome.text;
    failed += outcome.failed ? 1 : 0;
    noteworthy = noteworthy || outcome.noteworthy;
  }
  const std::string summary = std::to_string(paths.size()) + " chart(s) linted, " + std::to_string(failed) + " chart(s) failed";
  if (failed > 0) {
    std::cout << std::flush;
    std::cerr << "Error: " << summary << "\n";
    return 1;
  }
  if (!flags.quiet || noteworthy) std::cout << summary << "\n";
  return 0;
}

}  // namespace sluice::cli
