// helm/template/template.h: Go's text/template: named templates that are parsed from texts and executed with data. The rules and the words of
// every error are those of Go 1.26 (helm-contract 5); delimiters are {{ and }}, the missing-key option is "zero".
// One TemplateSet and all that executes in it belong to one thread. Parsing and executing run on a stack of their own, so recursion in a chart
// ends in an error whatever stack the caller has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "helm/template/dialect.h"
#include "helm/template/function.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// What one TemplateSet and its children may use. Beyond it an execution fails; it never crashes.
struct Limits {
  int max_template_depth = 100'000;  ///< `--render-max-template-depth`: {{template}} in {{template}}, Go's number
  int max_same_include = 1'000;      ///< `--render-max-include-depth`: `include` of one name within itself, Helm's number
  /// `--render-max-stack-bytes`: address space of the stack; only what is used becomes memory
  std::size_t max_stack_bytes = std::size_t{512} << 20;
  /// `--render-max-output-bytes`: of all texts that templates wrote, nested ones included
  std::size_t max_output_bytes = std::size_t{256} << 20;
  std::uint64_t max_steps = 50'000'000;  ///< `--render-max-steps`: nodes evaluated
};

struct TemplateOptions {
  Dialect dialect = Dialect::Helm3;
  Limits limits;
  /// Asked every few steps, so often that it has to be quick; its error ends the execution. For callers with a clock. May be empty.
  std::function<base::Result<void>()> interrupt;
};

/// The builtin functions of text/template (and call eq ge gt html index js le len lt ne not or print printf println urlquery; `slice` is sprig's).
/// A TemplateSet has them anyway, behind the functions that it is given.
FunctionMap Builtins(Dialect dialect);

namespace detail {
struct Tree;
struct Shared;
using Trees = std::vector<std::unique_ptr<Tree>>;
}  // namespace detail

/// One parsed template. Lives as long as a set that has it, and everything that was parsed with it.
using Template = detail::Tree;

class TemplateSet {
 public:
  /// `name` is the root's, which errors mention ("gotpl" in Helm). Outlived by `functions`, and by `values_methods`: what the named map type of
  /// .Values answers to (AsMap, YAML, ...), each with the map as its first parameter.
  TemplateSet(std::string name, const FunctionMap& functions, const FunctionMap& values_methods, TemplateOptions options = {});
  /// A set that sees all templates of `parent` (which outlives it) and may replace them for itself: Go's Clone, without its cost.
  explicit TemplateSet(const TemplateSet* parent);
  ~TemplateSet();
  TemplateSet(const TemplateSet&) = delete;
  TemplateSet& operator=(const TemplateSet&) = delete;

  /// Go's `t.New(name).Parse(text)`: `text` as template `name`, and its defines. A blank one does not replace an existing one.
  /// Returns the template to execute for `name`. The error is whole: `template: NAME:LINE: unexpected "}" in operand`.
  base::Result<const Template*> Parse(std::string_view name, std::string_view text);
  /// The same of a text that is kept anyway: shared instead of copied. For texts that come once.
  base::Result<const Template*> Parse(std::string_view name, std::shared_ptr<const std::string> text);
  /// nullptr if there is none of that name.
  const Template* Find(std::string_view name) const;
  /// The names of all templates, sorted.
  std::vector<std::string> Names() const;

  /// Executes a template with `data` as . and $. Functions may call it while it runs. The error is whole:
  /// `template: FILE:LINE:COLUMN: executing "NAME" at <.Values.a.b>: REASON`.
  base::Result<std::string> Execute(const Template& tmpl, const Value& data) const;
  /// The same by name; unknown: `template: no template "x" associated with template "gotpl"`.
  base::Result<std::string> Execute(std::string_view name, const Value& data) const;

 private:
  const Template* Take(std::string_view name, std::shared_ptr<detail::Trees> trees);

  std::string name_;
  const TemplateSet* parent_ = nullptr;
  std::shared_ptr<detail::Shared> shared_;
  std::vector<std::shared_ptr<detail::Trees>> parsed_;
  std::map<std::string, const Template*, std::less<>> templates_;
};

}  // namespace sluice::helm
