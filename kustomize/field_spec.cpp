#include "kustomize/field_spec.h"

#include <charconv>
#include <utility>

#include "kustomize/node.h"

namespace sluice::kustomize {

using base::Result;
using document::GroupVersionKind;
using document::Value;

namespace {

constexpr std::size_t kMaxSteps = 512;
constexpr std::size_t kLeafBytes = 16;

/// A segment that kyaml takes for a position in a list or a search in one, which no mapping answers to.
bool IsListSegment(std::string_view segment) {
  if (segment == "-" || segment == "*") return true;
  if (segment.size() >= 2 && segment.front() == '[' && segment.back() == ']') return true;
  int index = 0;
  const auto [end, error] = std::from_chars(segment.data(), segment.data() + segment.size(), index);
  return error == std::errc() && end == segment.data() + segment.size();
}

std::string Describe(const Value& object, const std::string& path) {
  const GroupVersionKind gvk = document::GvkOf(object);
  return "field '" + path + "' of " + gvk.kind + " \"" + std::string(document::NameOf(object)) + "\"";
}

Value NewNode(Creates creates) {
  switch (creates) {
    case Creates::Mapping: return Value::Mapping();
    case Creates::Sequence: return Value::Sequence();
    case Creates::Scalar:
    case Creates::Nothing: break;
  }
  return Value::Scalar(document::Kind::String, "", document::Style::Plain);
}

Value* AddField(Value& map, std::string_view key, Value value) {
  SetField(map, key, std::move(value));
  return map.Find(key);
}

}  // namespace

std::vector<std::string> SplitFieldPath(std::string_view path) {
  std::vector<std::string> out;
  if (path.size() > 1 && path.front() == '/') path.remove_prefix(1);
  bool escaped = false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (escaped) {
      out.back().back() = '/';
      out.back() += part;
    } else {
      out.emplace_back(part);
    }
    if (slash == std::string_view::npos) return out;
    escaped = !out.back().empty() && out.back().back() == '\\';
    path.remove_prefix(slash + 1);
  }
}

FieldSpecFilter::FieldSpecFilter(const FieldSpecs& specs, Budget* budget) {
  specs_.reserve(specs.size());
  for (const FieldSpec& spec : specs) {
    Compiled compiled{.spec = spec, .steps = {}, .budget = budget};
    for (std::string& key : SplitFieldPath(spec.path)) {
      const bool list = key.ends_with("[]");
      if (list) key.resize(key.size() - 2);
      compiled.steps.push_back({std::move(key), list});
    }
    specs_.push_back(std::move(compiled));
  }
}

Result<void> FieldSpecFilter::Apply(Value& object, Creates creates, const Setter& set) const {
  return Apply(object, document::GvkOf(object), creates, set);
}

Result<void> FieldSpecFilter::Apply(Value& object, const GroupVersionKind& gvk, Creates creates, const Setter& set) const {
  for (const Compiled& compiled : specs_) {
    if (!compiled.spec.gvk.Selects(gvk)) continue;
    if (compiled.steps.size() > kMaxSteps)
      return base::MakeError(base::Reason::TooLarge, "a field path of more than " + std::to_string(kMaxSteps) + " steps");
    if (Result<void> done = Walk(object, compiled, 0, creates, set); !done) {
      return std::move(done).error().Wrap(Describe(object, compiled.spec.path));
    }
  }
  return {};
}

Result<void> FieldSpecFilter::Walk(Value& node, const Compiled& compiled, std::size_t depth, Creates creates, const Setter& set) {
  if (depth == compiled.steps.size()) {
    TRY(set(node));
    return compiled.budget == nullptr ? Result<void>() : compiled.budget->Spend(kLeafBytes + (node.IsScalar() ? node.text().size() : 0));
  }
  if (node.IsNull()) return {};
  if (node.IsSequence()) {
    for (Value& item : node.mutable_items()) TRY(Walk(item, compiled, depth, creates, set));
    return {};
  }
  const Step& step = compiled.steps[depth];
  if (!node.IsMapping())
    return base::Invalid("a mapping or a list is needed to reach '" + step.key + "', not \"" + std::string(node.text()) + "\"");
  if (step.key.empty()) return base::Invalid("a path may not have an empty field name");
  if (IsListSegment(step.key)) return base::Invalid("'" + step.key + "' selects from a list, but a mapping is here");

  const bool create = compiled.spec.create && creates != Creates::Nothing && !step.list;
  const bool last = depth + 1 == compiled.steps.size();
  const Creates wanted = !last ? Creates::Mapping : creates;
  Value* field = node.Find(step.key);
  if (field == nullptr) {
    if (!create) return {};
    field = AddField(node, step.key, NewNode(wanted));
  } else if (field->IsNull() && (create || step.list)) {
    *field = NewNode(step.list ? Creates::Sequence : wanted);
  }
  return Walk(*field, compiled, depth + 1, creates, set);
}

}  // namespace sluice::kustomize
