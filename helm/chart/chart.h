// helm/chart/chart.h: a chart as Helm has it in memory (helm-contract, section 1). A Chart is data, but its values are helm::Values, whose maps
// are references: whoever renders takes a chart for itself, and one chart is used by one thread at a time.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "helm/template/value.h"

namespace sluice::helm {

/// A file of a chart: path relative to the chart, and its bytes, which charts that are copied share.
struct ChartFile {
  std::string name;
  std::shared_ptr<const std::string> data;
};

struct Maintainer {
  std::string name, email, url;
};

/// An entry of `dependencies` in Chart.yaml or requirements.yaml.
struct Dependency {
  std::string name, version, repository, condition;
  std::vector<std::string> tags;
  bool enabled = false;
  std::vector<Value> import_values;  ///< strings, or maps with `child` and `parent`
  std::string alias;
  std::shared_ptr<bool> renamed;  ///< the name has become the alias; shared by copies as far as Helm shares the entry (ProcessDependencies)
};

/// A chart's place in the tree as far as paths go. Helm's charts know their parent by a pointer, and a chart that was not copied for an entry of
/// `dependencies` may still point to the parent that was: so its files are named after where that one was.
struct ChartPlace {
  std::string name;
  std::shared_ptr<ChartPlace> parent;  ///< null: the root

  std::string Path() const { return parent == nullptr ? name : parent->Path() + "/charts/" + name; }
};

/// Chart.yaml, with the fields in the order of Helm's struct, which is the order in which .Chart prints.
struct Metadata {
  std::string name, home;
  std::vector<std::string> sources;
  std::string version, description;
  std::vector<std::string> keywords;
  std::vector<Maintainer> maintainers;
  std::string icon, api_version, condition, tags, app_version;
  bool deprecated = false;
  std::map<std::string, std::string> annotations;
  std::string kube_version;
  std::optional<std::vector<Dependency>> dependencies;  ///< nullopt: the file has none, so nothing in charts/ is ever left out
  std::string type;
  bool null_maintainer = false, null_dependency = false;  ///< a list holds a null, which Validate() refuses
};

/// Chart.lock or requirements.lock.
struct Lock {
  std::string generated, digest;
  std::vector<Dependency> dependencies;
};

struct Chart {
  Metadata metadata;
  std::optional<Lock> lock;
  Value values;                                    ///< of values.yaml: a map, or nothing
  std::shared_ptr<const std::string> values_text;  ///< values.yaml as it is; null without one
  std::shared_ptr<const std::string> schema;       ///< values.schema.json; null without one
  std::vector<ChartFile> templates;                ///< everything below templates/
  std::vector<ChartFile> files;                    ///< what .Files shows: crds/, README.md ...
  std::vector<Chart> dependencies;                 ///< charts/, by name
  std::shared_ptr<ChartPlace> place;               ///< null until ProcessDependencies(): where it lies

  const std::string& name() const { return metadata.name; }
  /// "top/charts/sub"; `parent` is the path of the chart above, "" for the root, and counts where `place` is not known.
  std::string Path(const std::string& parent) const {
    if (place != nullptr) return place->Path();
    return parent.empty() ? name() : parent + "/charts/" + name();
  }
};

/// A file of crds/: the path that `helm template --include-crds` shows, and its text.
struct CrdFile {
  std::string path;
  std::shared_ptr<const std::string> data;
};
/// The CRDs of `chart`, then those of its dependencies. Templates play no part in them.
std::vector<CrdFile> Crds(const Chart& chart);

}  // namespace sluice::helm
