#include "helm/template/template.h"

#include <optional>
#include <set>
#include <utility>

#include "helm/template/execution.h"
#include "helm/template/parser.h"
#include "helm/template/quote.h"
#include "helm/template/shared.h"

namespace sluice::helm {
namespace {

using base::Result;
using detail::Builtin;
using detail::FoundFunction;
using detail::Trees;

constexpr std::size_t kMaxCachedBytes = std::size_t{8} << 20;

FoundFunction FindFunction(const detail::Shared& shared, std::string_view name) {
  if (const auto found = shared.functions.find(name); found != shared.functions.end()) return {&found->second, Builtin::None};
  const auto found = shared.builtins.find(name);
  if (found == shared.builtins.end()) return {};
  const Builtin builtin = name == "and" ? Builtin::And : name == "or" ? Builtin::Or : name == "call" ? Builtin::Call : Builtin::Other;
  return {&found->second, builtin};
}

Result<std::shared_ptr<Trees>> ParseShared(detail::Shared& shared, std::string_view name, std::shared_ptr<const std::string> text) {
  const auto source = std::make_shared<detail::Source>(name, std::move(text));
  std::optional<Result<Trees>> trees;
  shared.stack.Run(
      [&] { trees.emplace(detail::ParseTemplate(source, [&](std::string_view function) { return FindFunction(shared, function); })); });
  TRY(Trees parsed, *std::move(trees));
  return std::make_shared<Trees>(std::move(parsed));
}

Result<std::shared_ptr<Trees>> ParseText(detail::Shared& shared, std::string_view name, std::string_view text) {
  if (const auto known = shared.cache.find({name, text}); known != shared.cache.end()) return known->second;
  TRY(std::shared_ptr<Trees> trees, ParseShared(shared, name, std::make_shared<const std::string>(text)));
  const detail::Source& source = *trees->front()->source;
  if (const std::size_t bytes = source.name.size() + source.text.size(); shared.cached_bytes + bytes < kMaxCachedBytes) {
    shared.cached_bytes += bytes;
    shared.cache.emplace(std::pair<std::string_view, std::string_view>(source.name, source.text), trees);
  }
  return trees;
}

}  // namespace

TemplateSet::TemplateSet(std::string name, const FunctionMap& functions, const FunctionMap& values_methods, TemplateOptions options)
    : name_(std::move(name)), shared_(std::make_shared<detail::Shared>(functions, values_methods, options)) {}

TemplateSet::TemplateSet(const TemplateSet* parent) : name_(parent->name_), parent_(parent), shared_(parent->shared_) {}

TemplateSet::~TemplateSet() = default;

Result<const Template*> TemplateSet::Parse(std::string_view name, std::string_view text) {
  TRY(std::shared_ptr<Trees> trees, ParseText(*shared_, name, text));
  return Take(name, std::move(trees));
}

Result<const Template*> TemplateSet::Parse(std::string_view name, std::shared_ptr<const std::string> text) {
  TRY(std::shared_ptr<Trees> trees, ParseShared(*shared_, name, std::move(text)));
  return Take(name, std::move(trees));
}

const Template* TemplateSet::Take(std::string_view name, std::shared_ptr<Trees> trees) {
  const Template* result = nullptr;
  for (const std::unique_ptr<detail::Tree>& tree : *trees) {
    if (tree->name == name) result = tree.get();
    if (!detail::IsEmpty(*tree->root) || !Find(tree->name)) templates_[tree->name] = tree.get();
  }
  parsed_.push_back(std::move(trees));
  return result;
}

const Template* TemplateSet::Find(std::string_view name) const {
  for (const TemplateSet* set = this; set; set = set->parent_) {
    if (const auto found = set->templates_.find(name); found != set->templates_.end()) return found->second;
  }
  return nullptr;
}

std::vector<std::string> TemplateSet::Names() const {
  std::set<std::string> names;
  for (const TemplateSet* set = this; set; set = set->parent_) {
    for (const auto& [name, tree] : set->templates_) names.insert(name);
  }
  return {names.begin(), names.end()};
}

Result<std::string> TemplateSet::Execute(const Template& tmpl, const Value& data) const {
  std::string out;
  Result<void> result;
  shared_->stack.Run([&] { result = detail::Execution(*this, *shared_, out).Run(tmpl, data); });
  if (!result) return std::move(result).error();
  return out;
}

Result<std::string> TemplateSet::Execute(std::string_view name, const Value& data) const {
  if (const Template* tmpl = Find(name)) return Execute(*tmpl, data);
  return base::NotFound("template: no template " + GoQuote(name) + " associated with template " + GoQuote(name_));
}

}  // namespace sluice::helm
