// controller/helm_chart/build.h: the steps of making a chart's archive that need no network: its version, its values, its packing (source-controller,
// internal/helm/chart). Pure; errors are BuildErrors in Flux's words.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "controller/helm_chart/spec.h"
#include "helm/chart/chart.h"

namespace sluice::controller::helm_chart {

/// Which step failed. What InvalidReference, MetadataPatch and ValuesFiles say only another spec, or another source, can mend.
enum class Step { InvalidReference, Pull, MetadataPatch, ValuesFiles, Dependencies, Package, Verification, Unknown };

/// A failure of a build: `reason` as in the condition, and the whole message.
struct BuildError {
  Step step = Step::Unknown;
  base::Error error;

  std::string_view reason() const;
  std::string message() const;  ///< `chart pull error: …`
  bool persistent() const { return step == Step::InvalidReference || step == Step::MetadataPatch || step == Step::ValuesFiles; }
};

/// A T or a BuildError.
template <class T>
struct Built {
  std::optional<T> value;
  std::optional<BuildError> error;
};

/// What came of a build.
struct Build {
  std::string name, version;
  std::string archive;                    ///< empty with `unchanged`
  bool unchanged = false;                 ///< the artifact that is stored is this chart
  bool packaged = false;                  ///< else the bytes are those that were pulled
  std::vector<std::string> values_files;  ///< that were merged
  std::size_t dependencies = 0;           ///< that were fetched
  bool verified = false;                  ///< a signature was checked in this run

  std::string Summary() const;  ///< `packaged 'web' chart with version '1.0.0' and merged values files [a.yaml b.yaml]`
  std::string_view reason() const { return packaged ? "ChartPackageSucceeded" : "ChartPullSucceeded"; }
};

/// `version` with `metadata` behind its plus; as it is if `metadata` is empty.
Built<std::string> WithMetadata(const std::string& version, const std::string& metadata);

/// What is added to the version: of the revision with the strategy Revision (12 digits of it), of the generation if values files are merged.
std::string VersionMetadata(const Spec& spec, std::string_view source_revision, std::int64_t generation);

/// Name and version of the chart in an archive (checked: nothing of it leads outside, its metadata is valid), without making anything of the rest.
base::Result<helm::Metadata> ReadArchiveMetadata(std::string_view archive, std::size_t max_file_bytes);
/// Of the chart at `path` of `files`, a folder or an archive.
Built<helm::Metadata> ReadChartMetadata(const base::Files& files, const std::string& path, std::size_t max_bytes,
                                        std::size_t max_file_bytes);

/// The archive of a repository as an artifact: as it is, or packed anew with `version` and merged values.
Built<Build> FromArchive(const Spec& spec, std::string name, std::string version, bool repackage, std::string archive,
                         std::size_t max_file_bytes);

/// A dependency that charts/ lacks.
struct Missing {
  std::string name;  ///< alias, or name
  helm::Dependency dependency;
  bool local() const { return dependency.repository.empty() || dependency.repository.starts_with("file://"); }
};

/// A chart of a source on its way to an archive: loaded, its local dependencies added, `remote` still to be fetched.
struct Draft {
  Build build;
  helm::Chart chart;
  std::vector<Missing> remote;
};

/// Loads the chart at `path` (below the root of `files`), merges values, and adds the dependencies that the source has.
Built<Draft> FromFiles(const Spec& spec, const base::Files& files, const std::string& path, Build build, std::size_t max_file_bytes);
/// The dependency that `archive` is, added to `draft`. The error has no prefix yet.
base::Result<void> AddDependency(Draft& draft, std::string_view version, std::string_view archive, std::size_t max_file_bytes);
/// The end: the archive.
Built<Build> Finish(Draft draft);

}  // namespace sluice::controller::helm_chart
