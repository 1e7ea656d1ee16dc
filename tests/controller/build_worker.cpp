// The worker of builder_test.cpp and renderer_test.cpp, as the controller's own program is when it is run as one.
#include "controller/helm_release/render_protocol.h"
#include "controller/worker.h"

int main(int argc, char**) {
  using namespace sluice;
  isolation::Limits limits;
  if (argc > 1) limits.memory_bytes = controller::helm_release::kRenderMemory + helm::Limits().max_stack_bytes;
  return controller::ServeJobs(limits);
}
