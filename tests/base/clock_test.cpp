#include "base/clock.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

using namespace std::chrono_literals;

TEST(Clock, FormatsAndParsesRfc3339) {
  struct Row {
    std::string_view text;
    std::int64_t nanos;
    std::string_view canonical, micro;
  };
  constexpr Row kRows[] = {
      {"1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
      {"2026-01-31T12:00:00Z", 1769860800000000000, "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z"},
      {"2026-01-31T12:00:00.123456789Z", 1769860800123456789, "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456Z"},
      {"2026-01-31T12:00:00.5+02:00", 1769853600500000000, "2026-01-31T10:00:00Z", "2026-01-31T10:00:00.500000Z"},
      {"2024-02-29T23:59:59-00:30", 1709252999000000000, "2024-03-01T00:29:59Z", "2024-03-01T00:29:59.000000Z"},
      {"1969-12-31T23:59:59.25Z", -750000000, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.250000Z"},
  };
  for (const Row& row : kRows) {
    const auto time = ParseRfc3339(row.text);
    ASSERT_TRUE(time) << row.text;
    EXPECT_EQ(time->time_since_epoch().count(), row.nanos) << row.text;
    EXPECT_EQ(FormatRfc3339(*time), row.canonical);
    EXPECT_EQ(FormatRfc3339Micro(*time), row.micro);
  }
}

TEST(Clock, RefusesWhatIsNotRfc3339) {
  constexpr std::string_view kRows[] = {"",
                                        "2026-01-31",
                                        "2026-01-31 12:00:00Z",
                                        "2026-01-31T12:00:00",
                                        "2026-02-30T12:00:00Z",
                                        "2026-13-01T12:00:00Z",
                                        "2026-01-31T24:00:00Z",
                                        "2026-01-31T12:60:00Z",
                                        "2026-01-31T12:00:60Z",
                                        "2026-01-31T12:00:00.Z",
                                        "2026-01-31T12:00:00Zx",
                                        "2026-01-31T12:00:00+2:00",
                                        "26-01-31T12:00:00Z",
                                        "2026-01-31t12:00:00z"};
  for (const auto text : kRows) EXPECT_FALSE(ParseRfc3339(text)) << text;
}

TEST(Clock, ClampsWhatNanosecondsCannotHold) {
  EXPECT_EQ(ParseRfc3339("0001-01-01T00:00:00Z"), TimePoint::min());
  EXPECT_EQ(ParseRfc3339("9999-12-31T23:59:59Z"), TimePoint::max());
  EXPECT_EQ(FormatRfc3339Micro(TimePoint::min()), "1677-09-21T00:12:43.145224Z");
  EXPECT_EQ(FormatRfc3339Micro(TimePoint::max()), "2262-04-11T23:47:16.854775Z");
}

TEST(Clock, ParsesDurationsAsGo) {
  struct Row {
    std::string_view text;
    std::int64_t nanos;
  };
  constexpr Row kRows[] = {{"0", 0},
                           {"0s", 0},
                           {"1h30m", 5'400'000'000'000},
                           {"1.5s", 1'500'000'000},
                           {"300ms", 300'000'000},
                           {"-1.5h", -5'400'000'000'000},
                           {"+5s", 5'000'000'000},
                           {"1h15m30.918273645s", 4'530'918'273'645},
                           {"3us", 3'000},
                           {"3\u00b5s", 3'000},
                           {"3\u03bcs", 3'000},
                           {".5s", 500'000'000},
                           {"1.s", 1'000'000'000},
                           {"10ns", 10},
                           {"2562047h47m16.854775807s", 9223372036854775807},
                           {"-2562047h47m16.854775808s", std::numeric_limits<std::int64_t>::min()},
                           {"39h9m14.425s", 140954425000000}};
  for (const Row& row : kRows) {
    const auto duration = ParseGoDuration(row.text);
    ASSERT_TRUE(duration) << row.text;
    EXPECT_EQ(duration->count(), row.nanos) << row.text;
  }
  constexpr std::string_view kBad[] = {
      "", "3", "-", "s", ".", "-.", ".s", "+.s", "1d", "1 s", "1s ", "3000000h", "9223372036854775808ns", "1h-1m", "1.2.3s"};
  for (const auto text : kBad) EXPECT_FALSE(ParseGoDuration(text)) << text;
}

TEST(Clock, FormatsDurationsAsGo) {
  struct Row {
    std::int64_t nanos;
    std::string_view want;
  };
  constexpr Row kRows[] = {{0, "0s"},
                           {1, "1ns"},
                           {1100, "1.1\u00b5s"},
                           {2'200'000, "2.2ms"},
                           {3'300'000'000, "3.3s"},
                           {245'000'000'000, "4m5s"},
                           {245'001'000'000, "4m5.001s"},
                           {18'367'001'000'000, "5h6m7.001s"},
                           {480'000'000'001, "8m0.000000001s"},
                           {3'600'000'000'000, "1h0m0s"},
                           {-1'500'000'000, "-1.5s"},
                           {9223372036854775807, "2562047h47m16.854775807s"},
                           {std::numeric_limits<std::int64_t>::min(), "-2562047h47m16.854775808s"}};
  for (const Row& row : kRows) EXPECT_EQ(FormatGoDuration(Duration(row.nanos)), row.want);
}

TEST(Clock, ManualClockStandsStillUntilTold) {
  ManualClock clock(TimePoint(5s));
  EXPECT_EQ(clock.Now(), TimePoint(5s));
  clock.Advance(2s);
  EXPECT_EQ(clock.Now(), TimePoint(7s));
}

}  // namespace
}  // namespace sluice::base
