#include "kube/event_correlator.h"

#include <algorithm>
#include <chrono>

namespace sluice::kube {

namespace {

constexpr double kBurst = 25;
constexpr std::chrono::seconds kRefill{300};  // one token
constexpr std::size_t kSimilar = 10;          // messages of one kind that stand for themselves
constexpr std::chrono::seconds kSimilarWindow{600};
constexpr std::string_view kCombined = "(combined from similar events): ";

/// The object an event is about.
std::string ObjectKey(const Event& event) {
  std::string key;
  for (std::string_view field : {"kind", "namespace", "name", "uid", "apiVersion"})
    key.append(event.involved.StringAt({field})).push_back('\0');
  return key;
}

}  // namespace

bool EventCorrelator::TakeToken(const std::string& object, base::TimePoint now) {
  Bucket& bucket = spam_.Get(object);
  if (!bucket.begun) bucket = {.tokens = kBurst, .filled = now, .begun = true};
  const double passed = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.tokens = std::min(kBurst, bucket.tokens + std::max(0.0, passed) / static_cast<double>(kRefill.count()));
  bucket.filled = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

std::optional<Correlated> EventCorrelator::Correlate(const Event& event, base::TimePoint now, std::string new_name) {
  const std::string object = ObjectKey(event);
  const std::string similar = object + (event.type == EventType::Warning ? "W" : "N") + event.reason;
  Group& group = groups_.Get(similar);
  if (now - group.last > kSimilarWindow) group.messages.clear();
  group.last = now;
  group.messages.insert(event.message);
  const bool combined = group.messages.size() >= kSimilar;
  if (combined) group.messages.erase(group.messages.begin());
  std::string key = similar;
  if (!combined) key.append(1, '\0').append(event.message);
  Seen& seen = seen_.Get(key);
  if (seen.count == 0) {
    seen.name = std::move(new_name);
    seen.first = now;
  }
  ++seen.count;
  if (!TakeToken(object, now)) return std::nullopt;
  return Correlated{.name = seen.name,
                    .message = (combined ? std::string(kCombined) : std::string()) + event.message,
                    .count = seen.count,
                    .first = seen.first};
}

}  // namespace sluice::kube
