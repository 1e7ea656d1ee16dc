#include "controller/kustomization/wait_report.h"

#include "net/await.h"

namespace sluice::controller::kustomization {
namespace {

using base::Result;

constexpr auto kPatience = std::chrono::seconds(1);
constexpr auto kGrace = std::chrono::seconds(10);

net::Task<void> Wait(std::shared_ptr<net::Event> over, std::function<net::Task<void>()> write) {
  net::Task<Result<void>> waiting = over->Wait(kPatience);
  const Result<void> ended = co_await std::move(waiting);
  if (ended || ended.error().reason != base::Reason::Timeout) co_return;
  net::Task<void> writing = write();
  co_await std::move(writing);
}

}  // namespace

void WaitReport::Begin(std::function<net::Task<void>()> write) {
  if (scope_) return;
  scope_ = std::make_unique<net::Scope>(io_);
  over_ = std::make_shared<net::Event>(net::Event::Kind::Latch);
  scope_->Spawn(Wait(over_, std::move(write)));
}

net::Task<void> WaitReport::End() {
  if (!scope_) co_return;
  over_->Set();
  net::Task<void> ending = scope_->LetEnd(kGrace);  // a write that has begun is not cut off, or nobody knew what it did
  co_await std::move(ending);
  scope_.reset();
}

}  // namespace sluice::controller::kustomization
