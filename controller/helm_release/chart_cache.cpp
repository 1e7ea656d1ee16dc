#include "controller/helm_release/chart_cache.h"

#include "net/await.h"

namespace sluice::controller::helm_release {
namespace {

using base::Result;

/// Says that a load is under way for as long as it lives, and lets those go who wait for its end.
class UnderWay {
 public:
  UnderWay(std::map<std::string, std::shared_ptr<net::Event>>& all, std::string key) : all_(all), key_(std::move(key)) {
    all_[key_] = std::make_shared<net::Event>(net::Event::Kind::Latch);
  }
  ~UnderWay() {
    const auto at = all_.find(key_);
    at->second->Set();
    all_.erase(at);
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  std::map<std::string, std::shared_ptr<net::Event>>& all_;
  const std::string key_;
};

}  // namespace

std::shared_ptr<const OpenedChart> ChartCache::Find(const std::string& key) {
  const auto at = cache_.find(key);
  if (at == cache_.end()) return nullptr;
  order_.splice(order_.begin(), order_, at->second.place);
  return at->second.chart;
}

void ChartCache::Put(const std::string& key, std::shared_ptr<const OpenedChart> chart, std::uint64_t bytes) {
  if (bytes > max_bytes_ || cache_.contains(key)) return;
  order_.push_front(key);
  bytes_ += bytes;
  cache_[key] = Cached{.chart = std::move(chart), .bytes = bytes, .place = order_.begin()};
  while (bytes_ > max_bytes_) {
    const auto oldest = cache_.find(order_.back());
    bytes_ -= oldest->second.bytes;
    cache_.erase(oldest);
    order_.pop_back();
  }
}

net::Task<ChartCache::Answer> ChartCache::Get(std::shared_ptr<const SourceArtifact> artifact) {
  const std::string key = artifact->digest + " " + artifact->url;
  while (true) {
    if (auto chart = Find(key)) co_return Answer{.chart = std::move(chart)};
    const auto other = under_way_.find(key);
    if (other == under_way_.end()) break;
    const std::shared_ptr<net::Event> end = other->second;
    net::Task<Result<void>> waiting = end->Wait(std::chrono::minutes(2));
    const Result<void> waited = co_await std::move(waiting);
    if (!waited) co_return Answer{.error = waited.error()};
  }
  const UnderWay mark(under_way_, key);
  net::Task<Answer> loading = Load(key, std::move(artifact));
  co_return co_await std::move(loading);
}

net::Task<ChartCache::Answer> ChartCache::Load(std::string key, std::shared_ptr<const SourceArtifact> artifact) {
  net::Task<ArtifactLoader::PackedAnswer> fetching = loader_.LoadPacked(std::move(artifact));
  ArtifactLoader::PackedAnswer packed = co_await std::move(fetching);
  if (!packed.bytes) co_return Answer{.error = std::move(packed.error), .again = packed.again, .quiet = packed.quiet};
  using Opened = std::shared_ptr<const OpenedChart>;
  auto open = [bytes = packed.bytes, &renderer = renderer_](std::stop_token stop) -> Result<Opened> {
    TRY(OpenedChart chart, ThrowBugs(renderer.Open(bytes, helm::Dialect::Helm4, std::move(stop))));
    return std::make_shared<const OpenedChart>(std::move(chart));
  };
  net::Task<Result<Opened>> opening = workers_.Run(std::move(open));
  Result<Opened> chart = co_await std::move(opening);
  if (!chart) {
    base::Error error = std::move(chart).error();
    if (error.reason == base::Reason::NotFound) error.reason = base::Reason::Invalid;  // the file is there, its content is not a chart
    co_return Answer{.error = std::move(error)};
  }
  ++loads_;
  Put(key, *chart, packed.bytes->size());
  co_return Answer{.chart = std::move(*chart)};
}

}  // namespace sluice::controller::helm_release
