// rollout/conditions.h: reading what objects say of themselves. For this folder.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/value.h"

namespace sluice::rollout {

/// One of `.status.conditions`; views into the object.
struct ConditionView {
  std::string_view type, status, reason, message;
  bool IsTrue() const { return status == "True"; }
  bool IsFalse() const { return status == "False"; }
};

/// All conditions in order. Invalid: `status.conditions is not a list`, `status.conditions[1].type is not a string`.
base::Result<std::vector<ConditionView>> ConditionsOf(const document::Value& object);
/// The first of that type in a list that ConditionsOf read; nullptr if there is none.
const ConditionView* FindCondition(const std::vector<ConditionView>& conditions, std::string_view type);
/// As above for a malformed list as well, where it does not matter: an empty view.
ConditionView ConditionOf(const document::Value& object, std::string_view type);

/// The integer at `path`, `otherwise` if there is none.
std::int64_t IntAt(const document::Value& object, std::initializer_list<std::string_view> path, std::int64_t otherwise);
/// The items at `path`; empty if there is no list.
std::span<const document::Value> ItemsAt(const document::Value& object, std::initializer_list<std::string_view> path);

}  // namespace sluice::rollout
