#include "kustomize/selector.h"

#include <re2/re2.h>

#include <utility>

#include "base/parser_limits.h"

namespace sluice::kustomize {

using base::Result;
using document::Value;

struct AnchoredRegex::Impl {
  explicit Impl(const std::string& pattern, const RE2::Options& options) : regex(pattern, options) {}
  RE2 regex;
};

AnchoredRegex::AnchoredRegex() = default;

Result<AnchoredRegex> AnchoredRegex::Compile(std::string_view pattern) {
  AnchoredRegex out;
  if (pattern.empty()) return out;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(base::Parsers().max_program_bytes);
  auto impl = std::make_shared<Impl>("^(?:" + std::string(pattern) + ")$", options);
  if (!impl->regex.ok()) return base::Invalid("'" + std::string(pattern) + "' is no regular expression: " + impl->regex.error());
  out.impl_ = std::move(impl);
  return out;
}

bool AnchoredRegex::Matches(std::string_view text) const {
  return impl_ == nullptr || RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), impl_->regex);
}

Result<CompiledSelector> CompiledSelector::Compile(const Selector& selector) {
  CompiledSelector out;
  const auto regex = [](const char* field, const std::string& pattern, AnchoredRegex& into) -> Result<void> {
    Result<AnchoredRegex> compiled = AnchoredRegex::Compile(pattern);
    if (!compiled) return std::move(compiled).error().Wrap(field);
    into = std::move(*compiled);
    return {};
  };
  const auto labels = [](const char* field, const std::string& text, LabelSelector& into) -> Result<void> {
    Result<LabelSelector> parsed = LabelSelector::Parse(text);
    if (!parsed) return std::move(parsed).error().Wrap(field);
    into = std::move(*parsed);
    return {};
  };
  TRY(regex("group", selector.group, out.group_));
  TRY(regex("version", selector.version, out.version_));
  TRY(regex("kind", selector.kind, out.kind_));
  TRY(regex("name", selector.name, out.name_));
  TRY(regex("namespace", selector.ns, out.namespace_));
  TRY(labels("labelSelector", selector.label_selector, out.labels_));
  TRY(labels("annotationSelector", selector.annotation_selector, out.annotations_));
  return out;
}

bool CompiledSelector::MatchesGvk(const document::GroupVersionKind& gvk) const {
  return group_.Matches(gvk.group) && version_.Matches(gvk.version) && kind_.Matches(gvk.kind);
}

bool CompiledSelector::MatchesLabelsAndAnnotations(const Value& object) const {
  return (labels_.any() || labels_.Matches(object.At({"metadata", "labels"}))) &&
         (annotations_.any() || annotations_.Matches(object.At({"metadata", "annotations"})));
}

}  // namespace sluice::kustomize
