#include "helm/chart/dependencies.h"

#include <algorithm>
#include <set>

#include "helm/chart/metadata.h"
#include "helm/chart/values.h"
#include "helm/chart/yaml_values.h"
#include "helm/template/print.h"
#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

using base::Result;

bool Satisfies(const Chart& chart, const Dependency& dependency) {
  return chart.name() == dependency.name && IsCompatibleRange(dependency.version, chart.metadata.version);
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || (text.front() >= '\t' && text.front() <= '\r'))) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || (text.back() >= '\t' && text.back() <= '\r'))) text.remove_suffix(1);
  return text;
}

/// Gives every chart of the tree a place of its own, and no name is an alias yet.
void SetPlaces(Chart& chart, const std::shared_ptr<ChartPlace>& parent) {
  chart.place = std::make_shared<ChartPlace>(ChartPlace{.name = chart.name(), .parent = parent});
  if (chart.metadata.dependencies)
    for (Dependency& entry : *chart.metadata.dependencies) entry.renamed = std::make_shared<bool>(false);
  for (Chart& dependency : chart.dependencies) SetPlaces(dependency, chart.place);
}

/// The charts become those of `parent`, wherever else they still are.
void Adopt(const Chart& parent) {
  for (const Chart& chart : parent.dependencies) chart.place->parent = parent.place;
}

/// A copy of `chart` for `entry`. Helm 3 leaves the charts in it, and the entries for them, shared with the original; Helm 4 copies them too.
Chart CopyFor(const Chart& chart, const Dependency& entry, Dialect dialect) {
  Chart copy = chart;
  if (!entry.alias.empty()) copy.metadata.name = entry.alias;
  copy.place = std::make_shared<ChartPlace>(ChartPlace{.name = copy.name(), .parent = chart.place->parent});
  if (dialect == Dialect::Helm3) return copy;
  for (Chart& nested : copy.dependencies)
    nested.place = std::make_shared<ChartPlace>(ChartPlace{.name = nested.name(), .parent = copy.place});
  if (copy.metadata.dependencies)
    for (Dependency& nested : *copy.metadata.dependencies) nested.renamed = std::make_shared<bool>(*nested.renamed);
  return copy;
}

/// Charts that no entry asks for stay as they are; then each entry takes the first that fits it, under its alias.
void ApplyAliases(Chart& chart, Dialect dialect) {
  std::vector<Chart> chosen;
  std::vector<Dependency>& wanted = *chart.metadata.dependencies;
  for (Dependency& entry : wanted)
    if (*entry.renamed) entry.name = entry.alias;
  for (const Chart& existing : chart.dependencies)
    if (std::none_of(wanted.begin(), wanted.end(), [&](const Dependency& entry) { return Satisfies(existing, entry); }))
      chosen.push_back(existing);
  for (Dependency& entry : wanted) {
    const auto found =
        std::find_if(chart.dependencies.begin(), chart.dependencies.end(), [&](const Chart& c) { return Satisfies(c, entry); });
    if (found != chart.dependencies.end()) chosen.push_back(CopyFor(*found, entry, dialect));
    if (entry.alias.empty()) continue;
    entry.name = entry.alias;
    *entry.renamed = true;
  }
  chart.dependencies = std::move(chosen);
  Adopt(chart);
}

/// `kind` (a tag, a path) of `dependency` leads to what is no bool.
void SayNoBool(const NoticeSink& notify, std::string_view text, const char* kind, std::string_view name, const Dependency& dependency) {
  if (!notify) return;
  notify({.text = std::string("Warning: ").append(text).append(" '").append(name).append("' for chart ") + dependency.name +
                  " returned non-bool value",
          .level = "WARN",
          .message = "returned non-bool value",
          .fields = {{kind, std::string(name)}, {"chart", dependency.name}}});
}

void ApplyTags(std::vector<Dependency>& dependencies, Map& values, const NoticeSink& notify) {
  Map* tags = FindTable(values, "tags");
  if (tags == nullptr) return;
  for (Dependency& dependency : dependencies) {
    bool has_true = false, has_false = false;
    for (const std::string& tag : dependency.tags) {
      const auto found = tags->entries.find(tag);
      if (found == tags->entries.end()) continue;
      if (found->second.type() != Type::Bool) {
        SayNoBool(notify, "Tag", "tag", tag, dependency);
        continue;
      }
      (found->second.AsBool() ? has_true : has_false) = true;
    }
    dependency.enabled = has_true || !has_false;
  }
}

void ApplyConditions(std::vector<Dependency>& dependencies, Map& values, const std::string& prefix, const NoticeSink& notify) {
  for (Dependency& dependency : dependencies) {
    std::string_view paths = Trim(dependency.condition);
    while (!paths.empty()) {
      const std::size_t comma = paths.find(',');
      const std::string_view path = paths.substr(0, comma);
      const Value* value = path.empty() ? nullptr : FindValue(values, prefix + std::string(path));
      if (value != nullptr && value->type() == Type::Bool) {
        dependency.enabled = value->AsBool();
        break;
      }
      if (value != nullptr) SayNoBool(notify, "Condition path", "path", path, dependency);
      paths.remove_prefix(comma == std::string_view::npos ? paths.size() : comma + 1);
    }
  }
}

Result<void> Enable(Chart& chart, const Value& user, const std::string& prefix, Dialect dialect, const NoticeSink& notify) {
  if (!chart.metadata.dependencies) return {};
  std::vector<Dependency>& dependencies = *chart.metadata.dependencies;
  ApplyAliases(chart, dialect);
  for (Dependency& dependency : dependencies) dependency.enabled = true;
  TRY(const Value values, Coalesce(chart, user, dialect, Nulls::Remove, notify));
  ApplyTags(dependencies, *values.map(), notify);
  ApplyConditions(dependencies, *values.map(), prefix, notify);
  std::set<std::string> off;
  for (const Dependency& dependency : dependencies)
    if (!dependency.enabled) off.insert(dependency.name);
  std::erase_if(chart.dependencies, [&](const Chart& c) { return off.contains(c.name()); });
  std::erase_if(dependencies, [&](const Dependency& d) { return off.contains(d.name); });
  for (Chart& dependency : chart.dependencies) TRY(Enable(dependency, values, prefix + dependency.name() + ".", dialect, notify));
  if (dependencies.empty()) chart.metadata.dependencies.reset();
  Adopt(chart);
  return {};
}

/// {a: {b: data}} for "a.b"; `data` for ".".
Value AtPath(std::string_view path, Value data) {
  if (path == ".") return data;
  while (true) {
    const std::size_t dot = path.rfind('.');
    Value outer = Value::NewMap();
    outer.map()->entries.emplace(dot == std::string_view::npos ? path : path.substr(dot + 1), std::move(data));
    if (dot == std::string_view::npos) return outer;
    data = std::move(outer);
    path = path.substr(0, dot);
  }
}

std::string TextAt(const Map& map, std::string_view key) {
  const auto found = map.entries.find(key);
  return found == map.entries.end() ? "<nil>" : Sprint(found->second);
}

/// The first name of `path` at which there is no table.
std::string MissingTable(Map& values, std::string_view path) {
  std::size_t begin = 0, end = path.find('.');
  while (end != std::string_view::npos && FindTable(values, path.substr(0, end)) != nullptr) {
    begin = end + 1;
    end = path.find('.', begin);
  }
  return std::string(path.substr(begin, end == std::string_view::npos ? end : end - begin));
}

void SayMissing(const NoticeSink& notify, const Dependency& dependency, bool names_chart, Map& values, const std::string& path) {
  if (!notify) return;
  const std::string error = GoQuote(MissingTable(values, path)) + " is not a table";
  Notice notice{.text = "Warning: ImportValues missing table" + (names_chart ? " from chart " + dependency.name : "") + ": " + error,
                .level = "WARN",
                .message = std::string("ImportValues missing table") + (names_chart ? " from chart" : ""),
                .fields = {{"error", error}}};
  if (names_chart) notice.fields.insert(notice.fields.begin(), {"chart", dependency.name});
  notify(notice);
}

/// What entry `import` of `dependency` takes and where it puts it; the entry becomes {child, parent}.
void Import(const Dependency& dependency, Value& import, Map& values, Value& imported, const NoticeSink& notify) {
  std::string child, parent;
  const bool is_map = import.IsMap();
  if (is_map) {
    child = TextAt(*import.map(), "child");
    parent = TextAt(*import.map(), "parent");
  } else {
    child = "exports." + import.AsString();
    parent = ".";
  }
  import = Value::NewMap(MapType::String);
  import.map()->entries.emplace("child", Value::String(child));
  import.map()->entries.emplace("parent", Value::String(parent));
  const std::string path = dependency.name + "." + child;
  Map* table = FindTable(values, path);
  if (table == nullptr) return SayMissing(notify, dependency, is_map, values, path);
  const Value source = AtPath(parent, Value::Of(Ref<Map>(table)));
  CoalesceTables(*imported.map(), *source.map(), Nulls::Keep, notify);
}

Result<void> ImportValues(Chart& chart, Dialect dialect, const NoticeSink& notify) {
  for (Chart& dependency : chart.dependencies) TRY(ImportValues(dependency, dialect, notify));
  if (!chart.metadata.dependencies) return {};
  TRY(const Value values, Coalesce(chart, Value(), dialect, Nulls::Keep, notify));
  const Value imported = Value::NewMap();
  for (Dependency& dependency : *chart.metadata.dependencies) {
    std::erase_if(dependency.import_values, [](const Value& import) { return !import.IsMap() && !import.IsString(); });
    for (Value& import : dependency.import_values) {
      Value target = imported;
      Import(dependency, import, *values.map(), target, notify);
    }
  }
  Value all = DeepCopy(values);
  CoalesceTables(*all.map(), *imported.map(), Nulls::Keep, notify);
  chart.values = std::move(all);
  return {};
}

}  // namespace

Result<void> ProcessDependencies(Chart& chart, const Value& user, Dialect dialect, const NoticeSink& notify) {
  SetPlaces(chart, nullptr);
  TRY(Enable(chart, user.IsMap() ? user : Value::NewMap(), "", dialect, notify));
  return ImportValues(chart, dialect, notify);
}

Result<void> CheckDependencies(const Chart& chart) {
  if (!chart.metadata.dependencies) return {};
  std::string missing;
  for (const Dependency& dependency : *chart.metadata.dependencies) {
    const auto is_it = [&](const Chart& c) { return c.name() == dependency.name; };
    if (std::any_of(chart.dependencies.begin(), chart.dependencies.end(), is_it)) continue;
    missing += (missing.empty() ? "" : ", ") + dependency.name;
  }
  if (missing.empty()) return {};
  return base::NotFound("found in Chart.yaml, but missing in charts/ directory: " + missing);
}

}  // namespace sluice::helm
