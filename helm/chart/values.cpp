#include "helm/chart/values.h"

#include "helm/chart/yaml_values.h"
#include "helm/template/print.h"
#include "helm/template/quote.h"

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

std::string Joined(const std::string& prefix, const std::string& key) { return prefix.empty() ? key : prefix + "." + key; }

/// Coalesces one tree of charts. A prefix is the names of the charts above, for notices.
class Coalescer {
 public:
  Coalescer(Dialect dialect, Nulls nulls, const NoticeSink& notify) : dialect_(dialect), nulls_(nulls), notify_(notify) {}

  Result<void> Chart(const helm::Chart& chart, Map& values, const std::string& prefix) const {
    const std::string path = Joined(prefix, chart.name());
    if (chart.values.IsMap()) Defaults(chart, values, path);
    for (const helm::Chart& dependency : chart.dependencies) TRY(Subchart(dependency, values, path));
    return {};
  }

 private:
  bool CleansDefaults() const { return dialect_ == Dialect::Helm4; }

  void Say(std::string text) const {
    if (notify_) notify_({.text = std::move(text)});
  }

  void Defaults(const helm::Chart& chart, Map& values, const std::string& path) const {
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
        CoalesceTables(*found->second.map(), *value.map(), nulls, notify_, Joined(path, key));
      } else if (found->second.IsMap() && !value.IsNil()) {
        Say("warning: skipped value for " + Joined(path, key) + ": Not a table.");
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

  Result<void> Subchart(const helm::Chart& chart, Map& parent, const std::string& prefix) const {
    const auto [slot, added] = parent.entries.try_emplace(chart.name());
    if (added) slot->second = Value::NewMap();
    if (!slot->second.IsMap()) {
      const Value argument = slot->second.IsNil() ? Value::Nil() : slot->second;
      return base::Invalid("type mismatch on " + chart.name() + ": " + Sprintf("%t", std::span(&argument, 1)));
    }
    const Ref<Map> section = slot->second.map();
    PushGlobals(parent, *section, prefix);
    return Chart(chart, *section, prefix);
  }

  void PushGlobals(const Map& parent, Map& section, const std::string& prefix) const {
    const auto own = section.entries.find(kGlobal);
    if (own != section.entries.end() && !own->second.IsMap())
      return Say("warning: skipping globals because destination global is not a table.");
    const auto above = parent.entries.find(kGlobal);
    if (above != parent.entries.end() && !above->second.IsMap())
      return Say("warning: skipping globals because source global is not a table.");
    Value globals = own == section.entries.end() ? Value::NewMap() : own->second;
    if (above != parent.entries.end())
      for (const auto& [key, value] : above->second.map()->entries) PushGlobal(key, value, *globals.map(), prefix);
    section.entries[kGlobal] = std::move(globals);
  }

  void PushGlobal(const std::string& key, const Value& value, Map& globals, const std::string& prefix) const {
    const auto own = globals.entries.find(key);
    if (!value.IsMap()) {
      if (own != globals.entries.end() && own->second.IsMap()) return Say("key " + key + " is table. Skipping");
      globals.entries[key] = value;
      return;
    }
    Value copy = Value::NewMap();
    copy.map()->entries = value.map()->entries;
    if (own != globals.entries.end()) {
      if (!own->second.IsMap()) return Say("Conflict: cannot merge map onto non-map for " + GoQuote(key) + ". Skipping.");
      CoalesceTables(*copy.map(), *own->second.map(), Nulls::Keep, notify_, Joined(prefix, key));
    }
    globals.entries[key] = std::move(copy);
  }

  const Dialect dialect_;
  const Nulls nulls_;
  const NoticeSink& notify_;
};

}  // namespace

Result<Value> Coalesce(const Chart& chart, const Value& user, Dialect dialect, Nulls nulls, const NoticeSink& notify) {
  Value values = user.IsMap() ? DeepCopy(user) : Value::NewMap();
  TRY(Coalescer(dialect, nulls, notify).Chart(chart, *values.map(), ""));
  return values;
}

void CoalesceTables(Map& destination, Map& source, Nulls nulls, const NoticeSink& notify, const std::string& prefix) {
  for (auto& [key, value] : source.entries) {
    const auto found = destination.entries.find(key);
    if (found == destination.entries.end()) {
      destination.entries.emplace(key, value);
    } else if (found->second.IsNil()) {
      if (nulls == Nulls::Remove && !value.IsNil()) destination.entries.erase(found);
      value = Value::Nil();
    } else if (value.IsMap() && found->second.IsMap()) {
      CoalesceTables(*found->second.map(), *value.map(), nulls, notify, notify ? Joined(prefix, key) : "");
    } else if (notify && value.IsMap()) {
      notify({.text = "warning: cannot overwrite table with non table for " + Joined(prefix, key), .value = value});
    } else if (notify && found->second.IsMap() && !value.IsNil()) {
      notify({.text = "warning: destination for " + Joined(prefix, key) + " is a table. Ignoring non-table value", .value = value});
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
