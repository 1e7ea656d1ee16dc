// What a Kustomization or a HelmRelease was given: its variables or values, its status, its history.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

#include "cli/command_set.h"
#include "cli/session.h"
#include "controller/helm_release/values.h"
#include "controller/kustomization/spec.h"
#include "controller/kustomization/variables.h"
#include "document/json.h"
#include "document/yaml.h"
#include "net/await.h"

namespace sluice::cli {
namespace {

using base::Result;
using document::Value;

struct DebugFlags : ClusterFlags {
  bool status = false, vars = false, values = false, history = false;
};

/// The variables of `postBuild` as a build would get them, a `KEY=VALUE` a line. The values may be secret: that is what is asked for.
Result<std::string> VariablesText(Session& session, const Value& object) {
  TRY(const controller::kustomization::Spec spec, controller::kustomization::ParseBuildSpec(object));
  if (!spec.post_build) return base::NotFound("no post build substitutions found");
  TRY(const controller::kustomization::Variables variables,
      session.Wait(controller::kustomization::ReadVariables(*session.client, std::string(document::NamespaceOf(object)), spec)));
  std::map<std::string, std::string> merged;
  for (const auto& [key, value] : variables) merged[key] = value;
  std::string out;
  for (const auto& [key, value] : merged) out += key + "=" + value + "\n";
  return out;
}

/// The values of a release as its chart would get them, without the chart's own. They may be secret as well.
Result<std::string> ValuesText(Session& session, const Value& object) {
  TRY(const controller::helm_release::Spec spec, controller::helm_release::ParseSpec(object));
  const std::string ns(document::NamespaceOf(object));
  TRY(const auto references, session.Wait(controller::helm_release::ReadReferences(*session.client, ns, spec.values_from)));
  TRY(const controller::helm_release::Composed composed, controller::helm_release::Compose(ns, references, spec.values));
  if (composed.config.empty()) return std::string("{}\n");
  TRY(const Value values, document::ParseJson(composed.config));
  return document::EmitYaml(values);
}

Result<void> Debug(const DebugFlags& flags) {
  TRY(const Target target, ParseTarget(flags.words));
  if (!target.one_kind() || target.name.empty()) return base::Invalid("debug needs a kind and a name, such as ks apps");
  const FluxKind& kind = *target.kinds.front();
  if (flags.status + flags.vars + flags.values + flags.history != 1)
    return base::Invalid("give one of --show-status, --show-vars, --show-values, --show-history");
  if (flags.values && kind.kind != "HelmRelease") return base::Invalid("--show-values is for HelmReleases");
  if (flags.values && kind.is_older) return base::Invalid("--show-values is for HelmReleases of helm.toolkit.fluxcd.io");
  if (flags.vars && kind.kind != "Kustomization") return base::Invalid("--show-vars is for Kustomizations");
  TRY(const std::unique_ptr<Session> session, Session::Open(flags));
  TRY(const Value object, session->Get({kind.Gvk(), flags.ns, target.name}));
  if (flags.vars || flags.values) {
    TRY(const std::string text, flags.vars ? VariablesText(*session, object) : ValuesText(*session, object));
    std::cout << text << std::flush;
    return {};
  }
  const Value* shown = flags.status ? object.Find("status") : object.At({"status", "history"});
  if (flags.history && (shown == nullptr || shown->IsNull())) {
    std::cout << "[]\n" << std::flush;
    return {};
  }
  if (shown == nullptr || shown->IsNull()) return base::NotFound("it has no status yet");
  std::cout << document::EmitYaml(*shown) << std::flush;
  return {};
}

}  // namespace

void AddDebug(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<DebugFlags>();
  CLI::App* command =
      app.add_subcommand("debug", "Print what an object was given (its variables or values, secret ones too) and what became of it");
  AddConnection(*command, *flags);
  AddTarget(*command, *flags, true);
  command->add_flag("--show-status", flags->status, "Its status");
  command->add_flag("--show-vars", flags->vars, "Of a Kustomization: the variables of postBuild with their values");
  command->add_flag("--show-values", flags->values, "Of a HelmRelease: what spec.valuesFrom and spec.values come to");
  command->add_flag("--show-history", flags->history, "Its history");
  commands.Add(command, [flags] {
    const Result<void> done = Debug(*flags);
    return done ? 0 : PrintError(done.error(), 1);
  });
}

}  // namespace sluice::cli
