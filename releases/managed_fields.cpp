#include "releases/managed_fields.h"

#include "rollout/takeover.h"

namespace sluice::releases {
namespace {

using document::Value;

bool IsEntry(const Value& entry, std::string_view manager, std::string_view operation) {
  return entry.StringAt({"manager"}) == manager && entry.StringAt({"operation"}) == operation && entry.StringAt({"subresource"}).empty();
}

Value Replacing(std::string_view path, Value value) {
  Value operation = Value::Mapping();
  operation.Set("op", "replace");
  operation.Set("path", path);
  operation.Set("value", std::move(value));
  return operation;
}

Value FieldsOf(const Value& entry) {
  const Value* fields = entry.Find("fieldsV1");
  return fields == nullptr ? Value::Mapping() : *fields;
}

}  // namespace

std::optional<Value> UpgradeManagedFields(const Value& live, std::string_view manager) {
  const Value* entries = live.At({"metadata", "managedFields"});
  if (entries == nullptr) return std::nullopt;
  std::optional<Value> applied;
  std::vector<Value> kept, updated;
  for (const Value& entry : entries->items()) {
    if (IsEntry(entry, manager, "Apply")) {
      applied = entry;
    } else if (IsEntry(entry, manager, "Update")) {
      updated.push_back(entry);
    } else {
      kept.push_back(entry);
    }
  }
  if (updated.empty()) return std::nullopt;
  Value own = applied ? std::move(*applied) : updated.front();
  own.Set("operation", "Apply");
  for (const Value& entry : updated) own.Set("fieldsV1", rollout::UnionOfFields(FieldsOf(own), FieldsOf(entry)));
  kept.push_back(std::move(own));
  return Value::Sequence({Replacing("/metadata/managedFields", Value::Sequence(std::move(kept))),
                          Replacing("/metadata/resourceVersion", Value(live.StringAt({"metadata", "resourceVersion"})))});
}

}  // namespace sluice::releases
