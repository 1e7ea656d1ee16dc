// net/gather.h: several things at once, and wait for all of them.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.h"
#include "net/task.h"

namespace boost::asio {
class io_context;
}

namespace sluice::net {

/// Runs `each(0)` … `each(count - 1)`, at most `limit` at a time, and returns when all have ended. What they refer to lives in the caller's
/// frame, which is safe: this returns only after the last has ended, also when cancelled (Canceled; what had not begun is left out).
Task<base::Result<void>> ForEach(boost::asio::io_context& io, std::size_t count, std::size_t limit,
                                 std::function<Task<void>(std::size_t)> each);

}  // namespace sluice::net
