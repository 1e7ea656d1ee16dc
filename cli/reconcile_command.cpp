#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "cli/command_set.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/waiting.h"
#include "controller/artifact_generator/spec.h"
#include "controller/services.h"
#include "net/await.h"

namespace sluice::cli {
namespace {

using base::Result;
using document::Value;

constexpr std::chrono::seconds kLastLook{2};  // what waits last is looked at, although the time is up

struct ReconcileFlags : ClusterFlags {
  bool with_source = false, force = false, reset = false;
};

/// The source that `object` takes its files from; nullptr kind where it has none.
struct SourceOf {
  const FluxKind* kind = nullptr;
  kube::ObjectRef ref;
};

Result<SourceOf> FindSource(const Value& object) {
  const document::GroupVersionKind gvk = document::GvkOf(object);
  const std::string ns(document::NamespaceOf(object));
  const auto from = [&](std::initializer_list<std::string_view> path) -> const Value* { return object.At(path); };
  const Value* reference = gvk.kind == "HelmRelease" ? from({"spec", "chartRef"}) : from({"spec", "sourceRef"});
  if (gvk.kind == "ImagePolicy") reference = from({"spec", "imageRepositoryRef"});
  SourceOf out;
  if (gvk.kind == "HelmRelease" && reference == nullptr) {  // the chart that is made for it
    out.kind = FindKind("source.toolkit.fluxcd.io", "HelmChart");
    const std::string_view chart = object.StringAt({"status", "helmChart"});
    const std::size_t slash = chart.find('/');
    if (slash == std::string_view::npos) return base::NotFound("it has no chart yet (status.helmChart)");
    out.ref = {out.kind->Gvk(), std::string(chart.substr(0, slash)), std::string(chart.substr(slash + 1))};
    return out;
  }
  if (reference == nullptr) return base::Invalid(gvk.kind + " has no source");
  const std::string_view kind = gvk.kind == "ImagePolicy" ? "ImageRepository" : reference->StringAt({"kind"});
  for (const FluxKind& one : FluxKinds()) {
    if (one.kind == kind) out.kind = &one;
  }
  if (out.kind == nullptr) return base::Invalid("its source is of an unknown kind \"" + std::string(kind) + "\"");
  const std::string_view other = reference->StringAt({"namespace"});
  out.ref = {out.kind->Gvk(), other.empty() ? ns : std::string(other), std::string(reference->StringAt({"name"}))};
  return out;
}

bool WrittenByOthers(const FluxKind& kind) { return kind.kind == "ExternalArtifact"; }

Result<void> CheckAsked(const FluxKind& kind) {
  if (kind.is_older) {
    return base::MakeError(base::Reason::Unsupported,
                           "a HelmRelease of " + std::string(kind.group) +
                               " is compared with its release at every interval; nothing asks it to, or suspends it");
  }
  if (WrittenByOthers(kind)) {
    return base::MakeError(base::Reason::Unsupported,
                           "an ExternalArtifact is written by others and is neither reconciled nor suspended: "
                           "name what makes it (spec.sourceRef), such as an ArtifactGenerator");
  }
  return {};
}

/// The sources of `object` that are reconciled before it, the farthest first: of a release its chart, and before that what the chart is taken from.
Result<std::vector<kube::ObjectRef>> SourcesInOrder(Session& session, const Value& object) {
  TRY(const SourceOf source, FindSource(object));
  if (WrittenByOthers(*source.kind))
    return base::MakeError(base::Reason::Unsupported, "cannot reconcile source of kind " + std::string(source.kind->kind));
  std::vector<kube::ObjectRef> out = {source.ref};
  if (source.kind->kind != "HelmChart") return out;
  TRY(const Value chart, session.Get(source.ref));
  TRY(const SourceOf above, FindSource(chart));
  out.insert(out.begin(), above.ref);
  return out;
}

Result<void> Reconcile(const ReconcileFlags& flags) {
  TRY(const Target target, ParseTarget(flags.words));
  if (!target.one_kind() || target.name.empty()) return base::Invalid("reconcile needs a kind and a name, such as ks apps");
  const FluxKind& kind = *target.kinds.front();
  TRY(CheckAsked(kind));
  TRY(const base::Duration timeout, ParseDurationFlag("--timeout", flags.timeout));
  std::vector<std::string> more;
  if (flags.force) more.emplace_back("reconcile.fluxcd.io/forceAt");
  if (flags.reset) more.emplace_back("reconcile.fluxcd.io/resetAt");
  if (!more.empty() && kind.kind != "HelmRelease") return base::Invalid("--force and --reset are for HelmReleases");
  TRY(const std::unique_ptr<Session> session, Session::Open(flags));
  const kube::ObjectRef ref{.gvk = kind.Gvk(), .ns = flags.ns, .name = target.name};
  if (flags.with_source) {
    TRY(const Value object, session->Get(ref));
    if (IsSuspended(object)) return base::Invalid(ref.Id().ToString() + ": resource is suspended");
    TRY(const std::vector<kube::ObjectRef> sources, SourcesInOrder(*session, object));
    for (const kube::ObjectRef& source : sources) TRY(ReconcileNow(*session, source, timeout));
  }
  return ReconcileNow(*session, ref, timeout, more);
}

/// What stops `kind`, or lets it go on: spec.suspend, and of an ArtifactGenerator, which has none, its annotation. That is no new generation, so one that
/// goes on is asked to besides.
Value SuspendPatch(const Value& object, bool suspend, const std::string& requested) {
  Value patch = Value::Mapping();
  if (document::GvkOf(object).kind != "ArtifactGenerator") {
    patch["spec"].Set("suspend", suspend);
    return patch;
  }
  Value& annotations = patch["metadata"]["annotations"];
  annotations.Set(controller::artifact_generator::kReconcileAnnotation, suspend ? Value("disabled") : Value());
  if (!suspend) annotations.Set(controller::kRequestedAt, requested);
  return patch;
}

Result<void> SetSuspend(Session& session, const Value& object, bool suspend, const std::string& requested) {
  const kube::ObjectRef ref = kube::ObjectRef::Of(object);
  const std::string what = ref.Id().ToString();
  const Value patch = SuspendPatch(object, suspend, requested);
  std::cout << "► " << (suspend ? "suspending " : "resuming ") << what << std::endl;
  TRY(session.Wait(session.client->Patch(ref, kube::PatchType::Merge, patch, {.manager = "flux"})));
  std::cout << "✔ " << what << (suspend ? " suspended" : " resumed") << std::endl;
  return {};
}

/// Waits for what goes on again, one after the other; all of them have from now on `timeout`. A failure is told, and does not end it.
Result<void> AwaitAll(Session& session, const FluxKind& kind, const std::vector<Value>& objects, base::Duration timeout,
                      const std::string& requested) {
  const base::TimePoint begin = session.clock.Now();
  const auto of_request = [&requested](const Value& live) { return VerdictOfRequest(live, requested); };
  std::size_t failed = 0;
  for (const Value& object : objects) {
    if (IsStatic(object)) continue;
    const kube::ObjectRef ref = kube::ObjectRef::Of(object);
    std::cout << "► waiting for " << ref.Id().ToString() << std::endl;
    const base::Duration left = std::max<base::Duration>(timeout - (session.clock.Now() - begin), kLastLook);
    const Result<std::string> done =
        kind.kind == "ArtifactGenerator" ? Await(session, ref, left, of_request) : Await(session, ref, left, VerdictOfGeneration);
    if (done) {
      std::cout << "✔ " << *done << std::endl;
    } else {
      ++failed;
      std::cerr << "✗ " << ref.Id().ToString() << " reconciliation failed: " << done.error().message << std::endl;
    }
  }
  if (failed == 0) return {};
  return base::Invalid("reconciliation failed for " + std::to_string(failed) + " " + std::string(kind.kind) + "(s)");
}

struct SuspendFlags : ClusterFlags {
  bool all = false, wait = true, resume = false;
  std::string label_selector;
};

Result<void> SuspendOrResume(const SuspendFlags& flags) {
  TRY(const std::vector<Target> targets, ParseTargets(flags.words));
  const Target& target = targets.front();
  if (!target.one_kind()) return base::Invalid("name one kind, such as ks");
  TRY(CheckAsked(*target.kinds.front()));
  const bool many = flags.all || !flags.label_selector.empty();
  if (target.name.empty() != many) return base::Invalid("give either a name, or --all");
  TRY(const base::Duration timeout, ParseDurationFlag("--timeout", flags.timeout));
  TRY(const std::unique_ptr<Session> session, Session::Open(flags));
  const FluxKind& kind = *target.kinds.front();
  std::vector<Value> objects;
  for (const Target& one : targets) {
    TRY(std::vector<Value> found, session->Fetch(one.kinds, {.ns = flags.ns, .name = one.name, .label_selector = flags.label_selector}));
    std::move(found.begin(), found.end(), std::back_inserter(objects));
  }
  if (objects.empty()) return base::NotFound("no " + std::string(kind.plural) + " found in namespace " + flags.ns);
  const std::string requested = base::FormatRfc3339Micro(session->clock.Now());
  for (const Value& object : objects) TRY(SetSuspend(*session, object, !flags.resume, requested));
  return flags.resume && flags.wait ? AwaitAll(*session, kind, objects, timeout, requested) : Result<void>();
}

}  // namespace

void AddReconcile(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<ReconcileFlags>();
  CLI::App* reconcile = app.add_subcommand("reconcile", "Ask for a reconcile now, and wait for its result");
  AddConnection(*reconcile, *flags);
  AddTarget(*reconcile, *flags, true);
  reconcile->add_flag("--with-source", flags->with_source, "Its source first");
  reconcile->add_flag("--force", flags->force, "Of a HelmRelease: one install or upgrade, even if nothing changed");
  reconcile->add_flag("--reset", flags->reset, "Of a HelmRelease: forget its failures");
  reconcile->add_option("--timeout", flags->timeout, "How long to wait")->capture_default_str();
  commands.Add(reconcile, [flags] { return Ended(Reconcile(*flags)); });
}

void AddSuspendResume(CLI::App& app, CommandSet& commands) {
  for (const bool resume : {false, true}) {
    auto flags = std::make_shared<SuspendFlags>();
    flags->resume = resume;
    CLI::App* command = resume ? app.add_subcommand("resume", "Let an object be reconciled again, and wait for the result")
                               : app.add_subcommand("suspend", "Stop reconciling an object");
    AddConnection(*command, *flags);
    AddTargets(*command, *flags);
    command->add_flag("--all", flags->all, "All of this kind in the namespace");
    command->add_option("-l,--label-selector", flags->label_selector, "Those with these labels");
    if (resume) {
      command->add_flag("--wait,!--no-wait", flags->wait, "Wait until they are ready (default)");
      command->add_option("--timeout", flags->timeout, "How long to wait")->capture_default_str();
    }
    commands.Add(command, [flags] { return Ended(SuspendOrResume(*flags)); });
  }
}

}  // namespace sluice::cli
