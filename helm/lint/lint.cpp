#include "helm/lint/lint.h"

#include <array>
#include <map>

#include "helm/chart/metadata.h"
#include "helm/lint/rules.h"
#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;

/// The name that the archive's Chart.yaml gives, under which helm would unpack it.
Result<std::string> NameOf(const std::vector<ChartFile>& files, Dialect dialect) {
  for (const ChartFile& file : files) {
    if (file.name != "Chart.yaml") continue;
    Metadata metadata;
    if (auto read = ReadMetadata(*file.data, metadata, dialect); !read) return read.error().Wrap("cannot load Chart.yaml");
    if (metadata.name.empty()) break;
    if (metadata.name == "." || metadata.name == "..") return Invalid("chart name " + GoQuote(metadata.name) + " is not allowed");
    if (metadata.name.find('/') != std::string::npos)
      return Invalid("chart name " + GoQuote(metadata.name) + " must not contain path separators");
    return metadata.name;
  }
  return Invalid("chart name not specified");
}

}  // namespace

std::string LintMessage::Line() const {
  constexpr std::array<std::string_view, 3> kNames = {"INFO", "WARNING", "ERROR"};
  return std::string("[").append(kNames[static_cast<std::size_t>(severity)]).append("] ").append(path).append(": ").append(text);
}

Result<std::vector<LintMessage>> Lint(const base::Files& files, std::string_view path, const Value& user, const LintOptions& options) {
  LintOptions lint = options;
  lint.render.name = "test-release";
  lint.render.revision = 0;
  lint.render.is_install = lint.render.is_upgrade = false;
  lint.render.engine.lint = true;
  LintRun run(files, path, user, lint);
  if (const auto there = run.Stat("Chart.yaml"); !there)
    return base::NotFound("unable to check Chart.yaml file in chart: stat " + options.directory + "/Chart.yaml: no such file or directory");
  LintChartFile(run);
  LintValues(run);
  LintTemplates(run);
  LintDependencies(run);
  if (!run.Helm3()) LintCrds(run);
  return run.Take();
}

Result<std::vector<LintMessage>> LintArchive(std::string_view tgz, const Value& user, const LintOptions& options) {
  auto read = ReadChartArchive(tgz, options.render.dialect);
  if (!read) return read.error().Wrap("unable to extract tarball");
  auto name = NameOf(*read, options.render.dialect);
  if (!name) return name.error().Wrap("unable to extract tarball");
  std::map<std::string, std::string> tree;
  for (const ChartFile& file : *read) tree[*name + "/" + file.name] = *file.data;
  const auto files = base::MemoryFiles(std::move(tree));
  return Lint(*files, *name, user, options);
}

}  // namespace sluice::helm
