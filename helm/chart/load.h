// helm/chart/load.h: a directory or an archive becomes a Chart (helm-contract 1.1 to 1.3).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "helm/chart/chart.h"
#include "helm/chart/notice.h"
#include "helm/template/dialect.h"

namespace sluice::helm {

/// The chart in directory `path` of `files`, by the rules of its .helmignore.
/// Errors: Invalid (`Chart.yaml file is missing`, `validation: ...`, `cannot load values.yaml: ...`, `error unpacking subchart s in c: ...`),
/// NotFound (no such directory), TooLarge. Notices: symbolic links, and files that only charts of apiVersion v1 need.
base::Result<Chart> LoadDirectory(const base::Files& files, std::string_view path, Dialect dialect, const NoticeSink& notify = {});

/// The chart in a .tgz. Errors: as above, and Invalid for what is no archive of a chart.
base::Result<Chart> LoadArchive(std::string_view tgz, Dialect dialect, const NoticeSink& notify = {});

/// The files in a .tgz of a chart, named relative to it, in the order of the archive. Errors as above.
base::Result<std::vector<ChartFile>> ReadChartArchive(std::string_view tgz, Dialect dialect);

/// The chart of files named relative to it, in order.
base::Result<Chart> LoadFiles(std::vector<ChartFile> files, Dialect dialect, int depth = 0, const NoticeSink& notify = {});

/// Either, as `path` says: the `sluice template` of a directory, an archive.
base::Result<Chart> LoadChart(const base::Files& files, std::string_view path, Dialect dialect, const NoticeSink& notify = {});

/// Charts in charts/ of each other, at most.
inline constexpr int kMaxChartDepth = 64;

}  // namespace sluice::helm
