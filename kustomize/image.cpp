// Both passes of kustomize run, the one by field names and the one by field specs, so that an ordinary container's image is rewritten twice: it shows
// where the entry still matches its own result (tagSuffix).
#include "kustomize/image.h"

#include <re2/re2.h>

#include <utility>

#include "base/parser_limits.h"
#include "kustomize/node.h"

namespace sluice::kustomize {

using base::Result;
using document::Member;
using document::Value;

namespace {

constexpr std::string_view kTagAndDigest = "(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?$";

RE2::Options Quiet() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(base::Parsers().max_program_bytes);
  return options;
}

/// Letters, digits and what else stands for itself in a regular expression; '.', which names are full of, stands for any character.
bool IsNearlyLiteral(std::string_view name) {
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("-_/.:@").find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

struct ImageTransformer::Impl {
  Impl(Image entry, const FieldSpecs& specs, Budget* pays)
      : image(std::move(entry)),
        filter(specs),
        budget(pays),
        literal(IsNearlyLiteral(image.name)),
        regex("^" + image.name + std::string(kTagAndDigest), Quiet()) {}

  bool Matches(std::string_view reference) const {
    if (literal && !MayBegin(reference)) return false;
    return regex.ok() && RE2::PartialMatch(re2::StringPiece(reference.data(), reference.size()), regex);
  }

  /// False where a reference surely does not begin with a literal name; saves most calls of the regular expression.
  bool MayBegin(std::string_view reference) const {
    for (std::size_t i = 0; i < image.name.size(); ++i) {
      if (i >= reference.size()) return false;
      if (image.name[i] == '.' && reference[i] != '.') return true;
      if (image.name[i] != '.' && image.name[i] != reference[i]) return false;
    }
    return true;
  }

  Image image;
  FieldSpecFilter filter;
  Budget* budget;
  bool literal;
  RE2 regex;
};

ImageParts SplitImage(std::string_view reference) {
  const std::size_t slash = reference.find('/');
  const std::size_t start = slash == std::string_view::npos ? 0 : slash;
  const std::size_t at = reference.find('@', start);
  const std::size_t colon = reference.find(':', start);
  constexpr std::size_t none = std::string_view::npos;
  ImageParts out;
  out.name = reference.substr(0, std::min(at, colon));
  if (at != none) out.digest = reference.substr(at + 1);
  if (colon != none && colon < at) out.tag = reference.substr(colon + 1, at == none ? none : at - colon - 1);
  return out;
}

ImageTransformer::ImageTransformer(Image image, const FieldSpecs& specs, Budget* budget)
    : impl_(std::make_shared<Impl>(std::move(image), specs, budget)) {}

Budget* ImageTransformer::budget() const { return impl_->budget; }

std::string ImageTransformer::Rewrite(std::string_view reference) const {
  if (!impl_->Matches(reference)) return std::string(reference);
  const Image& entry = impl_->image;
  ImageParts parts = SplitImage(reference);
  if (!entry.new_name.empty()) parts.name = entry.new_name;
  if (!entry.new_tag.empty() || !entry.digest.empty()) {
    parts.tag = entry.new_tag;
    parts.digest = entry.digest;
  } else if (!entry.tag_suffix.empty()) {
    parts.tag += entry.tag_suffix;
    parts.digest.clear();
  }
  if (!parts.tag.empty()) parts.name += ":" + parts.tag;
  if (!parts.digest.empty()) parts.name += "@" + parts.digest;
  return parts.name;
}

namespace {

Result<void> RewriteLeaf(const ImageTransformer& transformer, Value& leaf) {
  if (!leaf.IsScalar()) return base::Invalid(std::string("an image must be text, not a ") + (leaf.IsMapping() ? "mapping" : "list"));
  const std::string rewritten = transformer.Rewrite(leaf.text());
  if (rewritten == leaf.text()) return {};
  OverwriteScalar(leaf, rewritten);
  return transformer.budget() == nullptr ? Result<void>() : transformer.budget()->Spend(rewritten.size());
}

Result<void> RewriteContainers(const ImageTransformer& transformer, Value& containers) {
  for (Value& container : containers.mutable_items()) {
    if (container.IsNull()) continue;
    if (!container.IsMapping()) return base::Invalid("a container must be a mapping");
    if (Value* image = container.Find("image"); image != nullptr) TRY(RewriteLeaf(transformer, *image));
  }
  return {};
}

/// The first pass.
Result<void> RewriteBelow(const ImageTransformer& transformer, Value& node) {
  if (node.IsSequence()) {
    for (Value& item : node.mutable_items()) {
      if (!item.IsScalar()) TRY(RewriteBelow(transformer, item));
    }
  } else if (node.IsMapping()) {
    for (Member& member : node.mutable_members()) {
      if (member.value.IsScalar()) continue;
      TRY(RewriteBelow(transformer, member.value));
      if (member.value.IsSequence() && (member.key == "containers" || member.key == "initContainers")) {
        TRY(RewriteContainers(transformer, member.value));
      }
    }
  }
  return {};
}

}  // namespace

Result<void> ImageTransformer::Apply(Value& object) const {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  if (gvk.kind == "CustomResourceDefinition") return {};
  TRY(RewriteBelow(*this, object));
  return impl_->filter.Apply(object, gvk, Creates::Nothing, [this](Value& leaf) { return RewriteLeaf(*this, leaf); });
}

}  // namespace sluice::kustomize
