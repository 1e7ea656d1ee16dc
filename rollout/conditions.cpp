#include "rollout/conditions.h"

#include <algorithm>

namespace sluice::rollout {

namespace {

base::Result<void> ReadText(const document::Value& condition, std::string_view key, std::size_t index, std::string_view& text) {
  const document::Value* value = condition.Find(key);
  if (value == nullptr || value->IsNull()) return {};
  if (!value->IsString()) return base::Invalid("status.conditions[" + std::to_string(index) + "]." + std::string(key) + " is not a string");
  text = value->text();
  return {};
}

}  // namespace

base::Result<std::vector<ConditionView>> ConditionsOf(const document::Value& object) {
  std::vector<ConditionView> views;
  const document::Value* conditions = object.At({"status", "conditions"});
  if (conditions == nullptr || conditions->IsNull()) return views;
  if (!conditions->IsSequence()) return base::Invalid("status.conditions is not a list");
  for (const document::Value& condition : conditions->items()) {
    const std::size_t index = views.size();
    if (!condition.IsMapping()) return base::Invalid("status.conditions[" + std::to_string(index) + "] is not a mapping");
    ConditionView view;
    TRY(ReadText(condition, "type", index, view.type));
    TRY(ReadText(condition, "status", index, view.status));
    TRY(ReadText(condition, "reason", index, view.reason));
    TRY(ReadText(condition, "message", index, view.message));
    views.push_back(view);
  }
  return views;
}

const ConditionView* FindCondition(const std::vector<ConditionView>& conditions, std::string_view type) {
  const auto found = std::find_if(conditions.begin(), conditions.end(), [&](const ConditionView& view) { return view.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

ConditionView ConditionOf(const document::Value& object, std::string_view type) {
  for (const document::Value& condition : ItemsAt(object, {"status", "conditions"})) {
    if (condition.StringAt({"type"}) != type) continue;
    return {type, condition.StringAt({"status"}), condition.StringAt({"reason"}), condition.StringAt({"message"})};
  }
  return {};
}

std::int64_t IntAt(const document::Value& object, std::initializer_list<std::string_view> path, std::int64_t otherwise) {
  const document::Value* value = object.At(path);
  return value == nullptr ? otherwise : value->AsInt().value_or(otherwise);
}

std::span<const document::Value> ItemsAt(const document::Value& object, std::initializer_list<std::string_view> path) {
  const document::Value* value = object.At(path);
  return value == nullptr ? std::span<const document::Value>() : value->items();
}

}  // namespace sluice::rollout
