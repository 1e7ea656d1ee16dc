#include "base/random.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

using namespace std::chrono_literals;

TEST(Random, TheSameSeedGivesTheSameNumbers) {
  SeededRandom random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);  // the reference's first numbers for this seed
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
}

TEST(Random, JitterStaysInItsFraction) {
  SeededRandom random(1);
  Duration least = 1h, most = 0s;
  for (int i = 0; i < 10'000; ++i) {
    const Duration jittered = random.Jitter(60s, 0.05);
    least = std::min(least, jittered);
    most = std::max(most, jittered);
  }
  EXPECT_GE(least, 57s);
  EXPECT_LT(most, 63s);
  EXPECT_LT(least, 58s);
  EXPECT_GT(most, 62s);
  EXPECT_EQ(random.Jitter(60s, 0), 60s);
}

}  // namespace
}  // namespace sluice::base
