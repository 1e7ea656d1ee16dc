// helm/template/shared.h: what a TemplateSet and its children have in common. Internal to the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "helm/template/deep_stack.h"
#include "helm/template/node.h"
#include "helm/template/template.h"

namespace sluice::helm::detail {

struct Shared {
  Shared(const FunctionMap& f, const FunctionMap& m, const TemplateOptions& o)
      : functions(f), values_methods(m), builtins(Builtins(o.dialect)), options(o), stack(o.limits.max_stack_bytes) {}

  std::string_view ValuesName() const { return options.dialect == Dialect::Helm3 ? "chartutil.Values" : "common.Values"; }

  const FunctionMap& functions;
  const FunctionMap& values_methods;
  const FunctionMap builtins;
  const TemplateOptions options;
  DeepStack stack;
  /// Charts call tpl with the same texts. By name and text, which lie in the trees' Source.
  std::map<std::pair<std::string_view, std::string_view>, std::shared_ptr<Trees>> cache;
  std::size_t cached_bytes = 0;
  std::uint64_t steps = 0;
  std::size_t output_bytes = 0;
};

}  // namespace sluice::helm::detail
