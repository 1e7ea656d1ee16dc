#include "net/gather.h"

#include <algorithm>
#include <exception>
#include <memory>

#include "net/await.h"

namespace sluice::net {
namespace {

using Each = std::function<Task<void>(std::size_t)>;

/// One of `limit` hands: takes the next index until none is left.
Task<void> Hand(std::shared_ptr<std::size_t> next, std::size_t count, const Each* each) {
  while (*next < count) {
    const bool cancelled = co_await IsCancelled();
    if (cancelled) co_return;
    const std::size_t index = (*next)++;
    Task<void> task = (*each)(index);
    co_await std::move(task);
  }
}

}  // namespace

Task<base::Result<void>> ForEach(boost::asio::io_context& io, std::size_t count, std::size_t limit, Each each) {
  if (count == 1) {
    Task<void> only = each(0);
    co_await std::move(only);
    const bool cancelled = co_await IsCancelled();
    if (cancelled) co_return base::MakeError(base::Reason::Canceled, "canceled");
    co_return base::Result<void>();
  }
  const auto bug = std::make_shared<std::exception_ptr>();
  Scope scope(io, [bug](std::exception_ptr thrown) { *bug = std::move(thrown); });
  auto next = std::make_shared<std::size_t>(0);
  for (std::size_t i = 0; i < std::min(count, limit); ++i) {
    Task<void> hand = Hand(next, count, &each);
    scope.Spawn(std::move(hand));
  }
  Task<base::Result<void>> drained = scope.Drained();
  base::Result<void> done = co_await std::move(drained);
  Task<void> closing = scope.Close();
  co_await std::move(closing);
  if (*bug) std::rethrow_exception(*bug);
  co_return done;
}

}  // namespace sluice::net
