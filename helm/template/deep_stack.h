// helm/template/deep_stack.h: a stack of its own for code that recurses as deep as its input says, on any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace sluice::helm::detail {

/// Address space is reserved at the first Run; memory is used as far as the recursion went. For one thread at a time.
class DeepStack {
 public:
  /// If `bytes` cannot be reserved, less is.
  explicit DeepStack(std::size_t bytes);
  ~DeepStack();
  DeepStack(const DeepStack&) = delete;
  DeepStack& operator=(const DeepStack&) = delete;

  /// Calls `body` on this stack, or where it is called if that is this stack already. What `body` throws is thrown here.
  void Run(const std::function<void()>& body);
  /// Whether recursion has to end here: little is left of the stack. Only within Run.
  bool NearlyUsedUp() const { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) < limit_; }

 private:
  struct Switch;
  std::size_t bytes_;
  std::uintptr_t limit_ = 0;
  std::unique_ptr<Switch> switch_;
};

}  // namespace sluice::helm::detail
