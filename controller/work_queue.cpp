#include "controller/work_queue.h"

#include <algorithm>

#include "controller/queue_meter.h"
#include "net/await.h"

namespace sluice::controller {

struct WorkQueue::Entry {
  Triggers pending = 0;
  bool running = false, waiting = false, listed_urgent = false, forgotten = false;
  std::uint64_t ticket = 0;  ///< 0: not listed
  std::string lane;          ///< where it is listed or runs
  net::CancelHandle run;
  net::Timers::Id timer = 0;
  unsigned failures = 0, bugs = 0;
};

namespace {

constexpr unsigned kTries = 3;  // of a run that ends in an exception
// All lanes that wait for others have so many times the places of one; of the second half of them a lane gets no more than a small share, so that some
// are left for the host number nine when eight others do not answer.
constexpr std::size_t kFullLanes = 16, kShares = 8;

RunResult ResultOf(const Outcome& outcome, bool wanted_again) {
  if (outcome.back_off || outcome.failed) return RunResult::Error;
  if (wanted_again) return RunResult::Requeue;
  return outcome.again_in ? RunResult::RequeueAfter : RunResult::Success;
}

}  // namespace

WorkQueue::WorkQueue(net::Scope& scope, net::Timers& timers, WorkQueueOptions options, Runner run)
    : scope_(scope), timers_(timers), options_(std::move(options)), run_(std::move(run)), alive_(std::make_shared<bool>(true)) {}

WorkQueue::~WorkQueue() {
  *alive_ = false;
  for (auto& [key, entry] : entries_) timers_.Cancel(entry->timer);
}

std::size_t WorkQueue::depth() const {
  std::size_t count = 0;
  for (const auto& [name, lane] : lanes_) count += lane.urgent.size() + lane.ready.size();
  return count;
}

bool WorkQueue::HasNewerIntent(const Key& running) const {
  const auto at = entries_.find(running);
  if (at == entries_.end()) return false;
  const auto lane = lanes_.find(at->second->lane);
  return lane != lanes_.end() && !lane->second.urgent.empty();
}

void WorkQueue::Stop() {
  stopped_ = true;
  for (auto& [name, lane] : lanes_) {
    lane.urgent.clear();
    lane.ready.clear();
  }
  for (auto& [key, entry] : entries_) timers_.Cancel(std::exchange(entry->timer, 0));
}

void WorkQueue::Add(const Key& key, Triggers why) {
  if (stopped_) return;
  ++adds_;
  auto& slot = entries_[key];
  if (!slot) slot = std::make_shared<Entry>();
  Entry& entry = *slot;
  if (entry.bugs >= kTries && (why & trigger::kIntent) == 0) return;
  entry.pending |= why;
  entry.forgotten = false;
  if (entry.running) {
    if ((why & trigger::kIntent) != 0) entry.run.Cancel();
    return;
  }
  if ((why & trigger::kIntent) != 0) entry.failures = 0;
  Enlist(key, entry);
  Pump();
}

void WorkQueue::Enlist(const Key& key, Entry& entry) {
  const bool urgent = (entry.pending & trigger::kIntent) != 0;
  std::string lane = options_.lane ? options_.lane(key) : std::string();
  if (entry.ticket != 0 && entry.lane == lane && (entry.listed_urgent || !urgent)) return;
  entry.ticket = ++tickets_;  // one that it has already is void by that
  entry.listed_urgent = urgent;
  entry.lane = std::move(lane);
  Lane& where = lanes_[entry.lane];
  (urgent ? where.urgent : where.ready).push_back({entry.ticket, key});
  if (options_.meter != nullptr) options_.meter->Listed(key);
}

bool WorkQueue::HasRoom(const std::string& name, const Lane& lane) const {
  if (lane.running >= options_.concurrent) return false;
  if (name.empty()) return true;
  const auto own = lanes_.find("");
  const std::size_t others = running_ - (own == lanes_.end() ? 0 : own->second.running);
  if (others < options_.concurrent * kFullLanes / 2) return true;
  return others < options_.concurrent * kFullLanes && lane.running < std::max<std::size_t>(1, options_.concurrent / kShares);
}

void WorkQueue::DropVoid(std::deque<Ticket>& line) const {
  while (!line.empty()) {
    const auto at = entries_.find(line.front().key);
    if (at != entries_.end() && at->second->ticket == line.front().number) return;
    line.pop_front();
  }
}

/// The line whose first is to begin next: what is urgent before what is not, and of these who came first. nullptr: there is nobody, or no room.
std::deque<WorkQueue::Ticket>* WorkQueue::NextLine() {
  std::deque<Ticket>*urgent = nullptr, *ready = nullptr;
  const auto offer = [](std::deque<Ticket>& line, std::deque<Ticket>*& first) {
    if (!line.empty() && (first == nullptr || line.front().number < first->front().number)) first = &line;
  };
  for (auto at = lanes_.begin(); at != lanes_.end();) {
    Lane& lane = at->second;
    DropVoid(lane.urgent);
    DropVoid(lane.ready);
    if (lane.running == 0 && lane.urgent.empty() && lane.ready.empty()) {
      at = lanes_.erase(at);
      continue;
    }
    if (HasRoom(at->first, lane)) {
      offer(lane.urgent, urgent);
      offer(lane.ready, ready);
    }
    ++at;
  }
  return urgent != nullptr ? urgent : ready;
}

void WorkQueue::Pump() {
  while (!stopped_) {
    std::deque<Ticket>* const line = NextLine();
    if (line == nullptr) return;
    const Key key = std::move(line->front().key);
    line->pop_front();
    std::shared_ptr<Entry> entry = entries_.at(key);
    entry->ticket = 0;
    timers_.Cancel(std::exchange(entry->timer, 0));
    entry->running = true;
    ++lanes_[entry->lane].running;
    ++running_;
    if (options_.meter != nullptr) options_.meter->Begun(key);
    const Triggers why = std::exchange(entry->pending, 0U);
    net::Task<void> task = RunOne(key, entry, why);
    entry->run = scope_.Spawn(std::move(task));
  }
}

/// Gives the place of `entry` back.
void WorkQueue::Release(const Entry& entry) {
  --running_;
  --lanes_[entry.lane].running;
}

net::Task<void> WorkQueue::RunOne(Key key, std::shared_ptr<Entry> entry, Triggers why) {
  const std::shared_ptr<bool> alive = alive_;
  Outcome outcome;
  std::optional<std::string> bug;
  try {
    net::Task<Outcome> task = run_(key, why);
    outcome = co_await std::move(task);
  } catch (const std::exception& error) {
    bug = error.what();
  } catch (...) {
    bug = "an exception of no known type";
  }
  if (bug && *alive) {
    net::Task<Outcome> task = AfterBug(key, entry, *std::move(bug));
    outcome = co_await std::move(task);
  } else {
    entry->bugs = 0;
  }
  if (*alive) Finish(key, *entry, why, outcome);
}

/// The bug is this object's alone: all others go on, and so does this one, a few times, since memory may be there again.
net::Task<Outcome> WorkQueue::AfterBug(Key key, std::shared_ptr<Entry> entry, std::string what) {
  const bool last = ++entry->bugs >= kTries;
  if (options_.meter != nullptr) options_.meter->Threw();
  if (options_.on_bug) {
    net::Task<void> telling = options_.on_bug(std::move(key), Bug{.what = std::move(what), .last = last});
    co_await std::move(telling);
  }
  co_return Outcome{.back_off = !last, .failed = true};
}

void WorkQueue::SetWaiting(const Key& key, bool waiting) {
  const auto at = entries_.find(key);
  if (at == entries_.end() || !at->second->running || at->second->waiting == waiting) return;
  at->second->waiting = waiting;
  if (!waiting) {
    ++running_;
    ++lanes_[at->second->lane].running;
    return;
  }
  Release(*at->second);
  Pump();
}

void WorkQueue::Finish(const Key& key, Entry& entry, Triggers why, const Outcome& outcome) {
  entry.running = false;
  if (!std::exchange(entry.waiting, false)) Release(entry);
  if (options_.meter != nullptr) options_.meter->Ended(key, ResultOf(outcome, entry.pending != 0));
  if (entry.forgotten || (outcome.gone && entry.pending == 0)) {
    if (options_.meter != nullptr) options_.meter->Forgotten(key);
    const auto at = entries_.find(key);
    if (at != entries_.end() && at->second.get() == &entry) entries_.erase(at);
  } else if (!stopped_) {
    if (entry.run.cancelled()) {
      // What the cancelled run was for is still to be done, together with the newer intent.
      if (entry.pending != 0) entry.pending |= why;
      entry.failures = 0;
    } else if (outcome.back_off) {
      const unsigned doublings = std::min(entry.failures++, 20U);
      ++retries_;
      Schedule(key, entry, std::min<base::Duration>(options_.min_retry * (1LL << doublings), options_.max_retry));
    } else {
      entry.failures = 0;
      if (outcome.again_in) Schedule(key, entry, *outcome.again_in);
    }
    if (entry.pending != 0) Enlist(key, entry);
  }
  Pump();
}

void WorkQueue::Schedule(const Key& key, Entry& entry, base::Duration delay) {
  timers_.Cancel(entry.timer);
  entry.timer = timers_.After(std::max(delay, base::Duration(0)), [this, key] {
    const auto at = entries_.find(key);
    if (at == entries_.end()) return;
    at->second->timer = 0;
    Add(key, trigger::kTimer);
  });
}

void WorkQueue::Forget(const Key& key) {
  if (options_.meter != nullptr) options_.meter->Forgotten(key);
  const auto at = entries_.find(key);
  if (at == entries_.end()) return;
  Entry& entry = *at->second;
  timers_.Cancel(std::exchange(entry.timer, 0));
  entry.forgotten = true;
  entry.ticket = 0;
  entry.pending = 0;
  if (entry.running) {
    entry.run.Cancel();
  } else {
    entries_.erase(at);
  }
}

}  // namespace sluice::controller
