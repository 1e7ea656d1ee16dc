#include "helm/chart/load.h"

#include <map>

#include "base/archive.h"
#include "helm/chart/ignore.h"
#include "helm/chart/metadata.h"
#include "helm/chart/yaml_values.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;

constexpr std::uint64_t kMaxFileBytes = 5u << 20;     // helm 3, of one file
constexpr std::uint64_t kMaxChartBytes = 100u << 20;  // unpacked
constexpr std::string_view kBom = "\xEF\xBB\xBF";
constexpr const char* kRequirements =
    "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend migrating dependencies to Chart.yaml.";
constexpr const char* kRequirementsLock =
    "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". We recommend migrating to Chart.lock.";

std::shared_ptr<const std::string> Share(std::string bytes) {
  if (bytes.starts_with(kBom)) bytes.erase(0, kBom.size());
  return std::make_shared<const std::string>(std::move(bytes));
}

/// Reads a directory, names in byte order, what is ignored left out.
class DirectoryReader {
 public:
  DirectoryReader(const base::Files& files, std::string root, const IgnoreRules& rules, Dialect dialect, const NoticeSink& notify)
      : files_(files), root_(std::move(root)), rules_(rules), dialect_(dialect), notify_(notify) {}

  Result<std::vector<ChartFile>> Read() {
    TRY(Walk(""));
    return std::move(found_);
  }

 private:
  std::string Whole(const std::string& path) const { return path.empty() ? root_ : root_ == "." ? path : root_ + "/" + path; }

  Result<void> Walk(const std::string& directory) {
    if (++depth_ > kMaxChartDepth) return base::MakeError(base::Reason::TooLarge, directory + ": directories are nested too deeply");
    TRY(const std::vector<base::FileInfo> entries, files_.List(Whole(directory)));
    for (const base::FileInfo& entry : entries) {
      const std::string path = directory.empty() ? entry.name : directory + "/" + entry.name;
      base::FileInfo info = entry;
      if (entry.type == base::FileType::Symlink) {
        TRY(info, files_.Stat(Whole(path)));
        if (notify_) TRY(SayLink(Whole(path)));
      }
      TRY(Add(path, info));
    }
    --depth_;
    return {};
  }

  Result<void> SayLink(const std::string& path) const {
    TRY(const std::string target, files_.Resolve(path));
    const std::string link = files_.Describe(path), resolved = files_.Describe(target);
    notify_({.text = "found symbolic link in path: " + link + " resolves to " + resolved + ". Contents of linked file included and used",
             .level = "INFO",
             .message = "found symbolic link in path. Contents of linked file included and used",
             .fields = {{"path", link}, {"resolved", resolved}}});
    return {};
  }

  Result<void> Add(const std::string& path, const base::FileInfo& info) {
    const bool is_directory = info.type == base::FileType::Directory;
    if (rules_.Ignores(path, is_directory)) return {};
    if (is_directory) return Walk(path);
    if (info.type != base::FileType::Regular) return Invalid("cannot load irregular file " + path + " as it has file mode type bits set");
    if (dialect_ == Dialect::Helm3 && info.size > kMaxFileBytes)
      return Invalid("chart file \"" + std::string(base::BaseName(path)) + "\" is larger than the maximum file size " +
                     std::to_string(kMaxFileBytes));
    TRY(std::string bytes, files_.Read(Whole(path)));
    total_ += bytes.size();
    if (total_ > kMaxChartBytes)
      return base::MakeError(base::Reason::TooLarge, "chart is larger than the maximum size " + std::to_string(kMaxChartBytes));
    found_.push_back({path, Share(std::move(bytes))});
    return {};
  }

  const base::Files& files_;
  const std::string root_;
  const IgnoreRules& rules_;
  const Dialect dialect_;
  const NoticeSink& notify_;
  std::vector<ChartFile> found_;
  std::uint64_t total_ = 0;
  int depth_ = 0;
};

Result<IgnoreRules> RulesOf(const base::Files& files, const std::string& root) {
  IgnoreRules rules;
  const auto text = files.Read(root == "." ? ".helmignore" : root + "/.helmignore");
  if (text) {
    TRY(rules, IgnoreRules::Parse(*text));
  } else if (text.error().reason != base::Reason::NotFound) {
    return text.error();
  }
  rules.AddDefaults();
  return rules;
}

/// The first name of a path goes; what is left of "chart/templates/x.yaml" is "templates/x.yaml".
Result<std::string> InChart(const std::string& path) {
  const std::size_t slash = path.find('/');
  const std::string rest = slash == std::string::npos ? "" : path.substr(slash + 1);
  if (rest.empty()) return Invalid("chart illegally contains content outside the base directory");
  if (path.substr(0, slash) == "Chart.yaml") return Invalid("chart yaml not in base directory");
  return rest;
}

Result<std::vector<ChartFile>> ReadArchive(std::string_view tgz, Dialect dialect) {
  const base::ArchiveOptions options{.limits = {.max_unpacked_bytes = kMaxChartBytes + (16u << 20), .max_file_bytes = kMaxChartBytes},
                                     .symlinks = base::Symlinks::Skip};
  base::ArchiveReader reader(base::SourceOf(tgz), options);
  std::vector<ChartFile> files;
  while (true) {
    TRY(const std::optional<base::ArchiveEntry> entry, reader.Next());
    if (!entry) break;
    if (entry->directory) continue;
    TRY(std::string name, InChart(entry->path));
    if (dialect == Dialect::Helm3 && entry->size > kMaxFileBytes)
      return Invalid("decompressed chart file \"" + entry->path + "\" is larger than the maximum file size " +
                     std::to_string(kMaxFileBytes));
    TRY(std::string bytes, reader.Contents());
    files.push_back({std::move(name), Share(std::move(bytes))});
  }
  if (files.empty()) return Invalid("no files in chart archive");
  return files;
}

/// Puts the files of a chart where they belong.
class Sorter {
 public:
  Sorter(Dialect dialect, int depth, const NoticeSink& notify) : dialect_(dialect), depth_(depth), notify_(notify) {}

  Result<Chart> Load(std::vector<ChartFile> files) {
    TRY(ReadChartYaml(files));
    for (ChartFile& file : files) TRY(Add(file));
    if (!has_metadata_) return Invalid("Chart.yaml file is missing");
    TRY(Validate(chart_.metadata));
    for (auto& [name, parts] : subcharts_) TRY(AddSubchart(name, std::move(parts)));
    return std::move(chart_);
  }

 private:
  Result<void> ReadChartYaml(const std::vector<ChartFile>& files) {
    for (const ChartFile& file : files) {
      if (file.name != "Chart.yaml") continue;
      if (auto read = ReadMetadata(*file.data, chart_.metadata, dialect_); !read) return read.error().Wrap("cannot load Chart.yaml");
      if (chart_.metadata.api_version.empty()) chart_.metadata.api_version = "v1";
      has_metadata_ = true;
    }
    return CheckApiVersion();
  }

  Result<void> CheckApiVersion() const {
    const std::string& version = chart_.metadata.api_version;
    if (dialect_ == Dialect::Helm3 || depth_ > 0 || !has_metadata_ || version == "v1" || version == "v2") return {};
    return base::MakeError(base::Reason::Unsupported, "unsupported chart version");
  }

  void SayLate(const char* text) const {
    if (notify_ && chart_.metadata.api_version != "v1") notify_({.text = text});
  }

  Result<void> Add(ChartFile& file) {
    const std::string& name = file.name;
    if (name == "Chart.yaml") return {};
    if (name == "Chart.lock") return ReadLockFile(file);
    if (name == "values.yaml") return ReadValuesFile(file);
    if (name == "values.schema.json") {
      chart_.schema = file.data;
    } else if (name == "requirements.yaml") {
      SayLate(kRequirements);
      if (auto read = ReadMetadata(*file.data, chart_.metadata, dialect_); !read) return read.error().Wrap("cannot load requirements.yaml");
      if (chart_.metadata.api_version == "v1") chart_.files.push_back(file);
    } else if (name == "requirements.lock") {
      TRY(ReadLockFile(file));
      SayLate(kRequirementsLock);
      if (chart_.metadata.api_version == "v1") chart_.files.push_back(file);
    } else if (name.starts_with("templates/")) {
      chart_.templates.push_back(std::move(file));
    } else if (name.starts_with("charts/") && !name.ends_with(".prov")) {
      const std::string rest = name.substr(7);
      subcharts_[rest.substr(0, rest.find('/'))].push_back({rest, file.data});
    } else {
      chart_.files.push_back(std::move(file));
    }
    return {};
  }

  Result<void> ReadLockFile(const ChartFile& file) {
    auto lock = ReadLock(*file.data);
    if (!lock) return lock.error().Wrap("cannot load " + file.name);
    chart_.lock = *std::move(lock);
    return {};
  }

  Result<void> ReadValuesFile(const ChartFile& file) {
    auto values = ParseValues(*file.data, dialect_);
    if (!values) return values.error().Wrap("cannot load values.yaml");
    chart_.values = *std::move(values);
    chart_.values_text = file.data;
    return {};
  }

  Result<Chart> LoadSubchart(const std::string& name, std::vector<ChartFile> parts) const {
    if (depth_ >= kMaxChartDepth) return base::MakeError(base::Reason::TooLarge, "charts are nested too deeply");
    if (name.ends_with(".tgz")) {
      if (parts.front().name != name)
        return Invalid("error unpacking subchart tar in " + chart_.name() + ": expected " + name + ", got " + parts.front().name);
      TRY(std::vector<ChartFile> files, ReadArchive(*parts.front().data, dialect_));
      return LoadFiles(std::move(files), dialect_, depth_ + 1, notify_);
    }
    std::vector<ChartFile> files;
    for (ChartFile& part : parts)
      if (const std::size_t slash = part.name.find('/'); slash != std::string::npos)
        files.push_back({part.name.substr(slash + 1), part.data});
    return LoadFiles(std::move(files), dialect_, depth_ + 1, notify_);
  }

  Result<void> AddSubchart(const std::string& name, std::vector<ChartFile> parts) {
    if (name.starts_with('_') || name.starts_with('.')) return {};
    auto chart = LoadSubchart(name, std::move(parts));
    if (!chart) return chart.error().Wrap("error unpacking subchart " + name + " in " + chart_.name());
    chart_.dependencies.push_back(*std::move(chart));
    return {};
  }

  const Dialect dialect_;
  const int depth_;
  const NoticeSink& notify_;
  Chart chart_;
  bool has_metadata_ = false;
  std::map<std::string, std::vector<ChartFile>> subcharts_;
};

}  // namespace

Result<Chart> LoadFiles(std::vector<ChartFile> files, Dialect dialect, int depth, const NoticeSink& notify) {
  return Sorter(dialect, depth, notify).Load(std::move(files));
}

Result<Chart> LoadDirectory(const base::Files& files, std::string_view path, Dialect dialect, const NoticeSink& notify) {
  const std::string root = path.empty() ? "." : std::string(path);
  TRY(const IgnoreRules rules, RulesOf(files, root));
  TRY(std::vector<ChartFile> found, DirectoryReader(files, root, rules, dialect, notify).Read());
  return LoadFiles(std::move(found), dialect, 0, notify);
}

Result<std::vector<ChartFile>> ReadChartArchive(std::string_view tgz, Dialect dialect) {
  if (!tgz.starts_with("\x1F\x8B\x08")) return Invalid("file does not appear to be a gzipped archive; got 'application/octet-stream'");
  return ReadArchive(tgz, dialect);
}

Result<Chart> LoadArchive(std::string_view tgz, Dialect dialect, const NoticeSink& notify) {
  TRY(std::vector<ChartFile> files, ReadChartArchive(tgz, dialect));
  return LoadFiles(std::move(files), dialect, 0, notify);
}

Result<Chart> LoadChart(const base::Files& files, std::string_view path, Dialect dialect, const NoticeSink& notify) {
  TRY(const base::FileInfo info, files.Stat(path));
  if (info.type == base::FileType::Directory) return LoadDirectory(files, path, dialect, notify);
  TRY(const std::string bytes, files.Read(path));
  return LoadArchive(bytes, dialect, notify);
}

}  // namespace sluice::helm
