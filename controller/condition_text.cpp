#include "controller/condition_text.h"

namespace sluice::controller {

ConditionStatus ParseConditionStatus(std::string_view word) {
  if (word == "True") return ConditionStatus::True;
  return word == "False" ? ConditionStatus::False : ConditionStatus::Unknown;
}

std::string CutMessage(std::string_view message) {
  if (message.size() <= kMaxConditionMessage) return std::string(message);
  std::size_t end = kMaxConditionMessage - 3;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;
  return std::string(message.substr(0, end)) + "...";
}

}  // namespace sluice::controller
