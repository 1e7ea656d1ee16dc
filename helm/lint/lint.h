// helm/lint/lint.h: mistakes in a chart, by the rules and in the words of `helm lint` (helm-contract 16). Pure: files, values and the clock come as arguments.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "helm/helm.h"

namespace sluice::helm {

enum class LintSeverity { Info, Warning, Error };

struct LintMessage {
  LintSeverity severity = LintSeverity::Info;
  std::string path;  ///< of a file of the chart, or LintOptions::directory, or ""
  std::string text;

  std::string Line() const;  ///< `[ERROR] templates/: text`
};

struct LintOptions {
  RenderOptions render;   ///< its name, revision and kind of operation are set to helm lint's; capabilities: --kube-version
  std::string directory;  ///< what the chart's directory is called in messages about dependencies
};

/// What is wrong with the chart in directory `path` of `files`, in the order in which helm says it; `user` are the user's values.
/// Errors: NotFound `unable to check Chart.yaml file in chart: stat ...`: there is nothing to lint.
base::Result<std::vector<LintMessage>> Lint(const base::Files& files, std::string_view path, const Value& user, const LintOptions& options);

/// The same for the chart in a .tgz. Errors: Invalid `unable to extract tarball: ...`.
base::Result<std::vector<LintMessage>> LintArchive(std::string_view tgz, const Value& user, const LintOptions& options);

}  // namespace sluice::helm
