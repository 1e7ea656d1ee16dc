#include "base/failpoint.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <new>

namespace sluice::base {
namespace {

/// Passes `one` twice and `two` once, armed with `spec`; comes back with exit code 7 where nothing killed it.
void Pass(std::string_view spec) {
  ArmFailpoint(spec);
  SLUICE_FAILPOINT("one");
  SLUICE_FAILPOINT("two");
  SLUICE_FAILPOINT("one");
  std::_Exit(7);
}

TEST(FailpointDeathTest, KillsWhereItIsTold) {
  EXPECT_EXIT(Pass("one"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(Pass("one:2"), testing::KilledBySignal(SIGKILL), "");
  EXPECT_EXIT(Pass("two:1"), testing::KilledBySignal(SIGKILL), "");
}

TEST(FailpointDeathTest, ElsewhereItDoesNothing) {
  EXPECT_EXIT(Pass(""), testing::ExitedWithCode(7), "^$");
  EXPECT_EXIT(Pass("one:3"), testing::ExitedWithCode(7), "^$");
  EXPECT_EXIT(Pass("three"), testing::ExitedWithCode(7), "^$");
}

TEST(FailpointDeathTest, ThrowsFromThenOn) {
  const auto passed = [](std::string_view spec) {
    ArmFailpoint(spec);
    int thrown = 0;
    for (int time = 0; time < 4; ++time) {
      try {
        SLUICE_FAILPOINT("one");
      } catch (const std::bad_alloc&) {
        ++thrown;
      }
    }
    std::_Exit(thrown);
  };
  EXPECT_EXIT(passed("throw:one"), testing::ExitedWithCode(4), "");
  EXPECT_EXIT(passed("throw:one:3"), testing::ExitedWithCode(2), "");
  EXPECT_EXIT(passed("throw:two"), testing::ExitedWithCode(0), "");
}

TEST(FailpointDeathTest, TracesWhatIsPassed) {
  EXPECT_EXIT(Pass("trace"), testing::ExitedWithCode(7), "^failpoint one\nfailpoint two\nfailpoint one\n$");
}

}  // namespace
}  // namespace sluice::base
