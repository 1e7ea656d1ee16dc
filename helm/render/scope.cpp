#include "helm/render/scope.h"

#include <map>

#include "helm/chart/values.h"
#include "helm/functions/yaml.h"
#include "helm/template/quote.h"

namespace sluice::helm {
namespace {

using base::Result;

/// Walks the tree of charts.
class Collector {
 public:
  Collector(const Value& release, const Value& capabilities, Dialect dialect)
      : release_(release), capabilities_(capabilities), dialect_(dialect) {}

  Ref<Map> Add(const Chart& chart, const std::string& parent, const Value& values) {
    const bool is_root = parent.empty();
    const std::string path = chart.Path(parent);
    const Value subcharts = Value::NewMap();
    const Ref<Map> scope = MakeRef<Map>();
    scope->entries["Chart"] = ChartValue(chart.metadata, is_root, dialect_);
    scope->entries["Files"] = FilesValue(chart.files);
    scope->entries["Release"] = release_;
    scope->entries["Capabilities"] = capabilities_;
    scope->entries["Values"] = values;
    scope->entries["Subcharts"] = subcharts;
    for (const Chart& dependency : chart.dependencies) {
      Map* section = FindTable(*values.map(), dependency.name());
      const Ref<Map> own = section == nullptr ? MakeRef<Map>() : Ref<Map>(section);
      subcharts.map()->entries[dependency.name()] = Value::Of(Add(dependency, path, Value::Values(own)));
    }
    for (const ChartFile& file : chart.templates)
      if (chart.metadata.type != "library" || file.name.substr(file.name.rfind('/') + 1).starts_with('_'))
        Put({.name = path + "/" + file.name, .base_path = path + "/templates", .text = file.data, .scope = scope});
    return scope;
  }

  std::vector<Renderable> Take() {
    std::vector<Renderable> templates;
    for (auto& [name, file] : found_) templates.push_back(std::move(file));
    return templates;
  }

 private:
  /// Of two charts in the same place the later one's file stays.
  void Put(Renderable file) {
    std::string name = file.name;
    found_.insert_or_assign(std::move(name), std::move(file));
  }

  std::map<std::string, Renderable> found_;
  const Value& release_;
  const Value& capabilities_;
  const Dialect dialect_;
};

}  // namespace

std::vector<Renderable> CollectTemplates(const Chart& chart, const Value& values, const Value& release, const Value& capabilities,
                                         Dialect dialect) {
  Collector collector(release, capabilities, dialect);
  collector.Add(chart, "", Value::Values(Ref<Map>(values.map())));
  return collector.Take();
}

FunctionMap ValuesMethods() {
  const Parameter any{}, text{.type = ParameterType::String};
  FunctionMap methods;
  methods["YAML"] = {.parameters = {any}, .call = [](std::span<const Value> arguments) -> Result<Value> {
                       TRY(std::string yaml, EmitYaml(arguments[0]));
                       return Value::String(std::move(yaml));
                     }};
  methods["AsMap"] = {.parameters = {any}, .call = [](std::span<const Value> arguments) -> Result<Value> {
                        if (arguments[0].map()->entries.empty()) return Value::NewMap();
                        return arguments[0].AsPlainMap();
                      }};
  methods["Table"] = {.parameters = {any, text}, .call = [](std::span<const Value> arguments) -> Result<Value> {
                        Map* table = arguments[0].map();
                        std::string_view path = arguments[1].AsString();
                        while (true) {
                          const std::string_view name = path.substr(0, path.find('.'));
                          table = FindTable(*table, name);
                          if (table == nullptr) return base::Invalid(GoQuote(std::string(name)) + " is not a table");
                          if (name.size() == path.size()) return Value::Values(Ref<Map>(table));
                          path.remove_prefix(name.size() + 1);
                        }
                      }};
  methods["PathValue"] = {.parameters = {any, text}, .call = [](std::span<const Value> arguments) -> Result<Value> {
                            const std::string& path = arguments[1].AsString();
                            if (path.empty()) return base::Invalid("YAML path cannot be empty");
                            if (const Value* value = FindValue(*arguments[0].map(), path)) return *value;
                            return base::Invalid(GoQuote(path.substr(path.rfind('.') + 1)) + " is not a value");
                          }};
  return methods;
}

}  // namespace sluice::helm
