// controller/helm_operator/charts.h: where the chart of a HelmRelease comes from. One in Git moves with its branch, which is looked at every poll interval, and gets the
// dependencies that it lacks; one of a repository is immutable and fetched once. Charts are shared by the releases that use them. Belongs to the I/O thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "controller/git_repository/access.h"
#include "controller/helm_chart/dependencies.h"
#include "controller/helm_operator/spec.h"
#include "controller/helm_release/renderer.h"
#include "controller/services.h"
#include "sources/git/repository.h"

namespace sluice::net {
class HostPool;
}

namespace sluice::controller::helm_operator {

/// A chart, and where files beside it are read from.
struct LoadedChart {
  std::shared_ptr<const helm_release::OpenedChart> chart;
  std::shared_ptr<const base::Files> files;    ///< of a chart in Git: the whole commit
  std::string path;                            ///< of the chart in `files`
  std::shared_ptr<const std::string> archive;  ///< of a chart in a repository
};

/// The text of `where`, below the chart: `../` leads elsewhere in the commit of a chart in Git. NotFound, Invalid. For a worker.
base::Result<std::string> ReadChartFile(const LoadedChart& chart, const std::string& where);

struct ChartOptions {
  std::string git_default_ref = "master";
  base::Duration git_poll_interval = std::chrono::minutes(5), git_timeout = std::chrono::seconds(20);
  bool update_deps = true;
};

/// What a HelmRelease remembers of its chart.
struct ChartMemory {
  std::optional<GitChart> git;                      ///< that was looked at
  std::shared_ptr<sources::Repository> repository;  ///< held, so that its cache stays
  sources::Resolution head;
  base::TimePoint looked;
  std::string same_as;                        ///< an older commit with the same files of the chart
  std::shared_ptr<const LoadedChart> loaded;  ///< held, so that others find it
};

class Charts {
 public:
  /// All outlive it.
  struct Parts {
    Services& services;
    sources::GitCache& cache;
    net::HostPool& remotes;
    git_repository::GithubTokens& github;
    git_repository::AccessPolicy access;
    helm_chart::DependencyParts dependencies;
    helm_release::Renderer& renderer;
  };
  Charts(Parts parts, ChartOptions options) : parts_(parts), options_(std::move(options)) {}

  struct Request {
    std::string ns;  ///< of the HelmRelease
    Spec spec;
    std::string last_attempted;                       ///< revision
    bool look = false;                                ///< at the remote, however lately that was done
    std::function<void(bool)> on_wait = [](bool) {};  ///< hears when waiting for the Git host begins and ends
  };
  struct Answer {
    std::shared_ptr<const LoadedChart> loaded;
    std::string revision;  ///< the commit, or the chart's version
    bool changed = false;  ///< since `last_attempted`, in the files of the chart
  };
  /// Errors name what is missing: `chart unavailable: …`, `git auth error: …`. `memory` outlives the call.
  net::Task<base::Result<Answer>> Get(Request request, ChartMemory& memory);

 private:
  using Shared = std::shared_ptr<const LoadedChart>;
  net::Task<base::Result<Answer>> FromGit(Request request, ChartMemory& memory);
  net::Task<base::Result<sources::Credentials>> CredentialsOf(const Request& request);
  net::Task<base::Result<void>> Look(const Request& request, sources::Credentials credentials, ChartMemory& memory);
  net::Task<base::Result<Shared>> LoadCommit(GitChart git, std::string ns, std::shared_ptr<const base::Files> files);
  net::Task<base::Result<bool>> HasChanged(const Request& request, const sources::Credentials& credentials, const ChartMemory& memory);
  net::Task<base::Result<Answer>> FromRepository(Request request, ChartMemory& memory);
  net::Task<base::Result<Shared>> Pull(RepositoryChart wanted, std::string ns);
  Shared Find(const std::string& key);
  void Keep(const std::string& key, const Shared& chart);

  Parts parts_;
  const ChartOptions options_;
  std::map<std::string, std::weak_ptr<const LoadedChart>> charts_;  ///< by where they are from
};

/// Do both trees have the same files at `path` and below? By content ids.
bool SameBelow(const base::Files& left, const base::Files& right, const std::string& path);

}  // namespace sluice::controller::helm_operator
