// kustomize/accumulate.h: one kustomization and everything below it becomes a list of objects (contract §3): resources, generators,
// components, transformers, validators, vars, in this order. What happens only once at the root is in build.cpp.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "document/yaml.h"
#include "kustomize/apply_vars.h"
#include "kustomize/context.h"
#include "kustomize/error_list.h"
#include "kustomize/field_spec.h"
#include "kustomize/kustomization.h"
#include "kustomize/loader.h"
#include "kustomize/plugins.h"
#include "kustomize/resmap.h"
#include "kustomize/step.h"

namespace sluice::kustomize {

/// A transformer configuration that is shared until it changes. Most kustomizations have just the built-in one.
class SharedConfig {
 public:
  const TransformerConfig& get() const;
  /// Errors: Invalid "conflicting fieldspecs".
  base::Result<void> Merge(const SharedConfig& other);
  base::Result<void> MergeBuiltin();
  base::Result<void> Merge(const TransformerConfig& other);
  /// The same with one that the built-in one is part of.
  base::Result<void> MergeWithBuiltin(const TransformerConfig& other);

 private:
  std::shared_ptr<const TransformerConfig> config_;  ///< null: empty, or just the built-in one
  bool has_builtin_ = false;
};

/// What a kustomization has gathered so far.
struct Accumulator {
  ResMap resources;
  SharedConfig config;
  std::vector<DeclaredVar> vars;
};

/// One kustomization, read.
class Target {
 public:
  /// Reads the kustomization file of `loader`'s directory; its `openapi` is heard if nobody's was before. `origin` says how the root got here.
  /// Errors: NotFound (no file), Invalid (several; see ParseKustomization).
  static base::Result<Target> Load(Context& context, Loader::Ptr loader, Origin origin);

  const Kustomization& kustomization() const { return kustomization_; }
  /// Adds all that it makes to `into`. A component transforms what is there already; for anything else `into` is empty.
  /// `errors` is empty. After a mistake in what is read, the rest is still read but nothing is run over it; then `into` is of no use.
  void Accumulate(Accumulator& into, ErrorList& errors);

 private:
  Target(Context& context, Loader::Ptr loader, Origin origin) : context_(context), loader_(std::move(loader)), origin_(std::move(origin)) {}

  base::Result<void> ReadFile();
  void AccumulateAll(Accumulator& into, ErrorList& errors);
  base::Result<void> ChooseSchema();
  void AddResource(const Entry& entry, std::string_view field, Accumulator& into, ErrorList& errors);
  void AddFile(const Entry& entry, const std::string& text, ResMap& into, ErrorList& errors);
  void AddDirectory(const Entry& entry, Loader::Ptr loader, Accumulator& into, ErrorList& errors);
  void AddComponent(const Entry& entry, Accumulator& into, ErrorList& errors);
  void AddConfig(Accumulator& into, ErrorList& errors);
  base::Result<TransformerConfig> ReadConfiguration(const Entry& entry) const;
  base::Result<void> AddCrds(const Entry& entry, Accumulator& into) const;
  base::Result<document::Value> ReadConfigFile(const Entry& entry, std::string_view field, document::DuplicateKeys duplicates) const;
  base::Result<void> AtEntry(const Entry& entry, std::string_view field, base::Result<void> result) const;
  void RunGenerators(Accumulator& into, ErrorList& errors);
  void RunTransformers(Accumulator& into, ErrorList& errors);
  void RunValidators(Accumulator& into, ErrorList& errors);
  std::vector<Generator> OwnGenerators() const;
  std::vector<Step> OwnSteps(const TransformerConfig& config, ErrorList& errors) const;
  void PatchSteps(std::vector<Step>& steps, ErrorList& errors) const;
  void NameSteps(const TransformerConfig& config, std::vector<Step>& steps) const;
  void LabelSteps(const TransformerConfig& config, std::vector<Step>& steps, ErrorList& errors) const;
  void ValueSteps(const TransformerConfig& config, std::vector<Step>& steps, ErrorList& errors) const;
  ResMap PluginConfigs(const std::vector<Entry>& entries, std::string_view field, ErrorList& errors);
  base::Result<void> Run(const Step& step, ResMap& map) const;

  std::string Place(document::Mark mark, std::string_view what) const;
  Origin Below(std::string_view path) const;
  std::optional<Origin> BuiltinOrigin(std::string_view kind) const;
  Step MakeStep(Transform run, document::Mark mark, std::string_view what, std::string_view kind) const;
  base::Error Missing(const Entry& entry, std::string_view field, base::Error error) const;

  Context& context_;
  Loader::Ptr loader_;
  Origin origin_;
  Kustomization kustomization_;
};

}  // namespace sluice::kustomize
