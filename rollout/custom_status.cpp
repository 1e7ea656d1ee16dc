#include "rollout/custom_status.h"

#include "document/object.h"

namespace sluice::rollout {
namespace {

using base::Result;
using document::Value;

/// The generation guard: only where both are integers.
bool IsBehind(const Value& object) {
  const Value* observed = object.At({"status", "observedGeneration"});
  const Value* generation = object.At({"metadata", "generation"});
  if (observed == nullptr || generation == nullptr || !observed->IsInt() || !generation->IsInt()) return false;
  return observed->AsInt() != generation->AsInt();
}

Result<std::optional<cel::Expression>> Read(const std::string& text, std::string_view name, const cel::Limits& limits) {
  if (text.empty()) return std::optional<cel::Expression>();
  Result<cel::Expression> expression = cel::Expression::Parse(text, limits);
  if (!expression) return std::move(expression).error().Wrap("failed to parse the expression " + std::string(name));
  return std::optional(*std::move(expression));
}

std::string GroupKindText(const std::string& group, const std::string& kind) { return group.empty() ? kind : kind + "." + group; }

}  // namespace

Result<CustomStatus::Expressions> CustomStatus::CompileOne(const CustomHealthCheck& check, const cel::Limits& limits) {
  if (check.current.empty()) return base::Invalid("expression Current not specified");
  Expressions out;
  TRY(out.current, Read(check.current, "Current", limits));
  TRY(out.failed, Read(check.failed, "Failed", limits));
  TRY(out.in_progress, Read(check.in_progress, "InProgress", limits));
  return out;
}

Result<std::shared_ptr<const CustomStatus>> CustomStatus::Compile(std::vector<CustomHealthCheck> checks, const cel::Limits& limits) {
  const std::shared_ptr<CustomStatus> out(new CustomStatus());
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const std::string group = document::SplitApiVersion(checks[i].api_version).first;
    const std::string place = "healthchecks[" + std::to_string(i) + "]";
    if (out->by_kind_.contains({group, checks[i].kind}))
      return base::Invalid("duplicate custom health check for GroupKind " + GroupKindText(group, checks[i].kind) + " at " + place);
    Result<Expressions> expressions = CompileOne(checks[i], limits);
    if (!expressions) return std::move(expressions).error().Wrap("failed to create custom status evaluator for " + place);
    out->by_kind_.emplace(std::pair(group, checks[i].kind), *std::move(expressions));
  }
  out->checks_ = std::move(checks);
  return std::shared_ptr<const CustomStatus>(out);
}

const CustomStatus::Expressions* CustomStatus::Find(std::string_view group, std::string_view kind) const {
  auto at = by_kind_.find({std::string(group), std::string(kind)});
  if (at == by_kind_.end()) at = by_kind_.find({std::string(group), ""});
  return at == by_kind_.end() ? nullptr : &at->second;
}

/// The status if `expression` says yes, or cannot be asked; nullopt if it says no.
std::optional<Status> CustomStatus::Ask(const std::optional<cel::Expression>& expression, Phase phase, const Value& object) {
  if (!expression) return std::nullopt;
  const Result<bool> answer = expression->EvaluateBoolean(cel::Activation(object));
  if (!answer) return Status{Phase::Unknown, "", answer.error().message};
  if (!*answer) return std::nullopt;
  return Status{phase, "", phase == Phase::Failed ? "the expression `failed` of healthCheckExprs is true" : ""};
}

std::optional<Status> CustomStatus::Compute(const Value& object) const {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  const Expressions* expressions = Find(gvk.group, gvk.kind);
  if (expressions == nullptr) return std::nullopt;
  if (IsBehind(object)) return Status{Phase::InProgress, "LatestGenerationNotObserved", "the latest generation is not observed yet"};
  if (auto status = Ask(expressions->in_progress, Phase::InProgress, object)) return status;
  if (auto status = Ask(expressions->failed, Phase::Failed, object)) return status;
  if (auto status = Ask(expressions->current, Phase::Current, object)) return status;
  return Status{Phase::InProgress, "", "no expression of healthCheckExprs is true"};
}

}  // namespace sluice::rollout
