// helm/functions/zone.h: a time zone as its TZif file (RFC 8536) describes it, asked as Go's time.Location is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::helm {

/// What clocks show at one moment: seconds east of UTC, and the abbreviation ("CEST", "UTC").
struct ZoneTime {
  std::int64_t offset = 0;
  std::string name = "UTC";
};

class Zone {
 public:
  static std::shared_ptr<const Zone> Utc();
  /// One offset for ever; an empty name prints as the offset.
  static std::shared_ptr<const Zone> Fixed(std::string name, std::int64_t offset);
  /// nullptr: `data` is no TZif file.
  static std::shared_ptr<const Zone> FromTzif(std::string_view data);

  ZoneTime At(std::int64_t unix_seconds) const;
  /// The offset that this zone calls `name`, preferably one in force at `unix_seconds`.
  std::optional<std::int64_t> OffsetNamed(std::string_view name, std::int64_t unix_seconds) const;
  bool utc() const { return utc_; }

 private:
  struct Transition {
    std::int64_t at = 0;
    std::size_t kind = 0;
  };
  std::vector<ZoneTime> kinds_;
  std::vector<Transition> transitions_;
  std::string rule_;  ///< the POSIX TZ text for what comes after the last transition
  bool utc_ = false;
};

/// What a POSIX TZ text such as "CET-1CEST,M3.5.0,M10.5.0/3" says of a moment. nullopt: it is none.
std::optional<ZoneTime> ZoneTimeByRule(std::string_view rule, std::int64_t unix_seconds);

}  // namespace sluice::helm
