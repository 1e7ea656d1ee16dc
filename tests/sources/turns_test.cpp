#include "sources/git/turns.h"

#include <gtest/gtest.h>

#include <stop_token>
#include <thread>

#include "tests/sources/fixture.h"

namespace sluice::sources {
namespace {

using namespace std::chrono_literals;

TEST(Turns, NoMoreThanUsualAtATime) {
  Turns turns(2, 1h);
  const Waiter patient(GitCall{.timeout = 1h});
  const auto first = turns.Take(patient);
  auto second = std::make_unique<Turns::Turn>(turns.Take(patient).value());
  EXPECT_EQ(turns.taken(), 2u);
  const Waiter brief(GitCall{.timeout = 20ms});
  EXPECT_EQ(ReasonOf(turns.Take(brief)), "Timeout");

  std::stop_source stop;
  const Waiter stopped(GitCall{.timeout = 1h, .stop = stop.get_token()});
  std::string said;
  std::thread waiting([&] { said = ReasonOf(turns.Take(stopped)); });
  stop.request_stop();
  waiting.join();
  EXPECT_EQ(said, "Canceled");

  std::thread next([&] { said = turns.Take(patient) ? "its turn" : "none"; });
  second.reset();
  next.join();
  EXPECT_EQ(said, "its turn");
  EXPECT_EQ(turns.taken(), 1u);
}

TEST(Turns, ThoseThatTakeLongHoldUpNoOther) {
  Turns turns(1, 1ms);
  const Waiter patient(GitCall{.timeout = 1h});
  std::vector<Turns::Turn> taken;
  for (int i = 0; i < 4; ++i) {
    auto turn = turns.Take(patient);
    ASSERT_TRUE(turn);
    taken.push_back(*std::move(turn));
  }
  const Waiter brief(GitCall{.timeout = 20ms});
  EXPECT_EQ(ReasonOf(turns.Take(brief)), "Timeout") << "four times as many are all there are";
}

}  // namespace
}  // namespace sluice::sources
