#include "controller/kustomization/substitution.h"

#include <optional>

#include "document/go_struct.h"
#include "document/object.h"
#include "document/substitute.h"
#include "document/yaml.h"

namespace sluice::controller::kustomization {
namespace {

using base::Invalid;
using base::Result;
using document::Value;

constexpr std::string_view kKey = "kustomize.toolkit.fluxcd.io/substitute", kDisabled = "disabled";

/// What no two objects of a build have in common.
std::string IdText(const Value& object) {
  std::string out;
  for (const Value* part :
       {object.Find("apiVersion"), object.Find("kind"), object.At({"metadata", "namespace"}), object.At({"metadata", "name"})}) {
    const std::string_view text = part == nullptr || part->IsNull() ? "" : part->text();  // a number names as its digits do
    out += text == "default" ? "" : text;
    out += '\n';
  }
  return out;
}

/// Read again even if nothing was put in: how a Secret is printed depends on it.
bool IsSecret(const Value& object) { return object.StringAt({"kind"}) == "Secret"; }

}  // namespace

Substitution::Substitution(const Spec& spec, std::span<const std::pair<std::string, std::string>> variables, bool strict,
                           std::span<const Value> objects)
    : strict_(strict) {
  for (const auto& [name, value] : variables) values_[name] = value;
  active_ = spec.post_build && (!values_.empty() || spec.post_build->always);
  if (!active_) return;
  for (const Value& object : objects) ids_.insert(IdText(object));
}

Result<void> Substitution::Apply(Value& object) {
  // Unlike the other words of this kind, this one counts only as it is written here.
  if (!active_ || document::LabelOf(object, kKey) == kDisabled || document::AnnotationOf(object, kKey) == kDisabled) return {};
  for (const auto& [name, value] : values_) {
    if (!document::IsVariableName(name))
      return Invalid("postBuild: \"" + name + "\" cannot name a variable: want letters, digits and _, no digit first");
  }
  const std::string before = IdText(object);
  const std::string name = document::IdOf(object).ToString();
  TRY(const bool replaced, Replace(object));
  if (!replaced) return {};
  if (object.StringAt({"kind"}).empty()) return Invalid("after variable substitution " + name + " has no kind");
  const std::string after = IdText(object);
  if (after == before) return {};
  if (const auto own = ids_.find(before); own != ids_.end()) ids_.erase(own);
  if (ids_.contains(after))
    return Invalid("after variable substitution " + name + " is " + document::IdOf(object).ToString() +
                   ", which another object is already");
  ids_.insert(after);
  return {};
}

/// Whether anything changed.
Result<bool> Substitution::Replace(Value& object) const {
  const std::string text = document::EmitYaml(object);
  if (text.find('$') == std::string::npos && !IsSecret(object)) return false;
  const std::string name = document::IdOf(object).ToString();
  const auto lookup = [this](std::string_view variable) -> std::optional<std::string> {
    const auto at = values_.find(variable);
    return at == values_.end() ? std::nullopt : std::optional(at->second);
  };
  auto replaced = document::Substitute(text, lookup, {.strict = strict_});
  if (!replaced) return std::move(replaced).error().Wrap("variable substitution failed for " + name);
  if (*replaced == text && !IsSecret(object)) return false;
  document::YamlOptions options;
  options.resolver = document::Resolver::Yaml11;  // as sigs.k8s.io/yaml reads it
  options.duplicate_keys = document::DuplicateKeys::LastWins;
  const auto no_object = [&](base::Error error) {
    return std::move(error).Wrap("after variable substitution " + name + " is no longer YAML");
  };
  auto parsed = document::ParseYaml(*replaced, options);
  if (!parsed) return no_object(std::move(parsed).error());
  if (!parsed->IsMapping()) return no_object(Invalid("it is no map"));
  if (auto done = document::MakeJsonable(*parsed); !done) return no_object(std::move(done).error());
  object = std::move(*parsed);
  return true;
}

}  // namespace sluice::controller::kustomization
