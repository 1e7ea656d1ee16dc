#include "controller/helm_chart/build.h"

#include <algorithm>
#include <utility>

#include "base/archive.h"
#include "base/version.h"
#include "helm/chart/load.h"
#include "helm/chart/metadata.h"
#include "helm/chart/package.h"
#include "helm/chart/yaml_values.h"
#include "helm/functions/semver.h"
#include "helm/functions/yaml.h"

namespace sluice::controller::helm_chart {
namespace {

using base::Invalid;
using base::Result;

constexpr auto kDialect = helm::Dialect::Helm4;
constexpr std::uint64_t kMaxUnpacked = 100u << 20;
constexpr std::size_t kRevisionDigits = 12;

struct Words {
  std::string_view reason, summary;
};
constexpr Words kWords[] = {{"InvalidChartReference", "invalid chart reference"},   {"ChartPullError", "chart pull error"},
                            {"MetadataPatchError", "chart metadata patch error"},   {"ValuesFilesError", "values files merge error"},
                            {"DependencyBuildError", "dependency build error"},     {"ChartPackageError", "chart package error"},
                            {"ChartVerificationError", "chart verification error"}, {"Unknown", "unknown build error"}};

template <class T>
Built<T> Failed(Step step, base::Error error) {
  return {.value = {}, .error = BuildError{step, std::move(error)}};
}

std::string Brackets(const std::vector<std::string>& names) {
  std::string out = "[";
  for (const std::string& name : names) out += (out.size() > 1 ? " " : "") + name;
  return out + "]";
}

/// `limit` of every file that a chart or its dependencies hold.
Result<void> CheckSizes(const helm::Chart& chart, std::size_t limit) {
  const auto check = [limit](const std::string& name, std::size_t size) -> Result<void> {
    if (size <= limit) return {};
    return Invalid("cannot load file " + name + " as file size (" + std::to_string(size) + ") exceeds limit (" + std::to_string(limit) +
                   ")");
  };
  if (chart.values_text) TRY(check("values.yaml", chart.values_text->size()));
  if (chart.schema) TRY(check("values.schema.json", chart.schema->size()));
  for (const std::vector<helm::ChartFile>* files : {&chart.templates, &chart.files}) {
    for (const helm::ChartFile& file : *files) TRY(check(file.name, file.data->size()));
  }
  for (const helm::Chart& dependency : chart.dependencies) TRY(CheckSizes(dependency, limit));
  return {};
}

Result<helm::Chart> LoadChecked(std::string_view archive, std::size_t max_file_bytes) {
  TRY(helm::Chart chart, helm::LoadArchive(archive, kDialect));
  TRY(CheckSizes(chart, max_file_bytes));
  return chart;
}

/// Merged values and the files that they are of.
struct Merged {
  helm::Value values = helm::Value::NewMap();
  std::vector<std::string> files;

  Result<void> Add(const std::string& path, std::string_view text) {
    auto read = helm::ParseYaml(text);
    if (read && !read->IsNil() && !read->IsMap())
      read = Invalid(helm::CannotUnmarshal(helm::JsonTypeName(*read), "value of type map[string]interface {}"));
    if (!read) return Invalid("unmarshaling values from '" + path + "' failed: " + read.error().message);
    if (read->IsMap()) helm::MergeMaps(*values.map(), *read->map());
    files.push_back(path);
    return {};
  }
  Result<std::string> Text() const {
    if (values.map()->entries.empty()) return std::string();
    return helm::EmitYaml(values);
  }
};

/// The values files of a chart in a repository are files of the chart.
Result<Merged> MergeChartValues(const helm::Chart& chart, const Spec& spec) {
  Merged merged;
  for (const std::string& path : spec.values_files) {
    const std::string clean = CleanPath(path);
    if (clean == "values.yaml") {
      if (chart.values.IsMap()) helm::MergeMaps(*merged.values.map(), *chart.values.map());
      merged.files.push_back(path);
      continue;
    }
    const auto file = std::find_if(chart.files.begin(), chart.files.end(), [&](const helm::ChartFile& one) { return one.name == clean; });
    if (file != chart.files.end()) {
      TRY(merged.Add(path, *file->data));
    } else if (!spec.ignore_missing_values_files) {
      return Invalid("no values file found at path '" + path + "'");
    }
  }
  return merged;
}

/// Those of a chart in a source are files of the source.
Result<Merged> MergeSourceValues(const base::Files& files, const Spec& spec) {
  Merged merged;
  for (const std::string& path : spec.values_files) {
    const std::string inside = PathBelow(".", path);
    const auto info = files.Stat(inside);
    const bool absent = !info && info.error().reason == base::Reason::NotFound;
    if (absent && spec.ignore_missing_values_files) continue;
    if (!info || info->type != base::FileType::Regular)
      return Invalid("no values file found at path '/" + inside + "' (reference '" + path + "')");
    const auto text = files.Read(inside);
    if (!text) return Invalid("could not read values from file '" + path + "': " + text.error().message);
    TRY(merged.Add(path, *text));
  }
  return merged;
}

Result<void> Overwrite(helm::Chart& chart, Merged merged, Build& build) {
  TRY(std::string text, merged.Text());
  TRY(const bool changed, helm::ReplaceValues(chart, std::move(text)));
  if (changed) build.values_files = std::move(merged.files);
  return {};
}

/// Which dependencies charts/ lacks, by alias or name. As many charts as requirements is none, as Flux counts.
std::vector<Missing> MissingOf(const helm::Chart& chart) {
  static const std::vector<helm::Dependency> kNone;
  const std::vector<helm::Dependency>& wanted = chart.lock                    ? chart.lock->dependencies
                                                : chart.metadata.dependencies ? *chart.metadata.dependencies
                                                                              : kNone;
  std::map<std::string, Missing> missing;
  if (chart.dependencies.size() == wanted.size()) return {};
  for (const helm::Dependency& one : wanted) {
    const std::string name = one.alias.empty() ? one.name : one.alias;
    const bool found =
        std::any_of(chart.dependencies.begin(), chart.dependencies.end(), [&](const helm::Chart& c) { return c.name() == name; });
    if (!found) missing[name] = Missing{name, one};
  }
  std::vector<Missing> out;
  for (auto& [name, one] : missing) out.push_back(std::move(one));
  return out;
}

/// Under its own name, by which Helm looks for it: one chart serves several aliases. (Flux gives it the alias for a name, with which `helm template` finds
/// nothing.)
void AddTo(helm::Chart& chart, helm::Chart dependency) {
  const auto same = [&](const helm::Chart& one) {
    return one.name() == dependency.name() && one.metadata.version == dependency.metadata.version;
  };
  if (std::none_of(chart.dependencies.begin(), chart.dependencies.end(), same)) chart.dependencies.push_back(std::move(dependency));
}

Result<helm::Chart> LoadLocal(const base::Files& files, const std::string& chart_path, const helm::Dependency& wanted,
                              std::size_t max_file_bytes) {
  const std::string reference = wanted.repository.empty() ? "charts/" + wanted.name : wanted.repository.substr(7);
  const std::string path = PathBelow(chart_path, reference);
  const std::string shown = "'/" + path + "' (reference '" + wanted.repository + "')";
  if (!files.Stat(path)) return Invalid("no chart found at " + shown);
  const auto range = helm::ParseConstraint(wanted.version);
  if (!range) return Invalid("invalid version/constraint format '" + wanted.version + "': " + range.error().message);
  auto chart = helm::LoadChart(files, path, kDialect);
  if (!chart) return Invalid("failed to load chart from " + shown + ": " + chart.error().message);
  TRY(CheckSizes(*chart, max_file_bytes));
  TRY(const base::Version version, helm::ParseSemver(chart->metadata.version));
  if (!range->Contains(version)) return Invalid("can't get a valid version for constraint '" + wanted.version + "'");
  return chart;
}

}  // namespace

std::string_view BuildError::reason() const { return kWords[static_cast<std::size_t>(step)].reason; }

std::string BuildError::message() const { return std::string(kWords[static_cast<std::size_t>(step)].summary) + ": " + error.message; }

std::string Build::Summary() const {
  std::string out = packaged ? "packaged" : "pulled";
  out += " '" + name + "' chart with version '" + version + "'";
  if (!values_files.empty()) out += " and merged values files " + Brackets(values_files);
  return out;
}

Built<std::string> WithMetadata(const std::string& version, const std::string& metadata) {
  if (metadata.empty()) return {.value = version};
  auto parsed = helm::ParseSemver(version);
  if (!parsed)
    return Failed<std::string>(Step::MetadataPatch,
                               Invalid("failed to parse version from chart metadata as SemVer: " + parsed.error().message));
  parsed->metadata = metadata;
  return {.value = parsed->ToString()};
}

std::string VersionMetadata(const Spec& spec, std::string_view source_revision, std::int64_t generation) {
  std::string out;
  if (spec.by_revision && spec.source_kind != "HelmRepository") {
    const std::string_view hash = source_revision.substr(source_revision.find_last_of(":/") + 1);  // npos + 1 is 0
    out = hash.substr(0, kRevisionDigits);
  }
  if (!spec.EffectiveValuesFiles().empty()) out += (out.empty() ? "" : ".") + std::to_string(generation);
  return out;
}

Result<helm::Metadata> ReadArchiveMetadata(std::string_view archive, std::size_t max_file_bytes) {
  const base::ArchiveOptions options{.limits = {.max_unpacked_bytes = kMaxUnpacked, .max_file_bytes = kMaxUnpacked},
                                     .symlinks = base::Symlinks::Skip};
  base::ArchiveReader reader(base::SourceOf(archive), options);
  helm::Metadata metadata;
  bool found = false;
  while (true) {
    TRY(const std::optional<base::ArchiveEntry> entry, reader.Next());
    if (!entry) break;
    if (entry->directory) continue;
    const std::size_t slash = entry->path.find('/');
    if (slash == std::string::npos) return Invalid("chart illegally contains content outside the base directory: " + entry->path);
    const std::string name = entry->path.substr(slash + 1);
    if (name != "Chart.yaml" && name != "requirements.yaml") continue;
    if (entry->size > max_file_bytes)
      return Invalid("size of '" + entry->path + "' exceeds '" + std::to_string(max_file_bytes) + "' bytes limit");
    TRY(const std::string text, reader.Contents());
    if (auto read = helm::ReadMetadata(text, metadata); !read) return Invalid("cannot load '" + name + "': " + read.error().message);
    found = found || name == "Chart.yaml";
  }
  if (!found) return Invalid("no 'Chart.yaml' found");
  if (metadata.api_version.empty()) metadata.api_version = "v1";
  return metadata;
}

Built<helm::Metadata> ReadChartMetadata(const base::Files& files, const std::string& path, std::size_t max_bytes,
                                        std::size_t max_file_bytes) {
  const auto fail = [](base::Error error) { return Failed<helm::Metadata>(Step::InvalidReference, std::move(error)); };
  const auto info = files.Stat(path);
  if (!info && info.error().reason == base::Reason::NotFound) return fail(Invalid("stat " + path + ": no such file or directory"));
  if (!info) return fail(info.error());
  helm::Metadata metadata;
  if (info->type == base::FileType::Directory) {
    const std::string folder = path == "." ? "" : path + "/";
    const auto text = files.Read(folder + "Chart.yaml");
    if (!text && text.error().reason == base::Reason::NotFound)
      return fail(Invalid("open " + folder + "Chart.yaml: no such file or directory"));
    if (!text) return fail(text.error());
    if (auto read = helm::ReadMetadata(*text, metadata); !read) return fail(Invalid("cannot load 'Chart.yaml': " + read.error().message));
    if (metadata.api_version.empty()) metadata.api_version = "v1";
    if (const auto more = files.Read(folder + "requirements.yaml"); more) {
      if (auto read = helm::ReadMetadata(*more, metadata); !read)
        return fail(Invalid("cannot load 'requirements.yaml': " + read.error().message));
    }
  } else {
    if (info->size > max_bytes)
      return fail(Invalid("size of chart '" + info->name + "' exceeds '" + std::to_string(max_bytes) + "' bytes limit"));
    const auto archive = files.Read(path);
    if (!archive) return fail(archive.error());
    auto read = ReadArchiveMetadata(*archive, max_file_bytes);
    if (!read) return fail(read.error());
    metadata = *std::move(read);
  }
  if (auto valid = helm::Validate(metadata); !valid) return fail(valid.error());
  return {.value = std::move(metadata)};
}

Built<Build> FromArchive(const Spec& spec, std::string name, std::string version, bool repackage, std::string archive,
                         std::size_t max_file_bytes) {
  Build build{.name = std::move(name), .version = std::move(version)};
  if (!repackage) {
    auto metadata = ReadArchiveMetadata(archive, max_file_bytes);
    if (!metadata)
      return Failed<Build>(Step::Pull, Invalid("failed to load chart metadata from written chart: " + metadata.error().message));
    if (auto valid = helm::Validate(*metadata); !valid)
      return Failed<Build>(Step::Pull, Invalid("failed to validate metadata of written chart: " + valid.error().message));
    build.archive = std::move(archive);
    return {.value = std::move(build)};
  }
  auto chart = LoadChecked(archive, max_file_bytes);
  if (!chart) return Failed<Build>(Step::Package, Invalid("failed to load downloaded chart: " + chart.error().message));
  chart->metadata.version = build.version;
  auto merged = MergeChartValues(*chart, spec);
  if (!merged) return Failed<Build>(Step::ValuesFiles, Invalid("failed to merge chart values: " + merged.error().message));
  if (auto done = Overwrite(*chart, *std::move(merged), build); !done) return Failed<Build>(Step::ValuesFiles, done.error());
  return Finish(Draft{.build = std::move(build), .chart = *std::move(chart)});
}

Built<Draft> FromFiles(const Spec& spec, const base::Files& files, const std::string& path, Build build, std::size_t max_file_bytes) {
  const auto info = files.Stat(path);
  const bool folder = info && info->type == base::FileType::Directory;
  const bool merges = !spec.EffectiveValuesFiles().empty();
  std::optional<Merged> merged;
  if (merges) {
    auto read = MergeSourceValues(files, spec);
    if (!read) return Failed<Draft>(Step::ValuesFiles, read.error());
    merged = *std::move(read);
  }
  auto chart = helm::LoadChart(files, path, kDialect);
  if (!chart) return Failed<Draft>(Step::Package, chart.error());
  if (auto small = CheckSizes(*chart, max_file_bytes); !small) return Failed<Draft>(Step::Package, small.error());
  Draft draft{.build = std::move(build), .chart = *std::move(chart)};
  draft.chart.metadata.version = draft.build.version;
  if (merged) {
    if (auto done = Overwrite(draft.chart, *std::move(merged), draft.build); !done) return Failed<Draft>(Step::ValuesFiles, done.error());
  }
  if (!folder) return {.value = std::move(draft)};
  std::vector<Missing> missing = MissingOf(draft.chart);
  draft.build.dependencies = missing.size();
  for (Missing& one : missing) {
    if (!one.local()) {
      draft.remote.push_back(std::move(one));
      continue;
    }
    auto local = LoadLocal(files, path, one.dependency, max_file_bytes);
    if (!local)
      return Failed<Draft>(Step::Dependencies, Invalid("failed to add local dependency '" + one.name + "': " + local.error().message));
    AddTo(draft.chart, *std::move(local));
  }
  return {.value = std::move(draft)};
}

Result<void> AddDependency(Draft& draft, std::string_view version, std::string_view archive, std::size_t max_file_bytes) {
  auto chart = LoadChecked(archive, max_file_bytes);
  if (!chart) return Invalid("failed to load downloaded archive of version '" + std::string(version) + "': " + chart.error().message);
  AddTo(draft.chart, *std::move(chart));
  return {};
}

Built<Build> Finish(Draft draft) {
  std::stable_sort(draft.chart.dependencies.begin(), draft.chart.dependencies.end(),
                   [](const helm::Chart& a, const helm::Chart& b) { return a.name() < b.name(); });
  auto packed = helm::Package(draft.chart);
  if (!packed) return Failed<Build>(Step::Package, Invalid("failed to package chart: " + packed.error().message));
  draft.build.archive = *std::move(packed);
  draft.build.packaged = true;
  return {.value = std::move(draft.build)};
}

}  // namespace sluice::controller::helm_chart
