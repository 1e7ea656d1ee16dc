// Any text as a template, executed over a small object: no crash, and an end within the limits.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "helm/template/template.h"

namespace {

using namespace sluice::helm;

Value Data() {
  Value inner = Value::NewMap();
  inner.map()->entries["c"] = Value::String("x");
  Value data = Value::NewMap();
  data.map()->entries["a"] = std::move(inner);
  data.map()->entries["l"] = Value::NewList({Value::Float64(1.5), Value::Nil(), Value::String("s")});
  data.map()->entries["n"] = Value::Int(3);
  return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const FunctionMap none;
  const TemplateOptions options{.limits = {.max_template_depth = 100, .max_output_bytes = 1 << 20, .max_steps = 10'000}};
  TemplateSet set("fuzz", none, none, options);
  const auto parsed = set.Parse("t", {reinterpret_cast<const char*>(data), size});
  if (parsed) (void)set.Execute(**parsed, Data());
  return 0;
}
