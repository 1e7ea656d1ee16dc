// kube/event_correlator.h: which of the events that are recorded become new Event objects, which only count one up, and which are too many; internal
// to kube/ and pure. The rules are client-go's EventCorrelator (tools/record/events_cache.go) with its figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/clock.h"
#include "kube/events.h"

namespace sluice::kube {

/// The last used are kept.
template <class T>
class LastUsed {
 public:
  explicit LastUsed(std::size_t capacity) : capacity_(capacity) {}
  /// The value of `key`, made if it is not there; the one that was not used for longest goes when there are too many.
  T& Get(const std::string& key) {
    if (const auto found = index_.find(key); found != index_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return order_.front().second;
    }
    if (order_.size() >= capacity_) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    order_.emplace_front(key, T());
    index_.emplace(key, order_.begin());
    return order_.front().second;
  }
  std::size_t size() const { return order_.size(); }

 private:
  std::size_t capacity_;
  std::list<std::pair<std::string, T>> order_;
  std::unordered_map<std::string, typename std::list<std::pair<std::string, T>>::iterator> index_;
};

/// What is to be written for one recorded event.
struct Correlated {
  std::string name;         ///< of the Event object
  std::string message;      ///< perhaps with the prefix of a combination
  std::uint32_t count = 1;  ///< 1: create it; more: patch it
  base::TimePoint first{};
};

class EventCorrelator {
 public:
  explicit EventCorrelator(std::size_t memory) : spam_(memory), groups_(memory), seen_(memory) {}
  /// nullopt: too many about this object. `new_name` names the Event if it is a new one.
  std::optional<Correlated> Correlate(const Event& event, base::TimePoint now, std::string new_name);

 private:
  struct Bucket {
    double tokens = 0;
    base::TimePoint filled{};
    bool begun = false;
  };
  struct Group {
    std::unordered_set<std::string> messages;
    base::TimePoint last{};
  };
  struct Seen {
    std::string name;
    std::uint32_t count = 0;
    base::TimePoint first{};
  };
  LastUsed<Bucket> spam_;
  LastUsed<Group> groups_;
  LastUsed<Seen> seen_;

  bool TakeToken(const std::string& object, base::TimePoint now);
};

}  // namespace sluice::kube
