// helm/release/stored_chart.h: a chart inside of a release record. A thousand releases of one chart share one StoredChart, which is kept packed: the JSON
// of `"chart"` as a gzip member of its own. Members that follow each other are one gzip stream to every reader (RFC 1952, 2.2), Helm's included, so
// that writing a record packs only what is the release's own.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "helm/chart/chart.h"

namespace sluice::helm {

/// How much of a chart a record holds. Helm itself reads `metadata` and `values` alone of a stored chart, so that what the others leave out is missed
/// by no command of it: list, history, status, get, upgrade with --reuse-values, rollback and uninstall.
enum class ChartDetail {
  Whole,      ///< as Helm stores it
  NoFiles,    ///< `files` is null
  NoSources,  ///< `files`, `templates` and `schema` are null
};

/// Immutable.
struct StoredChart {
  std::string name, version, app_version;  ///< of the metadata
  bool deprecated = false;
  std::string metadata_json;  ///< as Go marshals it
  std::string packed;         ///< the gzip member of the chart's JSON; not empty
  std::size_t json_size = 0;  ///< bytes, unpacked
};

/// `chart`, as it is after helm::Render (Rendered::chart): with its dependencies processed. Subcharts are not stored (nor does Helm).
std::shared_ptr<const StoredChart> StoreChart(const Chart& chart, ChartDetail detail = ChartDetail::Whole);
/// The JSON that StoreChart would pack.
std::string JsonOfChart(const Chart& chart);
/// The JSON. Cannot fail.
std::string ChartJson(const StoredChart& chart);
/// The same chart with less in it.
std::shared_ptr<const StoredChart> Reduce(const StoredChart& chart, ChartDetail detail);
/// The chart's default values, for --reuse-values; an empty map if it has none.
Value StoredValues(const StoredChart& chart);

/// Charts by what they say, so that records that were read share theirs. Thread-safe; forgets a chart with its last user.
class ChartPool {
 public:
  /// The chart of this JSON. Errors: Invalid, TooLarge.
  base::Result<std::shared_ptr<const StoredChart>> Get(std::string_view json);
  /// StoreChart, but a chart that was stored before, of the very same files in memory, with equal metadata and values, is not packed again.
  std::shared_ptr<const StoredChart> Store(const Chart& chart);
  std::size_t size() const;

 private:
  /// A chart in memory, and what it was stored as.
  struct Known {
    std::string metadata_json, values_json;
    std::vector<std::weak_ptr<const std::string>> data;  ///< of its files, in order
    std::weak_ptr<const StoredChart> stored;
  };
  static bool IsOf(const Known& known, const std::vector<std::shared_ptr<const std::string>>& data);
  std::shared_ptr<const StoredChart> Keep(const std::string& key, std::shared_ptr<const StoredChart> chart);
  mutable base::Mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<const StoredChart>> charts_ GUARDED_BY(mutex_);  ///< by SHA-256 of the JSON
  std::vector<Known> known_ GUARDED_BY(mutex_);
};

}  // namespace sluice::helm
