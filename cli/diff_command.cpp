#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <optional>
#include <set>

#include "cli/command_set.h"
#include "cli/local_build.h"
#include "cli/session.h"
#include "controller/kustomization/apply.h"
#include "kustomize/build.h"
#include "net/await.h"
#include "rollout/diff.h"
#include "rollout/inventory.h"
#include "rollout/normalize.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;
using base::Result;
using document::Value;

struct DiffFlags : ClusterFlags {
  std::string path;  ///< a directory to build, or with --path the name of a Kustomization
  LocalBuildFlags local;
  bool no_color = false, progress_bar = true;
};

class Printer {
 public:
  explicit Printer(bool color) : color_(color) {}
  void Title(std::string_view what) { std::cout << (color_ ? "\033[1m" : "") << "► " << what << (color_ ? "\033[0m" : "") << "\n"; }
  void Lines(const std::vector<rollout::DiffLine>& lines) {
    for (const rollout::DiffLine& line : lines) {
      const char* on = !color_ ? "" : line.sign == '+' ? "\033[32m" : line.sign == '-' ? "\033[31m" : "";
      std::cout << on << line.sign << " " << line.text << (color_ && *on != '\0' ? "\033[0m" : "") << "\n";
    }
  }

 private:
  bool color_;
};

/// Flux leaves such objects alone, so there is nothing to compare.
bool IsLeftAlone(const Value& object) {
  const auto says = [&object](std::string_view key, std::string_view word) {
    std::string value(document::AnnotationOf(object, key));
    for (char& c : value) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return value == word;
  };
  return says("kustomize.toolkit.fluxcd.io/reconcile", "disabled") || says("kustomize.toolkit.fluxcd.io/ssa", "ignore");
}

bool OnlyIfAbsent(const Value& object) {
  std::string value(document::AnnotationOf(object, "kustomize.toolkit.fluxcd.io/ssa"));
  for (char& c : value) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return value == "ifnotpresent";
}

class Differ {
 public:
  Differ(Session& session, Printer& printer, std::string default_namespace)
      : session_(session), printer_(printer), default_namespace_(std::move(default_namespace)) {}

  /// Whether anything would change. Goes on after an object that cannot be tried; the first such error is the result.
  Result<bool> All(std::vector<Value> objects) {
    rollout::SortForApply(objects);
    bool any = false;
    for (Value& object : objects) {
      const Result<kube::ResourcePtr> resource = session_.Wait(session_.client->mapper().Find(document::GvkOf(object)));
      if (resource && (*resource)->namespaced && document::NamespaceOf(object).empty())
        object["metadata"].Set("namespace", default_namespace_);
      const Result<bool> differs = One(object);
      if (!differs) std::cerr << "✗ " << differs.error().message << std::endl;
      if (!differs && !failure_) failure_ = differs.error();
      any = any || (differs && *differs);
    }
    if (failure_) return *failure_;
    return any;
  }

 private:
  Result<bool> One(const Value& object) {
    const kube::ObjectRef ref = kube::ObjectRef::Of(object);
    const Result<Value> live = session_.Wait(session_.client->Get(ref));
    if (!live && live.error().reason != base::Reason::NotFound) return live.error().Wrap(ref.Id().ToString());
    if (IsLeftAlone(object) || (live && IsLeftAlone(*live))) {
      printer_.Title(ref.Id().ToString() + " skipped");
      return false;
    }
    if (live && OnlyIfAbsent(object)) return false;
    const kube::ApplyOptions options{.manager = std::string(controller::kustomization::kFieldManager), .force = true, .dry_run = true};
    const Result<Value> would_be = session_.Wait(session_.client->Apply(object, options));
    // In a namespace that is yet to be made nothing can be tried; what would be created is what is written.
    const bool no_namespace = !would_be && would_be.error().reason == base::Reason::NotFound && !live;
    if (!would_be && !no_namespace) return would_be.error().Wrap(ref.Id().ToString() + " dry-run failed");
    const std::vector<rollout::DiffLine> lines = rollout::DiffObjects(live ? &*live : nullptr, would_be ? &*would_be : &object);
    if (lines.empty()) return false;
    printer_.Title(ref.Id().ToString() + (live ? " drifted" : " created"));
    printer_.Lines(lines);
    return true;
  }

  Session& session_;
  Printer& printer_;
  std::string default_namespace_;
  std::optional<base::Error> failure_;
};

Result<std::vector<Value>> FromDirectory(const std::string& path) {
  const fs::path absolute = fs::absolute(path).lexically_normal();
  const auto files = base::OpenDirectory("/");
  std::string relative = absolute.string().substr(1);
  while (relative.ends_with("/")) relative.pop_back();
  kustomize::BuildOptions options;
  options.absolute_root = "/";
  TRY(kustomize::BuildResult built, kustomize::Build(*files, relative.empty() ? "." : relative, options));
  return rollout::NormalizeDesired(std::move(built.documents), {});
}

/// What the Kustomization's inventory has that the build has not.
Result<std::vector<rollout::InventoryEntry>> Pruned(const LocalBuild& build) {
  const Value* prune = build.kustomization.At({"spec", "prune"});
  if (prune == nullptr || !prune->AsBool().value_or(false)) return std::vector<rollout::InventoryEntry>();
  const Value* recorded = build.kustomization.At({"status", "inventory"});
  const rollout::Inventory inventory = rollout::Inventory::FromValue(recorded == nullptr ? Value() : *recorded);
  std::vector<rollout::InventoryEntry> entries;
  for (const Value& one : build.objects) entries.push_back(rollout::EntryOf(one));
  return inventory.Without(rollout::Inventory(std::move(entries)));
}

/// One Kustomization, and with --recursive those among its objects that exist already.
class KustomizationDiffer {
 public:
  KustomizationDiffer(Session& session, Printer& printer, const LocalBuilder& builder)
      : session_(session), printer_(printer), builder_(builder) {}

  Result<bool> Run(const LocalBuild& build) {
    seen_.insert(document::IdOf(build.kustomization));
    const std::string ns(document::NamespaceOf(build.kustomization));
    Differ differ(session_, printer_, ns.empty() ? builder_.flags().ns : ns);
    TRY(bool any, differ.All(build.objects));
    TRY(const std::vector<rollout::InventoryEntry> pruned, Pruned(build));
    for (const rollout::InventoryEntry& entry : pruned) {
      printer_.Title(entry.id.ToString() + " deleted");
      any = true;
    }
    if (!builder_.flags().recursive) return any;
    for (const Value& object : build.objects) {
      if (!IsKustomization(object) || seen_.contains(document::IdOf(object))) continue;
      const Result<Value> live = session_.Get(kube::ObjectRef::Of(object));
      if (!live && live.error().reason == base::Reason::NotFound) continue;  // shown as created
      const Value* remote = object.At({"spec", "kubeConfig"});
      if (remote != nullptr && !remote->IsNull()) {
        printer_.Title(document::IdOf(object).ToString() + " skipped: diff not supported for remote clusters");
        continue;
      }
      TRY(const LocalBuild nested, builder_.BuildNested(object, true));
      printer_.Title(document::IdOf(object).ToString());
      TRY(const bool differs, Run(nested));
      any = any || differs;
    }
    return any;
  }

 private:
  Session& session_;
  Printer& printer_;
  const LocalBuilder& builder_;
  std::set<document::ObjectId> seen_;
};

int RunDiff(const DiffFlags& flags) {
  auto session = Session::Open(flags);
  if (!session) return PrintError(session.error(), 2);
  Printer printer(!flags.no_color && isatty(STDOUT_FILENO) == 1);
  Result<bool> differs = false;
  if (flags.local.path.empty()) {
    Result<std::vector<Value>> objects = FromDirectory(flags.path);
    if (!objects) return PrintError(objects.error(), 2);
    differs = Differ(**session, printer, flags.ns).All(std::move(*objects));
  } else {
    LocalBuildFlags local = flags.local;
    local.ns = flags.ns;
    if (local.name.empty()) local.name = flags.path;
    const Result<LocalBuilder> builder = LocalBuilder::Make(std::move(local), session->get());
    if (!builder) return PrintError(builder.error(), 2);
    const Result<LocalBuild> build = builder->Build(true);
    if (!build) return PrintError(build.error(), 2);
    differs = KustomizationDiffer(**session, printer, *builder).Run(*build);
  }
  std::cout << std::flush;
  if (!differs) return PrintError(differs.error(), 2);
  return *differs ? 1 : 0;
}

}  // namespace

void AddDiff(CLI::App& app, CommandSet& commands) {
  auto flags = std::make_shared<DiffFlags>();
  CLI::App* diff = app.add_subcommand("diff", "Show what applying would change (exit code 0: nothing, 1: something, 2: failed)");
  AddConnection(*diff, *flags);
  diff->add_option("target", flags->path, "A directory to build, or the name of a Kustomization with --path");
  diff->add_option("--path", flags->local.path, "Local directory that stands for the Kustomization's spec.path");
  diff->add_flag("--no-color", flags->no_color, "Plain text also on a terminal");
  commands.Add(diff, [flags] {
    if (flags->path.empty()) return PrintError(base::Invalid("give a directory, or `kustomization NAME --path DIR`"), 2);
    return RunDiff(*flags);
  });

  auto named = std::make_shared<DiffFlags>();
  CLI::App* kustomization =
      diff->add_subcommand("kustomization", "Compare a Kustomization, built from a local directory, with the cluster");
  kustomization->alias("ks");
  AddConnection(*kustomization, *named);
  kustomization->add_option("name", named->local.name, "Name of the Kustomization")->required();
  AddLocalBuild(*kustomization, named->local);
  kustomization->add_flag("--ignore-not-found", named->local.ignore_not_found, "Although the cluster does not have the Kustomization yet");
  kustomization->add_flag("--progress-bar,!--no-progress-bar", named->progress_bar, "Accepted for the flux CLI's sake; there is none");
  kustomization->add_flag("--no-color", named->no_color, "Plain text also on a terminal");
  commands.Add(kustomization, [named] { return RunDiff(*named); });
}

}  // namespace sluice::cli
