#include "controller/queue_meter.h"

#include <gtest/gtest.h>

namespace sluice::controller {
namespace {

using namespace std::chrono_literals;

const QueueMeter::Key kApp{"shop", "app"}, kWeb{"shop", "web"};

TEST(QueueMeter, CountsWaitsAndRuns) {
  base::ManualClock clock(base::TimePoint(1s));
  QueueMeter meter(clock);
  meter.Listed(kApp);
  clock.Advance(2s);
  meter.Listed(kApp);  // it waits since the first time
  clock.Advance(1s);
  meter.Begun(kApp);
  clock.Advance(500ms);
  meter.Begun(kWeb);  // never listed: its wait is unknown
  clock.Advance(250ms);
  EXPECT_EQ(meter.waited().count(), 1U);
  EXPECT_EQ(meter.waited().sum(), 3.0);
  EXPECT_EQ(meter.Unfinished(), 1.0);
  EXPECT_EQ(meter.Longest(), 0.75);
  meter.Ended(kApp, RunResult::RequeueAfter);
  meter.Ended(kWeb, RunResult::Error);
  EXPECT_EQ(meter.worked().sum(), 1.0);
  EXPECT_EQ(meter.ran().count(), 2U);
  EXPECT_EQ(meter.Unfinished(), 0.0);
  EXPECT_EQ(meter.results(RunResult::RequeueAfter), 1U);
  EXPECT_EQ(meter.results(RunResult::Error), 1U);
  EXPECT_EQ(meter.results(RunResult::Success), 0U);
  ASSERT_EQ(meter.durations().size(), 2U);
  EXPECT_EQ(meter.durations().at(kApp).sum(), 0.75);
}

TEST(QueueMeter, SeriesGoWithTheObject) {
  base::ManualClock clock;
  QueueMeter meter(clock);
  meter.Begun(kApp);
  meter.Ended(kApp, RunResult::Success);
  meter.Forgotten(kApp);
  EXPECT_TRUE(meter.durations().empty());
  EXPECT_EQ(meter.worked().count(), 1U);
}

TEST(QueueMeter, AClockThatIsSetBackMeasuresNothing) {
  base::ManualClock clock(base::TimePoint(100s));
  QueueMeter meter(clock);
  meter.Begun(kApp);
  clock.Set(base::TimePoint(1s));
  EXPECT_EQ(meter.Longest(), 0.0);
  meter.Ended(kApp, RunResult::Success);
  EXPECT_EQ(meter.worked().sum(), 0.0);
}

TEST(QueueMeter, WordsOfResults) {
  EXPECT_EQ(ToString(RunResult::Success), "success");
  EXPECT_EQ(ToString(RunResult::RequeueAfter), "requeue_after");
  EXPECT_EQ(ToString(RunResult::Requeue), "requeue");
  EXPECT_EQ(ToString(RunResult::Error), "error");
}

}  // namespace
}  // namespace sluice::controller
