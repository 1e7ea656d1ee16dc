#include "kube/event_poster.h"

#include <algorithm>
#include <deque>

#include "document/json.h"
#include "net/await.h"
#include "net/http.h"

namespace sluice::kube {
namespace {

using base::Result;
using document::Value;
using std::chrono::milliseconds;

struct Job {
  std::string body, object;
};

}  // namespace

Value EventBody(const Event& event, const EventOptions& reporter, base::TimePoint now) {
  Value body = Value::Mapping();
  body.Set("involvedObject", event.involved);
  body.Set("severity", event.type == EventType::Warning ? "error" : "info");
  body.Set("timestamp", base::FormatRfc3339(now));
  body.Set("message", event.message);
  body.Set("reason", event.reason);
  for (const auto& [key, value] : event.annotations) body["metadata"].Set(key, value);
  body.Set("reportingController", reporter.component);
  if (!reporter.instance.empty()) body.Set("reportingInstance", reporter.instance);
  return body;
}

struct EventPoster::Impl {
  Environment environment;
  const PosterOptions options;
  net::HttpClient http;
  PosterStats stats;
  std::deque<Job> waiting;
  std::size_t busy = 0;
  net::Event idle{net::Event::Kind::Latch};
  net::Scope scope;

  Impl(Environment env, PosterOptions opts)
      : environment(std::move(env)), options(std::move(opts)), http(environment.io, {}), scope(environment.io) {
    idle.Set();
  }

  milliseconds Wait(int tries) const;
  net::Task<Result<void>> Deliver(const Job& job);
  static net::Task<void> Work(std::shared_ptr<Impl> self);
};

milliseconds EventPoster::Impl::Wait(int tries) const {
  return std::min(options.max_wait, options.first_wait * (1 << std::min(tries - 1, 16)));
}

net::Task<Result<void>> EventPoster::Impl::Deliver(const Job& job) {
  for (int tries = 1;; ++tries) {
    net::Request request;
    request.method = "POST";
    request.url = options.url;
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = job.body;
    request.timeout = options.timeout;
    request.max_response_bytes = 64U << 10;
    net::Task<Result<net::Response>> sending = http.Send(std::move(request));
    const Result<net::Response> answer = co_await std::move(sending);
    if (answer && answer->status < 300) {
      ++stats.posted;
      co_return Result<void>();
    }
    // 429 says that it has heard this already: not an error, and nothing to say again.
    if (answer && answer->status == 429) {
      ++stats.refused;
      co_return Result<void>();
    }
    const bool again = !answer || answer->status >= 500;
    if (!answer && answer.error().reason == base::Reason::Canceled) co_return answer.error();
    if (!again || tries >= options.max_tries) {
      if (!answer) co_return answer.error();
      co_return base::MakeError(base::Reason::Unavailable, options.url + " answered " + std::to_string(answer->status));
    }
    CO_TRY(co_await net::SleepFor(Wait(tries)));
  }
}

net::Task<void> EventPoster::Impl::Work(std::shared_ptr<Impl> self) {
  while (!self->waiting.empty()) {
    const Job job = std::move(self->waiting.front());
    self->waiting.pop_front();
    net::Task<Result<void>> delivering = self->Deliver(job);
    const Result<void> delivered = co_await std::move(delivering);
    if (delivered) continue;
    if (delivered.error().reason == base::Reason::Canceled) break;
    ++self->stats.failed;
    self->environment.log.Error("event not posted", delivered.error().message, {{"object", job.object}});
  }
  if (--self->busy == 0 && self->waiting.empty()) self->idle.Set();
}

EventPoster::EventPoster(Environment environment, PosterOptions options)
    : impl_(std::make_shared<Impl>(std::move(environment), std::move(options))) {}
EventPoster::~EventPoster() { impl_->scope.Cancel(); }

void EventPoster::Post(const Event& event, const EventOptions& reporter) {
  Impl& impl = *impl_;
  const Value body = EventBody(event, reporter, impl.environment.clock.Now());
  if (impl.waiting.size() >= impl.options.queue) {
    impl.waiting.pop_front();
    ++impl.stats.dropped;
  }
  impl.waiting.push_back({document::EmitJson(body), std::string(event.involved.StringAt({"kind"})) + "/" +
                                                        std::string(event.involved.StringAt({"namespace"})) + "/" +
                                                        std::string(event.involved.StringAt({"name"}))});
  impl.idle.Reset();
  if (impl.busy >= impl.options.in_flight) return;
  ++impl.busy;
  impl.scope.Spawn(Impl::Work(impl_));
}

net::Task<void> EventPoster::Flush(std::chrono::nanoseconds timeout) {
  const std::shared_ptr<Impl> impl = impl_;
  [[maybe_unused]] const Result<void> waited = co_await impl->idle.Wait(timeout);  // either way there is nothing more to do here
}

net::Task<void> EventPoster::Close() {
  const std::shared_ptr<Impl> impl = impl_;
  impl->waiting.clear();
  co_await impl->scope.Close();
}

const PosterStats& EventPoster::stats() const { return impl_->stats; }

}  // namespace sluice::kube
