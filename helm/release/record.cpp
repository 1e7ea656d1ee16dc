#include "helm/release/record.h"

#include <algorithm>
#include <array>

namespace sluice::helm {
namespace {

constexpr std::array<std::string_view, 9> kStatuses = {"unknown",      "deployed",        "uninstalled",     "superseded",      "failed",
                                                       "uninstalling", "pending-install", "pending-upgrade", "pending-rollback"};

bool Has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// Of one label of a DNS name.
bool IsDnsLabel(std::string_view label) {
  return !label.empty() && IsAlphanumeric(label.front()) && IsAlphanumeric(label.back()) &&
         std::all_of(label.begin(), label.end(), [](char c) { return IsAlphanumeric(c) || c == '-'; });
}

bool IsDnsName(std::string_view name) {
  while (true) {
    const std::size_t dot = name.find('.');
    if (!IsDnsLabel(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string_view ToString(ReleaseStatus status) { return kStatuses.at(static_cast<std::size_t>(status)); }

ReleaseStatus ParseReleaseStatus(std::string_view text) {
  const auto found = std::find(kStatuses.begin(), kStatuses.end(), text);
  return found == kStatuses.end() ? ReleaseStatus::Unknown : static_cast<ReleaseStatus>(found - kStatuses.begin());
}

ReleaseTime ReleaseTimeOf(base::TimePoint time) {
  if (time == base::TimePoint()) return "";
  std::string text = base::FormatRfc3339(time);
  const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(time - std::chrono::floor<std::chrono::seconds>(time)).count();
  if (nanos == 0) return text;
  std::string digits = std::to_string(nanos);
  digits.insert(0, 9 - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return text.insert(text.size() - 1, "." + digits);
}

bool ReleaseHook::IsFor(std::string_view event) const { return Has(events, event); }
bool ReleaseHook::DeletesOn(std::string_view policy) const { return Has(delete_policies, policy); }
bool ReleaseHook::LogsOn(std::string_view policy) const { return Has(output_log_policies, policy); }

const std::string& Release::manifest_text() const {
  static const std::string kNone;
  return manifest == nullptr ? kNone : *manifest;
}

base::Result<void> ValidateReleaseName(std::string_view name) {
  constexpr std::size_t kMaxName = 53;
  if (name.empty()) return base::Invalid("no name provided");
  if (name.size() <= kMaxName && IsDnsName(name)) return {};
  return base::Invalid(
      "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must "
      "not be longer than 53");
}

}  // namespace sluice::helm
