#include "helm/chart/values.h"

#include "helm/chart/yaml_values.h"
#include "helm/template/print.h"

namespace sluice::helm {
namespace {

using base::Result;

constexpr const char* kGlobal = "global";

bool IsSubchart(const Chart& chart, const std::string& key) {
  for (const Chart& dependency : chart.dependencies)
    if (dependency.name() == key) return true;
  return false;
}

/// Takes nulls out of a chart's own defaults, at every depth.
void RemoveNulls(Map& map) {
  for (auto it = map.entries.begin(); it != map.entries.end();) {
    if (it->second.IsNil()) {
      it = map.entries.erase(it);
      continue;
    }
    if (it->second.IsMap()) RemoveNulls(*it->second.map());
    ++it;
  }
}

/// Coalesces one tree of charts.
class Coalescer {
 public:
  Coalescer(Dialect dialect, Nulls nulls) : dialect_(dialect), nulls_(nulls) {}

  Result<void> Chart(const helm::Chart& chart, Map& values) const {
    if (chart.values.IsMap()) Defaults(chart, values);
    for (const helm::Chart& dependency : chart.dependencies) TRY(Subchart(dependency, values));
    return {};
  }

 private:
  bool CleansDefaults() const { return dialect_ == Dialect::Helm4; }

  void Defaults(const helm::Chart& chart, Map& values) const {
    const Value copy = DeepCopy(chart.values);
    for (auto& [key, value] : copy.map()->entries) {
      const auto found = values.entries.find(key);
      if (found == values.entries.end()) {
        AddDefault(key, value, values);
      } else if (found->second.IsNil() && nulls_ == Nulls::Remove) {
        values.entries.erase(found);
      } else if (found->second.IsMap() && value.IsMap()) {
        const Nulls nulls = IsSubchart(chart, key) ? Nulls::Keep : nulls_;
        if (nulls == Nulls::Remove && CleansDefaults()) RemoveNulls(*value.map());
        CoalesceTables(*found->second.map(), *value.map(), nulls);
      }
    }
  }

  void AddDefault(const std::string& key, Value& value, Map& values) const {
    if (nulls_ == Nulls::Remove && CleansDefaults()) {
      if (value.IsNil()) return;
      if (value.IsMap()) RemoveNulls(*value.map());
    }
    values.entries.emplace(key, std::move(value));
  }

  Result<void> Subchart(const helm::Chart& chart, Map& parent) const {
    const auto [slot, added] = parent.entries.try_emplace(chart.name());
    if (added) slot->second = Value::NewMap();
    if (!slot->second.IsMap()) {
      const Value argument = slot->second.IsNil() ? Value::Nil() : slot->second;
      return base::Invalid("type mismatch on " + chart.name() + ": " + Sprintf("%t", std::span(&argument, 1)));
    }
    const Ref<Map> section = slot->second.map();
    PushGlobals(parent, *section);
    return Chart(chart, *section);
  }

  static void PushGlobals(const Map& parent, Map& section) {
    const auto own = section.entries.find(kGlobal);
    if (own != section.entries.end() && !own->second.IsMap()) return;
    const auto above = parent.entries.find(kGlobal);
    if (above != parent.entries.end() && !above->second.IsMap()) return;
    Value globals = own == section.entries.end() ? Value::NewMap() : own->second;
    if (above != parent.entries.end())
      for (const auto& [key, value] : above->second.map()->entries) PushGlobal(key, value, *globals.map());
    section.entries[kGlobal] = std::move(globals);
  }

  static void PushGlobal(const std::string& key, const Value& value, Map& globals) {
    const auto own = globals.entries.find(key);
    if (!value.IsMap()) {
      if (own == globals.entries.end() || !own->second.IsMap()) globals.entries[key] = value;
      return;
    }
    Value copy = Value::NewMap();
    copy.map()->entries = value.map()->entries;
    if (own != globals.entries.end()) {
      if (!own->second.IsMap()) return;
      CoalesceTables(*copy.map(), *own->second.map(), Nulls::Keep);
    }
    globals.entries[key] = std::move(copy);
  }

  const Dialect dialect_;
  const Nulls nulls_;
};

}  // namespace

Result<Value> Coalesce(const Chart& chart, const Value& user, Dialect dialect, Nulls nulls) {
  Value values = user.IsMap() ? DeepCopy(user) : Value::NewMap();
  TRY(Coalescer(dialect, nulls).Chart(chart, *values.map()));
  return values;
}

void CoalesceTables(Map& destination, Map& source, Nulls nulls) {
  for (auto& [key, value] : source.entries) {
    const auto found = destination.entries.find(key);
    if (found == destination.entries.end()) {
      destination.entries.emplace(key, value);
    } else if (found->second.IsNil()) {
      if (nulls == Nulls::Remove && !value.IsNil()) destination.entries.erase(found);
      value = Value::Nil();
    } else if (value.IsMap() && found->second.IsMap()) {
      CoalesceTables(*found->second.map(), *value.map(), nulls);
    }
  }
}

Map* FindTable(Map& values, std::string_view path) {
  Map* table = &values;
  while (true) {
    const std::size_t dot = path.find('.');
    const auto found = table->entries.find(path.substr(0, dot));
    if (found == table->entries.end() || !found->second.IsMap()) return nullptr;
    table = found->second.map();
    if (dot == std::string_view::npos) return table;
    path.remove_prefix(dot + 1);
  }
}

const Value* FindValue(Map& values, std::string_view path) {
  const std::size_t dot = path.rfind('.');
  Map* table = dot == std::string_view::npos ? &values : FindTable(values, path.substr(0, dot));
  if (table == nullptr) return nullptr;
  const auto found = table->entries.find(dot == std::string_view::npos ? path : path.substr(dot + 1));
  return found == table->entries.end() || found->second.IsMap() ? nullptr : &found->second;
}

}  // namespace sluice::helm
