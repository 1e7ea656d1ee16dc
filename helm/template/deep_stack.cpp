#include "helm/template/deep_stack.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <exception>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__) || (defined(__has_feature) && __has_feature(address_sanitizer))
#include <sanitizer/common_interface_defs.h>
#define SLUICE_FIBERS 1
#endif

namespace sluice::helm::detail {
namespace {

constexpr std::size_t kReserve = std::size_t{1} << 20;  // for what is called at the limit: functions, printing, error texts
constexpr std::size_t kLeast = std::size_t{4} << 20;

}  // namespace

struct DeepStack::Switch {
  void* memory = MAP_FAILED;
  std::size_t size = 0;
  ucontext_t caller{}, callee{};
  const std::function<void()>* body = nullptr;
  std::exception_ptr thrown;
  bool active = false;

  ~Switch() {
    if (memory != MAP_FAILED) munmap(memory, size);
  }

  // makecontext passes ints alone, so the pointer comes in two halves.
  static void Enter(unsigned high, unsigned low) {
    auto* self = reinterpret_cast<Switch*>((static_cast<std::uintptr_t>(high) << 32) | low);
#ifdef SLUICE_FIBERS
    const void* bottom = nullptr;
    std::size_t caller_size = 0;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &caller_size);
#endif
    try {
      (*self->body)();
    } catch (...) {
      self->thrown = std::current_exception();
    }
#ifdef SLUICE_FIBERS
    __sanitizer_start_switch_fiber(nullptr, bottom, caller_size);
#endif
  }
};

DeepStack::DeepStack(std::size_t bytes) : bytes_(bytes), switch_(std::make_unique<Switch>()) {}
DeepStack::~DeepStack() = default;

void DeepStack::Run(const std::function<void()>& body) {
  Switch& s = *switch_;
  if (s.active) return body();
  for (std::size_t size = bytes_; s.memory == MAP_FAILED && size >= kLeast; size /= 2) {
    s.memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    s.size = size;
    limit_ = reinterpret_cast<std::uintptr_t>(s.memory) + kReserve;
  }
  if (s.memory == MAP_FAILED) throw std::bad_alloc();
  getcontext(&s.callee);
  s.callee.uc_stack = {.ss_sp = s.memory, .ss_flags = 0, .ss_size = s.size};
  s.callee.uc_link = &s.caller;
  s.body = &body;
  const auto self = reinterpret_cast<std::uintptr_t>(&s);
  makecontext(&s.callee, reinterpret_cast<void (*)()>(&Switch::Enter), 2, static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
  s.active = true;
#ifdef SLUICE_FIBERS
  void* fake_stack = nullptr;
  __sanitizer_start_switch_fiber(&fake_stack, s.memory, s.size);
#endif
  swapcontext(&s.caller, &s.callee);
#ifdef SLUICE_FIBERS
  __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
#endif
  s.active = false;
  if (s.thrown) std::rethrow_exception(std::exchange(s.thrown, nullptr));
}

}  // namespace sluice::helm::detail
