// What a captured render says to the controller: frames, each a byte of type, two of length (little endian) and bytes. The first byte of all says which task it has. Whatever
// is said, no object that is taken in the end names another owner, and a chart has a name.
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "controller/helm_release/post_render.h"
#include "controller/helm_release/render_protocol.h"
#include "document/object.h"
#include "helm/release/objects.h"

using namespace sluice;
using namespace sluice::controller::helm_release;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto task = static_cast<RenderTask>(rest.front() % 3);
  rest.remove_prefix(1);
  static const OpenedChart chart{.facts = {}, .archive = std::make_shared<const std::string>("bytes")};
  static const Spec spec;
  const helm::Value values;
  RenderInput input{
      .chart = chart, .version = "", .values = values, .render = {}, .post_render = &spec, .owner = {.ns = "team", .name = "app"}};
  input.render.engine.lookup = [](const auto&, const auto&, const auto&, const auto& name) -> base::Result<helm::Value> {
    return helm::Value::String(name);
  };
  RenderHost host(task, input,
                  {.max_questions = 100, .max_answered_bytes = 4096, .max_answer_bytes = 1024, .max_hooks = 100, .max_crds = 100});
  while (rest.size() >= 3 && !host.outcome()) {
    const std::size_t length = static_cast<unsigned char>(rest[1]) + 256u * static_cast<unsigned char>(rest[2]);
    const isolation::Frame frame{.type = static_cast<std::uint8_t>(rest[0]), .bytes = std::string(rest.substr(3, length))};
    rest.remove_prefix(std::min(rest.size(), 3 + length));
    if (!host.Hear(frame)) return 0;
  }
  if (!host.outcome() || !*host.outcome()) return 0;
  const RenderOutcome& outcome = **host.outcome();
  if (task == RenderTask::Open && (outcome.facts.name.empty() || outcome.facts.version.empty())) std::abort();
  if (task != RenderTask::Draft) return 0;
  const auto objects = helm::ParseManifest(*outcome.draft.manifest);
  if (!objects) return 0;
  for (const document::Value& object : *objects) {
    const std::string_view name = document::LabelOf(object, kNameLabel);
    if (!name.empty() && name != "app") std::abort();
  }
  return 0;
}
