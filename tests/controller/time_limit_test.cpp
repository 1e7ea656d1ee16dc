#include "controller/time_limit.h"

#include <gtest/gtest.h>

#include <thread>

namespace sluice::controller {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// Works until `stop` says so, at most for `most`; what it said.
template <class Work>
std::string Try(const TimeLimits& limits, const Work& work, base::Duration most = 20s) {
  const auto stop = StopAfter(limits, "the build", "split it", "--build-max");
  for (const auto end = steady_clock::now() + most; steady_clock::now() < end; work()) {
    if (const auto go_on = stop(); !go_on) {
      EXPECT_EQ(go_on.error().reason, base::Reason::TooLarge);
      return go_on.error().message;
    }
  }
  return "done";
}

TEST(TimeLimit, OfTheThreadsOwnTime) {
  const auto start = steady_clock::now();
  const std::string said = Try({.cpu = 50ms, .wall = 20s}, [] {});
  EXPECT_EQ(said, "the build takes more than 50ms of CPU time: split it, or raise --build-max-cpu-time");
  EXPECT_GE(steady_clock::now() - start, 40ms);
}

TEST(TimeLimit, WaitingCostsNoTimeOfTheThread) {
  EXPECT_EQ(Try({.cpu = 50ms, .wall = 20s}, [] { std::this_thread::sleep_for(5ms); }, 300ms), "done");
}

TEST(TimeLimit, OfAllTimeThatPasses) {
  EXPECT_EQ(Try({.cpu = 20s, .wall = 50ms}, [] { std::this_thread::sleep_for(5ms); }),
            "the build takes more than 50ms: split it, or raise --build-max-time");
}

}  // namespace
}  // namespace sluice::controller
