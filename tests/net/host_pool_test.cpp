// Calls that wait for somebody else: what one host may hold up, and what ends them.
#include "net/host_pool.h"

#include <atomic>
#include <deque>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "net/await.h"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;
using base::Result;

/// Calls that go on until they are let go or asked to stop, and how many of them have begun.
struct Hanging {
  std::shared_ptr<std::atomic<int>> begun = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::atomic<bool>> open = std::make_shared<std::atomic<bool>>(false);

  HostPool::Call Call() const {
    return [begun = begun, open = open](std::stop_token stop) {
      ++*begun;
      while (!*open && !stop.stop_requested()) std::this_thread::sleep_for(1ms);
    };
  }
};

Task<void> RunAndSay(HostPool& pool, std::string host, HostPool::Call call, std::string* said) {
  try {
    const Result<void> ran = co_await pool.Run(std::move(host), std::move(call));
    *said = ran ? "ok" : ran.error().message;
  } catch (const std::exception& e) {
    *said = std::string("threw ") + e.what();
  }
}

class HostPoolTest : public ::testing::Test {
 protected:
  Runtime runtime_;
  Scope scope_{runtime_.io()};
  std::deque<std::string> said_;

  CancelHandle Spawn(HostPool& pool, std::string host, HostPool::Call call) {
    return scope_.Spawn(RunAndSay(pool, std::move(host), std::move(call), &said_.emplace_back("?")));
  }
  /// Lets the I/O thread work until `done`.
  void Until(const std::function<bool()>& done) {
    while (!done()) (void)runtime_.BlockOn(SleepFor(1ms));
  }
  void TearDown() override { runtime_.BlockOn(scope_.Close()); }
};

TEST_F(HostPoolTest, AHostThatNeverAnswersHoldsUpItsOwnCallsAlone) {
  HostPool pool(runtime_.io(), {.calls = 16, .share = 3});
  const Hanging dead, other;
  for (int i = 0; i < 5; ++i) Spawn(pool, "dead", dead.Call());
  Until([&] { return *dead.begun == 3; });
  EXPECT_EQ(pool.queued(), 2u);
  std::string said;
  runtime_.BlockOn(RunAndSay(pool, "alive", [](std::stop_token) {}, &said));
  EXPECT_EQ(said, "ok");
  EXPECT_EQ(*dead.begun, 3);
  *dead.open = true;
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(said_, std::deque<std::string>(5, "ok"));
  EXPECT_EQ(*dead.begun, 5);
  EXPECT_EQ(pool.active(), 0u);
}

TEST_F(HostPoolTest, HalfOfTheCallsAreForHostsThatHaveNone) {
  HostPool pool(runtime_.io(), {.calls = 8, .share = 4});
  const Hanging dead;
  for (const char* host : {"a", "b", "c"})
    for (int i = 0; i < 4; ++i) Spawn(pool, host, dead.Call());
  Until([&] { return *dead.begun >= 6; });
  EXPECT_EQ(pool.active(), 6u) << "four of one, and one of each of the others";
  for (const char* host : {"d", "e"}) Spawn(pool, host, dead.Call());
  Until([&] { return *dead.begun == 8; });
  std::string waits = "?";
  CancelHandle waiting = scope_.Spawn(RunAndSay(pool, "g", [](std::stop_token) {}, &waits));
  (void)runtime_.BlockOn(SleepFor(20ms));
  EXPECT_EQ(waits, "?") << "eight are all there are";
  *dead.open = true;
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(waits, "ok");
}

TEST_F(HostPoolTest, HostsTakeTurns) {
  HostPool pool(runtime_.io(), {.calls = 1, .share = 1});
  const Hanging first;
  auto order = std::make_shared<std::string>();  // written by one call at a time
  Spawn(pool, "a", first.Call());
  for (const char* name : {"a1", "a2", "a3"}) Spawn(pool, "a", [order, name](std::stop_token) { *order += std::string(name) + " "; });
  Spawn(pool, "b", [order](std::stop_token) { *order += "b1 "; });
  Until([&] { return *first.begun == 1; });
  *first.open = true;
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(*order, "a1 b1 a2 a3 ");
}

TEST_F(HostPoolTest, CancellingEndsTheWaitAndGivesTheRoomBack) {
  HostPool pool(runtime_.io(), {.calls = 2, .share = 1});
  const Hanging dead, never;
  CancelHandle running = Spawn(pool, "a", dead.Call()), queued = Spawn(pool, "a", never.Call());
  Until([&] { return *dead.begun == 1; });
  EXPECT_EQ(pool.queued(), 1u);
  queued.Cancel();
  (void)runtime_.BlockOn(queued.Join());
  EXPECT_EQ(pool.queued(), 0u);
  running.Cancel();
  (void)runtime_.BlockOn(running.Join());
  EXPECT_EQ(said_, std::deque<std::string>(2, "canceled"));
  Until([&] { return pool.active() == 0; });
  EXPECT_EQ(*never.begun, 0);
  std::string said;
  runtime_.BlockOn(RunAndSay(pool, "a", [](std::stop_token) { throw std::runtime_error("oops"); }, &said));
  EXPECT_EQ(said, "threw oops");
}

TEST_F(HostPoolTest, ADyingPoolEndsAll) {
  auto pool = std::make_unique<HostPool>(runtime_.io(), HostPoolOptions{.calls = 2, .share = 1});
  const Hanging dead, never;
  Spawn(*pool, "a", dead.Call());
  Spawn(*pool, "a", never.Call());
  Until([&] { return *dead.begun == 1; });
  pool.reset();
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(said_, (std::deque<std::string>{"ok", "canceled"}));  // the first ended by itself, as asked
  EXPECT_EQ(*never.begun, 0);
}

}  // namespace
}  // namespace sluice::net
