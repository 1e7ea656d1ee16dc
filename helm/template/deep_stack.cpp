#include "helm/template/deep_stack.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <exception>
#include <new>
#include <utility>

#ifdef __clang__
#if __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define SLUICE_FIBERS 1
#elif __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define SLUICE_TSAN_FIBERS 1
#endif
#endif

// What enters a function on one stack and leaves it on another must not keep the sanitizer's books.
#ifdef __clang__
#define SLUICE_UNINSTRUMENTED __attribute__((disable_sanitizer_instrumentation))
#else
#define SLUICE_UNINSTRUMENTED
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
#ifdef SLUICE_TSAN_FIBERS
  void* fiber = nullptr;
  void* caller_fiber = nullptr;
#endif

  ~Switch() {
    if (memory != MAP_FAILED) munmap(memory, size);
#ifdef SLUICE_TSAN_FIBERS
    if (fiber != nullptr) __tsan_destroy_fiber(fiber);
#endif
  }

  void RunBody() {
    try {
      (*body)();
    } catch (...) {
      thrown = std::current_exception();
    }
  }

  // makecontext passes ints alone, so the pointer comes in two halves.
  SLUICE_UNINSTRUMENTED static void Enter(unsigned high, unsigned low) {
    auto* self = reinterpret_cast<Switch*>((static_cast<std::uintptr_t>(high) << 32) | low);
#ifdef SLUICE_FIBERS
    const void* bottom = nullptr;
    std::size_t caller_size = 0;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &caller_size);
#endif
    self->RunBody();
#ifdef SLUICE_FIBERS
    __sanitizer_start_switch_fiber(nullptr, bottom, caller_size);
#endif
#ifdef SLUICE_TSAN_FIBERS
    __tsan_switch_to_fiber(self->caller_fiber, 0);
#endif
  }

  SLUICE_UNINSTRUMENTED void Go() {
#ifdef SLUICE_FIBERS
    void* fake_stack = nullptr;
    __sanitizer_start_switch_fiber(&fake_stack, memory, size);
#endif
#ifdef SLUICE_TSAN_FIBERS
    if (fiber == nullptr) fiber = __tsan_create_fiber(0);
    caller_fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(fiber, 0);
#endif
    swapcontext(&caller, &callee);
#ifdef SLUICE_FIBERS
    __sanitizer_finish_switch_fiber(fake_stack, nullptr, nullptr);
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
  s.Go();
  s.active = false;
  if (s.thrown) std::rethrow_exception(std::exchange(s.thrown, nullptr));
}

}  // namespace sluice::helm::detail
