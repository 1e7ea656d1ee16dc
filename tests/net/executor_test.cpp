// The waits: each one's ordinary end, its deadline and its cancellation.
#include "net/executor.h"

#include <atomic>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>

#include "net/await.h"

namespace sluice::net {
namespace {

using namespace std::chrono_literals;
using base::Reason;
using base::Result;

/// "ok", or the reason and message of the error.
std::string Say(const Result<void>& result) {
  return result ? "ok" : std::string(base::ToString(result.error().reason)) + ": " + result.error().message;
}

Task<void> Record(Task<Result<void>> task, std::string* said) {
  const Result<void> result = co_await std::move(task);
  *said = Say(result);
}

Task<void> Turns(int n) {
  for (int i = 0; i < n; ++i) (void)co_await SleepFor(1us);
}

class ExecutorTest : public ::testing::Test {
 protected:
  Runtime runtime_;
  Scope scope_{runtime_.io()};
  void TearDown() override { runtime_.BlockOn(scope_.Close()); }
};

TEST_F(ExecutorTest, SleepEndsByItselfAndByCancellation) {
  std::string slept, cancelled, ahead;
  scope_.Spawn(Record(SleepFor(1ms), &slept));
  CancelHandle handle = scope_.Spawn(Record(SleepFor(1h), &cancelled));
  CancelHandle unstarted = scope_.Spawn(Record(SleepFor(1h), &ahead));
  unstarted.Cancel();  // before its first turn: it still runs, and sees Canceled
  runtime_.BlockOn(Turns(3));
  EXPECT_EQ(ahead, "Canceled: canceled");
  EXPECT_EQ(cancelled, "");
  handle.Cancel();
  handle.Cancel();
  Result<void> drained = runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(Say(drained), "ok");
  EXPECT_EQ(slept, "ok");
  EXPECT_EQ(cancelled, "Canceled: canceled");
  EXPECT_TRUE(handle.done());
}

Task<void> LetsEnd(boost::asio::io_context& io, std::chrono::nanoseconds work, std::chrono::nanoseconds grace, std::string* said) {
  Scope inner(io);
  inner.Spawn(Record(SleepFor(work), said));
  const Result<void> drained = co_await inner.Drained();
  if (!drained) co_await inner.LetEnd(grace);
}

TEST_F(ExecutorTest, WhatIsLetEndIsWaitedForByTheCancelledToo) {
  std::string quick, slow;
  const CancelHandle first = scope_.Spawn(LetsEnd(runtime_.io(), 20ms, 1h, &quick));
  const CancelHandle second = scope_.Spawn(LetsEnd(runtime_.io(), 1h, 20ms, &slow));
  runtime_.BlockOn(Turns(3));
  first.Cancel();
  second.Cancel();
  EXPECT_EQ(Say(runtime_.BlockOn(scope_.Drained())), "ok");
  EXPECT_EQ(quick, "ok");
  EXPECT_EQ(slow, "Canceled: canceled");
}

Task<void> WaitsAfterCancel(Event& event, AsyncSemaphore& semaphore, WorkerPool& pool, std::vector<std::string>* said) {
  Result<void> slept = co_await SleepFor(1h);
  said->push_back("sleep " + Say(slept));
  slept = co_await SleepFor(1h);
  said->push_back("again " + Say(slept));
  Result<void> waited = co_await event.Wait();
  said->push_back("event " + Say(waited));
  Result<AsyncSemaphore::Permit> permit = co_await semaphore.Acquire();
  said->push_back("permit " + std::string(permit ? "ok" : permit.error().message));
  auto work = []() -> Result<int> { return 1; };
  Result<int> ran = co_await pool.Run(work);
  said->push_back("work " + std::string(ran ? "ok" : ran.error().message));
  const bool cancelled = co_await IsCancelled();
  said->push_back(cancelled ? "cancelled" : "not cancelled");
}

TEST_F(ExecutorTest, AfterCancelEveryWaitReturnsCanceledAndNothingIsTaken) {
  Event event(Event::Kind::Latch);
  event.Set();
  AsyncSemaphore semaphore(1);
  WorkerPool pool(runtime_.io(), 1);
  std::vector<std::string> said;
  CancelHandle handle = scope_.Spawn(WaitsAfterCancel(event, semaphore, pool, &said));
  runtime_.BlockOn(Turns(2));
  handle.Cancel();
  (void)runtime_.BlockOn(handle.Join());
  EXPECT_EQ(said, (std::vector<std::string>{"sleep Canceled: canceled", "again Canceled: canceled", "event Canceled: canceled",
                                            "permit canceled", "work canceled", "cancelled"}));
  EXPECT_EQ(semaphore.available(), 1u);
}

TEST_F(ExecutorTest, AutoResetLetsOneGoAndRemembersOne) {
  Event event;
  std::string first, second, late;
  scope_.Spawn(Record(event.Wait(), &first));
  scope_.Spawn(Record(event.Wait(), &second));
  runtime_.BlockOn(Turns(2));
  event.Set();
  runtime_.BlockOn(Turns(3));
  EXPECT_EQ(first, "ok");
  EXPECT_EQ(second, "");
  event.Set();
  event.Set();
  EXPECT_TRUE(event.is_set());
  scope_.Spawn(Record(event.Wait(), &late));
  runtime_.BlockOn(Turns(3));
  EXPECT_EQ(second, "ok");
  EXPECT_EQ(late, "ok");
  EXPECT_FALSE(event.is_set());
}

TEST_F(ExecutorTest, LatchLetsAllGoUntilReset) {
  Event event(Event::Kind::Latch);
  std::string before, after, reset;
  scope_.Spawn(Record(event.Wait(), &before));
  runtime_.BlockOn(Turns(2));
  event.Set();
  scope_.Spawn(Record(event.Wait(), &after));
  runtime_.BlockOn(Turns(3));
  event.Reset();
  scope_.Spawn(Record(event.Wait(1ms), &reset));
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(before, "ok");
  EXPECT_EQ(after, "ok");
  EXPECT_EQ(reset, "Timeout: no signal within 1ms");
}

TEST_F(ExecutorTest, ADyingEventCancelsItsWaiters) {
  std::string said;
  auto event = std::make_unique<Event>();
  scope_.Spawn(Record(event->Wait(), &said));
  runtime_.BlockOn(Turns(2));
  event.reset();
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(said, "Canceled: canceled");
}

TEST_F(ExecutorTest, SetAndCancelInOneTurnLoseNoSignal) {
  Event event;
  std::string first, second;
  CancelHandle handle = scope_.Spawn(Record(event.Wait(), &first));
  scope_.Spawn(Record(event.Wait(), &second));
  runtime_.BlockOn(Turns(2));
  handle.Cancel();
  event.Set();
  (void)runtime_.BlockOn(handle.Join());
  runtime_.BlockOn(Turns(3));
  // Whoever got the signal, exactly one has it.
  EXPECT_EQ((first == "ok") + (second == "ok") + (event.is_set() ? 1 : 0), 1);
  runtime_.BlockOn(scope_.Close());  // before the strings go
}

Task<void> Hold(AsyncSemaphore& semaphore, int* now, int* most, std::vector<int>* order, int id) {
  Result<AsyncSemaphore::Permit> permit = co_await semaphore.Acquire();
  if (!permit) co_return;
  order->push_back(id);
  *most = std::max(*most, ++*now);
  (void)co_await SleepFor(200us);
  --*now;
}

TEST_F(ExecutorTest, SemaphoreBoundsAndServesInOrder) {
  AsyncSemaphore semaphore(3);
  int now = 0, most = 0;
  std::vector<int> order, want;
  for (int i = 0; i < 20; ++i) {
    want.push_back(i);
    scope_.Spawn(Hold(semaphore, &now, &most, &order, i));
  }
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(most, 3);
  EXPECT_EQ(order, want);
  EXPECT_EQ(semaphore.available(), 3u);
}

TEST_F(ExecutorTest, CancelledAndTimedOutWaitersLeaveTheLine) {
  AsyncSemaphore semaphore(1);
  AsyncSemaphore::Permit held = std::move(runtime_.BlockOn(semaphore.Acquire())).value();
  int now = 0, most = 0;
  std::vector<int> order;
  CancelHandle handle = scope_.Spawn(Hold(semaphore, &now, &most, &order, 1));
  scope_.Spawn(Hold(semaphore, &now, &most, &order, 2));
  Result<AsyncSemaphore::Permit> late = runtime_.BlockOn(semaphore.Acquire(2ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, "no free slot within 2ms");
  EXPECT_EQ(semaphore.waiting(), 2u);
  handle.Cancel();
  (void)runtime_.BlockOn(handle.Join());
  held.Release();
  held.Release();
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(order, std::vector<int>{2});
  EXPECT_EQ(semaphore.available(), 1u);
}

Task<Result<int>> AnswerAfter(std::chrono::nanoseconds delay, int answer, bool* saw_cancel) {
  Result<void> slept = co_await SleepFor(delay);
  if (!slept) {
    *saw_cancel = true;
    co_return std::move(slept).error();
  }
  co_return answer;
}

Task<void> AskWithin(std::chrono::nanoseconds delay, std::chrono::nanoseconds limit, std::string* said, bool* saw_cancel) {
  Task<Result<int>> answer = AnswerAfter(delay, 42, saw_cancel);
  std::string what = "asking";
  Result<int> result = co_await WithDeadline(std::move(answer), limit, std::move(what));
  *said = result ? std::to_string(*result) : result.error().message;
}

TEST_F(ExecutorTest, DeadlineCancelsAndSaysWhat) {
  struct Row {
    std::string_view rule;
    std::chrono::nanoseconds delay, limit;
    bool cancel;
    std::string_view want;
    bool inner_cancelled;
  };
  const Row rows[] = {
      {"in time", 1ms, 10s, false, "42", false},
      {"at once", 0ms, 10s, false, "42", false},
      {"no deadline", 1ms, kForever, false, "42", false},
      {"too late", 1h, 2ms, false, "asking: no answer within 2ms", true},
      {"cancelled from outside", 1h, 1h, true, "canceled", true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.rule);
    std::string said;
    bool inner_cancelled = false;
    CancelHandle handle = scope_.Spawn(AskWithin(row.delay, row.limit, &said, &inner_cancelled));
    runtime_.BlockOn(Turns(2));
    if (row.cancel) handle.Cancel();
    (void)runtime_.BlockOn(handle.Join());
    EXPECT_EQ(said, row.want);
    EXPECT_EQ(inner_cancelled, row.inner_cancelled);
  }
}

Task<void> Throw() {
  (void)co_await SleepFor(1us);
  throw std::logic_error("a bug");
}
Task<Result<void>> ThrowLater() {
  co_await Throw();
  co_return Result<void>{};
}
Task<void> ThrowUnderDeadline() {
  Task<Result<void>> task = ThrowLater();
  std::string what = "x";
  (void)co_await WithDeadline(std::move(task), 1h, std::move(what));
}

TEST_F(ExecutorTest, ABugReachesTheScopesOwner) {
  std::string heard;
  Scope scope(runtime_.io(), [&heard](std::exception_ptr bug) {
    try {
      std::rethrow_exception(bug);
    } catch (const std::exception& e) {
      heard += e.what();
    }
  });
  scope.Spawn(Throw());
  scope.Spawn(ThrowUnderDeadline());
  runtime_.BlockOn(scope.Close());
  EXPECT_EQ(heard, "a buga bug");
  EXPECT_THROW(runtime_.BlockOn(Throw()), std::logic_error);
}

Task<void> StubbornSleeper(bool* ended) {
  while (co_await SleepFor(1h)) {
  }
  co_await Turns(3);  // waits of a cancelled task return at once, and do not hang
  *ended = true;
}

TEST_F(ExecutorTest, CloseCancelsWaitsAndRefuses) {
  Scope scope(runtime_.io());
  bool ended[3] = {};
  for (bool& e : ended) scope.Spawn(StubbornSleeper(&e));
  EXPECT_EQ(scope.running(), 3u);
  runtime_.BlockOn(scope.Close());
  EXPECT_TRUE(ended[0] && ended[1] && ended[2]);
  bool late = false;
  EXPECT_TRUE(scope.Spawn(StubbornSleeper(&late)).done());
  EXPECT_EQ(scope.running(), 0u);
}

Task<void> CloseFromWithin(Scope& inner, bool* closed) {
  (void)co_await SleepFor(1h);  // cancelled: and yet Close waits to the end
  co_await inner.Close();
  *closed = inner.running() == 0;
}

TEST_F(ExecutorTest, ACancelledOwnerStillClosesItsScope) {
  Scope inner(runtime_.io());
  bool ended = false, closed = false;
  inner.Spawn(StubbornSleeper(&ended));
  CancelHandle owner = scope_.Spawn(CloseFromWithin(inner, &closed));
  runtime_.BlockOn(Turns(2));
  owner.Cancel();
  (void)runtime_.BlockOn(owner.Join());
  EXPECT_TRUE(ended);
  EXPECT_TRUE(closed);
}

TEST_F(ExecutorTest, TimersFireInOrderOnceAndCanBeCancelled) {
  Timers timers(runtime_.io());
  std::vector<int> fired;
  const SteadyTime now = std::chrono::steady_clock::now();
  timers.At(now + 3ms, [&] { fired.push_back(3); });
  const Timers::Id two = timers.At(now + 2ms, [&] { fired.push_back(2); });
  timers.At(now - 1h, [&] { fired.push_back(0); });
  timers.At(now + 1ms, [&] {
    fired.push_back(1);
    timers.Cancel(two);
    timers.After(0ns, [&] { fired.push_back(10); });
  });
  EXPECT_TRUE(fired.empty());
  while (timers.size() > 0) runtime_.BlockOn(Turns(1));
  EXPECT_EQ(fired.size(), 4u);
  EXPECT_EQ(fired.front(), 0);
  EXPECT_EQ(fired[1], 1);
  EXPECT_FALSE(timers.Cancel(two));
}

TEST_F(ExecutorTest, TenThousandTimersAndATimersThatDiesInItsCallback) {
  auto timers = std::make_unique<Timers>(runtime_.io());
  int fired = 0;
  for (int i = 0; i < 10'000; ++i) timers->After(std::chrono::microseconds(i % 100), [&] { ++fired; });
  std::vector<Timers::Id> idle;
  for (int i = 0; i < 10'000; ++i) idle.push_back(timers->After(1h, [&] { ++fired; }));
  while (timers->size() > 10'000) runtime_.BlockOn(Turns(1));
  EXPECT_EQ(fired, 10'000);
  for (std::size_t i = 0; i < idle.size(); i += 2) EXPECT_TRUE(timers->Cancel(idle[i]));
  EXPECT_EQ(timers->size(), 5'000u);
  timers->After(0ns, [&] { timers.reset(); });
  while (timers) runtime_.BlockOn(Turns(1));
  EXPECT_EQ(fired, 10'000);
}

TEST_F(ExecutorTest, SleepUntilFollowsTheWallClock) {
  base::SystemClock clock;
  base::ManualClock past(base::TimePoint{} + 10s);
  Result<void> slept = runtime_.BlockOn(SleepUntil(clock, clock.Now() + 2ms));
  EXPECT_EQ(Say(slept), "ok");
  slept = runtime_.BlockOn(SleepUntil(past, base::TimePoint{} + 10s));
  EXPECT_EQ(Say(slept), "ok");
}

// ---- WorkerPool

TEST_F(ExecutorTest, WorkRunsElsewhereAndResumesHere) {
  WorkerPool pool(runtime_.io(), 2);
  const std::thread::id here = std::this_thread::get_id();
  std::vector<std::thread::id> where(1);
  auto ask = [](WorkerPool& workers, std::vector<std::thread::id>* out) -> Task<Result<std::thread::id>> {
    auto work = []() -> Result<std::thread::id> { return std::this_thread::get_id(); };
    Result<std::thread::id> id = co_await workers.Run(work);
    (*out)[0] = std::this_thread::get_id();
    co_return id;
  };
  Result<std::thread::id> id = runtime_.BlockOn(ask(pool, &where));
  ASSERT_TRUE(id);
  EXPECT_NE(*id, here);
  EXPECT_EQ(where[0], here);
}

Task<void> RunAndSay(WorkerPool& pool, std::function<Result<void>(std::stop_token)> work, std::string* said) {
  try {
    const Result<void> ran = co_await pool.Run(std::move(work));
    *said = Say(ran);
  } catch (const std::exception& e) {
    *said = std::string("threw ") + e.what();
  }
}

TEST_F(ExecutorTest, WorkFailsThrowsAndIsCancelled) {
  WorkerPool pool(runtime_.io(), 1);
  std::string failed, threw, running, queued;
  scope_.Spawn(RunAndSay(pool, [](std::stop_token) -> Result<void> { return base::Invalid("no"); }, &failed));
  scope_.Spawn(RunAndSay(pool, [](std::stop_token) -> Result<void> { throw std::runtime_error("oops"); }, &threw));
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(failed, "Invalid: no");
  EXPECT_EQ(threw, "threw oops");

  auto began = std::make_shared<std::atomic<bool>>(false);
  auto stopped = std::make_shared<std::atomic<bool>>(false);
  auto ran = std::make_shared<std::atomic<bool>>(false);
  auto spin = [began, stopped](std::stop_token stop) -> Result<void> {
    *began = true;
    while (!stop.stop_requested()) std::this_thread::yield();
    *stopped = true;
    return {};
  };
  auto never = [ran](std::stop_token) -> Result<void> {
    *ran = true;
    return {};
  };
  CancelHandle first = scope_.Spawn(RunAndSay(pool, spin, &running));
  CancelHandle second = scope_.Spawn(RunAndSay(pool, never, &queued));
  while (!*began) runtime_.BlockOn(Turns(1));
  EXPECT_EQ(pool.queued(), 1u);
  second.Cancel();
  (void)runtime_.BlockOn(second.Join());
  EXPECT_EQ(queued, "Canceled: canceled");
  EXPECT_EQ(pool.queued(), 0u);
  first.Cancel();
  (void)runtime_.BlockOn(first.Join());
  EXPECT_EQ(running, "Canceled: canceled");
  while (!*stopped) std::this_thread::yield();
  EXPECT_FALSE(*ran);
}

// Threat T78: work that hangs keeps its own thread, and no other.
TEST_F(ExecutorTest, WorkThatTakesLongHoldsUpNoOther) {
  WorkerPool pool(runtime_.io(), 2, 20ms);
  auto spin = [](std::stop_token stop) -> Result<void> {
    while (!stop.stop_requested()) std::this_thread::sleep_for(1ms);
    return {};
  };
  auto done = [](std::stop_token) -> Result<void> { return {}; };
  std::vector<std::string> hung(8, "?");
  std::vector<CancelHandle> handles;
  for (std::string& said : hung) {
    std::vector<std::string> quick(3, "?");
    std::vector<CancelHandle> others;
    for (std::string& each : quick) others.push_back(scope_.Spawn(RunAndSay(pool, done, &each)));
    for (const CancelHandle& other : others) (void)runtime_.BlockOn(other.Join());
    EXPECT_EQ(quick, (std::vector<std::string>{"ok", "ok", "ok"})) << "beside " << handles.size();
    handles.push_back(scope_.Spawn(RunAndSay(pool, spin, &said)));
  }
  std::string waits = "?";
  scope_.Spawn(RunAndSay(pool, done, &waits));
  while (pool.queued() > 1) runtime_.BlockOn(Turns(1));
  (void)runtime_.BlockOn(SleepFor(100ms));
  EXPECT_EQ(waits, "?") << "four times as many threads are all there are";
  EXPECT_EQ(pool.queued(), 1u);
  EXPECT_EQ(hung, std::vector<std::string>(8, "?"));
  for (const CancelHandle& handle : handles) handle.Cancel();
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(waits, "ok");
}

TEST_F(ExecutorTest, ADyingPoolEndsQueuedAndRunningWork) {
  std::string running, queued;
  auto began = std::make_shared<std::atomic<bool>>(false);
  auto pool = std::make_unique<WorkerPool>(runtime_.io(), 1);
  auto spin = [began](std::stop_token stop) -> Result<void> {
    *began = true;
    while (!stop.stop_requested()) std::this_thread::yield();
    return {};
  };
  scope_.Spawn(RunAndSay(*pool, spin, &running));
  scope_.Spawn(RunAndSay(*pool, [](std::stop_token) -> Result<void> { return {}; }, &queued));
  while (!*began) runtime_.BlockOn(Turns(1));
  pool.reset();
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(running, "ok");  // it ended by itself, as asked
  EXPECT_EQ(queued, "Canceled: canceled");
}

TEST_F(ExecutorTest, PostAndStopComeFromAnyThread) {
  std::string said;
  Event event;
  scope_.Spawn(Record(event.Wait(), &said));
  std::thread other([&] { runtime_.Post([&] { event.Set(); }); });
  (void)runtime_.BlockOn(scope_.Drained());
  other.join();
  EXPECT_EQ(said, "ok");
  scope_.Spawn(Record(SleepFor(1h), &said));
  std::thread stopper;
  runtime_.Post([&] { stopper = std::thread([&] { runtime_.Stop(); }); });  // not before it runs: Run() begins anew
  runtime_.Run();                                                           // returns, though a task still sleeps
  stopper.join();
  EXPECT_EQ(scope_.running(), 1u);
  runtime_.BlockOn(scope_.Close());
}

TEST_F(ExecutorTest, SignalsAreAwaited) {
  std::string said;
  auto wait = [](std::string* out) -> Task<void> {
    std::vector<int> signals{SIGUSR1, SIGUSR2};
    Result<int> got = co_await WaitForSignal(std::move(signals));
    *out = got ? std::to_string(*got) : got.error().message;
  };
  scope_.Spawn(wait(&said));
  runtime_.BlockOn(Turns(2));
  std::raise(SIGUSR2);
  (void)runtime_.BlockOn(scope_.Drained());
  EXPECT_EQ(said, std::to_string(SIGUSR2));
  CancelHandle handle = scope_.Spawn(wait(&said));
  runtime_.BlockOn(Turns(2));
  handle.Cancel();
  (void)runtime_.BlockOn(handle.Join());
  EXPECT_EQ(said, "canceled");
}

TEST(RuntimeTest, EndsWithTasksStillWaiting) {
  std::string said;
  Event event;
  AsyncSemaphore semaphore(0);
  auto acquire = [](AsyncSemaphore& s) -> Task<void> { (void)co_await s.Acquire(); };
  {
    Runtime runtime;
    Scope scope(runtime.io());
    scope.Spawn(Record(event.Wait(), &said));
    scope.Spawn(acquire(semaphore));
    bool cancelled = false;
    scope.Spawn(AskWithin(1h, 1h, &said, &cancelled));
    runtime.BlockOn(Turns(3));
  }
  EXPECT_EQ(said, "");  // and the address sanitizer finds no frame left
}

}  // namespace
}  // namespace sluice::net
