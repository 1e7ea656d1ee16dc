// Event and AsyncSemaphore. Waiting frames share the state, so that either may be destroyed while tasks still unwind.
#include <boost/asio/this_coro.hpp>

#include "net/await.h"
#include "net/waiter.h"

namespace sluice::net {

struct Event::Impl {
  explicit Impl(Kind k) : kind(k) {}
  const Kind kind;
  bool set = false;
  WaitQueue waiters;
};

Event::Event(Kind kind) : impl_(std::make_shared<Impl>(kind)) {}
Event::~Event() { impl_->waiters.FinishAll(Wake::Canceled); }

void Event::Set() {
  if (impl_->kind == Kind::AutoReset) {
    if (!impl_->waiters.FinishOne()) impl_->set = true;
    return;
  }
  impl_->set = true;
  impl_->waiters.FinishAll();
}

void Event::Reset() { impl_->set = false; }
bool Event::is_set() const { return impl_->set; }

Task<base::Result<void>> Event::Wait(std::chrono::nanoseconds timeout) {
  const std::shared_ptr<Impl> impl = impl_;
  if (co_await IsCancelled()) co_return CanceledError();
  if (impl->set) {
    if (impl->kind == Kind::AutoReset) impl->set = false;
    co_return base::Result<void>{};
  }
  const Wake wake = co_await impl->waiters.Wait(DeadlineAfter(timeout));
  co_return ToResult(wake, "no signal within " + base::FormatGoDuration(timeout));
}

struct AsyncSemaphore::Impl {
  explicit Impl(std::size_t permits) : free(permits) {}
  std::size_t free;
  bool closed = false;
  WaitQueue waiters;

  // A permit passes straight to the next in line, so that nobody overtakes.
  void Return() {
    if (!waiters.FinishOne()) ++free;
  }
};

AsyncSemaphore::AsyncSemaphore(std::size_t permits) : impl_(std::make_shared<Impl>(permits)) {}
AsyncSemaphore::~AsyncSemaphore() { Close(); }

void AsyncSemaphore::Close() {
  impl_->closed = true;
  impl_->waiters.FinishAll(Wake::Canceled);
}

AsyncSemaphore::Permit& AsyncSemaphore::Permit::operator=(Permit&& other) noexcept {
  if (this == &other) return *this;
  Release();
  impl_ = std::move(other.impl_);
  return *this;
}

void AsyncSemaphore::Permit::Release() {
  if (!impl_) return;
  const std::shared_ptr<Impl> impl = std::move(impl_);
  impl->Return();
}

Task<base::Result<AsyncSemaphore::Permit>> AsyncSemaphore::Acquire(std::chrono::nanoseconds timeout) {
  const std::shared_ptr<Impl> impl = impl_;
  const bool cancelled = co_await IsCancelled();
  if (cancelled || impl->closed) co_return CanceledError();
  if (impl->free > 0) {
    --impl->free;
    co_return Permit(impl);
  }
  const Wake wake = co_await impl->waiters.Wait(DeadlineAfter(timeout));
  if (wake == Wake::Done) co_return Permit(impl);
  co_return ToResult(wake, "no free slot within " + base::FormatGoDuration(timeout)).error();
}

std::size_t AsyncSemaphore::available() const { return impl_->free; }
std::size_t AsyncSemaphore::waiting() const { return impl_->waiters.size(); }

}  // namespace sluice::net
