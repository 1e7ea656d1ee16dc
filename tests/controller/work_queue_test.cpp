#include "controller/work_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>

#include <boost/asio/awaitable.hpp>

#include "controller/queue_meter.h"
#include "net/await.h"

namespace sluice::controller {
namespace {

using namespace std::chrono_literals;

/// A queue whose runs are scripted: each takes `work` and notes what it got.
class WorkQueueTest : public testing::Test {
 protected:
  net::Task<Outcome> Run(Key key, Triggers why) {
    ++active_;
    most_active_ = std::max(most_active_, active_);
    started_.push_back(key.name + ":" + std::to_string(why));
    const base::Result<void> slept = co_await net::SleepFor(work_);
    --active_;
    if (slept) finished_.push_back(key.name);
    const Outcome outcome = outcome_;
    co_return outcome;
  }

  std::unique_ptr<WorkQueue> Make(WorkQueueOptions options = {}) {
    return std::make_unique<WorkQueue>(scope_, timers_, options, [this](Key key, Triggers why) { return Run(std::move(key), why); });
  }

  template <class Done>
  void RunUntil(Done done) {
    runtime_.BlockOn(Poll(std::function<bool()>(done)));
  }

  static net::Task<void> Poll(std::function<bool()> done) {
    for (int i = 0; i < 5000 && !done(); ++i) {
      const base::Result<void> slept = co_await net::SleepFor(1ms);
      EXPECT_TRUE(slept);
    }
    EXPECT_TRUE(done()) << "gave up waiting";
  }

  ~WorkQueueTest() override { runtime_.BlockOn(scope_.Close()); }

  net::Runtime runtime_;
  net::Scope scope_{runtime_.io()};
  net::Timers timers_{runtime_.io()};
  std::chrono::milliseconds work_{0};
  Outcome outcome_;
  int active_ = 0, most_active_ = 0;
  std::vector<std::string> started_, finished_;
};

const Key kA{"ns", "a"}, kB{"ns", "b"};

TEST_F(WorkQueueTest, GathersTriggersWhileThereIsNoPlace) {
  work_ = 20ms;
  auto queue = Make({.concurrent = 1});
  queue->Add(kA, trigger::kSpec);
  queue->Add(kB, trigger::kHealth);
  queue->Add(kB, trigger::kDrift);
  RunUntil([&] { return finished_.size() == 2; });
  EXPECT_EQ(started_, (std::vector<std::string>{"a:1", "b:48"}));
  EXPECT_EQ(most_active_, 1);
}

TEST_F(WorkQueueTest, ARunThatWaitsGivesItsPlaceToOthers) {
  work_ = 1s;
  auto queue = Make({.concurrent = 1});
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return active_ == 1; });
  queue->SetWaiting(kB, true);  // runs not: nothing happens
  queue->SetWaiting(kA, true);
  queue->Add(kB, trigger::kSpec);
  RunUntil([&] { return active_ == 2; });
  EXPECT_EQ(queue->running(), 1U);
  queue->SetWaiting(kA, false);
  queue->SetWaiting(kA, false);
  EXPECT_EQ(queue->running(), 2U);
  RunUntil([&] { return finished_.size() == 2; });
  EXPECT_EQ(queue->running(), 0U);
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return active_ == 1; });
  queue->SetWaiting(kA, true);  // and ends like that
  RunUntil([&] { return finished_.size() == 3; });
  EXPECT_EQ(queue->running(), 0U);
}

std::string LaneByName(const Key& key) { return key.name.substr(0, key.name.find('-')); }

TEST_F(WorkQueueTest, R51_ALaneWithoutEndHoldsUpItselfAlone) {
  work_ = 60s;
  auto queue = Make({.concurrent = 2, .lane = LaneByName});
  for (int i = 0; i < 5; ++i) queue->Add({"ns", "dead-" + std::to_string(i)}, trigger::kSpec);
  RunUntil([&] { return active_ == 2; });
  EXPECT_EQ(queue->depth(), 3U);
  work_ = 0ms;
  queue->Add({"ns", "good-1"}, trigger::kTimer);
  queue->Add({"ns", "good-2"}, trigger::kSpec);
  RunUntil([&] { return finished_.size() == 2; });
  EXPECT_EQ(started_, (std::vector<std::string>{"dead-0:1", "dead-1:1", "good-1:64", "good-2:1"}));
  EXPECT_TRUE(queue->HasNewerIntent({"ns", "dead-0"}));
  EXPECT_FALSE(queue->HasNewerIntent({"ns", "good-1"}));
  queue->Forget({"ns", "dead-0"});  // the next in its lane begins
  RunUntil([&] { return finished_.size() == 5; });
  EXPECT_EQ(finished_.back(), "dead-4");
}

TEST_F(WorkQueueTest, OfAllLanesThatWaitForOthersTheFirstToComeLeavePlaces) {
  work_ = 60s;
  auto queue = Make({.concurrent = 8, .lane = [](const Key& key) { return key.name[0] == '-' ? "" : LaneByName(key); }});
  for (int host = 0; host < 9; ++host) {
    for (int i = 0; i < 8; ++i) queue->Add({"ns", "h" + std::to_string(host) + "-" + std::to_string(i)}, trigger::kSpec);
  }
  RunUntil([&] { return active_ == 65; });  // eight lanes whole, and one of the ninth
  EXPECT_EQ(queue->running(), 65U);
  EXPECT_EQ(queue->depth(), 7U);
  for (int i = 0; i < 9; ++i) queue->Add({"ns", "-" + std::to_string(i)}, trigger::kSpec);
  RunUntil([&] { return active_ == 73; });  // our own cluster has all of its places
  EXPECT_EQ(queue->running(), 73U);
}

TEST_F(WorkQueueTest, WhoeverChangesLanesWaitsInTheNewOne) {
  work_ = 60s;
  std::string lane = "dead";
  auto queue = Make({.concurrent = 1, .lane = [&lane](const Key& key) { return key == kA ? "dead" : lane; }});
  queue->Add(kA, trigger::kSpec);
  queue->Add(kB, trigger::kSpec);
  RunUntil([&] { return active_ == 1; });
  EXPECT_EQ(queue->depth(), 1U);
  work_ = 0ms;
  lane = "good";
  queue->Add(kB, trigger::kSpec);
  RunUntil([&] { return finished_.size() == 1; });
  EXPECT_EQ(started_, (std::vector<std::string>{"a:1", "b:1"}));
  queue->Forget(kA);
  RunUntil([&] { return queue->running() == 0; });
  EXPECT_EQ(queue->depth(), 0U);
  EXPECT_EQ(started_.size(), 2U) << "its place in the old lane is void";
}

TEST_F(WorkQueueTest, OneRunAtATimeForAnObject) {
  work_ = 20ms;
  auto queue = Make();
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return active_ == 1; });
  queue->Add(kA, trigger::kHealth);
  queue->Add(kA, trigger::kDrift);
  RunUntil([&] { return finished_.size() == 2; });
  EXPECT_EQ(most_active_, 1);
  EXPECT_EQ(started_[1], "a:48");
}

TEST_F(WorkQueueTest, NewerIntentCancelsWhatRunsAndRepeatsItsReasons) {
  work_ = 60s;
  auto queue = Make();
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return active_ == 1; });
  work_ = 0ms;
  queue->Add(kA, trigger::kSource);
  RunUntil([&] { return finished_.size() == 1; });
  EXPECT_EQ(started_, (std::vector<std::string>{"a:1", "a:5"}));
}

TEST_F(WorkQueueTest, IntentGoesBeforeEverythingElse) {
  work_ = 5ms;
  auto queue = Make({.concurrent = 1});
  queue->Add(kA, trigger::kSpec);
  for (int i = 0; i < 5; ++i) queue->Add({"ns", "h" + std::to_string(i)}, trigger::kHealth);
  queue->Add(kB, trigger::kRequested);
  RunUntil([&] { return finished_.size() == 7; });
  EXPECT_EQ(finished_[1], "b");
}

TEST_F(WorkQueueTest, FailuresBackOffAndSuccessForgetsThem) {
  outcome_.back_off = true;
  auto queue = Make({.concurrent = 4, .min_retry = 1ms, .max_retry = 4ms});
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return finished_.size() == 4; });
  outcome_.back_off = false;
  const std::size_t before = finished_.size();
  RunUntil([&] { return finished_.size() > before; });
  EXPECT_GE(queue->retries(), 4U);
  EXPECT_EQ(timers_.size(), 0U);
}

TEST_F(WorkQueueTest, T78_ARunThatThrowsIsTriedThreeTimesAndHurtsNobodyElse) {
  std::vector<std::string> told;
  base::SystemClock clock;
  QueueMeter meter(clock);
  WorkQueueOptions options{.concurrent = 2, .min_retry = 1ms, .max_retry = 4ms, .meter = &meter};
  options.on_bug = [&told](Key key, Bug bug) -> net::Task<void> {
    told.push_back(key.name + ": " + bug.what + (bug.last ? ", last" : ""));
    co_return;
  };
  WorkQueue queue(scope_, timers_, options, [this](Key key, Triggers why) -> net::Task<Outcome> {
    if (key != kA) return Run(std::move(key), why);
    started_.push_back("a");
    throw std::bad_alloc();
  });
  const auto runs = [this] { return std::count(started_.begin(), started_.end(), "a"); };
  queue.Add(kA, trigger::kSource);
  RunUntil([&] { return told.size() == 3; });
  EXPECT_EQ(told, (std::vector<std::string>{"a: std::bad_alloc", "a: std::bad_alloc", "a: std::bad_alloc, last"}));
  queue.Add(kA, trigger::kHealth);  // no newer intent
  queue.Add(kB, trigger::kHealth);
  RunUntil([&] { return finished_.size() == 1; });
  EXPECT_EQ(runs(), 3);
  EXPECT_EQ(timers_.size(), 0U);
  queue.Add(kA, trigger::kSpec);
  RunUntil([&] { return told.size() == 4; });
  EXPECT_EQ(runs(), 4);
  EXPECT_EQ(told.back(), "a: std::bad_alloc, last") << "once for each change";
  EXPECT_EQ(meter.exceptions(), 4U);
  RunUntil([&] { return queue.running() == 0; });
  EXPECT_EQ(meter.results(RunResult::Error), 4U) << "also the last one, after which nothing is tried again";
}

TEST_F(WorkQueueTest, LooksAgainAtTheTimeThatWasAskedFor) {
  outcome_.again_in = 2ms;
  auto queue = Make();
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return started_.size() >= 3; });
  EXPECT_EQ(started_[1], "a:64");
  queue->Stop();
}

TEST_F(WorkQueueTest, ForgettingEndsTheRunAndTheTimer) {
  work_ = 60s;
  auto queue = Make();
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return active_ == 1; });
  queue->Forget(kA);
  RunUntil([&] { return active_ == 0; });
  EXPECT_TRUE(finished_.empty());
  EXPECT_EQ(queue->running(), 0U);
  work_ = 0ms;
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return finished_.size() == 1; });
}

TEST_F(WorkQueueTest, WhatIsAddedWhileAForgottenRunEndsIsNotLost) {
  work_ = 60s;
  auto queue = Make();
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return active_ == 1; });
  queue->Forget(kA);
  work_ = 0ms;
  queue->Add(kA, trigger::kSpec);
  RunUntil([&] { return finished_.size() == 1; });
}

}  // namespace
}  // namespace sluice::controller
