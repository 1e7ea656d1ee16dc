// client-go's rules for repeats, look-alikes and noise.
#include "kube/event_correlator.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::kube {
namespace {

using namespace std::chrono_literals;

class CorrelatorTest : public ::testing::Test {
 protected:
  EventCorrelator correlator_{4096};
  base::TimePoint now_{std::chrono::seconds(1'800'000'000)};
  int number_ = 0;

  Event About(std::string_view object, std::string message, std::string reason = "Ready") const {
    Event event;
    event.involved.Set("kind", "Kustomization");
    event.involved.Set("name", object);
    event.reason = std::move(reason);
    event.message = std::move(message);
    return event;
  }
  /// "name xcount message", or "-" if it is too many.
  std::string Record(const Event& event) {
    const auto correlated = correlator_.Correlate(event, now_, "e" + std::to_string(++number_));
    return correlated ? correlated->name + " x" + std::to_string(correlated->count) + " " + correlated->message : "-";
  }
};

TEST_F(CorrelatorTest, RepeatsCountTheFirst) {
  EXPECT_EQ(Record(About("a", "m")), "e1 x1 m");
  EXPECT_EQ(Record(About("a", "m")), "e1 x2 m");
  EXPECT_EQ(Record(About("b", "m")), "e3 x1 m");
  EXPECT_EQ(Record(About("a", "n")), "e4 x1 n");
  EXPECT_EQ(Record(About("a", "m", "Other")), "e5 x1 m");
  now_ += 24h;
  EXPECT_EQ(Record(About("a", "m")), "e1 x3 m");
}

TEST_F(CorrelatorTest, TenAlikeInTenMinutesAreCombined) {
  for (int i = 1; i <= 9; ++i) EXPECT_EQ(Record(About("a", std::to_string(i))), "e" + std::to_string(i) + " x1 " + std::to_string(i));
  EXPECT_EQ(Record(About("a", "10")), "e10 x1 (combined from similar events): 10");
  EXPECT_EQ(Record(About("a", "11")), "e10 x2 (combined from similar events): 11");
  now_ += 601s;
  EXPECT_EQ(Record(About("a", "12")), "e12 x1 12");
}

TEST_F(CorrelatorTest, WhoTalksTooMuchIsSilenced) {
  for (int i = 0; i < 25; ++i) EXPECT_NE(Record(About("a", "m")), "-") << i;
  EXPECT_EQ(Record(About("a", "m")), "-");
  EXPECT_EQ(Record(About("a", "else", "Other")), "-");
  EXPECT_NE(Record(About("b", "m")), "-");
  now_ += 300s;
  EXPECT_NE(Record(About("a", "m")), "-");
  EXPECT_EQ(Record(About("a", "m")), "-");
}

TEST_F(CorrelatorTest, MemoryIsBounded) {
  EventCorrelator small(10);
  for (int i = 0; i < 100; ++i) (void)small.Correlate(About(std::to_string(i), "m"), now_, "e");
  const auto again = small.Correlate(About("99", "m"), now_, "new");
  EXPECT_EQ(again->count, 2u);
  const auto forgotten = small.Correlate(About("1", "m"), now_, "new");
  EXPECT_EQ(forgotten->count, 1u);
}

}  // namespace
}  // namespace sluice::kube
