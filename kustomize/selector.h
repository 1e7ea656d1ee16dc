// kustomize/selector.h: which objects a patch, a replacement or a ValueAdd is for: anchored regular expressions over group, version, kind, name
// and namespace, and Kubernetes label selectors. Pure; RE2 behind it.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/object.h"
#include "document/value.h"
#include "kustomize/types.h"

namespace sluice::kustomize {

/// A RE2 expression that must match the whole text (`^(?:...)$`); the empty one matches everything.
class AnchoredRegex {
 public:
  AnchoredRegex();
  /// Errors: Invalid, with RE2's words.
  static base::Result<AnchoredRegex> Compile(std::string_view pattern);
  bool Matches(std::string_view text) const;
  bool any() const { return impl_ == nullptr; }

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

/// Kubernetes' selector grammar: `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1,m<2`.
class LabelSelector {
 public:
  LabelSelector() = default;  ///< matches everything
  /// Errors: Invalid, with what was found and expected.
  static base::Result<LabelSelector> Parse(std::string_view text);
  /// `labels` is the mapping under metadata (labels or annotations); nullptr is an empty one.
  bool Matches(const document::Value* labels) const;
  bool any() const { return requirements_.empty(); }

 private:
  enum class Operator { Exists, DoesNotExist, In, NotIn, GreaterThan, LessThan };
  struct Requirement {
    std::string key;
    Operator op = Operator::Exists;
    std::vector<std::string> values;
  };
  friend class LabelSelectorParser;
  std::vector<Requirement> requirements_;
};

/// Ready to be tried on many objects.
class CompiledSelector {
 public:
  /// Errors: Invalid, naming the field and the pattern.
  static base::Result<CompiledSelector> Compile(const Selector& selector);
  bool MatchesGvk(const document::GroupVersionKind& gvk) const;
  bool MatchesName(std::string_view name) const { return name_.Matches(name); }
  bool MatchesNamespace(std::string_view ns) const { return namespace_.Matches(ns); }
  /// Both the label and the annotation selector of `object`'s metadata.
  bool MatchesLabelsAndAnnotations(const document::Value& object) const;
  const LabelSelector& labels() const { return labels_; }
  const LabelSelector& annotations() const { return annotations_; }

 private:
  AnchoredRegex group_, version_, kind_, name_, namespace_;
  LabelSelector labels_, annotations_;
};

}  // namespace sluice::kustomize
