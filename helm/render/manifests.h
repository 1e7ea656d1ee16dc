// helm/render/manifests.h: rendered files become documents, sorted, with the hooks apart (helm-contract 9 and 10).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "helm/chart/notice.h"
#include "helm/template/dialect.h"

namespace sluice::helm {

/// A document: the file it came from, its text, and what is read of it.
struct Manifest {
  std::string path, content;
  std::string api_version, kind, name;
};

struct Hook {
  std::string path, content;
  std::string kind, name;
  std::vector<std::string> events;  ///< "pre-install" ... "test"
  int weight = 0;
  std::vector<std::string> delete_policies, output_log_policies;

  bool IsTest() const;
};

struct SortedManifests {
  std::vector<Manifest> manifests;
  std::vector<Hook> hooks;
};

/// The documents of one text.
std::vector<std::string> SplitManifests(std::string_view text, Dialect dialect);

struct SortOptions {
  Dialect dialect = Dialect::Helm4;
  bool show_lines = false;  ///< an error of YAML ends with the lines around it. They may hold secrets: for a terminal, not for a status
  const NoticeSink* notify = nullptr;  ///< is told of unknown hook events; may be null
};

/// The documents of `files` (path to text) in the order of installing. What has an unknown hook event is dropped.
/// Errors: Invalid `YAML parse error on c/templates/x.yaml: error converting YAML to JSON: ...`.
base::Result<SortedManifests> SortManifests(const std::map<std::string, std::string>& files, const SortOptions& options);

inline base::Result<SortedManifests> SortManifests(const std::map<std::string, std::string>& files, Dialect dialect) {
  return SortManifests(files, SortOptions{.dialect = dialect});
}

/// Each as `---`, `# Source: path` and its text.
std::string Print(const std::vector<Manifest>& manifests);

}  // namespace sluice::helm
