// Installing Sluice, and the start that Flux v1 had: one line with a Git URL.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>

#include "cli/command_set.h"
#include "cli/embedded.h"
#include "cli/session.h"
#include "cli/waiting.h"
#include "controller/kustomization/owner.h"
#include "document/yaml.h"
#include "net/await.h"
#include "net/gather.h"
#include "rollout/status.h"

namespace sluice::cli {
namespace {

using base::Result;
using document::Value;

constexpr std::string_view kPartOf = "app.kubernetes.io/part-of=flux";
constexpr std::string_view kJournal = "app.kubernetes.io/part-of=flux,app.kubernetes.io/component=journal";
const document::GroupVersionKind kCrd{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"};
const document::GroupVersionKind kDeployment{"apps", "v1", "Deployment"};

void Say(std::string_view sign, std::string_view what) { std::cout << sign << " " << what << std::endl; }

struct InstallFlags : ClusterFlags {
  std::string image, git_url, git_branch = "main", git_path = ".", git_poll_interval = "1m", git_secret;
  std::string git_given;  ///< the first of the flags that are about --git-url
  bool only_print = false, dry_run = false, force = false, wait = true;
};

/// Who else reconciles here already? Two that do would fight.
Result<void> Preflight(Session& session, const InstallFlags& flags) {
  const Result<Value> crd = session.Get({kCrd, "", "gitrepositories.source.toolkit.fluxcd.io"});
  if (crd) {
    const std::string_view owner = document::LabelOf(*crd, controller::kustomization::kNamespaceLabel);
    if (!owner.empty()) {
      return base::Invalid("this cluster was bootstrapped: its CRDs come from Git, by the Kustomization " + std::string(owner) + "/" +
                           std::string(document::LabelOf(*crd, controller::kustomization::kNameLabel)) + ". Put what `sluice install -n " +
                           std::string(owner) + " --export` prints there (-n is the namespace to install into), or add --force");
    }
  } else if (crd.error().reason != base::Reason::NotFound) {
    return crd.error();
  }
  TRY(const std::vector<Value> deployments, session.Wait(session.client->ListAll(kDeployment, {.label_selector = std::string(kPartOf)})));
  for (const Value& deployment : deployments) {
    const std::string_view ns = document::NamespaceOf(deployment), name = document::NameOf(deployment);
    const Value* replicas = deployment.At({"spec", "replicas"});
    const bool runs = replicas == nullptr || replicas->AsInt().value_or(1) > 0;
    const bool reconciles = name == "source-controller" || name == "kustomize-controller" || name == "helm-controller" || name == "sluice";
    if (runs && reconciles && ns != flags.ns) {
      return base::Invalid("Deployment " + std::string(ns) + "/" + std::string(name) +
                           " reconciles this cluster already. Install into its namespace (-n " + std::string(ns) +
                           ") to take its place, or remove it first; --force installs beside it");
    }
  }
  return {};
}

/// A definition that objects are still stored by in a version that ours lacks is refused by the server, in the midst of the others.
Result<void> CheckStoredVersions(Session& session, const std::vector<Value>& objects) {
  std::string lost;
  for (const Value& object : objects) {
    if (document::GvkOf(object) != kCrd) continue;
    const std::string name(document::NameOf(object));
    const Result<Value> live = session.Get({kCrd, "", name});
    if (!live && live.error().reason == base::Reason::NotFound) continue;
    if (!live) return live.error();
    for (const std::string& version : LostVersions(*live, object)) lost += (lost.empty() ? "" : ", ") + name + " (" + version + ")";
  }
  if (lost.empty()) return {};
  return base::Invalid("objects may be stored in versions that are not served any more: " + lost + "; " + std::string(kMigrateFirst));
}

bool GoesFirst(const Value& object) {
  const std::string kind = document::GvkOf(object).kind;
  return kind == "Namespace" || kind == "CustomResourceDefinition";
}

Result<void> ApplyAll(Session& session, const std::vector<Value>& objects, bool dry_run) {
  const kube::ApplyOptions options{.manager = "flux", .force = true, .dry_run = dry_run};
  for (const bool first : {true, false}) {
    for (const Value& object : objects) {
      if (GoesFirst(object) != first) continue;
      const Result<Value> applied = session.Wait(session.client->Apply(object, options));
      // A dry run makes no namespace and no kind for what follows.
      const bool missing = dry_run && !applied && applied.error().reason == base::Reason::NotFound;
      if (!applied && !missing) return applied.error().Wrap(document::IdOf(object).ToString());
      Say("✔", document::IdOf(object).ToString() + (dry_run ? " applied (dry run)" : " applied"));
    }
  }
  return {};
}

Verdict RolledOut(const Value& live, base::TimePoint now) {
  const rollout::Status status = rollout::ComputeStatus(live, now);
  if (status.phase == rollout::Phase::Current) return Result<std::string>("ready");
  if (status.phase == rollout::Phase::Failed) return Result<std::string>(base::Invalid(status.message));
  return std::nullopt;
}

Result<void> AwaitDeployments(Session& session, const std::vector<Value>& objects, base::Duration timeout) {
  for (const Value& object : objects) {
    if (document::GvkOf(object) != kDeployment) continue;
    const kube::ObjectRef ref = kube::ObjectRef::Of(object);
    Say("►", "waiting for " + ref.Id().ToString());
    const auto judge = [&session](const Value& live) { return RolledOut(live, session.clock.Now()); };
    const Result<std::string> ready = Await(session, ref, timeout, judge);
    if (!ready) return ready.error().Wrap(ref.Id().ToString());
    Say("✔", ref.Id().ToString() + " ready");
  }
  return {};
}

void NextSteps(const InstallFlags& flags) {
  std::cout << "\nNext:\n";
  if (flags.git_url.empty()) {
    std::cout << "  sluice install -n " << flags.ns
              << " --git-url https://git.example.com/fleet --git-path clusters/prod   # begin to apply a repository\n";
  }
  std::cout << "  sluice get all -A        # what there is, and its state\n"
               "  sluice events -A         # what happened\n"
               "  sluice check -n "
            << flags.ns << "    # is everything as it should be?\n";
}

/// What the API server takes in a GitRepository, asked before anything is written.
Result<void> CheckGitFlags(const InstallFlags& flags) {
  if (flags.git_url.empty()) {
    if (flags.git_given.empty()) return {};
    return base::Invalid(flags.git_given + " needs --git-url");
  }
  for (const std::string_view scheme : {"http://", "https://", "ssh://"}) {
    if (flags.git_url.starts_with(scheme) && flags.git_url.size() > scheme.size()) return {};
  }
  return base::Invalid("--git-url: \"" + flags.git_url +
                       "\" is not a URL such as https://git.example.com/fleet or ssh://git@git.example.com/fleet");
}

Result<void> Install(const InstallFlags& flags) {
  TRY(CheckGitFlags(flags));
  TRY(std::vector<Value> objects, InstallObjects({.ns = flags.ns, .image = flags.image}));
  std::vector<Value> sync;
  if (!flags.git_url.empty()) {
    sync = SyncObjects({.name = flags.ns,
                        .ns = flags.ns,
                        .url = flags.git_url,
                        .branch = flags.git_branch,
                        .path = flags.git_path,
                        .poll_interval = flags.git_poll_interval,
                        .secret = flags.git_secret});
  }
  if (flags.only_print) {
    std::vector<Value> all = objects;
    all.insert(all.end(), sync.begin(), sync.end());
    PrintObjects(all, "yaml", true);
    return {};
  }
  TRY(const base::Duration timeout, ParseDurationFlag("--timeout", flags.timeout));
  TRY(const std::unique_ptr<Session> session, Session::Open(flags));
  if (!flags.force) TRY(Preflight(*session, flags));
  TRY(CheckStoredVersions(*session, objects));
  Say("►", "installing into namespace " + flags.ns);
  TRY(ApplyAll(*session, objects, flags.dry_run));
  TRY(ApplyAll(*session, sync, flags.dry_run));
  if (flags.dry_run) return {};
  if (flags.wait) {
    TRY(AwaitDeployments(*session, objects, timeout));
    for (const Value& object : sync) {
      const kube::ObjectRef ref = kube::ObjectRef::Of(object);
      Say("►", "waiting for " + ref.Id().ToString());
      const Result<std::string> ready = Await(*session, ref, timeout, VerdictOfGeneration);
      if (!ready) return ready.error().Wrap(ref.Id().ToString());
      Say("✔", *ready);
    }
  }
  Say("✔", "install finished");
  NextSteps(flags);
  return {};
}

// ---- Uninstall -------------------------------------------------------------------------------------------------------------------------

struct UninstallFlags : ClusterFlags {
  bool dry_run = false, keep_namespace = false, silent = false;
};

/// Flux's kinds that this cluster has. They are looked for side by side: a kind is only said to be absent after a while, and of one after the other that adds
/// up.
Result<std::vector<const FluxKind*>> ServedKinds(Session& session) {
  const std::span<const FluxKind> kinds = FluxKinds();
  std::vector<std::optional<base::Error>> errors(kinds.size());
  const auto each = [&](std::size_t index) -> net::Task<void> {
    net::Task<Result<kube::ResourcePtr>> finding = session.client->mapper().Find(kinds[index].Gvk());
    const Result<kube::ResourcePtr> found = co_await std::move(finding);
    if (!found) errors[index] = found.error();
  };
  TRY(session.Wait(net::ForEach(session.runtime.io(), kinds.size(), kinds.size(), each)));
  std::vector<const FluxKind*> out;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (errors[i] && errors[i]->reason != base::Reason::NotFound) return *errors[i];
    if (!errors[i]) out.push_back(&kinds[i]);
  }
  return out;
}

/// Deletes the objects of a kind that are part of Flux.
Result<void> DeletePart(Session& session, const document::GroupVersionKind& gvk, const std::string& ns, bool dry_run,
                        std::string_view labels = kPartOf) {
  const Result<std::vector<Value>> found =
      session.Wait(session.client->ListAll(gvk, {.ns = ns, .label_selector = std::string(labels), .metadata_only = true}));
  if (!found) return found.error().reason == base::Reason::NotFound ? Result<void>() : Result<void>(found.error());
  for (const Value& object : *found) {
    const kube::ObjectRef ref{gvk, std::string(document::NamespaceOf(object)), std::string(document::NameOf(object))};
    const Result<void> gone = session.Wait(session.client->Delete(ref, {.dry_run = dry_run}));
    if (!gone && gone.error().reason != base::Reason::NotFound) return gone.error().Wrap(ref.Id().ToString());
    Say("✔", ref.Id().ToString() + " deleted" + (dry_run ? " (dry run)" : ""));
  }
  return {};
}

/// Without its finalizer an object goes alone: what it applied stays. The controllers are gone by now, so nobody puts it back.
Result<void> StripFinalizers(Session& session, const FluxKind& kind, bool dry_run) {
  const Result<std::vector<Value>> found = session.Wait(session.client->ListAll(kind.Gvk(), {.metadata_only = true}));
  if (!found) return found.error().reason == base::Reason::NotFound ? Result<void>() : Result<void>(found.error());
  Value patch = Value::Mapping();
  patch["metadata"].Set("finalizers", Value());
  for (const Value& object : *found) {
    const Value* finalizers = object.At({"metadata", "finalizers"});
    if (finalizers == nullptr || finalizers->empty()) continue;
    const kube::ObjectRef ref{kind.Gvk(), std::string(document::NamespaceOf(object)), std::string(document::NameOf(object))};
    const kube::WriteOptions options{.manager = "flux", .dry_run = dry_run};
    const Result<Value> patched = session.Wait(session.client->Patch(ref, kube::PatchType::Merge, patch, options));
    if (!patched && patched.error().reason != base::Reason::NotFound) return patched.error().Wrap(ref.Id().ToString());
    Say("✔", ref.Id().ToString() + " finalizers deleted" + (dry_run ? " (dry run)" : ""));
  }
  return {};
}

bool Confirmed(const UninstallFlags& flags) {
  if (flags.silent || flags.dry_run) return true;
  std::cout << "Delete the controllers in namespace " << flags.ns
            << ", Flux's custom resources and their definitions? What they applied stays. [y/N] " << std::flush;
  std::string answer;
  return std::getline(std::cin, answer) && (answer == "y" || answer == "Y" || answer == "yes");
}

Result<void> Uninstall(const UninstallFlags& flags) {
  if (!Confirmed(flags)) return base::MakeError(base::Reason::Canceled, "aborted: nothing was deleted (-s asks no question)");
  TRY(const std::unique_ptr<Session> session, Session::Open(flags));
  TRY(const std::vector<const FluxKind*> served, ServedKinds(*session));
  Say("►", "deleting components in namespace " + flags.ns);
  TRY(DeletePart(*session, kDeployment, flags.ns, flags.dry_run));
  TRY(DeletePart(*session, {"", "v1", "Service"}, flags.ns, flags.dry_run));
  TRY(DeletePart(*session, {"networking.k8s.io", "v1", "NetworkPolicy"}, flags.ns, flags.dry_run));
  TRY(DeletePart(*session, {"", "v1", "ServiceAccount"}, flags.ns, flags.dry_run));
  TRY(DeletePart(*session, {"", "v1", "ConfigMap"}, flags.ns, flags.dry_run, kJournal));
  TRY(DeletePart(*session, {"rbac.authorization.k8s.io", "v1", "RoleBinding"}, flags.ns, flags.dry_run));
  TRY(DeletePart(*session, {"rbac.authorization.k8s.io", "v1", "Role"}, flags.ns, flags.dry_run));
  TRY(DeletePart(*session, {"rbac.authorization.k8s.io", "v1", "ClusterRoleBinding"}, "", flags.dry_run));
  TRY(DeletePart(*session, {"rbac.authorization.k8s.io", "v1", "ClusterRole"}, "", flags.dry_run));
  Say("►", "deleting finalizers of Flux's objects in all namespaces");
  for (const FluxKind* kind : served) TRY(StripFinalizers(*session, *kind, flags.dry_run));
  Say("►", "deleting custom resource definitions");
  TRY(DeletePart(*session, kCrd, "", flags.dry_run));
  if (!flags.keep_namespace) {
    const Result<void> gone = session->Wait(session->client->Delete({{"", "v1", "Namespace"}, "", flags.ns}, {.dry_run = flags.dry_run}));
    if (!gone && gone.error().reason != base::Reason::NotFound) return gone.error();
    Say("✔", "Namespace/" + flags.ns + " deleted" + (flags.dry_run ? " (dry run)" : ""));
  }
  Say("✔", "uninstall finished");
  return {};
}

}  // namespace

void AddInstall(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<InstallFlags>();
  CLI::App* command = app.add_subcommand("install", "Install or upgrade Sluice; with --git-url it begins to apply a repository at once");
  AddConnection(*command, *flags);
  command->add_option("--image", flags->image, "Image with tag or digest, where it is not the manifests' own");
  command->add_option("--git-url", flags->git_url, "Repository to apply: https://…, ssh://…");
  const std::array<CLI::Option*, 4> about = {
      command->add_option("--git-branch", flags->git_branch, "Its branch")->capture_default_str(),
      command->add_option("--git-path", flags->git_path, "Directory of the repository")->capture_default_str(),
      command->add_option("--git-poll-interval", flags->git_poll_interval, "How often it is looked at")->capture_default_str(),
      command->add_option("--git-secret", flags->git_secret, "Secret in the namespace with its credentials")};
  command->add_flag("--export", flags->only_print, "Print the manifests, touch nothing");
  command->add_flag("--dry-run", flags->dry_run, "Let the server try, change nothing");
  command->add_flag("--force", flags->force, "Although others reconcile this cluster");
  command->add_flag("--wait,!--no-wait", flags->wait, "Wait until all is ready (default)");
  command->add_option("--timeout", flags->timeout, "How long to wait for each")->capture_default_str();
  commands.Add(command, [flags, about] {
    const auto given = std::ranges::find_if(about, [](const CLI::Option* option) { return option->count() > 0; });
    if (given != about.end()) flags->git_given = (*given)->get_name();
    return Ended(Install(*flags));
  });
}

void AddUninstall(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<UninstallFlags>();
  CLI::App* command = app.add_subcommand("uninstall", "Remove the controllers and Flux's objects; what they applied stays");
  AddConnection(*command, *flags);
  command->add_flag("--dry-run", flags->dry_run, "Say what would be deleted");
  command->add_flag("--keep-namespace", flags->keep_namespace, "Leave the namespace");
  command->add_flag("-s,--silent,-y,--yes", flags->silent, "Ask no question");
  commands.Add(command, [flags] { return Ended(Uninstall(*flags)); });
}

}  // namespace sluice::cli
