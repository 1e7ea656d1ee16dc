#include "base/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <new>
#include <string>

namespace sluice::base {
namespace {

struct Armed {
  std::string name;  ///< "" traces
  std::atomic<int> left = 1;
  bool throws = false;
};

Armed& Point() {
  static Armed point;
  return point;
}

void Trace(std::string_view name) {
  const std::string line = "failpoint " + std::string(name) + "\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace

void failpoint::Reached(std::string_view name) {
  Armed& point = Point();
  if (point.name.empty()) return Trace(name);
  if (point.name != name) return;
  const int left = --point.left;
  if (point.throws && left <= 0) throw std::bad_alloc();
  if (point.throws || left != 0) return;
  kill(getpid(), SIGKILL);
  for (;;) pause();  // the signal reaches other threads a moment later; this one does nothing more
}

void ArmFailpoint(std::string_view spec) {
  if (spec.empty()) return;
  constexpr std::string_view kThrow = "throw:";
  Point().throws = spec.starts_with(kThrow);
  if (Point().throws) spec.remove_prefix(kThrow.size());
  const std::size_t colon = spec.find(':');
  if (spec != "trace") Point().name = spec.substr(0, colon);
  int times = 1;
  if (colon != std::string_view::npos) std::from_chars(spec.data() + colon + 1, spec.data() + spec.size(), times);
  Point().left = times;
  failpoint::armed = true;
}

}  // namespace sluice::base
