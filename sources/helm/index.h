// sources/helm/index.h: the index of a chart repository (helm-contract 17.1), and which of its versions somebody means. Pure. What strangers wrote is
// read as a stream: of a version that is not a chart's nothing stays, of a good one the few words that are needed to find it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace sluice::sources::helm_repository {

/// One version of a chart, as the index tells of it.
struct ChartVersion {
  std::string name;  ///< as its metadata has it
  std::string version;
  std::string url;     ///< the first of its `urls`, absolute or relative to the repository; "" if it has none
  std::string digest;  ///< SHA-256 of the archive in hex, "" if it is not told
  base::TimePoint created;
};

struct Index {
  std::map<std::string, std::vector<ChartVersion>, std::less<>> charts;  ///< by name; each newest first
  std::size_t skipped = 0;                                               ///< entries that were no charts

  std::size_t bytes() const;  ///< roughly what it holds in memory, for a cache
};

struct IndexOptions {
  std::size_t max_bytes = 50u << 20;  ///< `--helm-index-max-size`
  std::size_t max_versions = 1'000'000;
  bool with_json = false;  ///< make `ReadIndexResult::json`
};

struct ReadIndexResult {
  Index index;
  std::string json;  ///< the index as Go's encoding/json indents Helm's struct: charts by name, versions newest first
};

/// Reads YAML, or JSON, strictly: in YAML an unknown field or one that is there twice fails the whole index, in JSON it does not count. An entry that
/// is no chart (name, version, aliases; two dependencies of one name are let pass) is left out by itself.
/// Errors: Invalid `empty index.yaml file`, `no API version specified`, and what is wrong with the text; TooLarge
/// `index exceeds the maximum index file size of 52428800 bytes`.
base::Result<ReadIndexResult> ReadIndex(std::string_view text, const IndexOptions& options);

/// The version that `wanted` means: that very text, else the highest in the range; "" and "*" are the newest that is no pre-release. Of equal ones the
/// younger. Errors (NotFound, Invalid) in Flux's words: `no chart name found`, `no chart version found`,
/// `no 'web' chart with version matching '^2' found`, `improper constraint: "x"`.
base::Result<ChartVersion> FindVersion(const Index& index, std::string_view name, std::string_view wanted);

/// The same choice from bare versions (tags of a registry), of which those that are no versions do not count.
/// NotFound: `could not locate a version matching provided version string ^2`.
base::Result<std::string> FindVersion(const std::vector<std::string>& versions, std::string_view wanted);

}  // namespace sluice::sources::helm_repository
