// Libraries that are loaded late: arguments arrive whole, threads may race for the first call, and the addresses are read-only afterwards.
#include <gtest/gtest.h>

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/late_library.h"

extern "C" {
struct Wide {
  long words[4];
};
int late_sample_many(int a, int b, int c, int d, int e, int f, int g, int h);
double late_sample_variadic(int count, ...);
Wide late_sample_wide(long first);
}

#ifdef __x86_64__
extern const sluice::base::LateLibrary sluice_late_sample;
extern const sluice::base::LateLibrary sluice_late_absent;
extern "C" void late_absent_function();

namespace sluice::base {
namespace {

/// What /proc/self/maps says of the page at `address`: "r--p".
std::string Protection(const void* address) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    char word[5] = {};
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end, word) != 3) continue;
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    if (begin <= at && at < end) return word;
  }
  return "";
}

TEST(LateLibrary, ArgumentsOfEveryKindArriveAtTheFirstCallOfManyThreads) {
  ASSERT_EQ(sluice_late_sample.addresses[0], nullptr) << "loaded before anybody called";
  EXPECT_EQ(Protection(sluice_late_sample.addresses), "r--p");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([i] {
      EXPECT_EQ(late_sample_variadic(9, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0), 285.0);
      EXPECT_EQ(late_sample_many(1, 2, 3, 4, 5, 6, 7, 8), 204);
      EXPECT_EQ(late_sample_wide(i).words[3], i + 3);
    });
  }
  threads.clear();
  EXPECT_NE(sluice_late_sample.addresses[0], nullptr);
  EXPECT_EQ(Protection(sluice_late_sample.addresses), "r--p");
}

TEST(LateLibrary, OneThatIsMissingEndsTheProcessAsTheDynamicLinkerDoes) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(late_absent_function(), testing::ExitedWithCode(127),
              "sluice: error while loading shared libraries: libsluice-absent.so.1: cannot open shared object file");
}

}  // namespace
}  // namespace sluice::base
#endif
