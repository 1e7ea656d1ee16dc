// controller/condition_text.h: the words of a condition as they stand in a status. Pure.
#pragma once

#include <string>
#include <string_view>

#include "controller/conditions.h"

namespace sluice::controller {

/// What is neither True nor False is Unknown.
ConditionStatus ParseConditionStatus(std::string_view word);

/// At most kMaxConditionMessage bytes of `message`, never cut in the middle of a UTF-8 character.
std::string CutMessage(std::string_view message);

}  // namespace sluice::controller
