// helm/lint/rules.h: the rules of Lint(), one function a group, and what they are given.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "helm/chart/yaml_values.h"
#include "helm/lint/lint.h"

namespace sluice::helm {

/// The chart that is looked at, and what has been said of it.
class LintRun {
 public:
  LintRun(const base::Files& files, std::string_view path, const Value& user, const LintOptions& options)
      : user(DeepCopy(user)), options(options), files_(files), root_(path) {}

  void Say(LintSeverity severity, std::string path, std::string text) {
    messages_.push_back({.severity = severity, .path = std::move(path), .text = std::move(text)});
  }
  bool Helm3() const { return options.render.dialect == Dialect::Helm3; }
  /// What is at `path` of the chart.
  base::Result<base::FileInfo> Stat(std::string_view path) const { return files_.Stat(In(path)); }
  base::Result<std::string> Read(std::string_view path) const { return files_.Read(In(path)); }
  base::Result<Chart> Load() const { return LoadDirectory(files_, root_, options.render.dialect, options.render.notify); }
  std::vector<LintMessage> Take() { return std::move(messages_); }

  const Value user;  ///< as LintValues() leaves it, which helm's rules about templates are given too
  const LintOptions& options;

 private:
  std::string In(std::string_view path) const { return root_ == "." ? std::string(path) : root_ + "/" + std::string(path); }

  const base::Files& files_;
  const std::string root_;
  std::vector<LintMessage> messages_;
};

void LintChartFile(LintRun& run);
void LintValues(LintRun& run);
void LintTemplates(LintRun& run);
void LintDependencies(LintRun& run);
void LintCrds(LintRun& run);

/// What lint reads of a document.
struct LintObject {
  std::string api_version, kind, name;
};
/// The documents of `text` as Kubernetes' decoder parts them (lines that begin with `---`); a null one is nullopt.
/// Ends with the first document that cannot be read, whose error is then in `error`.
std::vector<std::optional<LintObject>> ReadLintObjects(std::string_view text, Dialect dialect, std::optional<base::Error>& error);

/// What Kubernetes has against `name` of a `kind`: "" or `object name does not conform to Kubernetes naming requirements: ...`.
std::string NameProblem(std::string_view kind, const std::string& name, Dialect dialect);
/// "" or `policy/v1beta1 PodDisruptionBudget is deprecated in v1.21+, unavailable in v1.25+; use policy/v1 PodDisruptionBudget`.
std::string DeprecationOf(const LintObject& object, const KubeVersion& version);

/// As govalidator has it.
bool IsEmail(std::string_view text);
bool IsUrl(std::string_view text);
/// An absolute URL, as it may stand in a request.
bool IsRequestUrl(std::string_view text);

}  // namespace sluice::helm
