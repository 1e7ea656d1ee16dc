// controller/conditions.h: the conditions of a status, kept as Flux keeps them (metav1.Condition; docs/architecture.md names the rules), so
// that kstatus, the flux CLI and dashboards read our objects as they read Flux's. Pure: `now` is an argument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "document/value.h"

namespace sluice::controller {

namespace condition {
inline constexpr std::string_view kReady = "Ready";
inline constexpr std::string_view kReconciling = "Reconciling";
inline constexpr std::string_view kStalled = "Stalled";
inline constexpr std::string_view kHealthy = "Healthy";
inline constexpr std::string_view kArtifactInStorage = "ArtifactInStorage";
inline constexpr std::string_view kFetchFailed = "FetchFailed";
inline constexpr std::string_view kStorageOperationFailed = "StorageOperationFailed";
inline constexpr std::string_view kArtifactOutdated = "ArtifactOutdated";
inline constexpr std::string_view kIncludeUnavailable = "IncludeUnavailable";
inline constexpr std::string_view kSourceVerified = "SourceVerified";
}  // namespace condition

enum class ConditionStatus { True, False, Unknown };
std::string_view ToString(ConditionStatus status);

struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason, message;
  std::string last_transition_time;  ///< RFC 3339, as stored
  std::int64_t observed_generation = 0;
  bool operator==(const Condition&) const = default;
};

/// The longest message a condition may carry; a longer one is cut and ends in `...`.
inline constexpr std::size_t kMaxConditionMessage = 32768;

/// `.status` of an object, an empty mapping where there is none: what the next one is made from.
document::Value OldStatus(const document::Value& object);

class Conditions {
 public:
  Conditions() = default;
  /// Reads `.conditions` of a status; entries without a type are dropped.
  static Conditions FromStatus(const document::Value& status);

  /// Writes a condition for `generation`. The transition time moves to `now` only if status, reason or message change.
  void Set(std::string_view type, ConditionStatus status, std::string_view reason, std::string_view message, std::int64_t generation,
           base::TimePoint now);
  void Remove(std::string_view type);
  const Condition* Find(std::string_view type) const;
  bool IsTrue(std::string_view type) const;
  bool IsFalse(std::string_view type) const;

  /// Stalled, Reconciling and Ready first; then the newer generation first, then by type.
  document::Value ToValue() const;
  bool operator==(const Conditions&) const = default;

 private:
  std::vector<Condition> conditions_;
};

}  // namespace sluice::controller
